#pragma once

#include "interp/slow_paths.hpp"
#include "interp/unwinding.hpp"
#include "runtime/calls.hpp"

// The slow paths that do not depend on what code is. For one source file of each tier, which has defined
// `catch_exception` before: where control goes on after an exception at `pc`; null if it leaves the function.
// NOLINTBEGIN(misc-definitions-in-headers)
namespace wisp::interp {

WISP_EXTERN_HANDLER trap_exit(WISP_STATE_PARAMETERS) {
  const State s{WISP_STATE_ARGUMENTS};
  s.vm->execution->trap = TrapReason(u32(s.acc));
  note_frame(s.vm, s.pc);
  return Status::unwind;
}

WISP_EXTERN_HANDLER memory_check_failed(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const u64 size = s.vm->memory0->size_bytes.load(std::memory_order_acquire);
  WISP_TRAP_IF(size == s.memory_size, TrapReason::memory_out_of_bounds);
  s.memory_size = size;
  WISP_REPEAT();
}

WISP_EXTERN_HANDLER interrupted(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  take_sample(s.vm, s.pc, WISP_NATIVE_FRAME());
  const TrapReason reason = runtime::interruption(*s.vm->execution);
  WISP_TRAP_IF(reason != TrapReason::none, reason);
  WISP_REPEAT();
}

WISP_EXTERN_HANDLER call_failed(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Status status = Status(u32(s.acc));
  if (status == Status::exception) {
    // A clause can lead back to a loop, with no other backward branch in it.
    const TrapReason reason = runtime::interruption(*s.vm->execution);
    WISP_TRAP_IF(reason != TrapReason::none, reason);
    const auto* const target = catch_exception(s.vm, s.pc, s.frame);
    if (target != nullptr) {
      reload_memory(s);
      WISP_GOTO_FORGETTING(target);
    }
  }
  note_frame(s.vm, s.pc);
  return status;
}

}  // namespace wisp::interp
// NOLINTEND(misc-definitions-in-headers)
