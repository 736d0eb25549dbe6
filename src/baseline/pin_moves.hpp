#pragma once

#include "baseline/stencils.hpp"

namespace wisp::baseline {

/// Registers that locals and homes of operands can be in: for integers, and for floats and vectors.
inline constexpr u32 integer_pins = 4;
inline constexpr u32 vector_pins = 7;

/// Moves between a pin, an accumulator, the slot of field 0 and constants, in the order of pinned/pin_moves.cpp: those
/// of integer pins, and those of the others.
enum class PinMove : u8 {
  load,
  store,
  set,  // from the accumulator
  constant32,
  constant64,
  copy,  // and up: from pin 0, 1, …
  load64 = copy + integer_pins,
  load128,
  store64,
  store128,
  set_vector,
  take_vector,  // to the accumulator
  constant32_vector,
  constant64_vector,
  copy_vector,
};

constexpr bool is_of_integers(PinMove move) {
  return move < PinMove::load64;
}

inline const StencilPair& pin_move(PinMove move, u32 pin) {
  if (is_of_integers(move)) return pin_move_stencils[u32(move) * integer_pins + pin];
  constexpr u32 first = u32(PinMove::load64);
  return pin_move_stencils[first * integer_pins + (u32(move) - first) * vector_pins + pin];
}
/// The copy from this pin, of those for integers or the others.
constexpr PinMove copy_from(u32 pin, bool of_integers) {
  return PinMove(u32(of_integers ? PinMove::copy : PinMove::copy_vector) + pin);
}

}  // namespace wisp::baseline
