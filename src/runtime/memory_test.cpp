#include "runtime/memory.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "runtime/limits.hpp"
#include "runtime/table.hpp"

namespace wisp::runtime {
namespace {

using Wide = unsigned __int128;

wasm::MemoryType memory_type(u64 min, std::optional<u64> max, bool is_64 = false, u8 page_log2 = 16) {
  return {{min, max.value_or(0), max.has_value(), is_64}, false, page_log2};
}

std::shared_ptr<Memory> make(const wasm::MemoryType& type, Memory::Options options = {}) {
  auto memory = Memory::create(type, options);
  EXPECT_TRUE(memory.ok()) << memory.error().message;
  return memory.ok() ? *memory : nullptr;
}

TEST(MemoryLayout, NoAccessLeavesAGuardedReservation) {
  for (const u64 max : {u64{0}, u64{1}, u64{2}, u64{100}, u64{65535}, u64{65536}}) {
    for (const bool has_max : {false, true}) {
      for (const u64 min : {u64{0}, max}) {
        const wasm::MemoryType type{{min, max, has_max, false}, false, 16};
        const MemoryLayout layout = layout_of(type, MemoryMode::guard_pages);
        ASSERT_TRUE(layout.is_guarded);
        // The highest address of an access is the largest index plus the largest offset plus its width.
        const Wide highest = Wide{0xffff'ffff} + Wide{0xffff'ffff} + 16;
        EXPECT_LE(highest, Wide{layout.reservation_bytes});
        const Wide expected = has_max ? Wide{max} * 65536 : Wide{65536} * 65536;
        EXPECT_EQ(Wide{layout.max_bytes}, expected);
        EXPECT_LE(layout.max_bytes, layout.reservation_bytes);
      }
    }
  }
}

TEST(MemoryLayout, WhatCannotBeGuardedIsNot) {
  EXPECT_FALSE(layout_of(memory_type(1, 1, true), MemoryMode::guard_pages).is_guarded);
  EXPECT_FALSE(layout_of(memory_type(1, 1, false, 0), MemoryMode::guard_pages).is_guarded);
  EXPECT_FALSE(layout_of(memory_type(1, 1), MemoryMode::explicit_checks).is_guarded);
}

TEST(MemoryLayout, SizesDoNotWrap) {
  for (const u8 page_log2 : {u8{0}, u8{16}}) {
    for (const u64 max : {u64{0}, u64{1}, u64{1} << 31, ~u64{0} >> page_log2, ~u64{0}}) {
      for (const MemoryMode mode : {MemoryMode::guard_pages, MemoryMode::explicit_checks}) {
        const MemoryLayout layout = layout_of(memory_type(0, max, true, page_log2), mode);
        const Wide wanted = Wide{max} << page_log2;
        EXPECT_EQ(Wide{layout.max_bytes}, wanted < limits::memory64_bytes ? wanted : Wide{limits::memory64_bytes});
        EXPECT_GE(layout.reservation_bytes, layout.max_bytes);
      }
    }
  }
}

TEST(Memory, GrowsUpToItsMaximum) {
  for (const MemoryMode mode : {MemoryMode::guard_pages, MemoryMode::explicit_checks}) {
    auto memory = make(memory_type(1, 3), {.mode = mode, .budget = {}, .catch_faults = false});
    u8* const base = memory->view().base;
    base[65535] = 7;
    EXPECT_EQ(memory->grow(3).error(), Memory::GrowFailure::maximum);
    EXPECT_EQ(memory->grow(~u64{0}).error(), Memory::GrowFailure::maximum);
    EXPECT_EQ(*memory->grow(2), 1u);
    EXPECT_EQ(*memory->grow(0), 3u);
    EXPECT_EQ(memory->view().base, base);
    EXPECT_EQ(memory->size_pages(), 3u);
    EXPECT_EQ(base[65535], 7);
    EXPECT_EQ(base[65536], 0);
    EXPECT_EQ(base[3 * 65536 - 1], 0);
  }
}

TEST(Memory, PagesOfOneByte) {
  auto memory = make(memory_type(5, std::nullopt, false, 0));
  EXPECT_EQ(memory->size_bytes(), 5u);
  EXPECT_EQ(*memory->grow(10000), 5u);
  EXPECT_EQ(memory->size_bytes(), 10005u);
  EXPECT_EQ(memory->view().base[10004], 0);
}

TEST(Memory, ChargesItsBudget) {
  auto budget = std::make_shared<Budget>(5 * 65536);
  {
    auto first =
        make(memory_type(2, std::nullopt), {.mode = MemoryMode::guard_pages, .budget = budget, .catch_faults = false});
    EXPECT_EQ(budget->used(), 2u * 65536);
    auto second = Memory::create(memory_type(4, std::nullopt), {MemoryMode::guard_pages, budget, false});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::limit);
    EXPECT_EQ(first->grow(4).error(), Memory::GrowFailure::budget);
    EXPECT_EQ(*first->grow(3), 2u);
  }
  EXPECT_EQ(budget->used(), 0u);
  EXPECT_EQ(budget->peak(), 5u * 65536);
}

TEST(Memory, RefusesWhatCanNeverBe) {
  EXPECT_FALSE(Memory::create(memory_type(u64{1} << 47, std::nullopt, true), {}).ok());
}

TEST(Memory, BehindItsEndNothingCanBeTouched) {
  ASSERT_TRUE(sys::install_fault_handler().ok());
  auto memory = make(memory_type(1, 4), {.mode = MemoryMode::guard_pages, .budget = {}, .catch_faults = true});
  struct Access {
    volatile u8* address;
  };
  const auto touch = [&](u64 offset) {
    Access access{memory->view().base + offset};
    return sys::run_guarded([](void* argument) { *static_cast<Access*>(argument)->address = 1; }, &access).faulted;
  };
  EXPECT_FALSE(touch(65535));
  for (const u64 offset : {u64{65536}, u64{4} * 65536, (u64{1} << 32), (u64{1} << 33) - 1, (u64{1} << 33) + 13}) {
    EXPECT_TRUE(touch(offset)) << offset;
  }
  ASSERT_TRUE(memory->grow(1).ok());
  EXPECT_FALSE(touch(65536));
  EXPECT_TRUE(touch(2 * 65536));
}

TEST(Memory, WaitComparesFirst) {
  auto memory = make(memory_type(1, 1));
  EXPECT_EQ(memory->wait(0, 4, 1, -1, nullptr), Memory::WaitResult::not_equal);
  EXPECT_EQ(memory->wait(0, 8, u64{1} << 32, -1, nullptr), Memory::WaitResult::not_equal);
  EXPECT_EQ(memory->wait(0, 4, 0, 1'000'000, nullptr), Memory::WaitResult::timed_out);
  EXPECT_EQ(memory->wait(0, 4, 0, 0, nullptr), Memory::WaitResult::timed_out);
  EXPECT_EQ(memory->notify(0, 5), 0u);
}

TEST(Memory, NotifyWakesAsManyAsItIsTold) {
  auto memory = make(memory_type(1, 1));
  std::atomic<u32> woken = 0;
  const auto wait_at = [&](u64 address) {
    return std::thread([&, address] {
      if (memory->wait(address, 4, 0, -1, nullptr) == Memory::WaitResult::woken) ++woken;
    });
  };
  std::thread threads[] = {wait_at(8), wait_at(8), wait_at(8), wait_at(16)};
  u32 notified = 0;
  while (notified < 2) notified += memory->notify(8, 2 - notified);
  while (notified < 3) notified += memory->notify(8, ~0u);
  while (notified < 4) notified += memory->notify(16, 1);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(woken, 4u);
  EXPECT_EQ(memory->notify(8, ~0u), 0u);
}

TEST(Memory, AnInterruptEndsAWait) {
  auto memory = make(memory_type(1, 1));
  auto interrupt = sys::Interrupt::create();
  ASSERT_TRUE(interrupt.ok());
  std::thread other([&] { interrupt->raise(); });
  EXPECT_EQ(memory->wait(0, 4, 0, -1, &*interrupt), Memory::WaitResult::interrupted);
  other.join();
  EXPECT_EQ(memory->notify(0, 1), 0u);
}

TEST(Memory, ConcurrentGrowthLosesNothing) {
  auto memory = make(memory_type(0, 400));
  const auto grow = [&] {
    for (int i = 0; i < 100; ++i) {
      const auto old_size = memory->grow(1);
      ASSERT_TRUE(old_size.ok());
      memory->view().base[*old_size * 65536] = 1;
    }
  };
  std::thread threads[] = {std::thread(grow), std::thread(grow), std::thread(grow), std::thread(grow)};
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(memory->size_pages(), 400u);
  for (u64 page = 0; page < 400; ++page) EXPECT_EQ(memory->view().base[page * 65536], 1);
}

}  // namespace
}  // namespace wisp::runtime
