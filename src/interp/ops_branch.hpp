#pragma once

#include "interp/ops_numeric.hpp"

/// Bodies of the branches that do not compare.
namespace wisp::interp {

/// Variant: backward. Target: wide.
template <u32 variant>
WISP_HANDLER jump(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_BRANCH(variant & 1);
}

/// Branches if the i32 of field 0 is not zero, or is. Target: wide.
template <bool if_zero, bool backward, Place place>
WISP_HANDLER br_if_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if ((operand<place, u32, 0>(s) == 0) == if_zero) WISP_BRANCH(backward);
  WISP_NEXT(2);
}

/// Variant bit 0: backward, bit 1: the i32 is in the accumulator.
template <u32 variant>
inline constexpr Handler br_if_nonzero = br_if_at < false,
                         variant & 1, (variant & 2) != 0 ? Place::acc : Place::slot > ;
template <u32 variant>
inline constexpr Handler br_if_zero = br_if_at < true,
                         variant & 1, (variant & 2) != 0 ? Place::acc : Place::slot > ;

/// Adds the low half of word 2 to the i32 of field 0 and repeats the loop unless that makes it the limit: field 1, or
/// the high half of word 2. Target: wide.
template <Places places>
WISP_HANDLER increment_br_if_ne_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if (loop_interrupted(s)) WISP_TAIL(interrupted);
  u32 limit = 0;
  if constexpr (places.b == Place::immediate) {
    limit = high_word(s, 2);
  } else {
    limit = operand<places.b, u32, 1>(s);
  }
  const u32 sum = operand<places.a, u32, 0>(s) + low_word(s, 2);
  if constexpr (places.a == Place::slot) {
    result<true>(s, sum);
  } else {
    result_to_pin<places.a>(s, sum);
  }
  if (sum != limit) WISP_GOTO_TARGET();
  WISP_NEXT(3);
}

/// Variant: the limit is in a slot.
template <u32 variant>
inline constexpr Handler increment_br_if_ne =
    increment_br_if_ne_at<Places{Place::slot, variant != 0 ? Place::slot : Place::immediate}>;

/// Variant bit 0: some target is backward, bit 1: the index is in the accumulator, else in field 0. Wide: number of
/// targets without the default. From word 2 on: distances of the targets, the default last, 32 bits each.
template <u32 variant>
WISP_HANDLER br_table(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if constexpr ((variant & 1) != 0) {
    if (loop_interrupted(s)) WISP_TAIL(interrupted);
  }
  const u32 index = operand<(variant & 2) != 0 ? Place::acc : Place::slot, u32, 0>(s);
  const u32 count = wide_field(s);
  WISP_GOTO(table_target(s, index < count ? index : count));
}

}  // namespace wisp::interp
