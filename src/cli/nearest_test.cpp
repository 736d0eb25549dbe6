#include "cli/nearest.hpp"

#include <gtest/gtest.h>

namespace wisp::cli {
namespace {

constexpr std::string_view words[] = {"dir", "tmpfs", "timeout", "invoke", "max-memory", "add"};

TEST(Nearest, FindsWhatWasMistyped) {
  EXPECT_EQ(nearest("tmeout", words), "timeout");
  EXPECT_EQ(nearest("timeuot", words), "timeout");
  EXPECT_EQ(nearest("invok", words), "invoke");
  EXPECT_EQ(nearest("ad", words), "add");
  EXPECT_EQ(nearest("dri", words), "dir");
}

TEST(Nearest, FindsWhatWasCutShort) {
  EXPECT_EQ(nearest("max", words), "max-memory");
}

TEST(Nearest, FindsNothingInOtherWords) {
  EXPECT_EQ(nearest("frobnicate", words), "");
  EXPECT_EQ(nearest("xyz", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest("word", {}), "");
}

}  // namespace
}  // namespace wisp::cli
