#include "runtime/instance.hpp"

#include "base/check.hpp"

namespace wisp::runtime {

Instance::Instance(Store& store, std::shared_ptr<const LoadedModule> loaded)
    : store_(store), loaded_(std::move(loaded)) {}

Extern Instance::external(wasm::ExternKind kind, u32 index) const {
  switch (kind) {
    case wasm::ExternKind::func:
      return functions_[index];
    case wasm::ExternKind::table:
      return tables_[index];
    case wasm::ExternKind::memory:
      return memories_[index];
    case wasm::ExternKind::global:
      return globals_[index];
    case wasm::ExternKind::tag:
      return tags_[index];
  }
  WISP_UNREACHABLE();
}

}  // namespace wisp::runtime
