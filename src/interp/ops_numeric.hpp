#pragma once

#include "interp/numeric.hpp"
#include "interp/slow_paths.hpp"

/// Bodies of the numeric instructions and of the branches on comparisons.
namespace wisp::interp {

constexpr Places binary_places(u32 number) {
  using enum Place;
  constexpr Places table[] = {{slot, slot},     {slot, acc},       {slot, immediate}, {acc, slot},
                              {acc, immediate}, {immediate, slot}, {immediate, acc}};
  return table[number];
}

constexpr Places commutative_places(u32 number) {
  using enum Place;
  constexpr Places table[] = {{slot, slot}, {acc, slot}, {slot, immediate}, {acc, immediate}};
  return table[number];
}

template <class Semantics>
concept CanTrapUnary = requires(typename Semantics::A a) { Semantics::check(a); };
template <class Semantics>
concept CanTrapBinary = requires(typename Semantics::A a, typename Semantics::B b) { Semantics::check(a, b); };

template <class Semantics, bool to_slot, Place place>
WISP_HANDLER unary_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const auto a = operand<place, typename Semantics::A, 1>(s);
  if constexpr (CanTrapUnary<Semantics>) {
    const TrapReason reason = Semantics::check(a);
    WISP_TRAP_IF(reason != TrapReason::none, reason);
  }
  result<to_slot>(s, Semantics::apply(a));
  WISP_NEXT(2);
}

template <class Semantics, u32 variant>
inline constexpr Handler unary = unary_at < Semantics,
                         variant &result_to_slot, (variant >> 1) == 0 ? Place::slot : Place::acc > ;

template <class Semantics, bool to_slot, Places places>
WISP_HANDLER binary_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using A = typename Semantics::A;
  using B = typename Semantics::B;
  const A a = operand<places.a, A, 1>(s);
  const B b = operand<places.b, B, places.a == Place::immediate ? 1 : 2>(s);
  if constexpr (CanTrapBinary<Semantics>) {
    const TrapReason reason = Semantics::check(a, b);
    WISP_TRAP_IF(reason != TrapReason::none, reason);
  }
  result<to_slot>(s, Semantics::apply(a, b));
  WISP_NEXT((instruction_words<A, places.a, places.b>));
}

template <class Semantics, u32 variant>
inline constexpr Handler binary = binary_at<Semantics, variant & result_to_slot, binary_places(variant >> 1)>;

template <class Semantics, u32 variant>
inline constexpr Handler commutative = binary_at<Semantics, variant & result_to_slot, commutative_places(variant >> 1)>;

/// (x << field 3) + y, as indexing makes it. x: field 1; y: field 2.
template <bool to_slot, Places places>
WISP_HANDLER i32_shl_add_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const u32 x = operand<places.a, u32, 1>(s);
  const u32 y = operand<places.b, u32, 2>(s);
  result<to_slot>(s, u32(shift_left_by_field_3(s, x) + y));
  WISP_NEXT(2);
}

/// Variant bit 0: result also to slot, bit 1: x in the accumulator.
template <u32 variant>
inline constexpr Handler i32_shl_add =
    i32_shl_add_at<variant & result_to_slot, Places{(variant & 2) != 0 ? Place::acc : Place::slot, Place::slot}>;

/// Wide arithmetic: operands in their homes from field 0 on, low halves first; the results replace them.
/// https://github.com/WebAssembly/wide-arithmetic
template <class Compute>
inline void wide_sum(State& s, Compute compute) {
  u64* at = slot_at(s, 0);
  const auto a = (unsigned __int128)(at[1]) << 64 | at[0];
  const auto b = (unsigned __int128)(at[3]) << 64 | at[2];
  const unsigned __int128 sum = compute(a, b);
  at[0] = u64(sum);
  at[1] = u64(sum >> 64);
}

template <u32 variant>
WISP_HANDLER i64_add128(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  wide_sum(s, [](auto a, auto b) { return a + b; });
  WISP_NEXT(2);
}

template <u32 variant>
WISP_HANDLER i64_sub128(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  wide_sum(s, [](auto a, auto b) { return a - b; });
  WISP_NEXT(2);
}

template <u32 variant>
WISP_HANDLER i64_mul_wide_s(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  u64* at = slot_at(s, 0);
  const __int128 product = __int128(i64(at[0])) * i64(at[1]);
  at[0] = u64(product);
  at[1] = u64(product >> 64);
  WISP_NEXT(2);
}

template <u32 variant>
WISP_HANDLER i64_mul_wide_u(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  u64* at = slot_at(s, 0);
  const unsigned __int128 product = (unsigned __int128)(at[0]) * at[1];
  at[0] = u64(product);
  at[1] = u64(product >> 64);
  WISP_NEXT(2);
}

inline bool interrupt_requested(const State& s) {
  return __builtin_expect(s.vm->execution->interrupt.load(std::memory_order_relaxed) != 0, 0);
}

/// Stencils look once an iteration, with `loop_check`.
inline bool loop_interrupted(const State& s) {
  return !loops_check_themselves && interrupt_requested(s);
}

/// Goes to the branch target, past the check for interruption if that repeats a loop.
#define WISP_BRANCH(backward)                          \
  do {                                                 \
    if constexpr (backward) {                          \
      if (loop_interrupted(s)) WISP_TAIL(interrupted); \
    }                                                  \
    WISP_GOTO_TARGET();                                \
  } while (false)

template <class Semantics, bool backward, bool negate, Places places>
WISP_HANDLER branch_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using A = typename Semantics::A;
  using B = typename Semantics::B;
  const A a = operand<places.a, A, 0>(s);
  B b;
  if constexpr (places.b == Place::immediate) {
    b = word_value<B>(s);
  } else {
    b = operand<places.b, B, 1>(s);
  }
  if ((Semantics::apply(a, b) != 0) != negate) WISP_BRANCH(backward);
  WISP_NEXT(places.b == Place::immediate ? 3 : 2);
}

template <class Semantics, u32 variant>
inline constexpr Handler branch_compare = branch_at<Semantics, variant & 1, false, commutative_places(variant >> 1)>;

template <class Semantics, u32 variant>
inline constexpr Handler branch_compare_float =
    branch_at<Semantics, variant & 1, (variant & 2) != 0, commutative_places(variant >> 2)>;

}  // namespace wisp::interp
