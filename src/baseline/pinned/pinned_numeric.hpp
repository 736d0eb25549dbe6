#pragma once

#include "baseline/pinned/pinned_rows.hpp"
#include "interp/ops_numeric.hpp"

namespace wisp::baseline {

template <class Semantics>
using UnaryResult = decltype(Semantics::apply(typename Semantics::A{}));
template <class Semantics>
using BinaryResult = decltype(Semantics::apply(typename Semantics::A{}, typename Semantics::B{}));

template <class Semantics>
constexpr PinnedRow pinned_unary = make_row([]<usize pair>() -> Handler {
  using A = typename Semantics::A;
  if constexpr (takes_a<A, UnaryResult<Semantics>> ? is_taken_alone(pair) : has_pin_alone<A>(pair)) {
    return interp::unary_at<Semantics, false, places_of(pair).a>;
  } else {
    return nullptr;
  }
});

/// Whether there is a stencil: of the order of operands that lowering leaves, the caller knows.
template <class Semantics>
constexpr bool is_binary_pair(Places places) {
  using A = typename Semantics::A;
  using B = typename Semantics::B;
  if constexpr (takes_a<A, BinaryResult<Semantics>>) {
    return is_taken<B>(places);
  } else {
    return has_pin<A, B>(places);
  }
}

template <class Semantics>
constexpr PinnedRow pinned_binary = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (is_binary_pair<Semantics>(places)) {
    return interp::binary_at<Semantics, false, places>;
  } else {
    return nullptr;
  }
});

/// The first operand is never a constant, and the second never in the accumulator: the lowering swaps them.
template <class Semantics>
constexpr PinnedRow pinned_commutative = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (is_binary_pair<Semantics>(places) && places.a != Place::immediate && places.b != Place::acc) {
    return interp::binary_at<Semantics, false, places>;
  } else {
    return nullptr;
  }
});

template <class Semantics, bool negate>
constexpr PinnedRow pinned_branch = make_row([]<usize pair>() -> Handler {
  using A = typename Semantics::A;
  constexpr Places places = places_of(pair);
  if constexpr (has_pin<A, A>(places) && places.a != Place::immediate && places.b != Place::acc) {
    return interp::branch_at<Semantics, false, negate, places>;
  } else {
    return nullptr;
  }
});

}  // namespace wisp::baseline
