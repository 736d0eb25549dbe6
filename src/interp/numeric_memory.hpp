#pragma once

#include "interp/vectors.hpp"

/// What the memory instructions read and write: `Raw` is the type in memory, `R` or `A` the type of the value.
/// https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
namespace wisp::interp::numeric {

#define WISP_LOAD(name, RawType, expression)            \
  struct name {                                         \
    using Raw = RawType;                                \
    static auto convert(Raw raw) { return expression; } \
  };
#define WISP_STORE(name, ValueType, RawType)           \
  struct name {                                        \
    using A = ValueType;                               \
    using Raw = RawType;                               \
    static Raw convert(A value) { return Raw(value); } \
  };

WISP_LOAD(i32_load, u32, raw)
WISP_LOAD(i64_load, u64, raw)
WISP_LOAD(f32_load, f32, raw)
WISP_LOAD(f64_load, f64, raw)
WISP_LOAD(i32_load8_s, i8, u32(i32(raw)))
WISP_LOAD(i32_load8_u, u8, u32(raw))
WISP_LOAD(i32_load16_s, i16, u32(i32(raw)))
WISP_LOAD(i32_load16_u, u16, u32(raw))
WISP_LOAD(i64_load8_s, i8, u64(i64(raw)))
WISP_LOAD(i64_load8_u, u8, u64(raw))
WISP_LOAD(i64_load16_s, i16, u64(i64(raw)))
WISP_LOAD(i64_load16_u, u16, u64(raw))
WISP_LOAD(i64_load32_s, i32, u64(i64(raw)))
WISP_LOAD(i64_load32_u, u32, u64(raw))

WISP_STORE(i32_store, u32, u32)
WISP_STORE(i64_store, u64, u64)
WISP_STORE(f32_store, f32, f32)
WISP_STORE(f64_store, f64, f64)
WISP_STORE(i32_store8, u32, u8)
WISP_STORE(i32_store16, u32, u16)
WISP_STORE(i64_store8, u64, u8)
WISP_STORE(i64_store16, u64, u16)
WISP_STORE(i64_store32, u64, u32)

WISP_LOAD(v128_load, V128, raw)
WISP_LOAD(v128_load8x8_s, HalfVector<i8>, to_v128(widen<i16>(raw)))
WISP_LOAD(v128_load8x8_u, HalfVector<u8>, to_v128(widen<u16>(raw)))
WISP_LOAD(v128_load16x4_s, HalfVector<i16>, to_v128(widen<i32>(raw)))
WISP_LOAD(v128_load16x4_u, HalfVector<u16>, to_v128(widen<u32>(raw)))
WISP_LOAD(v128_load32x2_s, HalfVector<i32>, to_v128(widen<i64>(raw)))
WISP_LOAD(v128_load32x2_u, HalfVector<u32>, to_v128(widen<u64>(raw)))
WISP_LOAD(v128_load8_splat, u8, splat(raw))
WISP_LOAD(v128_load16_splat, u16, splat(raw))
WISP_LOAD(v128_load32_splat, u32, splat(raw))
WISP_LOAD(v128_load64_splat, u64, splat(raw))
WISP_LOAD(v128_load32_zero, u32, (V128{raw, 0}))
WISP_LOAD(v128_load64_zero, u64, (V128{raw, 0}))
WISP_STORE(v128_store, V128, V128)

#define WISP_LANE_ACCESS(name, Lane) \
  struct name {                      \
    using Raw = Lane;                \
  };
WISP_LANE_ACCESS(v128_load8_lane, u8)
WISP_LANE_ACCESS(v128_load16_lane, u16)
WISP_LANE_ACCESS(v128_load32_lane, u32)
WISP_LANE_ACCESS(v128_load64_lane, u64)
WISP_LANE_ACCESS(v128_store8_lane, u8)
WISP_LANE_ACCESS(v128_store16_lane, u16)
WISP_LANE_ACCESS(v128_store32_lane, u32)
WISP_LANE_ACCESS(v128_store64_lane, u64)

// Atomics. `R` is the type of the value: a narrow access zero-extends.

#define WISP_ATOMIC_ACCESS(name, RawType, ValueType) \
  struct name {                                      \
    using Raw = RawType;                             \
    using R = ValueType;                             \
  };
#define WISP_ATOMIC_RMW(name, RawType, ValueType, function)                                   \
  struct name {                                                                               \
    using Raw = RawType;                                                                      \
    using R = ValueType;                                                                      \
    static Raw exchange(Raw* at, Raw value) { return function(at, value, __ATOMIC_SEQ_CST); } \
  };
#define WISP_ATOMIC_WIDTHS(row, i32_whole, i64_whole, i32_8, i32_16, i64_8, i64_16, i64_32, ...)          \
  row(i32_whole, u32, u32 __VA_OPT__(, ) __VA_ARGS__) row(i64_whole, u64, u64 __VA_OPT__(, ) __VA_ARGS__) \
      row(i32_8, u8, u32 __VA_OPT__(, ) __VA_ARGS__) row(i32_16, u16, u32 __VA_OPT__(, ) __VA_ARGS__)     \
          row(i64_8, u8, u64 __VA_OPT__(, ) __VA_ARGS__) row(i64_16, u16, u64 __VA_OPT__(, ) __VA_ARGS__) \
              row(i64_32, u32, u64 __VA_OPT__(, ) __VA_ARGS__)
#define WISP_ATOMIC_RMW_WIDTHS(op, function)                                                              \
  WISP_ATOMIC_WIDTHS(WISP_ATOMIC_RMW, i32_atomic_rmw_##op, i64_atomic_rmw_##op, i32_atomic_rmw8_##op##_u, \
                     i32_atomic_rmw16_##op##_u, i64_atomic_rmw8_##op##_u, i64_atomic_rmw16_##op##_u,      \
                     i64_atomic_rmw32_##op##_u, function)

WISP_ATOMIC_WIDTHS(WISP_ATOMIC_ACCESS, i32_atomic_load, i64_atomic_load, i32_atomic_load8_u, i32_atomic_load16_u,
                   i64_atomic_load8_u, i64_atomic_load16_u, i64_atomic_load32_u)
WISP_ATOMIC_WIDTHS(WISP_ATOMIC_ACCESS, i32_atomic_store, i64_atomic_store, i32_atomic_store8, i32_atomic_store16,
                   i64_atomic_store8, i64_atomic_store16, i64_atomic_store32)
WISP_ATOMIC_WIDTHS(WISP_ATOMIC_ACCESS, i32_atomic_rmw_cmpxchg, i64_atomic_rmw_cmpxchg, i32_atomic_rmw8_cmpxchg_u,
                   i32_atomic_rmw16_cmpxchg_u, i64_atomic_rmw8_cmpxchg_u, i64_atomic_rmw16_cmpxchg_u,
                   i64_atomic_rmw32_cmpxchg_u)
WISP_ATOMIC_RMW_WIDTHS(add, __atomic_fetch_add)
WISP_ATOMIC_RMW_WIDTHS(sub, __atomic_fetch_sub)
WISP_ATOMIC_RMW_WIDTHS(and, __atomic_fetch_and)
WISP_ATOMIC_RMW_WIDTHS(or, __atomic_fetch_or)
WISP_ATOMIC_RMW_WIDTHS(xor, __atomic_fetch_xor)
WISP_ATOMIC_RMW_WIDTHS(xchg, __atomic_exchange_n)

#undef WISP_LOAD
#undef WISP_STORE
#undef WISP_LANE_ACCESS
#undef WISP_ATOMIC_ACCESS
#undef WISP_ATOMIC_RMW
#undef WISP_ATOMIC_WIDTHS
#undef WISP_ATOMIC_RMW_WIDTHS

}  // namespace wisp::interp::numeric
