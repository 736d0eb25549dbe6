#include "interp/slow_paths.hpp"

#include "baseline/module_code.hpp"
#include "baseline/optimized_calls.hpp"
#include "interp/unwinding.hpp"
#include "runtime/calls.hpp"

// What stencils leave to ordinary functions. They have the names of the interpreter's, with the state of stencils:
// op bodies do not know which of the two they call. `pc` is the address of the stencil.

namespace wisp::interp {

namespace {

baseline::ModuleCode& module_code(const VmContext* vm) {
  return *static_cast<baseline::ModuleCode*>(vm->code);
}

/// Where control goes on after an exception at `pc`; null if it leaves the function.
const u8* catch_exception(const VmContext* vm, const u8* pc, u64* frame) {
  const baseline::NativeFunction* const function = module_code(vm).find(pc);
  if (function == nullptr || function->regions.empty()) return nullptr;
  const CatchHandler* const handler = find_handler(vm, function->regions, function->handlers, u32(pc - function->code));
  if (handler == nullptr) return nullptr;
  deliver(vm, *handler, frame);
  return function->code + handler->target;
}

}  // namespace

WISP_EXTERN_HANDLER tail_call_host(WISP_STATE_PARAMETERS) {
  const State s{WISP_STATE_ARGUMENTS};
  Function& function = *reinterpret_cast<Function*>(s.acc);
  const auto& type = function.type->func;
  const u32 slots = std::max(runtime::slot_count(type.params), runtime::slot_count(type.results));
  s.vm->execution->stack_top = s.frame + slots;
  return runtime::call_host(*s.vm, function, s.frame);
}

namespace {

static_assert(pin_count == baseline::integer_pins && vpin_count == baseline::vector_pins);

/// Everything is in its slot at the header of a loop, once the pins are.
void store_pins(const State& s, const baseline::NativeFunction& function) {
  for (const baseline::Pins::Pinned& one : function.pinned) {
    u64* const slot = s.frame + one.slot;
    if (one.pin.kind == LocalClass::integer) {
      *slot = s.pins[one.pin.number];
    } else if (one.pin.kind == LocalClass::floating) {
      store_slot(slot, from_vector<f64>(s.vpins[one.pin.number]));
    } else {
      store_slot(slot, from_vector<V128>(s.vpins[one.pin.number]));
    }
  }
}

}  // namespace

WISP_EXTERN_HANDLER became_hot(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const baseline::ModuleCode::Hot hot = module_code(s.vm).became_hot(s.pc);
  if (hot.entry == nullptr) WISP_REPEAT();
  store_pins(s, *hot.function);
  const auto entry = handler_at(reinterpret_cast<CodePointer>(hot.entry));
  [[clang::musttail]] return entry(WISP_STATE_FORGOTTEN(reinterpret_cast<u64>(hot.cell), unknown<const u8*>()));
}

WISP_EXTERN_HANDLER lazy_enter(WISP_STATE_PARAMETERS) {
  const State s{WISP_STATE_ARGUMENTS};
  auto* const cell = reinterpret_cast<CodeCell*>(s.acc);
  module_code(s.vm).compile(*cell);
  baseline::take_sample_of_compiling(s.vm, *cell, WISP_NATIVE_FRAME());
  WISP_ENTER_CELL(cell);
}

}  // namespace wisp::interp

namespace wisp::baseline {

[[clang::preserve_none]] runtime::Status fault_landing(WISP_STATE_PARAMETERS) {
  acc = u64(runtime::TrapReason::memory_out_of_bounds);
  return interp::trap_exit(frame, vm, memory, memory_size, acc, pin0, unused0, unused1, pin1, pin2, pin3, pc, vacc,
                           vpin0, vpin1, vpin2, vpin3, vpin4, vpin5, vpin6);
}

runtime::NativeEntry lazy_entry() {
  // It reads no more of the state than an entry is given.
  constexpr interp::Handler handler = &interp::lazy_enter;
  // NOLINTNEXTLINE(bugprone-casting-through-void)
  return reinterpret_cast<runtime::NativeEntry>(reinterpret_cast<void*>(handler));
}

const void* fault_landing_address() {
  return reinterpret_cast<const void*>(&fault_landing);
}

}  // namespace wisp::baseline

#include "interp/slow_path_bodies.hpp"
