#pragma once

#include "interp/numeric.hpp"
#include "interp/vectors.hpp"

/// What the integer vector instructions compute; what is here also serves numeric_vector_float.hpp.
/// https://webassembly.github.io/spec/core/exec/numerics.html
namespace wisp::interp::numeric {

#define WISP_V_UNARY(name, Lane, expression)     \
  struct name {                                  \
    using A = V128;                              \
    static V128 apply(A vector) {                \
      const Lanes<Lane> a = lanes<Lane>(vector); \
      return to_v128(expression);                \
    }                                            \
  };
#define WISP_V_BINARY(name, Lane, expression)   \
  struct name {                                 \
    using A = V128;                             \
    using B = V128;                             \
    static V128 apply(A left, B right) {        \
      const Lanes<Lane> a = lanes<Lane>(left);  \
      const Lanes<Lane> b = lanes<Lane>(right); \
      return to_v128(expression);               \
    }                                           \
  };
#define WISP_V_TERNARY(name, Lane, expression)               \
  struct name {                                              \
    static V128 apply(V128 first, V128 second, V128 third) { \
      const Lanes<Lane> a = lanes<Lane>(first);              \
      const Lanes<Lane> b = lanes<Lane>(second);             \
      const Lanes<Lane> c = lanes<Lane>(third);              \
      return to_v128(expression);                            \
    }                                                        \
  };
/// Vector to scalar, or scalar to vector.
#define WISP_V_CONVERT(name, From, expression)    \
  struct name {                                   \
    using A = From;                               \
    static auto apply(A a) { return expression; } \
  };

// Saturation, rounding and widening. The loops over lanes are what the compiler turns into one instruction.

template <class Narrow, class Wide>
inline Narrow saturate(Wide value) {
  constexpr Wide low = std::numeric_limits<Narrow>::min();
  constexpr Wide high = std::numeric_limits<Narrow>::max();
  return Narrow(value < low ? low : value > high ? high : value);
}

template <class Wide>
inline V128 narrow_lanes(V128 left, V128 right, auto saturating) {
  using Narrow = decltype(saturating(Wide{}));
  const Lanes<Wide> a = lanes<Wide>(left);
  const Lanes<Wide> b = lanes<Wide>(right);
  Lanes<Narrow> out;
  for (u32 i = 0; i < lane_count<Wide>; ++i) {
    out[i] = saturating(a[i]);
    out[i + lane_count<Wide>] = saturating(b[i]);
  }
  return to_v128(out);
}

template <class Wide, class Narrow>
inline V128 extend_low(V128 a) {
  return to_v128(widen<Wide>(low_half<Narrow>(a)));
}
template <class Wide, class Narrow>
inline V128 extend_high(V128 a) {
  return to_v128(widen<Wide>(high_half<Narrow>(a)));
}
template <class Wide, class Narrow>
inline V128 extmul_low(V128 a, V128 b) {
  return to_v128(widen<Wide>(low_half<Narrow>(a)) * widen<Wide>(low_half<Narrow>(b)));
}
template <class Wide, class Narrow>
inline V128 extmul_high(V128 a, V128 b) {
  return to_v128(widen<Wide>(high_half<Narrow>(a)) * widen<Wide>(high_half<Narrow>(b)));
}

template <class Wide, class Narrow>
inline V128 extadd_pairwise(V128 vector) {
  // Even and odd lanes of each pair, extended in place.
  using UnsignedWide = std::make_unsigned_t<Wide>;
  constexpr u32 bits = sizeof(Narrow) * 8;
  const Lanes<Wide> odd = lanes<Wide>(vector) >> bits;
  const Lanes<Wide> even = std::bit_cast<Lanes<Wide>>(lanes<UnsignedWide>(vector) << bits) >> bits;
  return to_v128(even + odd);
}

template <class Lane>
inline V128 abs_lanes(V128 vector) {
  const Lanes<Lane> a = lanes<Lane>(vector);
  return to_v128(a < 0 ? -a : a);
}

template <class Lane>
inline V128 avgr_lanes(V128 left, V128 right) {
  const Lanes<Lane> a = lanes<Lane>(left);
  const Lanes<Lane> b = lanes<Lane>(right);
  return to_v128((a | b) - ((a ^ b) >> 1));
}

template <class Lane>
inline u32 all_true(V128 a) {
  const Lanes<Lane> lane = lanes<Lane>(a);
  return __builtin_reduce_or(std::bit_cast<Lanes<Lane>>(lane == 0)) == 0;
}

template <class Lane>
inline u32 bitmask(V128 a) {
  using Signed = std::make_signed_t<Lane>;
  using Mask = bool __attribute__((ext_vector_type(16 / sizeof(Lane))));
  const Mask mask = __builtin_convertvector(lanes<Signed>(a) < 0, Mask);
  if constexpr (sizeof(Lane) == 1) {
    return std::bit_cast<u16>(mask);
  } else {
    u32 out = 0;
    for (u32 i = 0; i < lane_count<Lane>; ++i) out |= u32(mask[i]) << i;
    return out;
  }
}

inline i16 q15mulr(i16 a, i16 b) {
  return saturate<i16>((i32(a) * i32(b) + 0x4000) >> 15);
}

inline V128 q15mulr_lanes(V128 left, V128 right) {
  const Lanes<i16> a = lanes<i16>(left);
  const Lanes<i16> b = lanes<i16>(right);
  Lanes<i16> out;
  for (u32 i = 0; i < 8; ++i) out[i] = q15mulr(a[i], b[i]);
  return to_v128(out);
}

inline V128 dot_i16(V128 left, V128 right) {
  const Lanes<i16> a = lanes<i16>(left);
  const Lanes<i16> b = lanes<i16>(right);
  Lanes<u32> out;
  for (u32 i = 0; i < 4; ++i) out[i] = u32(a[2 * i] * b[2 * i]) + u32(a[2 * i + 1] * b[2 * i + 1]);
  return to_v128(out);
}

inline V128 swizzle(V128 vector, V128 indices) {
  const Lanes<u8> a = lanes<u8>(vector);
  const Lanes<u8> index = lanes<u8>(indices);
#if defined(__SSSE3__)
  // pshufb zeroes a lane where bit 7 of its index is set; adding with saturation sets it for all from 16 on.
  const Lanes<u8> clamped = __builtin_elementwise_add_sat(index, Lanes<u8>{} + u8(0x70));
  return to_v128(__builtin_ia32_pshufb128(std::bit_cast<Lanes<char>>(a), std::bit_cast<Lanes<char>>(clamped)));
#else
  Lanes<u8> out;
  for (u32 i = 0; i < 16; ++i) out[i] = index[i] < 16 ? a[index[i]] : u8(0);
  return to_v128(out);
#endif
}

inline V128 shuffle(V128 left, V128 right, V128 indices) {
#if defined(__SSSE3__)
  // Indices from 16 on are of the right vector; each half is zero where the other one is wanted.
  const Lanes<u8> index = lanes<u8>(indices);
  const V128 from_left = swizzle(left, indices);
  const V128 from_right = swizzle(right, to_v128(index - u8(16)));
  return from_left | from_right;
#else
  u8 bytes[32];
  __builtin_memcpy(bytes, &left, 16);
  __builtin_memcpy(bytes + 16, &right, 16);
  const Lanes<u8> index = lanes<u8>(indices);
  Lanes<u8> out;
  for (u32 i = 0; i < 16; ++i) out[i] = bytes[index[i]];
  return to_v128(out);
#endif
}

inline V128 popcnt_bytes(V128 vector) {
  Lanes<u8> a = lanes<u8>(vector);
  a = a - ((a >> 1) & 0x55);
  a = (a & 0x33) + ((a >> 2) & 0x33);
  return to_v128((a + (a >> 4)) & 0x0f);
}

/// Deterministic choice: the second operand is signed like the first.
inline V128 relaxed_dot_i8(V128 left, V128 right) {
  const Lanes<i8> a = lanes<i8>(left);
  const Lanes<i8> b = lanes<i8>(right);
  Lanes<i16> out;
  for (u32 i = 0; i < 8; ++i) out[i] = i16(a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1]);
  return to_v128(out);
}

// Rows

#define WISP_V_INTEGER(shape, U, S)                      \
  WISP_V_CONVERT(shape##_all_true, V128, all_true<U>(a)) \
  WISP_V_CONVERT(shape##_bitmask, V128, bitmask<U>(a))   \
  WISP_V_CONVERT(shape##_abs, V128, abs_lanes<S>(a))     \
  WISP_V_UNARY(shape##_neg, U, -a)                       \
  WISP_V_BINARY(shape##_add, U, a + b)                   \
  WISP_V_BINARY(shape##_sub, U, a - b)                   \
  WISP_V_BINARY(shape##_eq, U, a == b)                   \
  WISP_V_BINARY(shape##_ne, U, a != b)                   \
  WISP_V_BINARY(shape##_lt_s, S, a < b)                  \
  WISP_V_BINARY(shape##_gt_s, S, a > b)                  \
  WISP_V_BINARY(shape##_le_s, S, a <= b)                 \
  WISP_V_BINARY(shape##_ge_s, S, a >= b)                 \
  WISP_V_SHIFT(shape##_shl, U, a << count)               \
  WISP_V_SHIFT(shape##_shr_s, S, a >> count)             \
  WISP_V_SHIFT(shape##_shr_u, U, a >> count)
#define WISP_V_SHIFT(name, Lane, expression)                    \
  struct name {                                                 \
    using A = V128;                                             \
    using B = u32;                                              \
    static V128 apply(A vector, B amount) {                     \
      const Lanes<Lane> a = lanes<Lane>(vector);                \
      const Lane count = Lane(amount & (sizeof(Lane) * 8 - 1)); \
      return to_v128(expression);                               \
    }                                                           \
  };
#define WISP_V_SMALL_INTEGER(shape, U, S)                          \
  WISP_V_BINARY(shape##_lt_u, U, a < b)                            \
  WISP_V_BINARY(shape##_gt_u, U, a > b)                            \
  WISP_V_BINARY(shape##_le_u, U, a <= b)                           \
  WISP_V_BINARY(shape##_ge_u, U, a >= b)                           \
  WISP_V_BINARY(shape##_min_s, S, __builtin_elementwise_min(a, b)) \
  WISP_V_BINARY(shape##_min_u, U, __builtin_elementwise_min(a, b)) \
  WISP_V_BINARY(shape##_max_s, S, __builtin_elementwise_max(a, b)) \
  WISP_V_BINARY(shape##_max_u, U, __builtin_elementwise_max(a, b))
#define WISP_V_SATURATING(shape, U, S)                                     \
  WISP_V_BINARY(shape##_add_sat_s, S, __builtin_elementwise_add_sat(a, b)) \
  WISP_V_BINARY(shape##_add_sat_u, U, __builtin_elementwise_add_sat(a, b)) \
  WISP_V_BINARY(shape##_sub_sat_s, S, __builtin_elementwise_sub_sat(a, b)) \
  WISP_V_BINARY(shape##_sub_sat_u, U, __builtin_elementwise_sub_sat(a, b)) \
  WISP_V_BINARY(shape##_avgr_u, U, lanes<U>(avgr_lanes<U>(to_v128(a), to_v128(b))))
#define WISP_V_WIDENING(wide, narrow, UW, SW, UN, SN)                              \
  WISP_V_CONVERT(wide##_extend_low_##narrow##_s, V128, (extend_low<SW, SN>(a)))    \
  WISP_V_CONVERT(wide##_extend_low_##narrow##_u, V128, (extend_low<UW, UN>(a)))    \
  WISP_V_CONVERT(wide##_extend_high_##narrow##_s, V128, (extend_high<SW, SN>(a)))  \
  WISP_V_CONVERT(wide##_extend_high_##narrow##_u, V128, (extend_high<UW, UN>(a)))  \
  WISP_V_BINARY(wide##_extmul_low_##narrow##_s, u64, (extmul_low<SW, SN>(a, b)))   \
  WISP_V_BINARY(wide##_extmul_low_##narrow##_u, u64, (extmul_low<UW, UN>(a, b)))   \
  WISP_V_BINARY(wide##_extmul_high_##narrow##_s, u64, (extmul_high<SW, SN>(a, b))) \
  WISP_V_BINARY(wide##_extmul_high_##narrow##_u, u64, (extmul_high<UW, UN>(a, b)))
#define WISP_V_NARROWING(narrow, wide, UN, SN, SW)                                                             \
  WISP_V_BINARY(narrow##_narrow_##wide##_s, u64, narrow_lanes<SW>(a, b, [](SW x) { return saturate<SN>(x); })) \
  WISP_V_BINARY(narrow##_narrow_##wide##_u, u64, narrow_lanes<SW>(a, b, [](SW x) { return saturate<UN>(x); }))
#define WISP_V_PAIRWISE(wide, narrow, UW, SW, UN, SN)                                     \
  WISP_V_CONVERT(wide##_extadd_pairwise_##narrow##_s, V128, (extadd_pairwise<SW, SN>(a))) \
  WISP_V_CONVERT(wide##_extadd_pairwise_##narrow##_u, V128, (extadd_pairwise<UW, UN>(a)))

WISP_V_INTEGER(i8x16, u8, i8)
WISP_V_INTEGER(i16x8, u16, i16)
WISP_V_INTEGER(i32x4, u32, i32)
WISP_V_INTEGER(i64x2, u64, i64)
WISP_V_SMALL_INTEGER(i8x16, u8, i8)
WISP_V_SMALL_INTEGER(i16x8, u16, i16)
WISP_V_SMALL_INTEGER(i32x4, u32, i32)
WISP_V_SATURATING(i8x16, u8, i8)
WISP_V_SATURATING(i16x8, u16, i16)
WISP_V_WIDENING(i16x8, i8x16, u16, i16, u8, i8)
WISP_V_WIDENING(i32x4, i16x8, u32, i32, u16, i16)
WISP_V_WIDENING(i64x2, i32x4, u64, i64, u32, i32)
WISP_V_NARROWING(i8x16, i16x8, u8, i8, i16)
WISP_V_NARROWING(i16x8, i32x4, u16, i16, i32)
WISP_V_PAIRWISE(i16x8, i8x16, u16, i16, u8, i8)
WISP_V_PAIRWISE(i32x4, i16x8, u32, i32, u16, i16)
WISP_V_BINARY(i16x8_mul, u16, a* b)
WISP_V_BINARY(i32x4_mul, u32, a* b)
WISP_V_BINARY(i64x2_mul, u64, a* b)
WISP_V_BINARY(i16x8_q15mulr_sat_s, u64, q15mulr_lanes(a, b))
WISP_V_BINARY(i32x4_dot_i16x8_s, u64, dot_i16(a, b))
WISP_V_CONVERT(i8x16_popcnt, V128, popcnt_bytes(a))
WISP_V_BINARY(i8x16_swizzle, u64, swizzle(a, b))
WISP_V_CONVERT(i8x16_splat, u32, splat(u8(a)))
WISP_V_CONVERT(i16x8_splat, u32, splat(u16(a)))
WISP_V_CONVERT(i32x4_splat, u32, splat(a))
WISP_V_CONVERT(i64x2_splat, u64, splat(a))
WISP_V_UNARY(v128_not, u64, ~a)
WISP_V_BINARY(v128_and, u64, a& b)
WISP_V_BINARY(v128_andnot, u64, a & ~b)
WISP_V_BINARY(v128_or, u64, a | b)
WISP_V_BINARY(v128_xor, u64, a ^ b)
WISP_V_TERNARY(v128_bitselect, u64, (a & c) | (b & ~c))
WISP_V_CONVERT(v128_any_true, V128, u32((a[0] | a[1]) != 0))

// Relaxed instructions do what the strict ones do.
WISP_V_BINARY(i8x16_relaxed_swizzle, u64, swizzle(a, b))
WISP_V_TERNARY(i8x16_relaxed_laneselect, u64, (a & c) | (b & ~c))
WISP_V_TERNARY(i16x8_relaxed_laneselect, u64, (a & c) | (b & ~c))
WISP_V_TERNARY(i32x4_relaxed_laneselect, u64, (a & c) | (b & ~c))
WISP_V_TERNARY(i64x2_relaxed_laneselect, u64, (a & c) | (b & ~c))
WISP_V_BINARY(i16x8_relaxed_q15mulr_s, u64, q15mulr_lanes(a, b))
WISP_V_BINARY(i16x8_relaxed_dot_i8x16_i7x16_s, u64, relaxed_dot_i8(a, b))
struct i32x4_relaxed_dot_i8x16_i7x16_add_s {
  static V128 apply(V128 a, V128 b, V128 c) {
    const V128 sums = extadd_pairwise<i32, i16>(relaxed_dot_i8(a, b));
    return to_v128(lanes<u32>(sums) + lanes<u32>(c));
  }
};

/// Lanes as scalars: `Scalar` is the core type.
template <class LaneType, class ScalarType>
struct LaneAccess {
  using Lane = LaneType;
  using Scalar = ScalarType;
};
struct i8x16_extract_lane_s : LaneAccess<i8, u32> {};
struct i8x16_extract_lane_u : LaneAccess<u8, u32> {};
struct i16x8_extract_lane_s : LaneAccess<i16, u32> {};
struct i16x8_extract_lane_u : LaneAccess<u16, u32> {};
struct i32x4_extract_lane : LaneAccess<u32, u32> {};
struct i64x2_extract_lane : LaneAccess<u64, u64> {};
struct f32x4_extract_lane : LaneAccess<f32, f32> {};
struct f64x2_extract_lane : LaneAccess<f64, f64> {};
struct i8x16_replace_lane : LaneAccess<u8, u32> {};
struct i16x8_replace_lane : LaneAccess<u16, u32> {};
struct i32x4_replace_lane : LaneAccess<u32, u32> {};
struct i64x2_replace_lane : LaneAccess<u64, u64> {};
struct f32x4_replace_lane : LaneAccess<f32, f32> {};
struct f64x2_replace_lane : LaneAccess<f64, f64> {};

}  // namespace wisp::interp::numeric
