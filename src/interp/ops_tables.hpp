#pragma once

#include "interp/ops_calls.hpp"
#include "runtime/libcalls.hpp"

/// Bodies of what goes to the runtime, and of tables and sizes.
namespace wisp::interp {

/// Any function of the runtime. First operand: field 0; slots of the frame: field 1; words 2 to 4: the function and its
/// immediates.
template <u32 variant>
WISP_HANDLER libcall(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  s.vm->execution->stack_top = slot_at(s, 1);
  const auto function = reinterpret_cast<runtime::Libcall>(word(s, 2));
  const TrapReason reason = function(*s.vm, slot_at(s, 0), word(s, 3), word(s, 4));
  if (__builtin_expect(reason != TrapReason::none, 0)) WISP_TAIL_FORGETTING(trap_exit, u64(reason));
  reload_memory(s);
  WISP_NEXT_FORGETTING(5);
}

/// Reference: field 0; trap: wide.
template <u32 variant>
WISP_HANDLER check_non_null(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_TRAP_IF((operand<Place::slot, u64, 0>(s)) == runtime::null_ref, wide_field(s));
  WISP_NEXT(2);
}

/// Variant: result also to slot. Memory: field 2; log2 of the page size: field 3.
template <u32 variant>
WISP_HANDLER memory_size(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const u64 size = s.vm->memories[field(s, 2)]->size_bytes.load(std::memory_order_acquire);
  result<variant & result_to_slot>(s, size >> field(s, 3));
  WISP_NEXT(2);
}

/// The element that a table instruction names; null if there is none. Index: field 1; table: word 2.
template <bool is_64>
inline Ref* table_element(const State& s) {
  using Index = std::conditional_t<is_64, u64, u32>;
  const u64 index = operand<Place::slot, Index, 1>(s);
  const runtime::TableView& table = *s.vm->tables[low_word(s, 2)];
  return index < table.size ? table.elements + index : nullptr;
}

/// Variant: 64-bit table. Result: field 0.
template <u32 variant>
WISP_HANDLER table_get(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Ref* const element = table_element<variant != 0>(s);
  WISP_TRAP_IF(element == nullptr, TrapReason::table_out_of_bounds);
  result<true>(s, u64(*element));
  WISP_NEXT(3);
}

/// Variant: 64-bit table. Value: field 0.
template <u32 variant>
WISP_HANDLER table_set(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  Ref* const element = table_element<variant != 0>(s);
  WISP_TRAP_IF(element == nullptr, TrapReason::table_out_of_bounds);
  *element = operand<Place::slot, u64, 0>(s);
  WISP_NEXT(3);
}

/// Variant: result also to slot. Table: wide.
template <u32 variant>
WISP_HANDLER table_size(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  result<variant & result_to_slot>(s, s.vm->tables[wide_field(s)]->size);
  WISP_NEXT(2);
}

/// Variant: result also to slot. Function: wide.
template <u32 variant>
WISP_HANDLER ref_func(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  result<variant & result_to_slot>(s, reinterpret_cast<u64>(s.vm->functions[wide_field(s)]));
  WISP_NEXT(2);
}

}  // namespace wisp::interp
