#include "text/literals.hpp"

#include <bit>
#include <string>

#include <gtest/gtest.h>

namespace wisp::text {
namespace {

constexpr auto ok = LiteralStatus::ok;
constexpr auto no = LiteralStatus::not_a_number;
constexpr auto range = LiteralStatus::out_of_range;

struct Row {
  const char* text;
  LiteralStatus status;
  u64 bits = 0;
};

template <class Parse>
void check(std::initializer_list<Row> rows, Parse parse) {
  for (const Row& row : rows) {
    const Literal literal = parse(row.text);
    EXPECT_EQ(literal.status, row.status) << row.text;
    if (row.status == ok) EXPECT_EQ(literal.bits, row.bits) << row.text << std::hex << " gave 0x" << literal.bits;
  }
}

TEST(Literals, Integers) {
  check(
      {
          {"0", ok, 0},
          {"-0", ok, 0},
          {"+0", ok, 0},
          {"1_000", ok, 1000},
          {"0x0123_4567", ok, 0x01234567},
          {"0xFFFFFFFF", ok, 0xffffffff},
          {"4294967295", ok, 0xffffffff},
          {"4294967296", range},
          {"-2147483648", ok, 0x80000000},
          {"-0x80000000", ok, 0x80000000},
          {"-2147483649", range},
          {"99999999999999999999999999", range},
          {"", no},
          {"-", no},
          {"0x", no},
          {"_1", no},
          {"1_", no},
          {"1__0", no},
          {"0x_1", no},
          {"0xg", no},
          {"0X1", no},
          {"+-1", no},
          {"1.0", no},
          {"1a", no},
      },
      [](const char* text) { return parse_integer(text, 32); });
  check(
      {
          {"0xffff_ffff_ffff_ffff", ok, ~u64{0}},
          {"-9223372036854775808", ok, u64{1} << 63},
          {"-9223372036854775809", range},
          {"18446744073709551616", range},
      },
      [](const char* text) { return parse_integer(text, 64); });
  check({{"255", ok, 255}, {"-128", ok, 128}, {"256", range}, {"-129", range}},
        [](const char* text) { return parse_integer(text, 8); });
  check({{"255", ok, 255}, {"256", range}, {"-1", no}, {"+1", no}},
        [](const char* text) { return parse_unsigned(text, 8); });
}

TEST(Literals, FloatForms) {
  check(
      {
          {"0", ok, 0},
          {"-0", ok, u64{1} << 63},
          {"1", ok, std::bit_cast<u64>(1.0)},
          {"1.", ok, std::bit_cast<u64>(1.0)},
          {"+1.e1", ok, std::bit_cast<u64>(10.0)},
          {"1_0.2_5E-0_1", ok, std::bit_cast<u64>(1.025)},
          {"0x1.8p1", ok, std::bit_cast<u64>(3.0)},
          {"0x.8", no},
          {"0x1.", ok, std::bit_cast<u64>(1.0)},
          {"0xA.8_8P-0_2", ok, std::bit_cast<u64>(0xa.88p-2)},
          {"inf", ok, 0x7ff0000000000000},
          {"-inf", ok, 0xfff0000000000000},
          {"nan", ok, 0x7ff8000000000000},
          {"-nan", ok, 0xfff8000000000000},
          {"nan:0x1", ok, 0x7ff0000000000001},
          {"nan:0xf_ffff_ffff_ffff", ok, 0x7fffffffffffffff},
          {"nan:0x0", range},
          {"nan:0x10000000000000", range},
          {"nan:1", no},
          {"nan:", no},
          {"nan:canonical", no},
          {"infinity", no},
          {".5", no},
          {"1e", no},
          {"1e+", no},
          {"1._5", no},
          {"1_.5", no},
          {"1.5_", no},
          {"1e_1", no},
          {"0x1p", no},
          {"0x1e1", ok, std::bit_cast<u64>(481.0)},
          {"1p1", no},
          {"", no},
          {"-", no},
      },
      [](const char* text) { return parse_float(text, 64); });
}

TEST(Literals, DoubleRounding) {
  check(
      {
          // Largest finite number, and halfway to the next power of two.
          {"1.7976931348623157e308", ok, 0x7fefffffffffffff},
          {"0x1.fffffffffffff7p1023", ok, 0x7fefffffffffffff},
          {"0x1.fffffffffffff8p1023", range},
          {"1.7976931348623159e308", range},
          {"1e309", range},
          {"1e99999999999999999999", range},
          {"0x1p1024", range},
          {"0x1p99999999999999999999", range},
          // Ties to even.
          {"0x1.00000000000008p0", ok, 0x3ff0000000000000},
          {"0x1.000000000000080001p0", ok, 0x3ff0000000000001},
          {"0x1.00000000000018p0", ok, 0x3ff0000000000002},
          {"9007199254740993", ok, 0x4340000000000000},
          {"9007199254740995", ok, 0x4340000000000002},
          {"9007199254740993.0000000000000000000000000000000000000000000000001", ok, 0x4340000000000001},
          // Subnormal numbers and what lies below.
          {"0x1p-1022", ok, 0x0010000000000000},
          {"0x0.fffffffffffff8p-1022", ok, 0x0010000000000000},
          {"0x0.fffffffffffff7p-1022", ok, 0x000fffffffffffff},
          {"0x1p-1074", ok, 1},
          {"0x1p-1075", ok, 0},
          {"0x1.8p-1075", ok, 1},
          {"0x1.0000000000000000000001p-1075", ok, 1},
          {"0x1.8p-1074", ok, 2},
          {"0x1p-1076", ok, 0},
          {"0x1p-99999999999999999999", ok, 0},
          {"4.9e-324", ok, 1},
          {"2.5e-324", ok, 1},
          {"2.4e-324", ok, 0},
          {"1e-99999999999999999999", ok, 0},
          {"-1e-400", ok, u64{1} << 63},
          {"0e99999999999999999999", ok, 0},
          // Digits far behind the point, and a long integer with a small exponent.
          {"0x0.00000000000000000000000000000001p128", ok, 0x3ff0000000000000},
          {"0x100000000000000000000000000000000p-128", ok, 0x3ff0000000000000},
          {"100000000000000000000000000000000000e-35", ok, 0x3ff0000000000000},
      },
      [](const char* text) { return parse_float(text, 64); });
}

TEST(Literals, SingleRounding) {
  check(
      {
          {"0x1.000001p0", ok, 0x3f800000},
          {"0x1.0000010000000000001p0", ok, 0x3f800001},
          {"0x1.000003p0", ok, 0x3f800002},
          {"0x1.fffffep127", ok, 0x7f7fffff},
          {"0x1.fffffefp127", ok, 0x7f7fffff},
          {"0x1.ffffffp127", range},
          {"3.4028234663852886e38", ok, 0x7f7fffff},
          {"3.4028235677973366e38", ok, 0x7f7fffff},
          {"3.4028235677973367e38", range},
          {"0x1p-149", ok, 1},
          {"0x1p-150", ok, 0},
          {"0x1.000002p-150", ok, 1},
          {"0x0.ffffffp-126", ok, 0x00800000},
          // Nearest to the single, not to the double that is nearest to it.
          {"1.00000017881393432617187499", ok, 0x3f800001},
          {"1.00000017881393432617187500", ok, 0x3f800002},
          {"1.00000017881393432617187501", ok, 0x3f800002},
          {"1e-46", ok, 0},
          {"nan:0x7fffff", ok, 0x7fffffff},
          {"nan:0x800000", range},
      },
      [](const char* text) { return parse_float(text, 32); });
}

/// Every power of two, written in hexadecimal and in decimal, gives the same number.
TEST(Literals, HexAndDecimalAgree) {
  for (int exponent = -1074; exponent <= 1023; ++exponent) {
    const f64 value = exponent < -1022 ? std::bit_cast<f64>(u64{1} << (exponent + 1074))
                                       : std::bit_cast<f64>(u64(exponent + 1023) << 52);
    char decimal[2048];
    std::snprintf(decimal, sizeof decimal, "%.1100f", value);
    const u64 bits = std::bit_cast<u64>(value);
    EXPECT_EQ(parse_float("0x1p" + std::to_string(exponent), 64).bits, bits) << exponent;
    EXPECT_EQ(parse_float(decimal, 64).bits, bits) << exponent;
  }
}

}  // namespace
}  // namespace wisp::text
