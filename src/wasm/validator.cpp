#include "wasm/validator.hpp"

namespace wisp::wasm {

template class BodyValidator<NullSink>;

Result<void> validate(const Module& module) {
  BodyValidator<NullSink> validator(module);
  NullSink sink;
  for (u32 i = 0; i < module.bodies.size(); ++i) {
    WISP_TRY(validator.run(FuncIndex(module.imported_functions + i), sink));
  }
  return {};
}

}  // namespace wisp::wasm
