#pragma once

#include "runtime/vm.hpp"
#include "wasm/module.hpp"

namespace wisp::runtime {

/// The result of a constant expression, as slots.
struct ConstValue {
  u64 slots[2] = {0, 0};
};

/// Evaluates a valid constant expression in the context of an instance, of which the functions and the globals before
/// it exist. References in the result are the caller's to root before anything else is allocated.
/// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
TrapReason evaluate(VmContext& vm, const wasm::Module& module, const wasm::ConstExpr& expression, ConstValue& value);

}  // namespace wisp::runtime
