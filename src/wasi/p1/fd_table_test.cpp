#include "wasi/p1/fd_table.hpp"

#include <set>

#include "wasi/p1/guest_test.hpp"

namespace wisp::wasi::p1::testing {
namespace {

struct FdTableTest : ::testing::Test {
  core::Guest guest{core::Limits{.open_handles = 1'000'000}};
  FdTable table;

  std::unique_ptr<core::Handle> handle() { return *core::Handle::make(guest, sys::make_null_stream()); }
};

TEST_F(FdTableTest, NumbersOfTheEmbedderCountUpAndAreNotGivenOutAgain) {
  EXPECT_EQ(table.add(handle()), Fd{0});
  EXPECT_EQ(table.add(handle()), Fd{1});
  EXPECT_TRUE(table.close(Fd{0}));
  EXPECT_FALSE(table.close(Fd{0}));
  for (u64 random = 0; random < 1000; ++random) EXPECT_GT(table.insert(handle(), random).value, 1u);
  EXPECT_EQ(table.find(Fd{0}), nullptr);
  EXPECT_NE(table.find(Fd{1}), nullptr);
}

TEST_F(FdTableTest, NumbersAreDistinctAndSmall) {
  std::set<u32> numbers;
  for (u32 i = 0; i < 5000; ++i) EXPECT_TRUE(numbers.insert(table.insert(handle(), i * 7919).value).second);
  EXPECT_LT(*numbers.rbegin(), 32768u);
  EXPECT_EQ(guest.handles().used(), 5000u);
  for (const u32 number : numbers) EXPECT_TRUE(table.close(Fd{number}));
  EXPECT_EQ(guest.handles().used(), 0u);
}

TEST_F(FdTableTest, TheNumberDependsOnTheRandomValue) {
  std::set<u32> numbers;
  for (u64 random = 0; random < 16; ++random) {
    FdTable fresh;
    numbers.insert(fresh.insert(handle(), random).value);
  }
  EXPECT_EQ(numbers.size(), 16u);
}

TEST_F(FdTableTest, RenumberingClosesExactlyOne) {
  (void)table.add(handle(), "preopen");
  const Fd a = table.insert(handle(), 1);
  const Fd b = table.insert(handle(), 2);
  core::Handle* moved = table.find(a);
  EXPECT_TRUE(table.renumber(a, b));
  EXPECT_EQ(table.find(b), moved);
  EXPECT_EQ(table.find(a), nullptr);
  EXPECT_EQ(guest.handles().used(), 2u);
  EXPECT_TRUE(table.renumber(b, b));
  EXPECT_EQ(table.find(b), moved);
  EXPECT_FALSE(table.renumber(a, b));
  EXPECT_FALSE(table.renumber(b, a));
  EXPECT_FALSE(table.renumber(b, Fd{0x7fffffff}));
  EXPECT_FALSE(table.renumber(Fd{0xffffffff}, b));
  // A preopened directory keeps its name where it goes, and its old place has none.
  ASSERT_NE(table.preopen_name(Fd{0}), nullptr);
  EXPECT_TRUE(table.renumber(Fd{0}, b));
  EXPECT_EQ(*table.preopen_name(b), "preopen");
  EXPECT_EQ(table.preopen_name(Fd{0}), nullptr);
}

TEST_F(FdTableTest, RenumberingForeverLeaksNothing) {
  Fd current = table.insert(handle(), 0);
  for (u64 i = 0; i < 100'000; ++i) {
    const Fd other = table.insert(handle(), i * 2654435761);
    ASSERT_TRUE(table.renumber(current, other));
    ASSERT_LT(other.value, 32u);
    current = other;
  }
  EXPECT_EQ(guest.handles().used(), 1u);
}

}  // namespace
}  // namespace wisp::wasi::p1::testing
