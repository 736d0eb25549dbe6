#pragma once

#include "interp/lowering.hpp"
#include "wasm/validator.hpp"

namespace wisp::interp {

/// The code of a function, which is validated in the same pass. Of one that is not valid: code that traps.
FunctionCode lower_function(wasm::BodyValidator<Lowering>& validator, Lowering& lowering, FuncIndex function);

}  // namespace wisp::interp
