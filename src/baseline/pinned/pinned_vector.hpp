#pragma once

#include "baseline/pinned/pinned_numeric.hpp"
#include "interp/numeric_vector_float.hpp"
#include "interp/ops_vector.hpp"

#define WISP_PINNED_SHAPE_unary(semantics) pinned_unary<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_vector_binary(semantics) pinned_vector_binary<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_vector_commutative(semantics) pinned_vector_binary<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_vector_shift(semantics) pinned_vector_shift<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_vector_ternary(semantics) no_pinned_row,
#define WISP_PINNED_SHAPE_extract_lane(semantics) pinned_extract_lane<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_replace_lane(semantics) pinned_replace_lane<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_handlers_2(semantics) pinned_##semantics,

/// Rows of the vector instructions. Vectors are no immediates.
namespace wisp::baseline {

using interp::V128;

template <class Semantics>
constexpr PinnedRow pinned_vector_binary = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (is_taken<V128>(places) && places.a < Place::immediate && places.b != Place::immediate) {
    return interp::vector_binary_at<Semantics, false, places>;
  } else {
    return nullptr;
  }
});

template <class Semantics>
constexpr PinnedRow pinned_vector_shift = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (is_taken<u32>(places) && places.a < Place::immediate) {
    return interp::vector_shift_at<Semantics, false, places>;
  } else {
    return nullptr;
  }
});

template <class Semantics>
constexpr PinnedRow pinned_extract_lane = make_row([]<usize pair>() -> Handler {
  if constexpr (takes_a<V128, typename Semantics::Scalar> ? is_taken_alone(pair) : has_pin_alone<V128>(pair)) {
    return interp::extract_lane_at<Semantics, false, places_of(pair).a>;
  } else {
    return nullptr;
  }
});

template <class Semantics>
constexpr PinnedRow pinned_replace_lane = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (is_taken<typename Semantics::Scalar>(places) && places.a < Place::immediate &&
                places.b != Place::immediate) {
    return interp::replace_lane_at<Semantics, false, places>;
  } else {
    return nullptr;
  }
});

constexpr PinnedRow pinned_i8x16_shuffle = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (is_taken<V128>(places) && places.a < Place::immediate && places.b != Place::immediate) {
    return interp::i8x16_shuffle_at<false, places>;
  } else {
    return nullptr;
  }
});

}  // namespace wisp::baseline
