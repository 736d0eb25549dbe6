#pragma once

#include "baseline/pinned/pinned_rows.hpp"
#include "interp/ops_numeric.hpp"

namespace wisp::baseline {

template <class Semantics>
constexpr PinnedRow pinned_unary = make_row([]<usize pair>() -> Handler {
  if constexpr (has_pin_alone(pair)) {
    return interp::unary_at<Semantics, false, places_of(pair).a>;
  } else {
    return nullptr;
  }
});

template <class Semantics>
constexpr PinnedRow pinned_binary = make_row([]<usize pair>() -> Handler {
  if constexpr (has_pin(pair)) {
    return interp::binary_at<Semantics, false, places_of(pair)>;
  } else {
    return nullptr;
  }
});

/// The first operand is never a constant, and the second never in the accumulator: the lowering swaps them.
template <class Semantics>
constexpr PinnedRow pinned_commutative = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (has_pin(pair) && places.a != Place::immediate && places.b != Place::acc) {
    return interp::binary_at<Semantics, false, places>;
  } else {
    return nullptr;
  }
});

template <class Semantics, bool negate>
constexpr PinnedRow pinned_branch = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (has_pin(pair) && places.a != Place::immediate && places.b != Place::acc) {
    return interp::branch_at<Semantics, false, negate, places>;
  } else {
    return nullptr;
  }
});

}  // namespace wisp::baseline
