#include "sys/processor.hpp"

#include <gtest/gtest.h>

namespace wisp::sys {
namespace {

TEST(Processor, ThisOneWillDo) {
  EXPECT_TRUE(check_processor(processor_support()).ok());
}

TEST(Processor, WhatIsMissingIsNamed) {
  const Result<void> old = check_processor({.sse4_1 = false, .sse4_2 = false, .popcnt = false});
  ASSERT_FALSE(old.ok());
  EXPECT_EQ(old.error().code, ErrorCode::unsupported);
  EXPECT_EQ(old.error().message, "this processor lacks instructions that wisp needs: SSE4.1, SSE4.2, POPCNT");
  EXPECT_FALSE(old.error().hint.empty());
}

}  // namespace
}  // namespace wisp::sys
