#include "interp/numeric.hpp"

#include <cmath>

#include "interp/interp_test.hpp"
#include "interp/slot_code.hpp"

/// Every numeric instruction, with its operands in every place that lowering can leave them, against the plain
/// function.
namespace wisp::interp::test {
namespace {

using wasm::Op;

template <class T>
u64 bits_of(T value) {
  u64 bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
T from_bits(u64 bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T>
std::vector<T> interesting() {
  if constexpr (std::is_floating_point_v<T>) {
    using L = std::numeric_limits<T>;
    return {T(0),
            -T(0),
            T(1),
            T(-1),
            T(0.5),
            T(-1.5),
            T(2.5),
            L::min(),
            L::denorm_min(),
            L::max(),
            L::lowest(),
            L::infinity(),
            -L::infinity(),
            L::quiet_NaN(),
            T(2147483647),
            T(-2147483648.0),
            T(4294967295.0),
            T(9223372036854775807.0),
            T(18446744073709551615.0),
            T(-0.9)};
  } else {
    using S = std::make_signed_t<T>;
    return {T(0),
            T(1),
            T(2),
            T(7),
            T(31),
            T(63),
            T(64),
            T(S(-1)),
            T(S(-2)),
            T(std::numeric_limits<S>::max()),
            T(std::numeric_limits<S>::min()),
            T(0x80),
            T(0x8000),
            T(0x12345678)};
  }
}

template <class T>
char letter() {
  return std::is_same_v<T, u32> ? 'i' : std::is_same_v<T, u64> ? 'I' : std::is_same_v<T, f32> ? 'f' : 'F';
}

/// An instruction that changes nothing but leaves its result in the accumulator.
void pass_through_accumulator(Code& code, char type) {
  switch (type) {
    case 'i':
      code.i32(0).op(Op::i32_xor);
      return;
    case 'I':
      code.i64(0).op(Op::i64_xor);
      return;
    case 'f':
      code.op(Op::f32_neg).op(Op::f32_neg);
      return;
    default:
      code.op(Op::f64_neg).op(Op::f64_neg);
      return;
  }
}

/// What a result must be: any NaN stands for all of them.
struct Expected {
  bool traps = false;
  bool is_nan = false;
  u64 bits = 0;
};

void expect_result(const Outcome& outcome, const Expected& expected, char type, const std::string& what) {
  if (expected.traps) {
    EXPECT_NE(outcome.reason(), TrapReason::none) << what;
    return;
  }
  ASSERT_EQ(outcome.reason(), TrapReason::none) << what;
  const u64 mask = type == 'i' || type == 'f' ? 0xffffffff : ~u64{0};
  const u64 bits = outcome.results[0] & mask;
  if (expected.is_nan) {
    const bool is_nan = type == 'f' ? std::isnan(from_bits<f32>(bits)) : std::isnan(from_bits<f64>(bits));
    EXPECT_TRUE(is_nan) << what;
  } else {
    EXPECT_EQ(bits, expected.bits & mask) << what;
  }
}

template <class R>
Expected expect(R value) {
  if constexpr (std::is_floating_point_v<R>) {
    if (std::isnan(value)) return {.is_nan = true};
  }
  return {.bits = bits_of(value)};
}

template <class Semantics>
Expected expected_of(typename Semantics::A a) {
  if constexpr (requires { Semantics::check(a); }) {
    if (Semantics::check(a) != TrapReason::none) return {.traps = true};
  }
  return expect(Semantics::apply(a));
}

template <class Semantics>
Expected expected_of(typename Semantics::A a, typename Semantics::B b) {
  if constexpr (requires { Semantics::check(a, b); }) {
    if (Semantics::check(a, b) != TrapReason::none) return {.traps = true};
  }
  return expect(Semantics::apply(a, b));
}

template <class Semantics>
void check_unary(Op op) {
  using A = typename Semantics::A;
  using R = decltype(Semantics::apply(A{}));
  const std::string type = {letter<A>(), ':', letter<R>()};
  ModuleText text;
  Code from_accumulator;
  from_accumulator.local_get(0);
  pass_through_accumulator(from_accumulator, letter<A>());
  const u32 first = text.func(type, Code().local_get(0).op(op));
  text.func(type, from_accumulator.op(op));
  text.func(type, Code().local_get(0).op(op).local_set(1).local_get(1), std::string(1, letter<R>()));
  World world(text);
  for (const A a : interesting<A>()) {
    for (u32 variant = 0; variant < 3; ++variant) {
      const std::string what = std::string(wasm::info(op).text) + " case " + std::to_string(variant);
      expect_result(world.call(first + variant, {bits_of(a)}), expected_of<Semantics>(a), letter<R>(), what);
    }
  }
}

/// Operand places: 0 local, 1 accumulator, 2 constant.
Code with_places(Op op, char type, u32 a_place, u32 b_place, u64 a, u64 b) {
  Code code;
  auto operand = [&](u32 index, u32 place, u64 bits) {
    if (place == 2) {
      code.constant(type, bits);
      return;
    }
    code.local_get(index);
    if (place == 1) pass_through_accumulator(code, type);
  };
  operand(0, a_place, a);
  operand(1, b_place, b);
  code.op(op);
  return code;
}

template <class Semantics>
void check_binary(Op op) {
  using A = typename Semantics::A;
  using R = decltype(Semantics::apply(A{}, A{}));
  const char letter_a = letter<A>();
  const std::string type = {letter_a, letter_a, ':', letter<R>()};
  ModuleText text;
  struct Case {
    u32 function;
    A a;
    A b;
  };
  std::vector<Case> cases;
  const std::vector<A> values = interesting<A>();
  for (u32 places = 0; places < 9; ++places) {
    const bool has_constant = places / 3 == 2 || places % 3 == 2;
    u32 function = 0;
    for (usize i = 0; i < values.size() * values.size(); ++i) {
      const A a = values[i / values.size()];
      const A b = values[i % values.size()];
      if (i == 0 || has_constant) {
        function = text.func(type, with_places(op, letter_a, places / 3, places % 3, bits_of(a), bits_of(b)));
      }
      cases.push_back({function, a, b});
    }
  }
  World world(text);
  for (const Case& c : cases) {
    const std::string what = std::string(wasm::info(op).text) + " of " + std::to_string(c.a) + ", " +
                             std::to_string(c.b) + " in function " + std::to_string(c.function);
    expect_result(world.call(c.function, {bits_of(c.a), bits_of(c.b)}), expected_of<Semantics>(c.a, c.b), letter<R>(),
                  what);
  }
}

/// The same comparison as the condition of a forward branch, of a backward one, and of an `if`, negated or not.
template <class Semantics>
void check_branch(Op op) {
  using A = typename Semantics::A;
  const char letter_a = letter<A>();
  const std::string type = {letter_a, letter_a, ':', 'i'};
  ModuleText text;
  auto compare = [&](Code& code) -> Code& { return code.local_get(0).local_get(1).op(op); };
  Code forward = Code().open(Op::block);
  compare(forward).op(Op::br_if, {0}).i32(0).op(Op::return_).end().i32(1);
  Code negated = Code().open(Op::block);
  compare(negated).op(Op::i32_eqz).op(Op::br_if, {0}).i32(1).op(Op::return_).end().i32(0);
  Code chosen;
  compare(chosen).open(Op::if_, 'i').i32(1).op(Op::else_).i32(0).end();
  // The second time round, local 2 is set and the loop is left.
  Code backward = Code().open(Op::loop).local_get(2).open(Op::if_).i32(1).op(Op::return_).end().i32(1).local_set(2);
  compare(backward).op(Op::br_if, {0}).end().i32(0);
  text.func(type, forward);
  text.func(type, negated);
  text.func(type, chosen);
  text.func(type, backward, "i");
  World world(text);
  for (const A a : interesting<A>()) {
    for (const A b : interesting<A>()) {
      for (u32 function = 0; function < 4; ++function) {
        const Outcome outcome = world.call(function, {bits_of(a), bits_of(b)});
        EXPECT_EQ(outcome.results[0], Semantics::apply(a, b))
            << wasm::info(op).text << " as branch " << function << " of " << a << ", " << b;
      }
    }
  }
}

#define WISP_CHECK_unary(name) check_unary<numeric::name>(Op::name);
#define WISP_CHECK_binary(name) check_binary<numeric::name>(Op::name);
#define WISP_CHECK_commutative(name) check_binary<numeric::name>(Op::name);
#define WISP_CHECK_compare(name) check_binary<numeric::name>(Op::name);
#define WISP_CHECK_handlers_1(name)

TEST(Numeric, IntegerInstructions){
#define WISP_SLOT_OP(family, name, shape) WISP_INTEGER_##family(name, shape)
#define WISP_INTEGER_integer(name, shape) WISP_CHECK_##shape(name)
#define WISP_INTEGER_floating(name, shape)
#define WISP_INTEGER_memory(name, shape)
#define WISP_INTEGER_control(name, shape)
#define WISP_INTEGER_tables(name, shape)
#define WISP_INTEGER_objects(name, shape)
#define WISP_INTEGER_vector_integer(name, shape)
#define WISP_INTEGER_vector_float(name, shape)
#define WISP_INTEGER_atomic(name, shape)
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
}

TEST(Numeric, FloatInstructions){
#define WISP_SLOT_OP(family, name, shape) WISP_FLOAT_##family(name, shape)
#define WISP_FLOAT_integer(name, shape)
#define WISP_FLOAT_floating(name, shape) WISP_CHECK_##shape(name)
#define WISP_FLOAT_memory(name, shape)
#define WISP_FLOAT_control(name, shape)
#define WISP_FLOAT_tables(name, shape)
#define WISP_FLOAT_objects(name, shape)
#define WISP_FLOAT_vector_integer(name, shape)
#define WISP_FLOAT_vector_float(name, shape)
#define WISP_FLOAT_atomic(name, shape)
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
}

TEST(Numeric, BranchesOnComparisons) {
#define WISP_SLOT_BRANCH(name, shape) check_branch<numeric::name>(Op::name);
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
}

/// What the specification says where the machine's own instructions say something else.
TEST(Numeric, EdgeCases) {
  using namespace numeric;
  EXPECT_EQ(i32_rem_s::apply(0x80000000, ~u32{0}), 0u);
  EXPECT_EQ(i32_div_s::check(0x80000000, ~u32{0}), TrapReason::integer_overflow);
  EXPECT_EQ(i64_div_u::check(1, 0), TrapReason::integer_divide_by_zero);
  EXPECT_EQ(i32_shl::apply(1, 33), 2u);
  EXPECT_EQ(i64_shr_s::apply(u64{1} << 63, 127), ~u64{0});
  EXPECT_EQ(i32_clz::apply(0), 32u);
  EXPECT_EQ(i64_ctz::apply(0), 64u);
  EXPECT_TRUE(std::signbit(f64_min::apply(0.0, -0.0)));
  EXPECT_FALSE(std::signbit(f32_max::apply(-0.0f, 0.0f)));
  EXPECT_TRUE(std::isnan(f64_min::apply(std::nan(""), -INFINITY)));
  EXPECT_EQ(f64_nearest::apply(2.5), 2.0);
  EXPECT_EQ(f32_nearest::apply(-0.5f), 0.0f);
  EXPECT_TRUE(std::signbit(f32_nearest::apply(-0.5f)));
  EXPECT_EQ(i32_trunc_f64_u::check(-0.9), TrapReason::none);
  EXPECT_EQ(i32_trunc_f64_u::check(-1.0), TrapReason::integer_overflow);
  EXPECT_EQ(i32_trunc_f64_s::check(2147483647.9), TrapReason::none);
  EXPECT_EQ(i32_trunc_f64_s::check(-2147483648.9), TrapReason::none);
  EXPECT_EQ(i32_trunc_f32_s::check(2147483648.0f), TrapReason::integer_overflow);
  EXPECT_EQ(i64_trunc_f64_s::check(-9223372036854775808.0), TrapReason::none);
  EXPECT_EQ(i64_trunc_f32_u::check(std::nanf("")), TrapReason::invalid_conversion_to_integer);
  EXPECT_EQ(i64_trunc_sat_f64_u::apply(1e30), ~u64{0});
  EXPECT_EQ(i32_trunc_sat_f32_s::apply(-1e30f), 0x80000000u);
  EXPECT_EQ(i32_trunc_sat_f32_s::apply(std::nanf("")), 0u);
  // Sign operations keep the payload and the signalling bit of a NaN.
  EXPECT_EQ(std::bit_cast<u32>(f32_neg::apply(std::bit_cast<f32>(0x7fa12345u))), 0xffa12345u);
  EXPECT_EQ(std::bit_cast<u32>(f32_abs::apply(std::bit_cast<f32>(0xffa12345u))), 0x7fa12345u);
}

}  // namespace
}  // namespace wisp::interp::test
