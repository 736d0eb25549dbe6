#include <array>
#include <cmath>
#include <random>

#include "interp/interp_test.hpp"

/// Vector instructions against a scalar reference, lane by lane.
namespace wisp::interp::test {
namespace {

using wasm::Op;

using Bytes16 = std::array<u8, 16>;

template <class Lane>
using Lanes16 = std::array<Lane, 16 / sizeof(Lane)>;

/// Edge patterns and noise.
std::vector<Bytes16> vectors() {
  std::vector<Bytes16> out;
  for (const u8 byte : {0x00, 0xff, 0x80, 0x7f, 0x01}) {
    Bytes16 bytes;
    bytes.fill(byte);
    out.push_back(bytes);
  }
  for (const u64 word : {u64{0x8000800080008000}, u64{0x7fff80007fff8000}, u64{0x800000007fffffff},
                         u64{0x7ff0000000000000}, u64{0x3f8000007f800000}, u64{0xbff8000000000000}}) {
    Bytes16 bytes;
    std::memcpy(bytes.data(), &word, 8);
    std::memcpy(bytes.data() + 8, &word, 8);
    out.push_back(bytes);
  }
  std::mt19937 random(1);
  for (int i = 0; i < 12; ++i) {
    Bytes16 bytes;
    for (u8& byte : bytes) byte = u8(random());
    out.push_back(bytes);
  }
  return out;
}

void push(std::vector<u64>& slots, const Bytes16& bytes) {
  u64 halves[2];
  std::memcpy(halves, bytes.data(), 16);
  slots.insert(slots.end(), halves, halves + 2);
}

/// What an operation makes of one or two vectors.
using Reference = void (*)(const Bytes16& a, const Bytes16& b, Bytes16& out);
enum class LaneKind : u8 { integer, f32, f64 };

template <class Lane>
bool is_nan_lane(const Bytes16& bytes, u32 first) {
  Lane lane;
  std::memcpy(&lane, bytes.data() + first, sizeof lane);
  return std::isnan(lane);
}

/// NaN lanes are equal to one another.
bool equal(const Bytes16& a, const Bytes16& b, LaneKind kind) {
  const u32 size = kind == LaneKind::f32 ? 4 : 8;
  for (u32 i = 0; i < 16; i += size) {
    const bool both_nan = kind == LaneKind::f32   ? is_nan_lane<f32>(a, i) && is_nan_lane<f32>(b, i)
                          : kind == LaneKind::f64 ? is_nan_lane<f64>(a, i) && is_nan_lane<f64>(b, i)
                                                  : false;
    if (!both_nan && std::memcmp(a.data() + i, b.data() + i, size) != 0) return false;
  }
  return true;
}

Bytes16 result_of(const Outcome& outcome) {
  EXPECT_EQ(outcome.reason(), TrapReason::none);
  Bytes16 bytes;
  std::memcpy(bytes.data(), outcome.results.data(), 16);
  return bytes;
}

/// All functions of a module [v128 v128] -> [v128] against the reference.
void check_all(const ModuleText& text, u32 functions, Reference reference, LaneKind kind, Op op) {
  World world(text);
  for (const Bytes16& a : vectors()) {
    for (const Bytes16& b : vectors()) {
      std::vector<u64> arguments;
      push(arguments, a);
      push(arguments, b);
      Bytes16 expected{};
      reference(a, b, expected);
      for (u32 function = 0; function < functions; ++function) {
        EXPECT_TRUE(equal(result_of(world.call(function, arguments)), expected, kind))
            << wasm::info(op).text << " in function " << function;
      }
    }
  }
}

/// Operands in locals, and in the accumulator; the result used from a local.
void check_binary_op(Op op, Reference reference, LaneKind kind) {
  ModuleText text;
  text.func("vv:v", Code().local_get(0).local_get(1).op(op));
  text.func("vv:v", Code().local_get(0).op(Op::v128_not).op(Op::v128_not).local_get(1).op(op).local_set(2).local_get(2),
            "v");
  text.func("vv:v", Code().local_get(0).local_get(1).op(Op::v128_not).op(Op::v128_not).op(op));
  check_all(text, 3, reference, kind, op);
}

void check_unary_op(Op op, Reference reference, LaneKind kind) {
  ModuleText text;
  text.func("vv:v", Code().local_get(0).op(op));
  text.func("vv:v", Code().local_get(0).op(Op::v128_not).op(Op::v128_not).op(op));
  check_all(text, 2, reference, kind, op);
}

template <class Lane>
constexpr LaneKind kind_of() {
  return std::is_same_v<Lane, f32> ? LaneKind::f32 : std::is_same_v<Lane, f64> ? LaneKind::f64 : LaneKind::integer;
}

/// `F` is a function of two lanes.
template <class Lane, class F>
void check_binary(Op op, F) {
  const Reference reference = [](const Bytes16& a, const Bytes16& b, Bytes16& out) {
    const auto left = std::bit_cast<Lanes16<Lane>>(a);
    const auto right = std::bit_cast<Lanes16<Lane>>(b);
    Lanes16<Lane> result;
    for (usize i = 0; i < result.size(); ++i) result[i] = F{}(left[i], right[i]);
    out = std::bit_cast<Bytes16>(result);
  };
  check_binary_op(op, reference, kind_of<Lane>());
}

/// `F` is a function of one lane.
template <class Lane, class Result = Lane, class F>
void check_unary(Op op, F) {
  const Reference reference = [](const Bytes16& a, const Bytes16&, Bytes16& out) {
    const auto lanes = std::bit_cast<Lanes16<Lane>>(a);
    Lanes16<Result> result;
    for (usize i = 0; i < result.size(); ++i) result[i] = F{}(lanes[i]);
    out = std::bit_cast<Bytes16>(result);
  };
  check_unary_op(op, reference, kind_of<Result>());
}

template <class Lane>
Lane saturated(i64 value) {
  return Lane(std::clamp<i64>(value, std::numeric_limits<Lane>::min(), std::numeric_limits<Lane>::max()));
}

/// All ones where true.
template <class Lane>
auto mask(bool value) {
  using Bits =
      std::conditional_t<sizeof(Lane) == 8, u64,
                         std::conditional_t<sizeof(Lane) == 4, u32, std::conditional_t<sizeof(Lane) == 2, u16, u8>>>;
  return value ? Bits(~Bits(0)) : Bits(0);
}

#define WISP_INTEGER_SHAPE(shape, U, S)                                           \
  check_binary<U>(Op::shape##_add, [](U a, U b) { return U(a + b); });            \
  check_binary<U>(Op::shape##_sub, [](U a, U b) { return U(a - b); });            \
  check_binary<U>(Op::shape##_eq, [](U a, U b) { return U(mask<U>(a == b)); });   \
  check_binary<U>(Op::shape##_ne, [](U a, U b) { return U(mask<U>(a != b)); });   \
  check_binary<S>(Op::shape##_lt_s, [](S a, S b) { return S(mask<S>(a < b)); });  \
  check_binary<S>(Op::shape##_gt_s, [](S a, S b) { return S(mask<S>(a > b)); });  \
  check_binary<S>(Op::shape##_le_s, [](S a, S b) { return S(mask<S>(a <= b)); }); \
  check_binary<S>(Op::shape##_ge_s, [](S a, S b) { return S(mask<S>(a >= b)); }); \
  check_unary<U>(Op::shape##_neg, [](U a) { return U(0 - a); });                  \
  check_unary<S>(Op::shape##_abs, [](S a) { return S(a < 0 ? U(0) - U(a) : U(a)); })

#define WISP_SMALL_SHAPE(shape, U, S)                                             \
  check_binary<U>(Op::shape##_lt_u, [](U a, U b) { return U(mask<U>(a < b)); });  \
  check_binary<U>(Op::shape##_gt_u, [](U a, U b) { return U(mask<U>(a > b)); });  \
  check_binary<U>(Op::shape##_le_u, [](U a, U b) { return U(mask<U>(a <= b)); }); \
  check_binary<U>(Op::shape##_ge_u, [](U a, U b) { return U(mask<U>(a >= b)); }); \
  check_binary<U>(Op::shape##_min_u, [](U a, U b) { return std::min(a, b); });    \
  check_binary<U>(Op::shape##_max_u, [](U a, U b) { return std::max(a, b); });    \
  check_binary<S>(Op::shape##_min_s, [](S a, S b) { return std::min(a, b); });    \
  check_binary<S>(Op::shape##_max_s, [](S a, S b) { return std::max(a, b); })

#define WISP_SATURATING_SHAPE(shape, U, S)                                                   \
  check_binary<U>(Op::shape##_add_sat_u, [](U a, U b) { return saturated<U>(i64(a) + b); }); \
  check_binary<U>(Op::shape##_sub_sat_u, [](U a, U b) { return saturated<U>(i64(a) - b); }); \
  check_binary<S>(Op::shape##_add_sat_s, [](S a, S b) { return saturated<S>(i64(a) + b); }); \
  check_binary<S>(Op::shape##_sub_sat_s, [](S a, S b) { return saturated<S>(i64(a) - b); }); \
  check_binary<U>(Op::shape##_avgr_u, [](U a, U b) { return U((u32(a) + b + 1) / 2); })

TEST(Vectors, IntegerArithmetic) {
  WISP_INTEGER_SHAPE(i8x16, u8, i8);
  WISP_INTEGER_SHAPE(i16x8, u16, i16);
  WISP_INTEGER_SHAPE(i32x4, u32, i32);
  WISP_INTEGER_SHAPE(i64x2, u64, i64);
  WISP_SMALL_SHAPE(i8x16, u8, i8);
  WISP_SMALL_SHAPE(i16x8, u16, i16);
  WISP_SMALL_SHAPE(i32x4, u32, i32);
  WISP_SATURATING_SHAPE(i8x16, u8, i8);
  WISP_SATURATING_SHAPE(i16x8, u16, i16);
  check_binary<u16>(Op::i16x8_mul, [](u16 a, u16 b) { return u16(u32(a) * b); });
  check_binary<u32>(Op::i32x4_mul, [](u32 a, u32 b) { return a * b; });
  check_binary<u64>(Op::i64x2_mul, [](u64 a, u64 b) { return a * b; });
  check_binary<i16>(Op::i16x8_q15mulr_sat_s, [](i16 a, i16 b) { return saturated<i16>((i64(a) * b + 0x4000) >> 15); });
  check_unary<u8>(Op::i8x16_popcnt, [](u8 a) { return u8(std::popcount(a)); });
  check_binary<u64>(Op::v128_andnot, [](u64 a, u64 b) { return a & ~b; });
}

#define WISP_FLOAT_SHAPE(shape, F)                                                                        \
  check_binary<F>(Op::shape##_add, [](F a, F b) { return a + b; });                                       \
  check_binary<F>(Op::shape##_sub, [](F a, F b) { return a - b; });                                       \
  check_binary<F>(Op::shape##_mul, [](F a, F b) { return a * b; });                                       \
  check_binary<F>(Op::shape##_div, [](F a, F b) { return a / b; });                                       \
  check_binary<F>(Op::shape##_min, [](F a, F b) {                                                         \
    return std::isnan(a) || std::isnan(b) ? F(NAN) : a == b ? (std::signbit(a) ? a : b) : std::min(a, b); \
  });                                                                                                     \
  check_binary<F>(Op::shape##_max, [](F a, F b) {                                                         \
    return std::isnan(a) || std::isnan(b) ? F(NAN) : a == b ? (std::signbit(a) ? b : a) : std::max(a, b); \
  });                                                                                                     \
  check_binary<F>(Op::shape##_pmin, [](F a, F b) { return b < a ? b : a; });                              \
  check_binary<F>(Op::shape##_pmax, [](F a, F b) { return a < b ? b : a; });                              \
  check_unary<F>(Op::shape##_sqrt, [](F a) { return std::sqrt(a); });                                     \
  check_unary<F>(Op::shape##_ceil, [](F a) { return std::ceil(a); });                                     \
  check_unary<F>(Op::shape##_floor, [](F a) { return std::floor(a); });                                   \
  check_unary<F>(Op::shape##_trunc, [](F a) { return std::trunc(a); });                                   \
  check_unary<F>(Op::shape##_nearest, [](F a) { return std::nearbyint(a); })

TEST(Vectors, FloatArithmetic) {
  WISP_FLOAT_SHAPE(f32x4, f32);
  WISP_FLOAT_SHAPE(f64x2, f64);
  check_unary<f32, i32>(Op::i32x4_trunc_sat_f32x4_s, [](f32 a) {
    return std::isnan(a) ? 0 : a >= 2147483648.0f ? 2147483647 : a < -2147483648.0f ? -2147483647 - 1 : i32(a);
  });
  check_unary<f32, u32>(Op::i32x4_trunc_sat_f32x4_u, [](f32 a) {
    return std::isnan(a) || a <= 0 ? 0u : a >= 4294967296.0f ? ~0u : u32(a);
  });
  check_unary<i32, f32>(Op::f32x4_convert_i32x4_s, [](i32 a) { return f32(a); });
  check_unary<u32, f32>(Op::f32x4_convert_i32x4_u, [](u32 a) { return f32(a); });
}

void check_bytes(Code code, Reference reference, Op op) {
  ModuleText text;
  text.func("vv:v", std::move(code));
  check_all(text, 1, reference, LaneKind::integer, op);
}

TEST(Vectors, Rearrangement) {
  check_bytes(
      Code().local_get(0).local_get(1).op(Op::i8x16_swizzle),
      [](const Bytes16& a, const Bytes16& b, Bytes16& out) {
        for (u32 i = 0; i < 16; ++i) out[i] = b[i] < 16 ? a[b[i]] : 0;
      },
      Op::i8x16_swizzle);
  check_bytes(
      Code()
          .local_get(0)
          .local_get(1)
          .op(Op::i8x16_shuffle)
          .raw({0, 31, 1, 30, 2, 29, 3, 28, 15, 16, 14, 17, 7, 7, 23, 23}),
      [](const Bytes16& a, const Bytes16& b, Bytes16& out) {
        constexpr u8 from[] = {0, 31, 1, 30, 2, 29, 3, 28, 15, 16, 14, 17, 7, 7, 23, 23};
        for (u32 i = 0; i < 16; ++i) out[i] = from[i] < 16 ? a[from[i]] : b[from[i] - 16];
      },
      Op::i8x16_shuffle);
  check_bytes(
      Code().local_get(0).local_get(1).op(Op::i8x16_narrow_i16x8_u),
      [](const Bytes16& a, const Bytes16& b, Bytes16& out) {
        const auto left = std::bit_cast<Lanes16<i16>>(a);
        const auto right = std::bit_cast<Lanes16<i16>>(b);
        for (u32 i = 0; i < 8; ++i) out[i] = saturated<u8>(left[i]), out[i + 8] = saturated<u8>(right[i]);
      },
      Op::i8x16_narrow_i16x8_u);
  check_bytes(
      Code().local_get(0).local_get(1).op(Op::i32x4_dot_i16x8_s),
      [](const Bytes16& a, const Bytes16& b, Bytes16& out) {
        const auto left = std::bit_cast<Lanes16<i16>>(a);
        const auto right = std::bit_cast<Lanes16<i16>>(b);
        Lanes16<u32> sums;
        for (u32 i = 0; i < 4; ++i) {
          sums[i] = u32(left[2 * i] * right[2 * i]) + u32(left[2 * i + 1] * right[2 * i + 1]);
        }
        out = std::bit_cast<Bytes16>(sums);
      },
      Op::i32x4_dot_i16x8_s);
  check_bytes(
      Code().local_get(0).local_get(1).op(Op::i64x2_extmul_high_i32x4_s),
      [](const Bytes16& a, const Bytes16& b, Bytes16& out) {
        const auto left = std::bit_cast<Lanes16<i32>>(a);
        const auto right = std::bit_cast<Lanes16<i32>>(b);
        out = std::bit_cast<Bytes16>(Lanes16<i64>{i64(left[2]) * right[2], i64(left[3]) * right[3]});
      },
      Op::i64x2_extmul_high_i32x4_s);
  check_bytes(
      Code().local_get(0).op(Op::i16x8_extadd_pairwise_i8x16_s),
      [](const Bytes16& a, const Bytes16&, Bytes16& out) {
        Lanes16<i16> sums;
        for (u32 i = 0; i < 8; ++i) sums[i] = i16(i8(a[2 * i]) + i8(a[2 * i + 1]));
        out = std::bit_cast<Bytes16>(sums);
      },
      Op::i16x8_extadd_pairwise_i8x16_s);
}

TEST(Vectors, LanesAndMasks) {
  ModuleText text;
  text.func("v:i", Code().local_get(0).op(Op::i8x16_bitmask));
  text.func("v:i", Code().local_get(0).op(Op::i64x2_bitmask));
  text.func("v:i", Code().local_get(0).op(Op::i16x8_all_true));
  text.func("v:i", Code().local_get(0).op(Op::i8x16_extract_lane_s).raw({3}));
  text.func("v:i", Code().local_get(0).op(Op::i16x8_extract_lane_u).raw({7}));
  text.func("vi:v", Code().local_get(0).local_get(1).op(Op::i16x8_replace_lane).raw({2}));
  text.func("vi:v", Code().local_get(0).local_get(1).op(Op::i8x16_shr_s));
  World world(text);
  for (const Bytes16& bytes : vectors()) {
    std::vector<u64> arguments;
    push(arguments, bytes);
    const auto halves = std::bit_cast<Lanes16<u16>>(bytes);
    u32 signs = 0;
    bool all = true;
    for (u32 i = 0; i < 16; ++i) signs |= u32(bytes[i] >> 7) << i;
    for (const u16 half : halves) all = all && half != 0;
    EXPECT_EQ(world.call(0, arguments).results[0], signs);
    EXPECT_EQ(world.call(1, arguments).results[0], (u64(bytes[7]) >> 7) | (u64(bytes[15]) >> 7) << 1);
    EXPECT_EQ(world.call(2, arguments).results[0], u64(all));
    EXPECT_EQ(i32(world.call(3, arguments).results[0]), i8(bytes[3]));
    EXPECT_EQ(world.call(4, arguments).results[0], halves[7]);
    arguments.push_back(0x1234'5679);
    auto replaced = halves;
    replaced[2] = 0x5679;
    EXPECT_EQ(result_of(world.call(5, arguments)), std::bit_cast<Bytes16>(replaced));
    Lanes16<i8> shifted;
    for (u32 i = 0; i < 16; ++i) shifted[i] = i8(i8(bytes[i]) >> 1);  // 0x79 modulo 8
    EXPECT_EQ(result_of(world.call(6, arguments)), std::bit_cast<Bytes16>(shifted));
  }
}

}  // namespace
}  // namespace wisp::interp::test
