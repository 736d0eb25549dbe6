#include "baseline/code_names.hpp"

#include <string>

namespace wisp::baseline {

CodeNames::CodeNames(const wasm::Module& module, CodeObserver observer)
    : module_(module), observer_(std::move(observer)) {
  if (observer_) names_ = wasm::parse_names(module);
}

void CodeNames::tell(FuncIndex function, std::string_view kind, std::span<const u8> code) const {
  if (!observer_) return;
  const std::string_view name = wasm::function_name(module_, names_, function);
  observer_(name.empty() ? "func " + std::to_string(function.value) : std::string(name), kind, code);
}

}  // namespace wisp::baseline
