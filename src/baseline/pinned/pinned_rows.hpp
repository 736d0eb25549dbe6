#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "interp/state.hpp"

/// Op bodies with operands in pins: for each row of a family, the stencils of all pairs of places of which at least one
/// is a pin, or was. Where the places of a row mean nothing, or stand in the interpreter's table, there is no stencil.
namespace wisp::baseline {

using interp::Handler;
using interp::Place;
using interp::Places;

/// Places of one operand: slot, accumulator, immediate (or a constant address), and the pins of either kind.
inline constexpr u32 place_count = 3 + std::max(interp::pin_count, interp::vpin_count);
inline constexpr u32 pair_count = place_count * place_count;

/// By `place of a * place_count + place of b`; of an instruction with one operand, b is the slot.
using PinnedRow = std::array<Handler, pair_count>;

constexpr Places places_of(u32 pair) {
  return {Place(pair / place_count), Place(pair % place_count)};
}

/// Whether a value of the type can be there.
template <class T>
constexpr bool is_pin(Place place) {
  constexpr u32 count = interp::in_vector_register<T> ? interp::vpin_count : interp::pin_count;
  return place >= Place::pin && u32(place) - u32(Place::pin) < count;
}
template <class T>
constexpr bool is_place(Place place) {
  return place < Place::pin || is_pin<T>(place);
}
/// At least one operand in a pin.
template <class A, class B>
constexpr bool has_pin(Places places) {
  return is_place<A>(places.a) && is_place<B>(places.b) && (places.a >= Place::pin || places.b >= Place::pin);
}
/// One operand only.
template <class A>
constexpr bool has_pin_alone(u32 pair) {
  return is_pin<A>(places_of(pair).a) && places_of(pair).b == Place::slot;
}

/// Where operand and result are both in vector registers, the compiler brings a first operand from its pin to the
/// accumulator, where the result will be: two-address instructions would do the same. That leaves one row of places.
template <class A, class R>
inline constexpr bool takes_a = interp::in_vector_register<A> && interp::in_vector_register<R>;
constexpr bool is_taken_alone(u32 pair) {
  return places_of(pair).a == Place::acc && places_of(pair).b == Place::slot;
}
/// A pin stays where it is only if the second operand is in the accumulator.
template <class B>
constexpr bool is_taken(Places places) {
  if (places.a == Place::acc) return places.b != Place::acc && is_place<B>(places.b);
  if (places.a >= Place::pin) return places.b == Place::acc && is_pin<B>(places.a);
  return is_pin<B>(places.b);
}

template <class Make, usize... pair>
constexpr PinnedRow make_row(Make make, std::index_sequence<pair...>) {
  return {make.template operator()<pair>()...};
}

/// `make` is a template of a pair that gives its handler, or null.
template <class Make>
constexpr PinnedRow make_row(Make make) {
  return make_row(make, std::make_index_sequence<pair_count>());
}

inline constexpr PinnedRow no_pinned_row{};

}  // namespace wisp::baseline
