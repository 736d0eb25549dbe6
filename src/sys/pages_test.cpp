#include "sys/pages.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include "sys/signals.hpp"

namespace wisp::sys {
namespace {

struct Touch {
  volatile u8* address;
  u8 seen = 0;
};

/// Whether the byte can be read.
bool readable(const PageRange& range, usize offset) {
  EXPECT_TRUE(install_fault_handler().ok());
  const GuardRange guard(range.base(), range.size_bytes());
  Touch touch{range.base() + offset};
  const GuardedResult result = run_guarded(
      [](void* argument) {
        auto& it = *static_cast<Touch*>(argument);
        it.seen = *it.address;
      },
      &touch);
  if (result.faulted) {
    EXPECT_EQ(result.address, range.base() + offset);
  }
  return !result.faulted;
}

TEST(Pages, LargeOnesAreLikeOthers) {
  auto range = PageRange::reserve(3 * large_page_bytes, large_page_bytes);
  ASSERT_TRUE(range.ok());
  range->prefer_large_pages(2 * large_page_bytes);
  ASSERT_TRUE(range->commit(0, 2 * large_page_bytes).ok());
  range->base()[large_page_bytes] = 42;
  EXPECT_EQ(range->base()[2 * large_page_bytes - 1], 0);
  EXPECT_FALSE(readable(*range, 2 * large_page_bytes));
}

TEST(Pages, CommitDecommitClear) {
  const usize page = page_size_bytes();
  auto range = PageRange::reserve(16 * page);
  ASSERT_TRUE(range.ok());
  EXPECT_FALSE(readable(*range, 0));
  ASSERT_TRUE(range->commit(page, 2 * page).ok());
  EXPECT_FALSE(readable(*range, page - 1));
  EXPECT_TRUE(readable(*range, page));
  EXPECT_TRUE(readable(*range, 3 * page - 1));
  EXPECT_FALSE(readable(*range, 3 * page));

  u8* const bytes = range->base() + page;
  EXPECT_EQ(bytes[0], 0);
  bytes[0] = 42;
  ASSERT_TRUE(range->clear(page, page).ok());
  EXPECT_EQ(bytes[0], 0);
  bytes[0] = 42;
  ASSERT_TRUE(range->deny(page, page).ok());
  EXPECT_FALSE(readable(*range, page));
  ASSERT_TRUE(range->commit(page, page).ok());
  EXPECT_EQ(bytes[0], 42);
  ASSERT_TRUE(range->decommit(page, page).ok());
  EXPECT_FALSE(readable(*range, page));
  ASSERT_TRUE(range->commit(page, page).ok());
  EXPECT_EQ(bytes[0], 0);
}

TEST(Pages, AlignmentAndLimits) {
  auto range = PageRange::reserve(page_size_bytes(), usize{1} << 32);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(range->base()) & 0xffffffff, 0u);
  EXPECT_EQ(range->size_bytes(), page_size_bytes());
  EXPECT_EQ(PageRange::reserve(~usize{0}).error(), Errno::nomem);
  EXPECT_EQ(PageRange::reserve(usize{1} << 62).error(), Errno::nomem);
  EXPECT_EQ(round_up_to_pages(1), page_size_bytes());
  EXPECT_EQ(round_up_to_pages(~usize{0}), 0u);
}

TEST(Signals, NestedCallsCatchTheirOwnFaults) {
  ASSERT_TRUE(install_fault_handler().ok());
  auto range = PageRange::reserve(page_size_bytes());
  ASSERT_TRUE(range.ok());
  const GuardRange guard(range->base(), range->size_bytes());
  struct State {
    volatile u8* bad;
    bool inner_faulted = false;
    bool outer_went_on = false;
  } state{range->base()};
  const auto inner = [](void* argument) { *static_cast<State*>(argument)->bad = 1; };
  const GuardedResult outer = run_guarded(
      [](void* argument) {
        auto& it = *static_cast<State*>(argument);
        const HostScope host;
        it.inner_faulted = run_guarded([](void* nested) { *static_cast<State*>(nested)->bad = 1; }, argument).faulted;
        it.outer_went_on = true;
      },
      &state);
  EXPECT_FALSE(outer.faulted);
  EXPECT_TRUE(state.inner_faulted);
  EXPECT_TRUE(state.outer_went_on);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(run_guarded(inner, &state).faulted);
}

TEST(Signals, ManyRanges) {
  ASSERT_TRUE(install_fault_handler().ok());
  const usize page = page_size_bytes();
  auto range = PageRange::reserve(64 * page);
  ASSERT_TRUE(range.ok());
  std::vector<GuardRange> guards;
  for (usize i = 0; i < 64; i += 2) guards.emplace_back(range->base() + i * page, page);
  for (usize i = 0; i < 64; i += 2) {
    Touch touch{range->base() + i * page + 7};
    EXPECT_TRUE(run_guarded([](void* it) { *static_cast<Touch*>(it)->address = 1; }, &touch).faulted);
  }
}

using SignalsDeathTest = testing::Test;

TEST(SignalsDeathTest, FaultsThatAreNotTheGuestsEndTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto touch = [](void* address) { *static_cast<volatile u8*>(address) = 1; };
  ASSERT_TRUE(install_fault_handler().ok());
  auto range = PageRange::reserve(2 * page_size_bytes());
  ASSERT_TRUE(range.ok());
  const GuardRange guard(range->base(), page_size_bytes());
  EXPECT_DEATH(run_guarded(touch, range->base() + page_size_bytes()), "");
  EXPECT_DEATH(run_guarded(touch, reinterpret_cast<void*>(64)), "");
  EXPECT_DEATH(touch(range->base()), "outside of guest memory|SEGV");
  struct Both {
    void (*touch)(void*);
    void* address;
  } both{touch, range->base()};
  EXPECT_DEATH(run_guarded(
                   [](void* argument) {
                     const HostScope host;
                     auto& it = *static_cast<Both*>(argument);
                     it.touch(it.address);
                   },
                   &both),
               "outside of guest memory|SEGV");
}

/// A profiler that looks at memory which may not be there, and has a handler of its own for that.
namespace profiler {

thread_local sigjmp_buf not_there;
std::atomic<int> looks = 0;

void look(int) {
  if (sigsetjmp(not_there, 1) == 0) *reinterpret_cast<volatile u8*>(64) = 1;
  ++looks;
}

void fault(int) {
  siglongjmp(not_there, 1);
}

}  // namespace profiler

TEST(SignalsDeathTest, FaultsOfASignalHandlerAreItsOwnWhateverItInterrupts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto profile = [] {
    alarm(30);
    signal(SIGSEGV, profiler::fault);
    WISP_CHECK(install_fault_handler().ok());
    signal(SIGPROF, profiler::look);
    const pthread_t profiled = pthread_self();
    std::atomic<bool> over = false;
    std::thread other([&] {
      while (!over) pthread_kill(profiled, SIGPROF);
    });
    u8 byte = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (profiler::looks < 10'000 && std::chrono::steady_clock::now() < end) const GuardRange guard(&byte, 1);
    over = true;
    other.join();
    _exit(0);
  };
  EXPECT_EXIT(profile(), testing::ExitedWithCode(0), "");
}

TEST(PageImage, IsShownAndCopiedOnWrite) {
  const usize page = page_size_bytes();
  std::vector<u8> bytes(2 * page + 10, 7);
  auto image = PageImage::make(bytes);
  ASSERT_TRUE(image.ok());
  EXPECT_TRUE(std::ranges::equal(image->bytes(), bytes));
  auto first = PageRange::reserve(8 * page);
  auto second = PageRange::reserve(8 * page);
  ASSERT_TRUE(first->show(*image).ok());
  ASSERT_TRUE(second->show(*image).ok());
  EXPECT_EQ(first->base()[2 * page + 9], 7);
  EXPECT_EQ(first->base()[2 * page + 10], 0);
  EXPECT_FALSE(readable(*first, 3 * page));
  first->base()[0] = 1;
  EXPECT_EQ(second->base()[0], 7);
  EXPECT_EQ(image->bytes()[0], 7);
  ASSERT_TRUE(first->clear(0, 3 * page).ok());
  EXPECT_EQ(first->base()[0], 7);
}

TEST(PageScanner, FindsWhatWasWritten) {
  auto scanner = PageScanner::open();
  if (!scanner.ok()) GTEST_SKIP() << "this kernel cannot scan pages";
  const usize page = page_size_bytes();
  auto range = PageRange::reserve(300 * page);
  ASSERT_TRUE(range->commit(0, 300 * page).ok());
  const std::vector<u8> bytes(20 * page, 7);
  const auto image = PageImage::make(bytes);
  ASSERT_TRUE(range->show(*image).ok());
  std::vector<usize> written;
  for (usize i = 1; i < 300; i += 2) {
    range->base()[i * page + i] = 1;
    written.push_back(i);
  }
  for (usize i = 0; i < 300; i += 2) EXPECT_EQ(range->base()[i * page], i < 20 ? 7 : 0);

  std::vector<usize> found;
  PageScanner::Run runs[7];
  u8* const end = range->base() + range->size_bytes();
  for (u8* at = range->base(); at < end;) {
    const auto count = scanner->scan(at, end, runs);
    ASSERT_TRUE(count.ok());
    for (usize i = 0; i < *count; ++i) {
      for (u8* one = runs[i].begin; one < runs[i].end; one += page) found.push_back(usize(one - range->base()) / page);
    }
  }
  EXPECT_EQ(found, written);
}

}  // namespace
}  // namespace wisp::sys
