#pragma once

#include <array>
#include <utility>

#include "interp/state.hpp"

/// Op bodies with operands in pins: for each row of a family, the stencils of all pairs of places of which at least one
/// is a pin. Where the places of a row mean nothing, or stand in the interpreter's table, there is no stencil.
namespace wisp::baseline {

using interp::Handler;
using interp::Place;
using interp::Places;

/// Places of one operand: slot, accumulator, immediate (or a constant address), and the pins.
inline constexpr u32 place_count = 3 + interp::pin_count;
inline constexpr u32 pair_count = place_count * place_count;

/// By `place of a * place_count + place of b`; of an instruction with one operand, b is the slot.
using PinnedRow = std::array<Handler, pair_count>;

constexpr Places places_of(u32 pair) {
  return {Place(pair / place_count), Place(pair % place_count)};
}
constexpr bool has_pin(u32 pair) {
  return pair / place_count >= 3 || pair % place_count >= 3;
}
/// One operand only.
constexpr bool has_pin_alone(u32 pair) {
  return pair / place_count >= 3 && pair % place_count == 0;
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
