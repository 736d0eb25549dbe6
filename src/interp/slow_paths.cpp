#include "interp/slow_paths.hpp"

#include "interp/limits.hpp"
#include "interp/module_code.hpp"
#include "interp/ops_calls.hpp"

namespace wisp::interp {

namespace {

ModuleCode& module_code(const VmContext* vm) {
  return *static_cast<ModuleCode*>(vm->code);
}

/// Adds the frame to the backtrace, as an address; `resolve` makes an offset of it. The middle of a long one is left
/// out.
void note_frame(const VmContext* vm, const Word* pc) {
  std::vector<runtime::CodeLocation>* backtrace = vm->execution->backtrace;
  if (backtrace == nullptr) return;
  if (backtrace->size() == limits::backtrace_frames) {
    backtrace->erase(backtrace->begin() + limits::backtrace_frames / 2);
  }
  backtrace->push_back({.instance = vm->instance, .function = {}, .offset = reinterpret_cast<u64>(pc)});
}

/// The clause that catches the exception at an instruction, innermost first.
const CatchHandler* find_handler(const VmContext* vm, const FunctionCode& code, u32 word) {
  const auto* exception = reinterpret_cast<const runtime::ExceptionObject*>(vm->execution->exception);
  for (const TryRegion& region : code.regions) {
    if (word < region.begin || word >= region.end) continue;
    for (u32 i = region.first; i < region.first + region.count; ++i) {
      const CatchHandler& handler = code.handlers[i];
      const bool has_tag =
          handler.kind == wasm::CatchClause::Kind::catch_ || handler.kind == wasm::CatchClause::Kind::catch_ref;
      if (!has_tag || vm->tags[handler.tag.value] == exception->tag) return &handler;
    }
  }
  return nullptr;
}

/// Puts what a clause catches into its slots.
void deliver(const VmContext* vm, const CatchHandler& handler, u64* frame) {
  using Kind = wasm::CatchClause::Kind;
  const Ref reference = vm->execution->exception;
  const auto* exception = reinterpret_cast<const runtime::ExceptionObject*>(reference);
  u64* slot = frame + handler.slot;
  if (handler.kind == Kind::catch_ || handler.kind == Kind::catch_ref) {
    const u32 count = runtime::slot_count(exception->tag->type->func.params);
    for (u32 i = 0; i < count; ++i) *slot++ = exception->slots()[i];
  }
  if (handler.kind == Kind::catch_ref || handler.kind == Kind::catch_all_ref) *slot = reference;
  vm->execution->exception = runtime::null_ref;
  if (vm->execution->backtrace != nullptr) vm->execution->backtrace->clear();
}

/// Where control goes on after an exception at `pc`; null if it leaves the function.
const Word* catch_exception(const VmContext* vm, const Word* pc, u64* frame) {
  const FunctionCode* code = module_code(vm).find(pc);
  if (code == nullptr || code->regions.empty()) return nullptr;
  const CatchHandler* handler = find_handler(vm, *code, u32(pc - code->words.get()));
  if (handler == nullptr) return nullptr;
  deliver(vm, *handler, frame);
  return code->words.get() + handler->target;
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
  WISP_GOTO(s.pc);
}

WISP_EXTERN_HANDLER interrupted(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const TrapReason reason = runtime::interruption(*s.vm->execution);
  WISP_TRAP_IF(reason != TrapReason::none, reason);
  WISP_GOTO(s.pc);
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
      forget_accumulators(s);
      WISP_GOTO(target);
    }
  }
  note_frame(s.vm, s.pc);
  return status;
}

WISP_EXTERN_HANDLER tail_call_host(WISP_STATE_PARAMETERS) {
  const State s{WISP_STATE_ARGUMENTS};
  s.vm->execution->stack_top = s.frame + field(s, 1);
  return runtime::call_host(*s.vm, *reinterpret_cast<Function*>(s.acc), s.frame);
}

const Word* lower_on_demand(const VmContext* vm, FuncIndex function) {
  return module_code(vm).lower(function);
}

}  // namespace wisp::interp
