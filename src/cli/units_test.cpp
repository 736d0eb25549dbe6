#include "cli/units.hpp"

#include <gtest/gtest.h>

namespace wisp::cli {
namespace {

using std::chrono::nanoseconds;

TEST(Units, Numbers) {
  EXPECT_EQ(parse_number("0"), 0u);
  EXPECT_EQ(parse_number("1_000_000"), 1'000'000u);
  EXPECT_EQ(parse_number("0xff"), 255u);
  EXPECT_EQ(parse_number("18446744073709551615"), ~u64{0});
  for (const char* bad : {"", "-1", "+1", "1k", "0x", "_", "18446744073709551616", " 1", "1 "}) {
    EXPECT_FALSE(parse_number(bad)) << bad;
  }
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64K"), 65536u);
  EXPECT_EQ(parse_size("64kb"), 65536u);
  EXPECT_EQ(parse_size("16MiB"), 16u << 20);
  EXPECT_EQ(parse_size("1.5G"), u64{3} << 29);
  EXPECT_EQ(parse_size("64 M"), 64u << 20);
  for (const char* bad : {"", "M", "64X", "-1M", "1e400M", "nan", "inf", "99999999999G"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration("10"), nanoseconds(10'000'000'000));
  EXPECT_EQ(parse_duration("500ms"), nanoseconds(500'000'000));
  EXPECT_EQ(parse_duration("1.5s"), nanoseconds(1'500'000'000));
  EXPECT_EQ(parse_duration("2m"), nanoseconds(120'000'000'000));
  EXPECT_EQ(parse_duration("250us"), nanoseconds(250'000));
  for (const char* bad : {"", "s", "-1s", "10 parsecs", "1e30h"}) EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Units, AreShownForPeople) {
  EXPECT_EQ(show_size(1), "1 byte");
  EXPECT_EQ(show_size(1023), "1023 bytes");
  EXPECT_EQ(show_size(65536), "64 KiB");
  EXPECT_EQ(show_size(36250), "35.4 KiB");
  EXPECT_EQ(show_duration(nanoseconds(1'500'000'000)), "1.5 s");
  EXPECT_EQ(show_duration(nanoseconds(20'000'000)), "20 ms");
}

}  // namespace
}  // namespace wisp::cli
