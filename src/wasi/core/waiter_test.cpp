#include "wasi/core/waiter.hpp"

#include <chrono>
#include <thread>

#include "sys/memory/streams.hpp"
#include "wasi/core/environment.hpp"
#include "wasi/core/test_world.hpp"

namespace wisp::core {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

u64 now_ns() {
  return sys::host_clock(sys::HostClock::monotonic).now()->to_ns();
}

TEST(ThreadWaiter, DeadlineOfTheWait) {
  ThreadWaiter waiter(nullptr);
  const u64 start = now_ns();
  EXPECT_EQ(waiter.wait({}, start + 20'000'000), sys::PollResult::timed_out);
  EXPECT_GE(now_ns() - start, 20'000'000u);
  EXPECT_EQ(waiter.wait({}, 0), sys::PollResult::timed_out);
}

TEST(ThreadWaiter, DeadlineOfTheGuest) {
  ThreadWaiter waiter(nullptr, now_ns() + 20'000'000);
  EXPECT_FALSE(waiter.interrupted());
  EXPECT_EQ(waiter.wait({}, std::nullopt), sys::PollResult::interrupted);
  EXPECT_TRUE(waiter.interrupted());
  EXPECT_EQ(waiter.wait({}, now_ns() + 1'000'000'000), sys::PollResult::interrupted);
}

TEST(ThreadWaiter, IsInterruptedFromAnotherThread) {
  auto interrupt = sys::Interrupt::create();
  ASSERT_TRUE(interrupt.ok());
  ThreadWaiter waiter(&*interrupt);
  std::atomic<u64> raised_at = 0;
  std::thread other([&] {
    std::this_thread::sleep_for(20ms);
    raised_at = now_ns();
    interrupt->raise();
  });
  EXPECT_EQ(waiter.wait({}, std::nullopt), sys::PollResult::interrupted);
  const u64 woken_at = now_ns();
  other.join();
  EXPECT_GE(woken_at, raised_at);
  EXPECT_TRUE(waiter.interrupted());
  // Until it is cleared, nothing waits.
  EXPECT_EQ(waiter.wait({}, std::nullopt), sys::PollResult::interrupted);
  interrupt->clear();
  EXPECT_FALSE(waiter.interrupted());
  EXPECT_EQ(waiter.wait({}, now_ns()), sys::PollResult::timed_out);
}

TEST(ThreadWaiter, WhatNeverBlocksIsReady) {
  ThreadWaiter waiter(nullptr);
  sys::PollItem items[2] = {};
  items[1].interest = Interest::write;
  EXPECT_EQ(waiter.wait(items, std::nullopt), sys::PollResult::ready);
  EXPECT_TRUE(items[0].ready && items[1].ready);
}

TEST(Streams, TextInAndOut) {
  Guest guest;
  auto input = Handle::make(guest, sys::make_text_input("hello"), Right::fd_read | Right::poll_fd_readwrite);
  ASSERT_TRUE(input.ok());
  EXPECT_EQ(*(*input)->available(), 5u);
  EXPECT_EQ(read_text(**input, 3), "hel");
  EXPECT_EQ(read_text(**input, 3), "lo");
  EXPECT_EQ(read_text(**input, 3), "");
  EXPECT_EQ(result(write_text(**input, "x")), "notcapable");
  EXPECT_EQ(result((*input)->seek(0, Whence::start)), "notcapable");

  std::string sink;
  auto output = Handle::make(guest, sys::make_text_output(&sink, 8));
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(*write_text(**output, "12345"), 5u);
  EXPECT_EQ(*write_text(**output, "67890"), 3u);
  EXPECT_EQ(result(write_text(**output, "x")), "nospc");
  EXPECT_EQ(sink, "12345678");

  auto nothing = Handle::make(guest, sys::make_null_stream());
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(*write_text(**nothing, "12345"), 5u);
  EXPECT_EQ(read_text(**nothing), "");
  // What isatty() goes by.
  EXPECT_EQ((*nothing)->type(), FileType::character_device);
  EXPECT_FALSE((*nothing)->rights().base.contains_any(Right::fd_seek | Right::fd_tell));
  EXPECT_EQ(guest.handles().used(), 3u);
}

TEST(Environment, Check) {
  EXPECT_TRUE(check_environment({{"a", "", "b c"}, {"A=", "B=1=2"}}).ok());
  EXPECT_FALSE(check_environment({{std::string("a\0b", 3)}, {}}).ok());
  EXPECT_FALSE(check_environment({{}, {"=x"}}).ok());
  EXPECT_FALSE(check_environment({{}, {"x"}}).ok());
  const auto large = check_environment({{std::string(100 << 20, 'x')}, {}});
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, wisp::ErrorCode::limit);
}

TEST(Clocks, OfTheHost) {
  const Clocks clocks = Clocks::of_host();
  Timestamp last;
  for (int i = 0; i < 1000; ++i) {
    const Timestamp next = *clocks.monotonic->now();
    ASSERT_GE(next, last);
    last = next;
  }
  for (sys::Clock* clock : {clocks.realtime, clocks.monotonic, clocks.process_cpu, clocks.thread_cpu}) {
    EXPECT_TRUE(clock->now().ok());
    EXPECT_GE(*clock->resolution_ns(), 1u);
  }
  EXPECT_GT(clocks.realtime->now()->seconds, 1'700'000'000);
}

}  // namespace
}  // namespace wisp::core
