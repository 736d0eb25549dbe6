#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "base/buffer.hpp"
#include "base/leb128.hpp"
#include "base/result.hpp"
#include "base/utf8.hpp"

namespace wisp {
namespace {

template <int Bits>
LebStatus unsigned_status(std::vector<u8> bytes, u64& value) {
  const u8* cursor = bytes.data();
  return read_uleb<Bits>(cursor, bytes.data() + bytes.size(), value);
}

template <int Bits>
LebStatus signed_status(std::vector<u8> bytes, i64& value) {
  const u8* cursor = bytes.data();
  return read_sleb<Bits>(cursor, bytes.data() + bytes.size(), value);
}

TEST(Leb128, UnsignedRoundTrip) {
  for (const u64 value : {u64{0}, u64{1}, u64{127}, u64{128}, u64{0xffffffff}, std::numeric_limits<u64>::max()}) {
    std::vector<u8> bytes;
    write_uleb(bytes, value);
    u64 read = ~value;
    ASSERT_EQ(unsigned_status<64>(bytes, read), LebStatus::ok);
    EXPECT_EQ(read, value);
  }
}

TEST(Leb128, SignedRoundTrip) {
  for (const i64 value : {i64{0}, i64{-1}, i64{63}, i64{64}, i64{-64}, i64{-65}, i64{std::numeric_limits<i32>::min()},
                          std::numeric_limits<i64>::min(), std::numeric_limits<i64>::max()}) {
    std::vector<u8> bytes;
    write_sleb(bytes, value);
    i64 read = ~value;
    ASSERT_EQ(signed_status<64>(bytes, read), LebStatus::ok);
    EXPECT_EQ(read, value);
  }
}

TEST(Leb128, SaysWhatIsWrong) {
  u64 u = 7;
  EXPECT_EQ(unsigned_status<32>({}, u), LebStatus::unexpected_end);
  EXPECT_EQ(unsigned_status<32>({0x80}, u), LebStatus::unexpected_end);
  EXPECT_EQ(unsigned_status<32>({0x80, 0x80, 0x80, 0x80, 0x80}, u), LebStatus::too_long);
  EXPECT_EQ(unsigned_status<32>({0xff, 0xff, 0xff, 0xff, 0x1f}, u), LebStatus::too_large);
  EXPECT_EQ(u, 7u) << "a failed read leaves the value alone";
  EXPECT_EQ(unsigned_status<32>({0xff, 0xff, 0xff, 0xff, 0x0f}, u), LebStatus::ok);
  EXPECT_EQ(u, 0xffffffffu);
  i64 s = 0;
  EXPECT_EQ(signed_status<32>({0xff, 0xff, 0xff, 0xff, 0x0f}, s), LebStatus::too_large);
  EXPECT_EQ(signed_status<32>({0xff, 0xff, 0xff, 0xff, 0x7f}, s), LebStatus::ok);
  EXPECT_EQ(s, -1);
  EXPECT_EQ(signed_status<32>({0x80, 0x80, 0x80, 0x80, 0x78}, s), LebStatus::ok);
  EXPECT_EQ(s, std::numeric_limits<i32>::min());
  EXPECT_EQ(signed_status<33>({0x80, 0x80, 0x80, 0x80, 0x70}, s), LebStatus::ok);
  EXPECT_EQ(s, -(i64{1} << 32));
}

TEST(Utf8, AcceptsWellFormed) {
  for (const char* text : {"", "plain", "12345678", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                           "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(as_bytes(text))) << text;
  }
}

TEST(Utf8, RefusesIllFormed) {
  for (const std::string text : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                 "\xf5\x80\x80\x80", "12345678\xff", "\xe2\x82", "\xf0\x9f\x98"}) {
    EXPECT_FALSE(is_utf8(as_bytes(text)));
  }
}

Result<int> half(int n) {
  if (n % 2 != 0) return Error{ErrorCode::argument, 0, "odd", ""};
  return n / 2;
}

Result<int> quarter(int n) {
  WISP_TRY_ASSIGN(const int once, half(n));
  WISP_TRY_ASSIGN(const int twice, half(once));
  return twice;
}

TEST(Result, CarriesValueOrError) {
  EXPECT_EQ(*quarter(12), 3);
  ASSERT_FALSE(quarter(6).ok());
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_DEATH((void)half(3).value(), "");
}

TEST(Buffer, Grows) {
  Buffer<u32> buffer;
  EXPECT_TRUE(buffer.empty());
  for (u32 i = 0; i < 1000; ++i) buffer.push_back(i);
  EXPECT_EQ(buffer.size(), 1000u);
  for (u32 i = 0; i < 1000; ++i) EXPECT_EQ(buffer[i], i);
  u32* const more = buffer.extend(5000);
  EXPECT_EQ(more, buffer.end() - 5000);
  EXPECT_EQ(buffer[999], 999u);
  buffer.truncate(10);
  buffer.pop_back();
  EXPECT_EQ(buffer.back(), 8u);
  buffer.assign(3, 7);
  EXPECT_EQ(std::vector<u32>(buffer.begin(), buffer.end()), std::vector<u32>({7, 7, 7}));
}

}  // namespace
}  // namespace wisp
