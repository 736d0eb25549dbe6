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
std::vector<u64> interesting_floats() {
  using L = std::numeric_limits<T>;
  std::vector<u64> out;
  for (const T value : {T(0),
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
                        T(-0.9)}) {
    out.push_back(bits_of(value));
  }
  return out;
}

/// Bits of values of a type, by its letter.
std::vector<u64> interesting(char type) {
  if (type == 'f') return interesting_floats<f32>();
  if (type == 'F') return interesting_floats<f64>();
  std::vector<u64> out = {0, 1, 2, 7, 31, 63, 64, 0x80, 0x8000, 0x12345678, ~u64{0}, ~u64{1}, 0x7fffffff, 0x80000000};
  if (type == 'I') {
    out.push_back(u64{1} << 63);
    out.push_back(~(u64{1} << 63));
  } else {
    for (u64& value : out) value = u32(value);
  }
  return out;
}

template <class T>
constexpr char letter() {
  return std::is_same_v<T, u32> ? 'i' : std::is_same_v<T, u64> ? 'I' : std::is_same_v<T, f32> ? 'f' : 'F';
}

/// What a result must be: any NaN stands for all of them.
struct Expected {
  bool traps = false;
  bool is_nan = false;
  u64 bits = 0;
};

template <class R>
Expected expect(R value) {
  if constexpr (std::is_floating_point_v<R>) {
    if (std::isnan(value)) return {.is_nan = true};
  }
  return {.bits = bits_of(value)};
}

template <class Semantics>
Expected unary_reference(u64 bits, u64) {
  const auto a = from_bits<typename Semantics::A>(bits);
  if constexpr (requires { Semantics::check(a); }) {
    if (Semantics::check(a) != TrapReason::none) return {.traps = true};
  }
  return expect(Semantics::apply(a));
}

template <class Semantics>
Expected binary_reference(u64 a_bits, u64 b_bits) {
  const auto a = from_bits<typename Semantics::A>(a_bits);
  const auto b = from_bits<typename Semantics::B>(b_bits);
  if constexpr (requires { Semantics::check(a, b); }) {
    if (Semantics::check(a, b) != TrapReason::none) return {.traps = true};
  }
  return expect(Semantics::apply(a, b));
}

/// An instruction with one or two operands of one type.
struct Row {
  Op op;
  char operand;
  char result;
  Expected (*reference)(u64 a, u64 b);
};

template <class Semantics>
Row unary_row(Op op) {
  using A = typename Semantics::A;
  return {op, letter<A>(), letter<decltype(Semantics::apply(A{}))>(), unary_reference<Semantics>};
}

template <class Semantics>
Row binary_row(Op op) {
  using A = typename Semantics::A;
  return {op, letter<A>(), letter<decltype(Semantics::apply(A{}, A{}))>(), binary_reference<Semantics>};
}

#define WISP_ROWS_OF_integer(kind, name, shape) WISP_ROW_OF_##shape(kind, name)
#define WISP_ROWS_OF_floating(kind, name, shape) WISP_ROW_OF_##shape(kind, name)
#define WISP_ROWS_OF_memory(kind, name, shape)
#define WISP_ROWS_OF_control(kind, name, shape)
#define WISP_ROWS_OF_tables(kind, name, shape)
#define WISP_ROWS_OF_objects(kind, name, shape)
#define WISP_ROWS_OF_vector_integer(kind, name, shape)
#define WISP_ROWS_OF_vector_float(kind, name, shape)
#define WISP_ROWS_OF_atomic(kind, name, shape)
#define WISP_ROW_OF_handlers_1(kind, name)
#define WISP_ROW_OF_unary(kind, name) WISP_##kind##_UNARY(name)
#define WISP_ROW_OF_binary(kind, name) WISP_##kind##_BINARY(name)
#define WISP_ROW_OF_commutative(kind, name) WISP_##kind##_BINARY(name)
#define WISP_ROW_OF_compare(kind, name) WISP_##kind##_BINARY(name)

const Row unary_rows[] = {
#define WISP_WANTED_UNARY(name) unary_row<numeric::name>(Op::name),
#define WISP_WANTED_BINARY(name)
#define WISP_SLOT_OP(family, name, shape) WISP_ROWS_OF_##family(WANTED, name, shape)
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
#undef WISP_WANTED_UNARY
#undef WISP_WANTED_BINARY
};

const Row binary_rows[] = {
#define WISP_WANTED_UNARY(name)
#define WISP_WANTED_BINARY(name) binary_row<numeric::name>(Op::name),
#define WISP_SLOT_OP(family, name, shape) WISP_ROWS_OF_##family(WANTED, name, shape)
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
};

const Row comparison_rows[] = {
#define WISP_SLOT_BRANCH(name, shape) binary_row<numeric::name>(Op::name),
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
};

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

void expect_result(const Outcome& outcome, const Expected& expected, char type, const std::string& what) {
  if (expected.traps) {
    EXPECT_NE(outcome.reason(), TrapReason::none) << what;
    return;
  }
  ASSERT_EQ(outcome.reason(), TrapReason::none) << what;
  const u64 mask = type == 'i' || type == 'f' ? 0xffffffff : ~u64{0};
  const u64 bits = outcome.results[0] & mask;
  if (expected.is_nan) {
    EXPECT_TRUE(type == 'f' ? std::isnan(from_bits<f32>(bits)) : std::isnan(from_bits<f64>(bits))) << what;
  } else {
    EXPECT_EQ(bits, expected.bits & mask) << what;
  }
}

TEST(Numeric, UnaryInstructions) {
  for (const Row& row : unary_rows) {
    const std::string type = {row.operand, ':', row.result};
    ModuleText text;
    Code from_accumulator;
    from_accumulator.local_get(0);
    pass_through_accumulator(from_accumulator, row.operand);
    text.func(type, Code().local_get(0).op(row.op));
    text.func(type, from_accumulator.op(row.op));
    text.func(type, Code().local_get(0).op(row.op).local_set(1).local_get(1), std::string(1, row.result));
    World world(text);
    for (const u64 a : interesting(row.operand)) {
      for (u32 function = 0; function < 3; ++function) {
        const std::string what = std::string(wasm::info(row.op).text) + " in function " + std::to_string(function);
        expect_result(world.call(function, {a}), row.reference(a, 0), row.result, what);
      }
    }
  }
}

/// Operand places: 0 local, 1 accumulator, 2 constant.
Code with_places(const Row& row, u32 a_place, u32 b_place, u64 a, u64 b) {
  Code code;
  auto operand = [&](u32 index, u32 place, u64 bits) {
    if (place == 2) {
      code.constant(row.operand, bits);
      return;
    }
    code.local_get(index);
    if (place == 1) pass_through_accumulator(code, row.operand);
  };
  operand(0, a_place, a);
  operand(1, b_place, b);
  code.op(row.op);
  return code;
}

void check_binary(const Row& row) {
  const std::string type = {row.operand, row.operand, ':', row.result};
  const std::vector<u64> values = interesting(row.operand);
  struct Case {
    u32 function;
    u64 a;
    u64 b;
  };
  ModuleText text;
  std::vector<Case> cases;
  for (u32 places = 0; places < 9; ++places) {
    const bool has_constant = places / 3 == 2 || places % 3 == 2;
    u32 function = 0;
    for (usize i = 0; i < values.size() * values.size(); ++i) {
      const u64 a = values[i / values.size()];
      const u64 b = values[i % values.size()];
      if (i == 0 || has_constant) function = text.func(type, with_places(row, places / 3, places % 3, a, b));
      cases.push_back({function, a, b});
    }
  }
  World world(text);
  for (const Case& c : cases) {
    const std::string what = std::string(wasm::info(row.op).text) + " of " + std::to_string(c.a) + ", " +
                             std::to_string(c.b) + " in function " + std::to_string(c.function);
    expect_result(world.call(c.function, {c.a, c.b}), row.reference(c.a, c.b), row.result, what);
  }
}

TEST(Numeric, BinaryInstructions) {
  for (const Row& row : binary_rows) check_binary(row);
}

/// The comparison as the condition of a forward branch, of a negated one, of an `if`, and of a backward branch.
TEST(Numeric, BranchesOnComparisons) {
  for (const Row& row : comparison_rows) {
    const std::string type = {row.operand, row.operand, ':', 'i'};
    auto compare = [&](Code& code) -> Code& { return code.local_get(0).local_get(1).op(row.op); };
    Code forward = Code().open(Op::block);
    compare(forward).op(Op::br_if, {0}).i32(0).op(Op::return_).end().i32(1);
    Code negated = Code().open(Op::block);
    compare(negated).op(Op::i32_eqz).op(Op::br_if, {0}).i32(1).op(Op::return_).end().i32(0);
    Code chosen;
    compare(chosen).open(Op::if_, 'i').i32(1).op(Op::else_).i32(0).end();
    // The second time round, local 2 is set and the loop is left.
    Code backward = Code().open(Op::loop).local_get(2).open(Op::if_).i32(1).op(Op::return_).end().i32(1).local_set(2);
    compare(backward).op(Op::br_if, {0}).end().i32(0);
    ModuleText text;
    text.func(type, forward);
    text.func(type, negated);
    text.func(type, chosen);
    text.func(type, backward, "i");
    World world(text);
    for (const u64 a : interesting(row.operand)) {
      for (const u64 b : interesting(row.operand)) {
        for (u32 function = 0; function < 4; ++function) {
          EXPECT_EQ(world.call(function, {a, b}).results[0], row.reference(a, b).bits)
              << wasm::info(row.op).text << " as branch " << function << " of " << a << ", " << b;
        }
      }
    }
  }
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
