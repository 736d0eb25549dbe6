#pragma once

#include "interp/slow_paths.hpp"
#include "runtime/call_sites.hpp"
#include "runtime/calls.hpp"
#include "runtime/sampler.hpp"

/// Bodies of the calls. A call is a native call of the callee's first handler, so a guest frame is a native frame that
/// holds only what the caller needs afterwards: pc, frame and context. Arguments are in their homes, which become the
/// callee's first slots, and so are the results.
namespace wisp::interp {

/// Where a function that is not of the host is entered now: its cell.
inline CodeCell* cell_of(const Function* function) {
  return static_cast<CodeCell*>(const_cast<void*>(function->code.load(std::memory_order_relaxed)));
}

#define WISP_AFTER_CALL(status, words)                       \
  do {                                                       \
    if (__builtin_expect((status) != Status::returned, 0)) { \
      WISP_TAIL_FORGETTING(call_failed, u64(status));        \
    }                                                        \
    reload_memory(s);                                        \
    WISP_NEXT_FORGETTING(words);                             \
  } while (false)

/// Goes on in a function of the guest, in `s.frame`, and never comes back.
#define WISP_ENTER(callee_cell, context)       \
  do {                                         \
    CodeCell* const wisp_cell = (callee_cell); \
    s.vm = (context);                          \
    reload_memory(s);                          \
    WISP_ENTER_CELL(wisp_cell);                \
  } while (false)

/// Makes a call that, if `is_linked`, can be seen while it lasts.
template <bool is_linked>
[[gnu::always_inline]] inline Status linked(const State& s, auto call) {
  if constexpr (!is_linked) {
    return call();
  } else {
    Execution& execution = *s.vm->execution;
    const runtime::ActiveCall here{execution.calls, s.vm, place_of(s), nullptr, WISP_NATIVE_FRAME()};
    execution.calls = &here;
    const Status status = call();
    execution.calls = here.outer;
    return status;
  }
}

/// A call of any function. Field 0: first argument; field 1: slots up to which the collector looks if it is of the
/// host.
inline Status call_function(const State& s, Function* function) {
  u64* const slots = slot_at(s, 0);
  if (__builtin_expect(function->is_host(), 0)) {
    s.vm->execution->stack_top = slot_at(s, 1);
    return runtime::call_host(*s.vm, *function, slots);
  }
  VmContext* const context = function->context;
  const MemoryView& view = *context->memory0;
  return call_cell(s, cell_of(function), slots, context, view.base, view.size_bytes.load(std::memory_order_relaxed));
}

// Of calls that come back, the variants that are not 0, or have the last bit, are linked.

/// A function of the same module. Field 0: first argument; word 2: address of the callee's code cell.
template <u32 variant>
WISP_HANDLER call_local(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Status status = linked<variant != 0>(
      s, [&] { return call_cell(s, cell_in_word_2(s), slot_at(s, 0), s.vm, s.memory, s.memory_size); });
  WISP_AFTER_CALL(status, 3);
}

/// An import. Fields 0 and 1: as above; index: wide.
template <u32 variant>
WISP_HANDLER call_import(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Status status = linked<variant != 0>(s, [&] { return call_function(s, s.vm->functions[wide_field(s)]); });
  WISP_AFTER_CALL(status, 2);
}

/// The function that call_indirect names, or why there is none. Index: field 2 or the accumulator; word 2: table index
/// in the low half, type index in the high half.
struct IndirectTarget {
  Function* function;
  TrapReason reason;
};
template <bool in_acc, bool is_64>
inline IndirectTarget indirect_target(const State& s) {
  using Index = std::conditional_t<is_64, u64, u32>;
  const u64 index = operand<in_acc ? Place::acc : Place::slot, Index, 2>(s);
  const runtime::TableView& table = *s.vm->tables[low_word(s, 2)];
  if (__builtin_expect(index >= table.size, 0)) return {nullptr, TrapReason::undefined_element};
  Function* const function = reinterpret_cast<Function*>(table.elements[index]);
  if (__builtin_expect(function == nullptr, 0)) return {nullptr, TrapReason::uninitialized_element};
  const wasm::DefType* const expected = s.vm->types[high_word(s, 2)];
  if (__builtin_expect(function->type != expected, 0) && !function->type->is_subtype_of(expected)) {
    return {nullptr, TrapReason::indirect_call_type_mismatch};
  }
  return {function, TrapReason::none};
}

/// Variant bit 0: index in the accumulator, bit 1: 64-bit table, bit 2: linked, bit 3: noted. Fields 0 and 1: as above;
/// if it is noted, word 3: address of its runtime::CallSite.
template <u32 variant>
WISP_HANDLER call_indirect(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const IndirectTarget target = indirect_target<(variant & 1) != 0, (variant & 2) != 0>(s);
  WISP_TRAP_IF(target.function == nullptr, target.reason);
  constexpr bool is_noted = (variant & 8) != 0;
  if constexpr (is_noted) reinterpret_cast<runtime::CallSite*>(word(s, 3))->note(target.function->index);
  const Status status = linked<(variant & 4) != 0>(s, [&] { return call_function(s, target.function); });
  WISP_AFTER_CALL(status, is_noted ? 4 : 3);
}

/// Reference: field 2. Fields 0 and 1: as above.
template <u32 variant>
WISP_HANDLER call_ref(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  Function* const function = reinterpret_cast<Function*>(operand<Place::slot, u64, 2>(s));
  WISP_TRAP_IF(function == nullptr, TrapReason::null_function_reference);
  const Status status = linked<variant != 0>(s, [&] { return call_function(s, function); });
  WISP_AFTER_CALL(status, 2);
}

// Tail calls. Field 0: first argument; field 1: as above; field 3: slots of the arguments.

inline void move_arguments(const State& s) {
  u64* const from = slot_at(s, 0);
  const u32 count = field(s, 3);
  for (u32 i = 0; i < count; ++i) s.frame[i] = from[i];
}

/// Leaves the frame to `function`.
#define WISP_TAIL_CALL(function)                                \
  do {                                                          \
    Function* const wisp_function = (function);                 \
    move_arguments(s);                                          \
    if (__builtin_expect(wisp_function->is_host(), 0)) {        \
      s.acc = u64(wisp_function);                               \
      WISP_TAIL(tail_call_host);                                \
    }                                                           \
    WISP_ENTER(cell_of(wisp_function), wisp_function->context); \
  } while (false)

/// Word 2: address of the callee's code cell.
template <u32 variant>
WISP_HANDLER return_call_local(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  move_arguments(s);
  CodeCell* const cell = cell_in_word_2(s);
  WISP_ENTER_CELL(cell);
}

/// Index: word 2.
template <u32 variant>
WISP_HANDLER return_call_import(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_TAIL_CALL(s.vm->functions[low_word(s, 2)]);
}

/// As call_indirect.
template <u32 variant>
WISP_HANDLER return_call_indirect(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const IndirectTarget target = indirect_target<(variant & 1) != 0, (variant & 2) != 0>(s);
  WISP_TRAP_IF(target.function == nullptr, target.reason);
  WISP_TAIL_CALL(target.function);
}

/// As call_ref.
template <u32 variant>
WISP_HANDLER return_call_ref(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  Function* const function = reinterpret_cast<Function*>(operand<Place::slot, u64, 2>(s));
  WISP_TRAP_IF(function == nullptr, TrapReason::null_function_reference);
  WISP_TAIL_CALL(function);
}

/// Throws the exception that the slot of field 0 refers to.
template <u32 variant>
WISP_HANDLER throw_reference(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Ref exception = operand<Place::slot, u64, 0>(s);
  WISP_TRAP_IF(exception == runtime::null_ref, TrapReason::null_exception_reference);
  s.vm->execution->exception = exception;
  s.acc = u64(Status::exception);
  WISP_TAIL(call_failed);
}

}  // namespace wisp::interp
