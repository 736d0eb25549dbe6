#include "interp/lower_function.hpp"

namespace wisp::interp {

FunctionCode lower_function(wasm::BodyValidator<Lowering>& validator, Lowering& lowering, FuncIndex function) {
  const Result<void> valid = validator.run(function, lowering);
  // Who asks for the trap's message validates again.
  return valid.ok() ? lowering.take() : lowering.take_invalid(function, valid.error().offset);
}

}  // namespace wisp::interp
