#pragma once

#include <bit>
#include <cmath>
#include <limits>

#include "base/int.hpp"
#include "runtime/vm.hpp"

/// What the numeric instructions compute: one struct per instruction, named as in opcodes.def. `A` and `B` are the
/// operand types, `apply` gives the result; `check`, where there is one, says why the instruction traps instead.
/// https://webassembly.github.io/spec/core/exec/numerics.html
namespace wisp::interp::numeric {

using runtime::TrapReason;

#define WISP_UNARY(name, In, expression)          \
  struct name {                                   \
    using A = In;                                 \
    static auto apply(A a) { return expression; } \
  };
#define WISP_BINARY(name, In, expression)              \
  struct name {                                        \
    using A = In;                                      \
    using B = In;                                      \
    static auto apply(A a, B b) { return expression; } \
  };

// Integers

#define WISP_INTEGER_ARITHMETIC(prefix, U, S)                               \
  WISP_UNARY(prefix##_clz, U, U(std::countl_zero(a)))                       \
  WISP_UNARY(prefix##_ctz, U, U(std::countr_zero(a)))                       \
  WISP_UNARY(prefix##_popcnt, U, U(std::popcount(a)))                       \
  WISP_BINARY(prefix##_add, U, U(a + b))                                    \
  WISP_BINARY(prefix##_sub, U, U(a - b))                                    \
  WISP_BINARY(prefix##_mul, U, U(a* b))                                     \
  WISP_BINARY(prefix##_and, U, U(a& b))                                     \
  WISP_BINARY(prefix##_or, U, U(a | b))                                     \
  WISP_BINARY(prefix##_xor, U, U(a ^ b))                                    \
  WISP_BINARY(prefix##_shl, U, U(a << (b & (sizeof(U) * 8 - 1))))           \
  WISP_BINARY(prefix##_shr_s, U, U(S(a) >> (b & (sizeof(U) * 8 - 1))))      \
  WISP_BINARY(prefix##_shr_u, U, U(a >> (b & (sizeof(U) * 8 - 1))))         \
  WISP_BINARY(prefix##_rotl, U, std::rotl(a, int(b & (sizeof(U) * 8 - 1)))) \
  WISP_BINARY(prefix##_rotr, U, std::rotr(a, int(b & (sizeof(U) * 8 - 1)))) \
  WISP_BINARY(prefix##_eq, U, u32(a == b))                                  \
  WISP_BINARY(prefix##_ne, U, u32(a != b))                                  \
  WISP_BINARY(prefix##_lt_s, U, u32(S(a) < S(b)))                           \
  WISP_BINARY(prefix##_lt_u, U, u32(a < b))                                 \
  WISP_BINARY(prefix##_gt_s, U, u32(S(a) > S(b)))                           \
  WISP_BINARY(prefix##_gt_u, U, u32(a > b))                                 \
  WISP_BINARY(prefix##_le_s, U, u32(S(a) <= S(b)))                          \
  WISP_BINARY(prefix##_le_u, U, u32(a <= b))                                \
  WISP_BINARY(prefix##_ge_s, U, u32(S(a) >= S(b)))                          \
  WISP_BINARY(prefix##_ge_u, U, u32(a >= b))                                \
  WISP_UNARY(prefix##_extend8_s, U, U(S(i8(a))))                            \
  WISP_UNARY(prefix##_extend16_s, U, U(S(i16(a))))

WISP_INTEGER_ARITHMETIC(i32, u32, i32)
WISP_INTEGER_ARITHMETIC(i64, u64, i64)

WISP_UNARY(i32_wrap_i64, u64, u32(a))
WISP_UNARY(i64_extend_i32_s, u32, u64(i64(i32(a))))
WISP_UNARY(i64_extend_i32_u, u32, u64(a))
WISP_UNARY(i64_extend32_s, u64, u64(i64(i32(a))))

#define WISP_INTEGER_DIVISION(prefix, U, S)                                                                    \
  struct prefix##_div_s {                                                                                      \
    using A = U;                                                                                               \
    using B = U;                                                                                               \
    static TrapReason check(A a, B b) {                                                                        \
      if (b == 0) return TrapReason::integer_divide_by_zero;                                                   \
      if (S(b) == -1 && S(a) == std::numeric_limits<S>::min()) return TrapReason::integer_overflow;            \
      return TrapReason::none;                                                                                 \
    }                                                                                                          \
    static U apply(A a, B b) { return U(S(a) / S(b)); }                                                        \
  };                                                                                                           \
  struct prefix##_div_u {                                                                                      \
    using A = U;                                                                                               \
    using B = U;                                                                                               \
    static TrapReason check(A, B b) { return b == 0 ? TrapReason::integer_divide_by_zero : TrapReason::none; } \
    static U apply(A a, B b) { return a / b; }                                                                 \
  };                                                                                                           \
  struct prefix##_rem_s {                                                                                      \
    using A = U;                                                                                               \
    using B = U;                                                                                               \
    static TrapReason check(A, B b) { return b == 0 ? TrapReason::integer_divide_by_zero : TrapReason::none; } \
    static U apply(A a, B b) { return S(b) == -1 ? U(0) : U(S(a) % S(b)); }                                    \
  };                                                                                                           \
  struct prefix##_rem_u {                                                                                      \
    using A = U;                                                                                               \
    using B = U;                                                                                               \
    static TrapReason check(A, B b) { return b == 0 ? TrapReason::integer_divide_by_zero : TrapReason::none; } \
    static U apply(A a, B b) { return a % b; }                                                                 \
  };

WISP_INTEGER_DIVISION(i32, u32, i32)
WISP_INTEGER_DIVISION(i64, u64, i64)

// Floats

/// A NaN operand makes the result a quiet NaN with that operand's payload, which the specification allows.
template <class F>
inline F float_min(F a, F b) {
  if (a < b) return a;
  if (b < a) return b;
  if (a == b) return std::signbit(a) ? a : b;
  return a + b;
}
template <class F>
inline F float_max(F a, F b) {
  if (a > b) return a;
  if (b > a) return b;
  if (a == b) return std::signbit(a) ? b : a;
  return a + b;
}

template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 4, u32, u64>;
template <class F>
inline constexpr BitsOf<F> sign_bit = BitsOf<F>(1) << (sizeof(F) * 8 - 1);

/// On bits, so that the payload and the signalling bit of a NaN stay.
template <class F>
inline F float_abs(F a) {
  return std::bit_cast<F>(BitsOf<F>(std::bit_cast<BitsOf<F>>(a) & ~sign_bit<F>));
}
template <class F>
inline F float_neg(F a) {
  return std::bit_cast<F>(BitsOf<F>(std::bit_cast<BitsOf<F>>(a) ^ sign_bit<F>));
}
template <class F>
inline F float_copysign(F a, F b) {
  return std::bit_cast<F>(
      BitsOf<F>((std::bit_cast<BitsOf<F>>(a) & ~sign_bit<F>) | (std::bit_cast<BitsOf<F>>(b) & sign_bit<F>)));
}

#define WISP_FLOAT_ARITHMETIC(prefix, F)                                 \
  WISP_UNARY(prefix##_abs, F, float_abs(a))                              \
  WISP_UNARY(prefix##_neg, F, float_neg(a))                              \
  WISP_UNARY(prefix##_ceil, F, F(__builtin_elementwise_ceil(a)))         \
  WISP_UNARY(prefix##_floor, F, F(__builtin_elementwise_floor(a)))       \
  WISP_UNARY(prefix##_trunc, F, F(__builtin_elementwise_trunc(a)))       \
  WISP_UNARY(prefix##_nearest, F, F(__builtin_elementwise_roundeven(a))) \
  WISP_UNARY(prefix##_sqrt, F, F(__builtin_elementwise_sqrt(a)))         \
  WISP_BINARY(prefix##_add, F, F(a + b))                                 \
  WISP_BINARY(prefix##_sub, F, F(a - b))                                 \
  WISP_BINARY(prefix##_mul, F, F(a* b))                                  \
  WISP_BINARY(prefix##_div, F, F(a / b))                                 \
  WISP_BINARY(prefix##_min, F, float_min(a, b))                          \
  WISP_BINARY(prefix##_max, F, float_max(a, b))                          \
  WISP_BINARY(prefix##_copysign, F, float_copysign(a, b))                \
  WISP_BINARY(prefix##_eq, F, u32(a == b))                               \
  WISP_BINARY(prefix##_ne, F, u32(a != b))                               \
  WISP_BINARY(prefix##_lt, F, u32(a < b))                                \
  WISP_BINARY(prefix##_gt, F, u32(a > b))                                \
  WISP_BINARY(prefix##_le, F, u32(a <= b))                               \
  WISP_BINARY(prefix##_ge, F, u32(a >= b))

WISP_FLOAT_ARITHMETIC(f32, f32)
WISP_FLOAT_ARITHMETIC(f64, f64)

WISP_UNARY(f32_demote_f64, f64, f32(a))
WISP_UNARY(f64_promote_f32, f32, f64(a))
WISP_UNARY(f32_convert_i32_s, u32, f32(i32(a)))
WISP_UNARY(f32_convert_i32_u, u32, f32(a))
WISP_UNARY(f32_convert_i64_s, u64, f32(i64(a)))
WISP_UNARY(f32_convert_i64_u, u64, f32(a))
WISP_UNARY(f64_convert_i32_s, u32, f64(i32(a)))
WISP_UNARY(f64_convert_i32_u, u32, f64(a))
WISP_UNARY(f64_convert_i64_s, u64, f64(i64(a)))
WISP_UNARY(f64_convert_i64_u, u64, f64(a))
WISP_UNARY(i32_reinterpret_f32, f32, std::bit_cast<u32>(a))
WISP_UNARY(i64_reinterpret_f64, f64, std::bit_cast<u64>(a))
WISP_UNARY(f32_reinterpret_i32, u32, std::bit_cast<f32>(a))
WISP_UNARY(f64_reinterpret_i64, u64, std::bit_cast<f64>(a))

/// The float range of an integer type: a value truncates into it exactly if `low < a && a < high` (`low <= a` where
/// low itself is the type's minimum and the type below it cannot be represented).
template <class I, class F>
struct TruncRange {
  static constexpr int digits = std::numeric_limits<I>::digits;
  static constexpr F high = F(u64(1) << (digits - 1)) * F(2);
  static constexpr F min = std::is_signed_v<I> ? -high : F(0);
  /// Whether min - 1 is representable, so that values between it and min still truncate to min.
  static constexpr bool has_fraction_below_min = !std::is_signed_v<I> || std::numeric_limits<F>::digits > digits;

  static bool contains(F a) {
    if constexpr (has_fraction_below_min) {
      return a > min - F(1) && a < high;
    } else {
      return a >= min && a < high;
    }
  }
};

template <class I, class F>
inline TrapReason check_trunc(F a) {
  if (a != a) return TrapReason::invalid_conversion_to_integer;
  return TruncRange<I, F>::contains(a) ? TrapReason::none : TrapReason::integer_overflow;
}

template <class I, class F>
inline I trunc_sat(F a) {
  if (a != a) return 0;
  if (TruncRange<I, F>::contains(a)) return I(a);
  return a < F(0) ? std::numeric_limits<I>::min() : std::numeric_limits<I>::max();
}

#define WISP_TRUNCATION(name, saturating, In, I, U)            \
  struct name {                                                \
    using A = In;                                              \
    static TrapReason check(A a) { return check_trunc<I>(a); } \
    static U apply(A a) { return U(I(a)); }                    \
  };                                                           \
  WISP_UNARY(saturating, In, U(trunc_sat<I>(a)))

WISP_TRUNCATION(i32_trunc_f32_s, i32_trunc_sat_f32_s, f32, i32, u32)
WISP_TRUNCATION(i32_trunc_f32_u, i32_trunc_sat_f32_u, f32, u32, u32)
WISP_TRUNCATION(i32_trunc_f64_s, i32_trunc_sat_f64_s, f64, i32, u32)
WISP_TRUNCATION(i32_trunc_f64_u, i32_trunc_sat_f64_u, f64, u32, u32)
WISP_TRUNCATION(i64_trunc_f32_s, i64_trunc_sat_f32_s, f32, i64, u64)
WISP_TRUNCATION(i64_trunc_f32_u, i64_trunc_sat_f32_u, f32, u64, u64)
WISP_TRUNCATION(i64_trunc_f64_s, i64_trunc_sat_f64_s, f64, i64, u64)
WISP_TRUNCATION(i64_trunc_f64_u, i64_trunc_sat_f64_u, f64, u64, u64)

#undef WISP_UNARY
#undef WISP_BINARY
#undef WISP_INTEGER_ARITHMETIC
#undef WISP_INTEGER_DIVISION
#undef WISP_FLOAT_ARITHMETIC
#undef WISP_TRUNCATION

}  // namespace wisp::interp::numeric
