#pragma once

#include "interp/numeric_vector.hpp"

/// What the floating-point vector instructions compute.
/// https://webassembly.github.io/spec/core/exec/numerics.html
namespace wisp::interp::numeric {

/// Lane-wise min and max as float_min and float_max: of zeros the one with the right sign, NaN if either is one.
template <class F>
inline V128 min_lanes(V128 left, V128 right) {
  const Lanes<F> a = lanes<F>(left);
  const Lanes<F> b = lanes<F>(right);
  Lanes<F> out;
  for (u32 i = 0; i < lane_count<F>; ++i) out[i] = float_min(F(a[i]), F(b[i]));
  return to_v128(out);
}
template <class F>
inline V128 max_lanes(V128 left, V128 right) {
  const Lanes<F> a = lanes<F>(left);
  const Lanes<F> b = lanes<F>(right);
  Lanes<F> out;
  for (u32 i = 0; i < lane_count<F>; ++i) out[i] = float_max(F(a[i]), F(b[i]));
  return to_v128(out);
}

template <class I, class F, u32 count>
inline V128 trunc_sat_lanes(V128 vector) {
  const Lanes<F> a = lanes<F>(vector);
  Lanes<I> out{};
  for (u32 i = 0; i < count; ++i) out[i] = trunc_sat<I>(F(a[i]));
  return to_v128(out);
}

/// Bitwise choice by a lane-wide mask.
template <class F>
inline V128 choose(auto mask, Lanes<F> yes, Lanes<F> no) {
  const V128 bits = to_v128(mask);
  return (bits & to_v128(yes)) | (~bits & to_v128(no));
}

inline V128 demote_zero(V128 vector) {
  const Lanes<f64> a = lanes<f64>(vector);
  return to_v128(Lanes<f32>{f32(a[0]), f32(a[1]), 0, 0});
}

#define WISP_V_FLOAT(shape, F, U)                                      \
  WISP_V_UNARY(shape##_abs, U, a & ~sign_bit<F>)                       \
  WISP_V_UNARY(shape##_neg, U, a ^ sign_bit<F>)                        \
  WISP_V_UNARY(shape##_sqrt, F, __builtin_elementwise_sqrt(a))         \
  WISP_V_UNARY(shape##_ceil, F, __builtin_elementwise_ceil(a))         \
  WISP_V_UNARY(shape##_floor, F, __builtin_elementwise_floor(a))       \
  WISP_V_UNARY(shape##_trunc, F, __builtin_elementwise_trunc(a))       \
  WISP_V_UNARY(shape##_nearest, F, __builtin_elementwise_roundeven(a)) \
  WISP_V_BINARY(shape##_eq, F, a == b)                                 \
  WISP_V_BINARY(shape##_ne, F, a != b)                                 \
  WISP_V_BINARY(shape##_lt, F, a < b)                                  \
  WISP_V_BINARY(shape##_gt, F, a > b)                                  \
  WISP_V_BINARY(shape##_le, F, a <= b)                                 \
  WISP_V_BINARY(shape##_ge, F, a >= b)                                 \
  WISP_V_BINARY(shape##_add, F, a + b)                                 \
  WISP_V_BINARY(shape##_sub, F, a - b)                                 \
  WISP_V_BINARY(shape##_mul, F, a* b)                                  \
  WISP_V_BINARY(shape##_div, F, a / b)                                 \
  WISP_V_BINARY(shape##_min, u64, min_lanes<F>(a, b))                  \
  WISP_V_BINARY(shape##_max, u64, max_lanes<F>(a, b))                  \
  WISP_V_BINARY(shape##_pmin, F, choose<F>(b < a, b, a))               \
  WISP_V_BINARY(shape##_pmax, F, choose<F>(a < b, b, a))               \
  WISP_V_BINARY(shape##_relaxed_min, u64, min_lanes<F>(a, b))          \
  WISP_V_BINARY(shape##_relaxed_max, u64, max_lanes<F>(a, b))          \
  WISP_V_TERNARY(shape##_relaxed_madd, F, a* b + c)                    \
  WISP_V_TERNARY(shape##_relaxed_nmadd, F, c - a * b)                  \
  WISP_V_CONVERT(shape##_splat, F, splat(a))

WISP_V_FLOAT(f32x4, f32, u32)
WISP_V_FLOAT(f64x2, f64, u64)

WISP_V_CONVERT(f32x4_demote_f64x2_zero, V128, demote_zero(a))
WISP_V_CONVERT(f64x2_promote_low_f32x4, V128, to_v128(widen<f64>(low_half<f32>(a))))
WISP_V_CONVERT(f32x4_convert_i32x4_s, V128, to_v128(widen<f32>(lanes<i32>(a))))
WISP_V_CONVERT(f32x4_convert_i32x4_u, V128, to_v128(widen<f32>(lanes<u32>(a))))
WISP_V_CONVERT(f64x2_convert_low_i32x4_s, V128, to_v128(widen<f64>(low_half<i32>(a))))
WISP_V_CONVERT(f64x2_convert_low_i32x4_u, V128, to_v128(widen<f64>(low_half<u32>(a))))
WISP_V_CONVERT(i32x4_trunc_sat_f32x4_s, V128, (trunc_sat_lanes<i32, f32, 4>(a)))
WISP_V_CONVERT(i32x4_trunc_sat_f32x4_u, V128, (trunc_sat_lanes<u32, f32, 4>(a)))
WISP_V_CONVERT(i32x4_relaxed_trunc_f32x4_s, V128, (trunc_sat_lanes<i32, f32, 4>(a)))
WISP_V_CONVERT(i32x4_relaxed_trunc_f32x4_u, V128, (trunc_sat_lanes<u32, f32, 4>(a)))

/// The two lanes of doubles go to the low lanes; the high ones are zero.
template <class I>
inline V128 trunc_sat_f64_zero(V128 vector) {
  const Lanes<f64> a = lanes<f64>(vector);
  return to_v128(Lanes<I>{trunc_sat<I>(f64(a[0])), trunc_sat<I>(f64(a[1])), 0, 0});
}
WISP_V_CONVERT(i32x4_trunc_sat_f64x2_s_zero, V128, trunc_sat_f64_zero<i32>(a))
WISP_V_CONVERT(i32x4_trunc_sat_f64x2_u_zero, V128, trunc_sat_f64_zero<u32>(a))
WISP_V_CONVERT(i32x4_relaxed_trunc_f64x2_s_zero, V128, trunc_sat_f64_zero<i32>(a))
WISP_V_CONVERT(i32x4_relaxed_trunc_f64x2_u_zero, V128, trunc_sat_f64_zero<u32>(a))

}  // namespace wisp::interp::numeric
