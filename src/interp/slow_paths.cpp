#include "interp/slow_paths.hpp"

#include "interp/module_code.hpp"
#include "interp/ops_calls.hpp"
#include "interp/unwinding.hpp"

namespace wisp::interp {

namespace {

ModuleCode& module_code(const VmContext* vm) {
  return *static_cast<ModuleCode*>(vm->code);
}

/// Where control goes on after an exception at `pc`; null if it leaves the function.
const Word* catch_exception(const VmContext* vm, const Word* pc, u64* frame) {
  const FunctionCode* code = module_code(vm).find(pc);
  if (code == nullptr || code->regions.empty()) return nullptr;
  const CatchHandler* handler = find_handler(vm, code->regions, code->handlers, u32(pc - code->words.data()));
  if (handler == nullptr) return nullptr;
  deliver(vm, *handler, frame);
  return code->words.data() + handler->target;
}

}  // namespace

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
    const Word* const target = catch_exception(s.vm, s.pc, s.frame);
    if (target != nullptr) {
      reload_memory(s);
      WISP_GOTO_FORGETTING(target);
    }
  }
  note_frame(s.vm, s.pc);
  return status;
}

WISP_EXTERN_HANDLER tail_call_host(WISP_STATE_PARAMETERS) {
  const State s{WISP_STATE_ARGUMENTS};
  s.vm->execution->stack_top = slot_at(s, 1);
  return runtime::call_host(*s.vm, *reinterpret_cast<Function*>(s.acc), s.frame);
}

WISP_EXTERN_HANDLER became_hot(WISP_STATE_PARAMETERS) {
  [[maybe_unused]] const State s{WISP_STATE_ARGUMENTS};
  WISP_UNREACHABLE();  // uses are counted for a compiler only
}

WISP_EXTERN_HANDLER lazy_enter(WISP_STATE_PARAMETERS) {
  const State s{WISP_STATE_ARGUMENTS};
  // Word 1 is the function's index.
  WISP_GOTO(module_code(s.vm).lower(FuncIndex(low_word(s, 1))));
}

}  // namespace wisp::interp
