#include "wasi/p1/guest_test.hpp"

namespace wisp::wasi::p1::testing {
namespace {

struct SockTest : GuestTest {
  FakeSocket::State state;
  Fd fd = p1.add(make(std::make_unique<FakeSocket>(state)));
  u32 buffer = reserve(64);
  static constexpr u32 roflags_at = 16;

  CallResult receive(const std::vector<Vector>& vectors, u64 flags = 0) {
    return call("sock_recv", {fd.value, put_vectors(vectors), vectors.size(), flags, count_at, roflags_at});
  }
};
INSTANTIATE_TEST_SUITE_P(, SockTest, ::testing::ValuesIn({"wasi_snapshot_preview1", "wasi_unstable"}));

TEST_P(SockTest, ReceivesIntoSeveralBuffers) {
  state.incoming.push_back("abcdef");
  EXPECT_EQ(receive({{buffer, 2}, {buffer + 8, 8}}), Errno::success);
  EXPECT_EQ(count(), 6u);
  EXPECT_EQ(text(buffer, 2) + text(buffer + 8, 4), "abcdef");
  EXPECT_EQ(get<u16>(roflags_at), 0);
  EXPECT_EQ(memory[roflags_at + 2], 0xcc);
}

TEST_P(SockTest, PeekLeavesTheDataAndWaitAllFillsTheBuffers) {
  state.incoming = {"abc", "defg", "hi"};
  EXPECT_EQ(receive({{buffer, 2}}, 1), Errno::success);
  EXPECT_EQ(text(buffer, 2), "ab");
  EXPECT_EQ(receive({{buffer, 2}, {buffer + 2, 0}, {buffer + 2, 6}}, 2), Errno::success);
  EXPECT_EQ(count(), 8u);
  EXPECT_EQ(text(buffer, 8), "abcdefgh");
  state.ended = true;
  EXPECT_EQ(receive({{buffer, 8}}, 2), Errno::success);
  EXPECT_EQ(count(), 1u) << "what is left before the end";
  EXPECT_EQ(receive({{buffer, 8}}, 2), Errno::success);
  EXPECT_EQ(count(), 0u);
  EXPECT_EQ(receive({{buffer, 8}}, 4), Errno::inval);
}

TEST_P(SockTest, WaitAllDoesNotLoseWhatCameBeforeAnError) {
  state.incoming = {"abc"};
  EXPECT_EQ(call("fd_fdstat_set_flags", {fd.value, 4}), Errno::success);
  EXPECT_EQ(receive({{buffer, 8}}, 2), Errno::success);
  EXPECT_EQ(count(), 3u);
  EXPECT_EQ(receive({{buffer, 8}}, 2), Errno::again);
}

TEST_P(SockTest, WaitsForData) {
  waiter.on_wait = [&](std::span<sys::PollItem>) { state.incoming.push_back("late"); };
  EXPECT_EQ(receive({{buffer, 8}}), Errno::success);
  EXPECT_EQ(text(buffer, 4), "late");
  waiter.stop = true;
  EXPECT_EQ(receive({{buffer, 8}}).unwind.kind, abi::Unwind::Kind::interrupted);
}

TEST_P(SockTest, Sends) {
  const u32 vectors = put_vectors({{put("one "), 4}, {put("two"), 3}});
  EXPECT_EQ(call("sock_send", {fd.value, vectors, 2, 0, count_at}), Errno::success);
  EXPECT_EQ(count(), 7u);
  EXPECT_EQ(state.sent, "one two");
  EXPECT_EQ(call("sock_send", {fd.value, vectors, 2, 1, count_at}), Errno::inval);
  EXPECT_EQ(call("sock_send", {fd.value, vectors, 2, 0x10000, count_at}), Errno::inval);
  state.full = true;
  waiter.on_wait = [&](std::span<sys::PollItem> items) {
    EXPECT_EQ(items[0].interest, sys::Interest::write);
    state.full = false;
  };
  EXPECT_EQ(call("sock_send", {fd.value, vectors, 1, 0, count_at}), Errno::success);
  EXPECT_EQ(state.sent, "one twoone ");
}

TEST_P(SockTest, ShutsDownWhatIsNamed) {
  using Side = sys::ShutdownSide;
  EXPECT_EQ(call("sock_shutdown", {fd.value, 0}), Errno::inval);
  for (const u64 how : {1, 2, 3}) EXPECT_EQ(call("sock_shutdown", {fd.value, how}), Errno::success);
  EXPECT_EQ(call("sock_shutdown", {fd.value, 4}), Errno::inval);
  EXPECT_THAT(state.shut_down, ::testing::ElementsAre(Side::read, Side::write, Side::both));
}

TEST_P(SockTest, OtherThingsAreNoSockets) {
  const u32 vectors = put_vectors({{buffer, 1}});
  const u32 file = open("file", 1);
  EXPECT_EQ(call("sock_send", {file, vectors, 1, 0, count_at}), Errno::notsock);
  EXPECT_EQ(call("sock_recv", {file, vectors, 1, 0, count_at, roflags_at}), Errno::notsock);
  EXPECT_EQ(call("sock_shutdown", {file, 3}), Errno::notsock);
  EXPECT_EQ(call("sock_send", {99, vectors, 1, 0, count_at}), Errno::badf);
}

TEST_P(SockTest, AcceptsConnections) {
  if (unstable()) {
    EXPECT_FALSE(functions.contains("sock_accept"));
    return;
  }
  FakeSocket::State connection;
  state.connections.push_back(std::make_unique<FakeSocket>(connection));
  EXPECT_EQ(call("sock_accept", {fd.value, 4, count_at}), Errno::success);
  const u32 accepted = count();
  EXPECT_GT(accepted, fd.value);
  EXPECT_EQ(call("fd_fdstat_get", {accepted, 128}), Errno::success);
  EXPECT_EQ(get<Fdstat>(128).fs_filetype, Filetype::socket_stream);
  EXPECT_EQ(get<Fdstat>(128).fs_flags, Fdflags{Fdflag::nonblock});
  EXPECT_EQ(write(accepted, "hello"), Errno::success);
  EXPECT_EQ(connection.sent, "hello");

  EXPECT_EQ(call("fd_fdstat_set_flags", {fd.value, 4}), Errno::success);
  EXPECT_EQ(call("sock_accept", {fd.value, 0, count_at}), Errno::again);
  EXPECT_EQ(call("sock_accept", {fd.value, 32, count_at}), Errno::inval);
}

}  // namespace
}  // namespace wisp::wasi::p1::testing
