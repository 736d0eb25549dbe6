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

/// Variant bit 0: backward, bit 1: the i32 is in the accumulator, else in field 0. Target: wide.
template <u32 variant>
WISP_HANDLER br_if_nonzero(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if (operand<(variant & 2) != 0 ? Place::acc : Place::slot, u32, 0>(s) != 0) WISP_BRANCH(variant & 1);
  WISP_NEXT(2);
}

template <u32 variant>
WISP_HANDLER br_if_zero(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if (operand<(variant & 2) != 0 ? Place::acc : Place::slot, u32, 0>(s) == 0) WISP_BRANCH(variant & 1);
  WISP_NEXT(2);
}

/// Adds the low half of word 2 to the i32 in the slot of field 0 and repeats the loop unless that makes it the limit.
/// Variant: limit in field 1, else in the high half of word 2. Target: wide.
template <u32 variant>
WISP_HANDLER increment_br_if_ne(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if (interrupt_requested(s)) WISP_TAIL(interrupted);
  const u32 limit = variant != 0 ? operand<Place::slot, u32, 1>(s) : high_word(s, 2);
  const u32 sum = operand<Place::slot, u32, 0>(s) + low_word(s, 2);
  result<true>(s, sum);
  if (sum != limit) WISP_GOTO_TARGET();
  WISP_NEXT(3);
}

/// Variant bit 0: some target is backward, bit 1: the index is in the accumulator, else in field 0. Wide: number of
/// targets without the default. From word 2 on: distances of the targets, the default last, 32 bits each.
template <u32 variant>
WISP_HANDLER br_table(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  if constexpr ((variant & 1) != 0) {
    if (interrupt_requested(s)) WISP_TAIL(interrupted);
  }
  const u32 index = operand<(variant & 2) != 0 ? Place::acc : Place::slot, u32, 0>(s);
  const u32 count = wide_field(s);
  WISP_GOTO(table_target(s, index < count ? index : count));
}

}  // namespace wisp::interp
