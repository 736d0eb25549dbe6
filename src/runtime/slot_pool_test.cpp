#include "runtime/slot_pool.hpp"

#include <cstdlib>
#include <cstring>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/limits.hpp"
#include "runtime/memory.hpp"
#include "runtime/runtime_test.hpp"

namespace wisp::runtime {
namespace {

using test::Code;
using test::World;

constexpr u64 page = 65536;

std::shared_ptr<SlotPool> make_pool(u64 slots = 8, u64 resident_bytes = u64{64} << 20) {
  return std::make_shared<SlotPool>(SlotPool::Settings{.idle_slots = slots, .resident_bytes = resident_bytes});
}

Memory::Options in(const std::shared_ptr<SlotPool>& pool, MemoryMode mode = MemoryMode::guard_pages) {
  return {.mode = mode, .budget = {}, .catch_faults = true, .pool = pool};
}

wasm::MemoryType type_of(u64 min, u64 max, bool is_64 = false, bool shared = false, u8 page_log2 = 16) {
  return {{min, max, true, is_64}, shared, page_log2};
}

std::shared_ptr<Memory> make(const wasm::MemoryType& type, const Memory::Options& options,
                             const std::shared_ptr<const MemoryImage>& image = nullptr) {
  auto memory = Memory::create(type, options, image);
  WISP_CHECK(memory.ok());
  return *memory;
}

std::shared_ptr<const MemoryImage> image_of(u64 size_bytes, u8 seed) {
  std::vector<u8> bytes(size_bytes);
  for (u64 i = 0; i < size_bytes; ++i) bytes[i] = u8(seed + i % 199);
  return MemoryImage::make(std::move(bytes));
}

/// The first address at which the memory is not what a new one is, or its size.
u64 first_difference(const Memory& memory, const MemoryImage* image) {
  const Bytes wanted = image == nullptr ? Bytes() : image->bytes();
  const u8* const base = const_cast<Memory&>(memory).view().base;
  for (u64 i = 0; i < memory.size_bytes(); ++i) {
    if (base[i] != (i < wanted.size() ? wanted[i] : 0)) return i;
  }
  return memory.size_bytes();
}

/// A guest that writes to everything it can reach.
void soil(Memory& memory) {
  std::memset(memory.view().base, 0xa5, memory.size_bytes());
}

bool can_touch(Memory& memory, u64 offset) {
  EXPECT_TRUE(sys::install_fault_handler().ok());
  volatile u8* address = memory.view().base + offset;
  return !sys::run_guarded([](void* argument) { *static_cast<volatile u8*>(argument) = 1; }, const_cast<u8*>(address))
              .faulted;
}

TEST(SlotPool, HandsOutWhatCameBack) {
  const auto pool = make_pool();
  const u8* const base = make(type_of(1, 2), in(pool))->view().base;
  EXPECT_EQ(pool->idle_count(), 1u);
  const auto again = make(type_of(1, 2), in(pool));
  EXPECT_EQ(again->view().base, base);
  EXPECT_EQ(pool->idle_count(), 0u);
  EXPECT_NE(make(type_of(1, 2), in(pool))->view().base, base);
}

TEST(SlotPool, NothingOfAFormerGuestIsLeft) {
  const auto small = image_of(5000, 1);
  const auto large = image_of(300'000, 2);
  const std::shared_ptr<const MemoryImage> images[] = {nullptr, small, large};
  const wasm::MemoryType types[] = {
      type_of(1, 1),     type_of(8, 200),       type_of(5, 50),
      type_of(100, 300), type_of(8, 200, true), type_of(8, 200, false, true),
      type_of(0, 9),
  };
  for (const MemoryMode mode : {MemoryMode::guard_pages, MemoryMode::explicit_checks}) {
    const auto pool = make_pool();
    // Every order of two neighbours occurs.
    for (int round = 0; round < 200; ++round) {
      const wasm::MemoryType& type = types[usize(round * 5 + round / 7) % std::size(types)];
      std::shared_ptr<const MemoryImage> image = images[usize(round * 3 + round / 5) % std::size(images)];
      if (image != nullptr && image->bytes().size() > type.limits.min * page) image = nullptr;
      const auto memory = make(type, in(pool, mode), image);
      ASSERT_EQ(memory->size_pages(), type.limits.min);
      ASSERT_EQ(first_difference(*memory, image.get()), memory->size_bytes()) << "round " << round;
      if (round % 3 == 0) soil(*memory);
      ASSERT_TRUE(memory->grow(std::min<u64>(u64(round) % 11, type.limits.max - type.limits.min)).ok());
      if (round % 2 == 0) soil(*memory);
    }
  }
}

TEST(SlotPool, GrownPagesAreOutOfReachForTheNext) {
  const auto pool = make_pool();
  const u8* base = nullptr;
  {
    const auto memory = make(type_of(1, 100), in(pool));
    ASSERT_TRUE(memory->grow(99).ok());
    soil(*memory);
    base = memory->view().base;
  }
  const auto next = make(type_of(1, 100), in(pool));
  ASSERT_EQ(next->view().base, base);
  EXPECT_TRUE(can_touch(*next, page - 1));
  EXPECT_FALSE(can_touch(*next, page));
  EXPECT_FALSE(can_touch(*next, 100 * page - 1));
  ASSERT_TRUE(next->grow(99).ok());
  for (u64 i = page; i < 100 * page; ++i) ASSERT_EQ(next->view().base[i], 0) << i;
}

TEST(SlotPool, ASmallerMemoryReachesNoMoreThanItsOwn) {
  const auto pool = make_pool();
  soil(*make(type_of(50, 50), in(pool)));
  const auto next = make(type_of(2, 50), in(pool));
  EXPECT_FALSE(can_touch(*next, 2 * page));
  EXPECT_EQ(first_difference(*next, nullptr), 2 * page);
}

TEST(SlotPool, WhatIsSharedStaysUntilTheLastUserIsGone) {
  const auto pool = make_pool();
  auto first = make(type_of(1, 1, false, true), in(pool));
  auto second = first;
  soil(*first);
  first.reset();
  EXPECT_EQ(pool->idle_count(), 0u);
  EXPECT_EQ(second->view().base[7], 0xa5);
  second.reset();
  EXPECT_EQ(pool->idle_count(), 1u);
  EXPECT_EQ(first_difference(*make(type_of(1, 1), in(pool)), nullptr), page);
}

TEST(SlotPool, PagesThatWereOnlyReadStayOfTheImage) {
  const auto pool = make_pool();
  const auto image = image_of(500'000, 3);
  for (int round = 0; round < 4; ++round) {
    const auto memory = make(type_of(16, 16), in(pool), image);
    ASSERT_EQ(first_difference(*memory, image.get()), 16 * page);
    memory->view().base[400'000 + round] = 0;
    memory->view().base[600'000] = 1;
  }
  EXPECT_EQ(pool->idle_count(), 1u);
  // Two pages were written to.
  EXPECT_LE(pool->idle_resident_bytes(), 16 * sys::page_size_bytes());
}

TEST(SlotPool, KeepsNoMoreThanItMay) {
  const auto pool = make_pool(4, 10 * page);
  std::vector<std::shared_ptr<Memory>> memories;
  for (int i = 0; i < 10; ++i) memories.push_back(make(type_of(1, 1), in(pool)));
  memories.clear();
  EXPECT_EQ(pool->idle_count(), 4u);
  for (int i = 0; i < 3; ++i) memories.push_back(make(type_of(16, 16), in(pool)));
  for (const auto& memory : memories) soil(*memory);
  memories.clear();
  EXPECT_LE(pool->idle_resident_bytes(), 10 * page);
}

TEST(SlotPool, OffMeansNothingIsKept) {
  const auto pool = make_pool(0);
  soil(*make(type_of(1, 1), in(pool)));
  EXPECT_EQ(pool->idle_count(), 0u);
  EXPECT_EQ(first_difference(*make(type_of(1, 1), in(pool)), nullptr), page);
  pool->put_stack(std::move(*pool->take_stack(65536)));
}

TEST(SlotPool, StacksAreNoMemories) {
  const auto pool = make_pool();
  auto stack = pool->take_stack(8 * page);
  ASSERT_TRUE(stack.ok());
  const u8* const base = stack->base();
  stack->base()[0] = 1;
  pool->put_stack(std::move(*stack));
  auto slot = pool->take(8 * page, nullptr);
  ASSERT_TRUE(slot.ok());
  EXPECT_NE(slot->pages.base(), base);
  EXPECT_EQ(pool->take_stack(8 * page)->base(), base);
}

TEST(SlotPool, TablesComeBackNull) {
  const auto pool = make_pool();
  for (int round = 0; round < 3; ++round) {
    {
      StoreSettings settings;
      settings.pool = pool;
      World world(settings);
      auto table = world.store->make_table({wasm::ValType::funcref(), {100, 5000, true, false}});
      ASSERT_TRUE(table.ok());
      for (u64 i = 0; i < 100; ++i) ASSERT_EQ((*table)->elements()[i], null_ref);
      ASSERT_TRUE((*table)->reserve(1000));
      (*table)->publish(1000);
      for (u64 i = 100; i < 1100; ++i) ASSERT_EQ((*table)->elements()[i], null_ref);
      std::fill_n((*table)->elements(), 1100, Ref{0xdead});
    }
    EXPECT_EQ(pool->idle_count(), 1u);
  }
}

TEST(SlotPool, AChildProcessDoesNotTrustTheParentsPages) {
  const auto pool = make_pool();
  const auto image = image_of(300'000, 4);
  (void)make(type_of(16, 16), in(pool), image);
  // Runs in a child process.
  EXPECT_EXIT(
      {
        // In the parent, these pages are as they were.
        soil(*make(type_of(16, 16), in(pool), image));
        const auto next = make(type_of(16, 16), in(pool), image);
        std::_Exit(first_difference(*next, image.get()) == 16 * page ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SlotPool, ManyThreads) {
  const auto pool = make_pool();
  const auto image = image_of(200'000, 5);
  const auto work = [&](u64 seed) {
    for (u64 i = 0; i < 200; ++i) {
      const bool with_image = (seed + i) % 2 == 0;
      const auto memory = make(type_of(4, 8), in(pool), with_image ? image : nullptr);
      ASSERT_EQ(first_difference(*memory, with_image ? image.get() : nullptr), 4 * page);
      ASSERT_TRUE(memory->grow((seed + i) % 4).ok());
      soil(*memory);
    }
  };
  std::thread threads[] = {std::thread(work, 0), std::thread(work, 1), std::thread(work, 2)};
  for (std::thread& thread : threads) thread.join();
}

TEST(MemoryImages, AreWhatTheSegmentsWouldWrite) {
  World world;
  auto builder = world.build();
  builder.memory(1);
  builder.data(Code::i32(3), "abcdef");
  builder.data(Code::i32(5), "XY");
  builder.passive_data("not this");
  const auto images = make_memory_images(builder.module());
  ASSERT_NE(images, nullptr);
  ASSERT_EQ(images->size(), 1u);
  const Bytes bytes = (*images)[0]->bytes();
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), std::string("\0\0\0abXYef", 9));
}

TEST(MemoryImages, OnlyWhereTheyAreTheSame) {
  World world;
  const auto try_offset = [&](bool imported, const Code& offset) {
    auto builder = world.build();
    builder.import(wasm::GlobalType{wasm::ValType::i32(), false});
    if (imported) builder.import(wasm::MemoryType{{1, 1, true, false}, false, 16});
    if (!imported) builder.memory(1);
    builder.data(offset, "abc");
    return make_memory_images(builder.module()) != nullptr;
  };
  EXPECT_TRUE(try_offset(false, Code::i32(0)));
  EXPECT_FALSE(try_offset(true, Code::i32(0)));
  EXPECT_FALSE(try_offset(false, Code::global_get(0)));
  EXPECT_FALSE(try_offset(false, Code{{0x41, 0xfe, 0xff, 0x03, 0x0b}}));  // 65534: does not fit
}

/// What a memory that was made from an image holds when a step before the data segments traps.
TEST(MemoryImages, AreTakenBackIfTheSegmentsWereNotReached) {
  World world;
  auto builder = world.build();
  builder.memory(1);
  builder.table(1);
  builder.data(Code::i32(0), "abc");
  builder.elem(wasm::SegmentMode::active, Code::i32(1), {FuncIndex(0)});
  builder.function(builder.func_type({}, {}));
  const auto loaded = builder.load(world.tier);
  for (int i = 0; i < 3; ++i) {
    const auto made = world.store->instantiate(loaded, {});
    ASSERT_TRUE(std::holds_alternative<TrapInfo>(made));
    EXPECT_EQ(std::get<TrapInfo>(made).reason, TrapReason::table_out_of_bounds);
  }
  EXPECT_EQ(world.store->instance_count(), 3u);
}

}  // namespace
}  // namespace wisp::runtime
