#pragma once

#include "interp/numeric_vector.hpp"
#include "interp/ops_numeric.hpp"

/// Bodies of the vector instructions, but for loads and stores.
namespace wisp::interp {

/// The place of a first operand: variant bit 1.
constexpr Place first_place(u32 variant) {
  return (variant & 2) != 0 ? Place::acc : Place::slot;
}

template <class Semantics, bool to_slot, Places places>
WISP_HANDLER vector_binary_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const V128 a = operand<places.a, V128, 1>(s);
  const V128 b = operand<places.b, V128, 2>(s);
  result<to_slot>(s, Semantics::apply(a, b));
  WISP_NEXT(2);
}

template <class Semantics, u32 variant>
inline constexpr Handler vector_binary =
    vector_binary_at<Semantics, variant & result_to_slot, Places{first_place(variant), Place::slot}>;

template <class Semantics, bool to_slot, Places places>
WISP_HANDLER vector_shift_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const V128 a = operand<places.a, V128, 1>(s);
  const u32 count = operand<places.b, u32, 2>(s);
  result<to_slot>(s, Semantics::apply(a, count));
  WISP_NEXT(2);
}

template <class Semantics, u32 variant>
inline constexpr Handler vector_shift =
    vector_shift_at<Semantics, variant & result_to_slot,
                    Places{first_place(variant), (variant & 4) != 0 ? Place::immediate : Place::slot}>;

template <class Semantics, u32 variant>
WISP_HANDLER vector_ternary(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const V128 a = operand<Place::slot, V128, 1>(s);
  const V128 b = operand<Place::slot, V128, 2>(s);
  const V128 c = operand<Place::slot, V128, 3>(s);
  result<variant & result_to_slot>(s, Semantics::apply(a, b, c));
  WISP_NEXT(2);
}

template <class Semantics, bool to_slot, Place place>
WISP_HANDLER extract_lane_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using Lane = typename Semantics::Lane;
  const auto lanes = numeric::lanes<Lane>(operand<place, V128, 1>(s));
  // A signed lane is sign-extended by way of the signed type.
  using Extended = std::conditional_t<std::is_signed_v<Lane> && std::is_integral_v<Lane>, i32, Lane>;
  result<to_slot>(s, typename Semantics::Scalar(Extended(lanes[wide_field(s)])));
  WISP_NEXT(2);
}

template <class Semantics, u32 variant>
inline constexpr Handler extract_lane = extract_lane_at<Semantics, variant & result_to_slot, first_place(variant)>;

template <class Semantics, bool to_slot, Places places>
WISP_HANDLER replace_lane_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using Lane = typename Semantics::Lane;
  auto lanes = numeric::lanes<Lane>(operand<places.a, V128, 1>(s));
  lanes[field(s, 3)] = Lane(operand<places.b, typename Semantics::Scalar, 2>(s));
  result<to_slot>(s, numeric::to_v128(lanes));
  WISP_NEXT(2);
}

template <class Semantics, u32 variant>
inline constexpr Handler replace_lane =
    replace_lane_at<Semantics, variant & result_to_slot, Places{Place::slot, Place::slot}>;

/// Vectors: fields 1 and 2; lanes: words 2 and 3.
template <bool to_slot, Places places>
WISP_HANDLER i8x16_shuffle_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const V128 a = operand<places.a, V128, 1>(s);
  const V128 b = operand<places.b, V128, 2>(s);
  result<to_slot>(s, numeric::shuffle(a, b, word_value<V128>(s)));
  WISP_NEXT(4);
}

template <u32 variant>
inline constexpr Handler i8x16_shuffle = i8x16_shuffle_at<variant & result_to_slot, Places{Place::slot, Place::slot}>;

}  // namespace wisp::interp
