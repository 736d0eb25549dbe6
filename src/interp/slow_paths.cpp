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

#include "interp/slow_path_bodies.hpp"
