#pragma once

#include "interp/ops_numeric.hpp"

/// Bodies of function entry and return, of moves between slots, and of globals.
namespace wisp::interp {

inline uintptr_t native_stack_pointer() {
#if defined(__x86_64__)
  uintptr_t pointer;
  asm("movq %%rsp, %0" : "=r"(pointer));
  return pointer;
#else
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
#endif
}

/// The first instruction of every function. Frame size: field 0; slots that start as zero: field 2 of them from field 1
/// on. Variant, modulo 6: how many of these, if fewer than 5; from 6 on: without looking whether to stop.
template <u32 variant>
WISP_HANDLER enter(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Execution* execution = s.vm->execution;
  WISP_TRAP_IF(slot_at(s, 0) > execution->stack_limit, TrapReason::stack_overflow);
  WISP_TRAP_IF(native_stack_pointer() < execution->native_stack_limit, TrapReason::stack_overflow);
  if constexpr (variant < 6) {
    if (interrupt_requested(s)) WISP_TAIL(interrupted);
  }
  constexpr u32 zeroed = variant % 6;
  u64* const first = slot_at(s, 1);
  if constexpr (zeroed < 5) {
#pragma clang loop unroll(full)
    for (u32 i = 0; i < zeroed; ++i) first[i] = 0;
  } else {
    u64* const end = first + field(s, 2);
    for (u64* slot = first; slot < end; ++slot) *slot = 0;
  }
  WISP_NEXT(2);
}

/// Where a loop begins, if its branches do not look themselves.
template <u32 variant>
WISP_HANDLER loop_check(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if (interrupt_requested(s)) WISP_TAIL(interrupted);
  WISP_NEXT(2);
}

/// Counts a call or, variant 1, an iteration of a loop. Word 2: address of the function's cell.
template <u32 variant>
WISP_HANDLER count_use(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if (used_up<variant != 0>(cell_in_word_2(s))) WISP_TAIL(became_hot);
  WISP_NEXT(3);
}

/// Ends the guest. Reason: wide.
template <u32 variant>
WISP_HANDLER trap(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_TRAP_IF(true, wide_field(s));
}

/// Cost: wide.
template <u32 variant>
WISP_HANDLER consume_fuel(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  Execution* execution = s.vm->execution;
  execution->fuel -= wide_field(s);
  WISP_TRAP_IF(execution->fuel < 0, TrapReason::out_of_fuel);
  WISP_NEXT(2);
}

// Moves: to the slot of field 0, from the slot of field 1, from wide or from words 2 and 3. They leave the
// accumulators.

#define WISP_MOVE(name, T, expression, words) \
  template <u32 variant>                      \
  WISP_HANDLER name(WISP_STATE_PARAMETERS) {  \
    State s{WISP_STATE_ARGUMENTS};            \
    store_slot<T>(slot_at(s, 0), expression); \
    WISP_NEXT(words);                         \
  }

WISP_MOVE(copy32, u32, (operand<Place::slot, u32, 1>(s)), 2)
WISP_MOVE(copy64, u64, (operand<Place::slot, u64, 1>(s)), 2)
WISP_MOVE(copy128, V128, (operand<Place::slot, V128, 1>(s)), 2)
WISP_MOVE(const32, u32, wide_field(s), 2)
WISP_MOVE(const64, u64, word(s, 2), 3)
WISP_MOVE(set_acc, u64, s.acc, 2)
WISP_MOVE(set_vacc32, f32, load_acc<f32>(s), 2)
WISP_MOVE(set_vacc64, f64, load_acc<f64>(s), 2)
WISP_MOVE(set_vacc128, V128, load_acc<V128>(s), 2)
#undef WISP_MOVE

/// Downwards: to field 0 and up, from field 1 and up, field 2 slots.
template <u32 variant>
WISP_HANDLER copy_slots(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  u64* const to = slot_at(s, 0);
  const u64* const from = slot_at(s, 1);
  const u32 count = field(s, 2);
  for (u32 i = 0; i < count; ++i) to[i] = from[i];
  WISP_NEXT(2);
}

/// Variant: result also to slot. Value: words 2 and 3.
template <u32 variant>
WISP_HANDLER v128_const(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  result<variant & result_to_slot>(s, word_value<V128>(s));
  WISP_NEXT(4);
}

// Returns: the only result, if it is not in slot 0 yet, comes from the accumulator, from the slot of field 1, from
// word 2.

template <u32 variant>
WISP_HANDLER return_none(WISP_STATE_PARAMETERS) {
  [[maybe_unused]] State s{WISP_STATE_ARGUMENTS};
  return Status::returned;
}

#define WISP_RETURN(name, T, expression)     \
  template <u32 variant>                     \
  WISP_HANDLER name(WISP_STATE_PARAMETERS) { \
    State s{WISP_STATE_ARGUMENTS};           \
    store_slot<T>(s.frame, expression);      \
    return Status::returned;                 \
  }

WISP_RETURN(return_acc, u64, s.acc)
WISP_RETURN(return_vacc32, f32, load_acc<f32>(s))
WISP_RETURN(return_vacc64, f64, load_acc<f64>(s))
WISP_RETURN(return_vacc128, V128, load_acc<V128>(s))
WISP_RETURN(return_slot32, u32, (operand<Place::slot, u32, 1>(s)))
WISP_RETURN(return_slot64, u64, (operand<Place::slot, u64, 1>(s)))
WISP_RETURN(return_slot128, V128, (operand<Place::slot, V128, 1>(s)))
WISP_RETURN(return_const, u64, word(s, 2))
#undef WISP_RETURN

/// Condition: the accumulator or field 3; operands: fields 1 and 2, or the low and high half of word 2.
template <class T, bool to_slot, Place condition_place, Places places>
WISP_HANDLER select_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  constexpr bool has_immediate = places.a == Place::immediate || places.b == Place::immediate;
  static_assert(!has_immediate || sizeof(T) == 4);
  const u32 condition = operand<condition_place, u32, 3>(s);
  T a;
  T b;
  if constexpr (places.a == Place::immediate) {
    a = low_word(s, 2);
  } else {
    a = operand<places.a, T, 1>(s);
  }
  if constexpr (places.b == Place::immediate) {
    b = high_word(s, 2);
  } else {
    b = operand<places.b, T, 2>(s);
  }
  result<to_slot>(s, condition != 0 ? a : b);
  WISP_NEXT(has_immediate ? 3 : 2);
}

/// Variant bit 0: result also to slot, bit 1: condition in the accumulator; bits 2 and 3: first and second operand in
/// word 2.
template <class T, u32 variant>
inline constexpr Handler select = select_at < T,
                         variant &result_to_slot, (variant & 2) != 0 ? Place::acc : Place::slot,
                         Places{(variant & 4) != 0 ? Place::immediate : Place::slot,
                                (variant & 8) != 0 ? Place::immediate : Place::slot} > ;

template <u32 variant>
inline constexpr Handler select_i32 = select<u32, variant>;
template <u32 variant>
inline constexpr Handler select_i64 = select<u64, variant>;
template <u32 variant>
inline constexpr Handler select_f32 = select<f32, variant>;
template <u32 variant>
inline constexpr Handler select_f64 = select<f64, variant>;
template <u32 variant>
inline constexpr Handler select_v128 = select<V128, variant>;

/// Variant: result also to slot. Global: wide.
template <class T, u32 variant>
WISP_HANDLER global_get(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  result<variant & result_to_slot>(s, load_slot<T>(s.vm->globals[wide_field(s)]->slots));
  WISP_NEXT(2);
}

/// Variant: the value is in the accumulator, else in field 0. Global: wide.
template <class T, u32 variant>
WISP_HANDLER global_set(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const T value = operand<(variant & 1) != 0 ? Place::acc : Place::slot, T, 0>(s);
  store_slot<T>(s.vm->globals[wide_field(s)]->slots, value);
  WISP_NEXT(2);
}

#define WISP_GLOBAL(type, T)                                           \
  template <u32 variant>                                               \
  inline constexpr Handler global_get_##type = global_get<T, variant>; \
  template <u32 variant>                                               \
  inline constexpr Handler global_set_##type = global_set<T, variant>;

WISP_GLOBAL(i32, u32)
WISP_GLOBAL(i64, u64)
WISP_GLOBAL(f32, f32)
WISP_GLOBAL(f64, f64)
WISP_GLOBAL(v128, V128)
#undef WISP_GLOBAL

}  // namespace wisp::interp
