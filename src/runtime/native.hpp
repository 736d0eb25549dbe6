#pragma once

#include "runtime/vm.hpp"

/// What native code of every compiler keeps to, so that functions of the baseline and of the optimizing compiler call
/// each other without knowing.
///
/// A guest function is entered with its frame, whose first slots hold the parameters (a v128 takes two) and receive the
/// results. Slots behind them are the callee's. The callee may change every register but the stack pointer and rbp, and
/// returns a Status; anything but `returned` has noted its frame in `Execution::backtrace`.
///
/// At a call, a collection, and wherever control leaves compiled code (a trap, an interruption, on-stack replacement):
/// - every live reference is in a slot below `Execution::stack_top`;
/// - at a loop header, all locals and operands are in their slots: locals first, parameters before the others, then
///   operands, each at the height that it has on the operand stack.
namespace wisp::runtime {

struct NativeCell;

/// preserve_none passes these in r12, r13, r14, r15 and rdi. `memory` and `memory_size` are what `vm->memory0` says;
/// the size may be out of date where memories only grow. `cell` is the callee's: what its code was taken from.
using NativeEntry = __attribute__((preserve_none)) Status (*)(u64* frame, VmContext* vm, u8* memory, u64 memory_size,
                                                              NativeCell* cell);

/// Where a function of a module is entered now; what `Function::code` points to. It changes when a better tier has
/// compiled the function.
struct NativeCell {
  std::atomic<NativeEntry> entry;
  /// Where optimized code enters it, with the parameters in registers (optimizer.hpp: regs_N); null as long as nobody
  /// does.
  std::atomic<const void*> registers = nullptr;
  /// Calls, and iterations of its loops, until a better tier may be worth it; they count down.
  std::atomic<i32> calls_left = 0;
  std::atomic<i32> iterations_left = 0;
};

}  // namespace wisp::runtime
