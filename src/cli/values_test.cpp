#include "cli/values.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/int.hpp"

namespace wisp::cli {
namespace {

TEST(Values, IntegersAreSignedOrUnsigned) {
  EXPECT_EQ(parse_value("-1", ValType::i32())->i32(), -1);
  EXPECT_EQ(parse_value("4294967295", ValType::i32())->i32(), -1);
  EXPECT_EQ(parse_value("-2147483648", ValType::i32())->i32(), i32(0x8000'0000));
  EXPECT_EQ(parse_value("0xff", ValType::i64())->i64(), 255);
  EXPECT_EQ(parse_value("-9223372036854775808", ValType::i64())->i64(), i64(u64{1} << 63));
  for (const char* bad : {"4294967296", "-2147483649", "1.5", "", "-", "--1", "one"}) {
    EXPECT_FALSE(parse_value(bad, ValType::i32())) << bad;
  }
}

TEST(Values, Floats) {
  EXPECT_EQ(parse_value("1.5", ValType::f32())->f32(), 1.5F);
  EXPECT_EQ(parse_value("-0x1.8p3", ValType::f64())->f64(), -12.0);
  EXPECT_EQ(parse_value("+2e3", ValType::f64())->f64(), 2000.0);
  EXPECT_TRUE(std::isnan(parse_value("nan", ValType::f64())->f64()));
  EXPECT_TRUE(std::isinf(parse_value("-inf", ValType::f32())->f32()));
  EXPECT_FALSE(parse_value("1.5x", ValType::f64()));
  EXPECT_FALSE(parse_value("", ValType::f64()));
}

TEST(Values, VectorsAreReadAsTheyAreShown) {
  const std::string text = "0x000102030405060708090a0b0c0d0e0f";
  const std::optional<Value> value = parse_value(text, ValType::v128());
  ASSERT_TRUE(value);
  EXPECT_EQ(value->v128().bytes[0], 0x0f);
  EXPECT_EQ(show_value(*value), text);
  EXPECT_FALSE(parse_value("0x00", ValType::v128()));
  EXPECT_FALSE(parse_value("0x000102030405060708090a0b0c0d0e0g", ValType::v128()));
}

TEST(Values, OnlyNullReferencesCanBeWritten) {
  EXPECT_TRUE(parse_value("null", ValType::funcref())->is_null());
  EXPECT_FALSE(parse_value("null", ValType::ref(HeapType::func, false)));
  EXPECT_FALSE(parse_value("0", ValType::externref()));
}

TEST(Values, AreShown) {
  EXPECT_EQ(show_value(Value(i32{-7})), "-7");
  EXPECT_EQ(show_value(Value(0.1)), "0.1");
  EXPECT_EQ(show_value(Value(float(1) / 0)), "inf");
  EXPECT_EQ(show_value(Value::null(HeapType::extern_)), "null");
}

}  // namespace
}  // namespace wisp::cli
