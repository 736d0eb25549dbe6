#pragma once

#include "baseline/stencils.hpp"

namespace wisp::baseline {

/// Registers of each kind that a function's locals can be in.
inline constexpr u32 pins_of_a_kind = 4;

/// Moves between a pin, an accumulator, the slot of field 0 and constants, in the order of pinned/pin_moves.cpp; those
/// of integer registers have a twin for floating ones.
enum class PinMove : u8 {
  load,
  store,
  set,  // from the accumulator
  load_floating,
  store_floating,
  set_floating,
  constant32,
  constant64,
  constant32_floating,
  constant64_floating,
  copy,  // and up: from pin 0, 1, …
  copy_floating = copy + pins_of_a_kind,
};

inline const Stencil& pin_move(PinMove move, u32 pin) {
  return pin_move_stencils[u32(move) * pins_of_a_kind + pin];
}
inline const Stencil& pin_copy(bool floating, u32 from, u32 to) {
  const u32 first = u32(floating ? PinMove::copy_floating : PinMove::copy);
  return pin_move_stencils[(first + from) * pins_of_a_kind + to];
}

}  // namespace wisp::baseline
