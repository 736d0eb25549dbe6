#include "runtime/loaded_module.hpp"

namespace wisp::runtime {

const wasm::Names& LoadedModule::names() const {
  std::call_once(names_read_, [this] { names_ = wasm::parse_names(*module_); });
  return names_;
}

const MemoryImages* LoadedModule::memory_images() const {
  if (!was_instantiated_.load(std::memory_order_relaxed) && !was_instantiated_.exchange(true)) return nullptr;
  std::call_once(images_made_, [this] { images_ = make_memory_images(*module_); });
  return images_.get();
}

std::string_view LoadedModule::function_name(FuncIndex function) const {
  return wasm::function_name(*module_, names(), function);
}

}  // namespace wisp::runtime
