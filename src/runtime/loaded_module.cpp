#include "runtime/loaded_module.hpp"

namespace wisp::runtime {

const wasm::Names& LoadedModule::names() const {
  std::call_once(names_read_, [this] { names_ = wasm::parse_names(*module_); });
  return names_;
}

}  // namespace wisp::runtime
