#pragma once

#include <bit>
#include <limits>

#include "base/int.hpp"

/// Vectors of lanes, and what the vector instructions build on.
namespace wisp::interp {

/// A v128 as op bodies exchange it.
using V128 = u64 __attribute__((vector_size(16)));
/// What the vector accumulator holds: an f32, an f64 or a v128.
using Vector = f32 __attribute__((vector_size(16)));

namespace numeric {

/// 16 bytes of lanes, and 8.
template <class Lane>
using Lanes = Lane __attribute__((vector_size(16)));
template <class Lane>
using HalfVector = Lane __attribute__((vector_size(8)));
/// 32 bytes: twice the width in each lane, or twice the lanes, on the way to a result.
template <class Lane>
using WideVector = Lane __attribute__((vector_size(32)));

template <class Lane>
inline constexpr u32 lane_count = 16 / sizeof(Lane);

template <class Lane>
inline Lanes<Lane> lanes(V128 vector) {
  return std::bit_cast<Lanes<Lane>>(vector);
}

template <class Vector>
  requires(sizeof(Vector) == 16)
inline V128 to_v128(Vector vector) {
  return std::bit_cast<V128>(vector);
}

/// The same numbers in wider (or narrower) lanes.
template <class Wide>
inline Lanes<Wide> widen(auto narrow) {
  return __builtin_convertvector(narrow, Lanes<Wide>);
}

/// Lane by lane: arithmetic would lose the sign of zero and quiet a NaN.
template <class Lane>
inline V128 splat(Lane lane) {
  Lanes<Lane> out;
#pragma clang loop unroll(full)
  for (u32 i = 0; i < lane_count<Lane>; ++i) out[i] = lane;
  return to_v128(out);
}

template <class Lane>
inline HalfVector<Lane> low_half(V128 vector) {
  struct Halves {
    HalfVector<Lane> low, high;
  };
  return std::bit_cast<Halves>(vector).low;
}
template <class Lane>
inline HalfVector<Lane> high_half(V128 vector) {
  struct Halves {
    HalfVector<Lane> low, high;
  };
  return std::bit_cast<Halves>(vector).high;
}

}  // namespace numeric
}  // namespace wisp::interp
