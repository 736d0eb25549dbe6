#include "wasi/p1/guest_test.hpp"

namespace wisp::wasi::p1::testing {
namespace {

constexpr u64 never = ~u64{0};

struct PollTest : GuestTest {
  /// Subscriptions as the guest writes them, in the layout of the version.
  u32 subscription_bytes() const { return unstable() ? 56 : 48; }
  struct Request {
    u64 userdata;
    u8 type;
    u32 id;  // of the clock, or the descriptor
    u64 timeout = 0;
    u16 flags = 0;
  };
  u32 put_subscriptions(const std::vector<Request>& requests) {
    const u32 size = subscription_bytes();
    const u32 first = reserve(requests.size() * size);
    u32 at = first;
    for (const Request& request : requests) {
      store_le(&memory[at], request.userdata);
      memory[at + 8] = request.type;
      // In the old version the identifier of the clock comes first.
      const u32 u = at + (unstable() && request.type == 0 ? 24 : 16);
      store_le(&memory[u], request.id);
      if (request.type == 0) {
        store_le(&memory[u + 8], request.timeout);
        store_le(&memory[u + 16], u64{0});
        store_le(&memory[u + 24], request.flags);
      }
      at += size;
    }
    return first;
  }

  static constexpr u32 events_at = 96 * 1024;
  std::vector<Event> poll(const std::vector<Request>& requests) {
    const CallResult result = call("poll_oneoff", {put_subscriptions(requests), events_at, requests.size(), count_at});
    EXPECT_EQ(result, Errno::success);
    std::vector<Event> events;
    for (u32 i = 0; i < count(); ++i) events.push_back(get<Event>(events_at + i * 32));
    return events;
  }
  CallResult try_poll(const std::vector<Request>& requests) {
    return call("poll_oneoff", {put_subscriptions(requests), events_at, requests.size(), count_at});
  }

  static constexpr u16 absolute = 1;
  static constexpr u32 realtime_id = 0;
  static constexpr u32 monotonic_id = 1;
};
INSTANTIATE_TEST_SUITE_P(, PollTest, ::testing::ValuesIn({"wasi_snapshot_preview1", "wasi_unstable"}));

TEST_P(PollTest, WaitsForTheFirstClock) {
  const u64 start = monotonic.now_ns;
  const auto events = poll({{1, 0, monotonic_id, 500}, {2, 0, monotonic_id, 100}, {3, 0, realtime_id, 100}});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].userdata, 2u);
  EXPECT_EQ(events[1].userdata, 3u);
  EXPECT_EQ(events[0].error, Errno::success);
  EXPECT_EQ(events[0].type, Eventtype::clock);
  EXPECT_EQ(waiter.deadline, start + 100);
}

TEST_P(PollTest, AbsoluteTimes) {
  EXPECT_EQ(poll({{1, 0, monotonic_id, monotonic.now_ns + 50, absolute}}).size(), 1u);
  EXPECT_EQ(waiter.deadline, monotonic.now_ns);
  EXPECT_EQ(poll({{1, 0, monotonic_id, 3, absolute}}).size(), 1u) << "long past";
  realtime.now_ns = 1'000'000;
  EXPECT_EQ(poll({{1, 0, realtime_id, 1'000'070, absolute}}).size(), 1u);
  EXPECT_EQ(realtime.now_ns, 1'000'070u);
  EXPECT_EQ(poll({{1, 0, realtime_id, 3, absolute}}).size(), 1u);
}

TEST_P(PollTest, AnAbsoluteTimeHoldsWhenTheClockIsSetBack) {
  bool set_back = false;
  waiter.on_wait = [&](std::span<sys::PollItem>) {
    if (!set_back) realtime.now_ns -= 1000;
    set_back = true;
  };
  const u64 goal = realtime.now_ns + 10;
  EXPECT_EQ(poll({{1, 0, realtime_id, goal, absolute}}).size(), 1u);
  EXPECT_EQ(waiter.waits, 2);
  EXPECT_EQ(realtime.now_ns, goal);
}

TEST_P(PollTest, TheLongestTimeoutDoesNotWrap) {
  FakeSocket::State state;
  const Fd fd = p1.add(make(std::make_unique<FakeSocket>(state)));
  waiter.on_wait = [&](std::span<sys::PollItem> items) { items[0].ready = true; };
  const auto events = poll({{1, 0, monotonic_id, never}, {2, 0, realtime_id, never, absolute}, {3, 1, fd.value}});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].userdata, 3u);
  EXPECT_EQ(waiter.deadline, never);
}

TEST_P(PollTest, FilesAreReadyAtOnceAndSayHowMuchIsLeft) {
  const u32 fd = open("file", 1);
  EXPECT_EQ(call("fd_filestat_set_size", {fd, 12}), Errno::success);
  const auto events = poll({{1, 1, fd}, {2, 2, fd}, {3, 0, monotonic_id, never}});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].type, Eventtype::fd_read);
  EXPECT_EQ(events[0].fd_readwrite.nbytes, 12u);
  EXPECT_EQ(events[1].type, Eventtype::fd_write);
}

TEST_P(PollTest, SocketsWait) {
  FakeSocket::State state;
  const Fd fd = p1.add(make(std::make_unique<FakeSocket>(state)));
  state.incoming.push_back("12345");
  waiter.on_wait = [&](std::span<sys::PollItem> items) {
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(items[1].interest, sys::Interest::write);
    items[0].ready = true;
    items[1].ready = items[1].hangup = true;
  };
  const auto events = poll({{1, 1, fd.value}, {2, 2, fd.value}});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].fd_readwrite.nbytes, 5u);
  EXPECT_EQ(events[0].fd_readwrite.flags, Eventrwflags());
  EXPECT_EQ(events[1].fd_readwrite.flags, Eventrwflags{Eventrwflag::fd_readwrite_hangup});
}

TEST_P(PollTest, WhatCannotBeWaitedForIsAnEvent) {
  const u32 fd = open("file", 1, file_rights & ~(u64{1} << 27));
  const auto events = poll({{1, 1, 999}, {2, 1, fd}, {3, 0, 2, 5}, {4, 0, monotonic_id, 1'000'000}});
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].error, Errno::badf);
  EXPECT_EQ(events[0].type, Eventtype::fd_read);
  EXPECT_EQ(events[1].error, Errno::notcapable);
  EXPECT_EQ(events[2].error, Errno::inval);
  EXPECT_EQ(events[2].type, Eventtype::clock);
  EXPECT_EQ(waiter.deadline, 0u) << "with an event at hand it only looks";
}

TEST_P(PollTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(call("poll_oneoff", {64, events_at, 0, count_at}), Errno::inval);
  EXPECT_EQ(try_poll({{1, 3, 0}}), Errno::inval) << "tag";
  EXPECT_EQ(try_poll({{1, 0, 4, 1}}), Errno::inval) << "clock";
  EXPECT_EQ(try_poll({{1, 0, 1, 1, 2}}), Errno::inval) << "flag";
  EXPECT_EQ(waiter.waits, 0);
}

TEST_P(PollTest, ArraysMustFitAndAreBounded) {
  const u32 size = subscription_bytes();
  const std::vector<u8> before = memory;
  for (const u64 number : {u64{100'000}, u64{1} << 31, u64{0xffffffff}}) {
    EXPECT_EQ(call("poll_oneoff", {64, 64, number, count_at}).unwind.kind, abi::Unwind::Kind::trap);
  }
  EXPECT_EQ(call("poll_oneoff", {memory_bytes - size + 8, 64, 1, count_at}).unwind.kind, abi::Unwind::Kind::trap);
  EXPECT_EQ(call("poll_oneoff", {64, memory_bytes - 24, 1, count_at}).unwind.kind, abi::Unwind::Kind::trap);
  EXPECT_EQ(memory, before);
  memory.resize((max_subscriptions + 4) * size);
  EXPECT_EQ(call("poll_oneoff", {64, 64, max_subscriptions + 1, count_at}), Errno::inval);
}

TEST_P(PollTest, EventsMayOverwriteTheSubscriptions) {
  const u32 at = put_subscriptions({{7, 0, monotonic_id, 5}, {8, 0, monotonic_id, 5}});
  EXPECT_EQ(call("poll_oneoff", {at, at, 2, count_at}), Errno::success);
  ASSERT_EQ(count(), 2u);
  EXPECT_EQ(get<Event>(at).userdata, 7u);
  EXPECT_EQ(get<Event>(at + 32).userdata, 8u);
}

TEST_P(PollTest, EventsHaveNoStaleBytes) {
  std::fill_n(memory.begin() + events_at, 64, 0xff);
  (void)poll({{~u64{0}, 0, monotonic_id, 5}});
  EXPECT_EQ(get<u64>(events_at + 8), 0u);
  EXPECT_EQ(get<u64>(events_at + 16), 0u);
  EXPECT_EQ(get<u64>(events_at + 24), 0u);
  EXPECT_EQ(get<u64>(events_at + 32), ~u64{0});
}

TEST_P(PollTest, CanBeInterrupted) {
  waiter.stop = true;
  EXPECT_EQ(try_poll({{1, 0, monotonic_id, 5}}).unwind.kind, abi::Unwind::Kind::interrupted);
}

}  // namespace
}  // namespace wisp::wasi::p1::testing
