#include "wasi/p1/guest_test.hpp"

namespace wisp::wasi::p1::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct ProcessTest : GuestTest {
  /// Calls `sizes`, then `get` with the buffers at these places; the strings as the pointers say.
  std::vector<std::string> strings(std::string_view sizes, std::string_view get_name, u32 pointers, u32 buffer) {
    EXPECT_EQ(call(sizes, {count_at, count_at + 4}), Errno::success);
    const u32 number = count();
    const u32 size = get<u32>(count_at + 4);
    EXPECT_EQ(call(get_name, {pointers, buffer}), Errno::success);
    std::vector<std::string> result;
    u32 expected = buffer;
    for (u32 i = 0; i < number; ++i) {
      const u32 at = get<u32>(pointers + i * 4);
      EXPECT_EQ(at, expected);
      result.emplace_back(reinterpret_cast<const char*>(&memory[at]));
      expected += static_cast<u32>(result.back().size()) + 1;
    }
    EXPECT_EQ(expected, buffer + size);
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(, ProcessTest, ::testing::ValuesIn({"wasi_snapshot_preview1", "wasi_unstable"}));

TEST_P(ProcessTest, GivesArgumentsAndVariables) {
  EXPECT_THAT(strings("args_sizes_get", "args_get", 128, 256), ElementsAre("program", "first", ""));
  EXPECT_THAT(strings("environ_sizes_get", "environ_get", 512, 1024), ElementsAre("HOME=/", "EMPTY="));
  EXPECT_EQ(memory[256 + 15], 0xcc) << "a byte behind the buffer";
}

TEST_P(ProcessTest, StringsThatDoNotFitAreNotStoredAtAll) {
  const std::vector<u8> before = memory;
  // The block of the arguments takes 15 bytes, the pointers 12.
  for (const auto& slots : std::vector<std::vector<u64>>{{128, memory_bytes - 14}, {memory_bytes - 8, 128}}) {
    const CallResult result = call("args_get", slots);
    EXPECT_EQ(result.unwind.kind, abi::Unwind::Kind::trap);
    EXPECT_EQ(memory, before);
  }
  EXPECT_EQ(call("args_get", {memory_bytes - 12, memory_bytes - 27}), Errno::success);
  // Overlapping ones are the guest's own fault, and stay inside.
  EXPECT_EQ(call("args_get", {128, 128}), Errno::success);
}

TEST_P(ProcessTest, TellsTheTime) {
  realtime.now_ns = 0x123456789;
  EXPECT_EQ(call("clock_time_get", {0, 1, 128}), Errno::success);
  EXPECT_EQ(get<u64>(128), 0x123456789u);
  monotonic.now_ns = 5;
  EXPECT_EQ(call("clock_time_get", {1, 1, 128}), Errno::success);
  EXPECT_EQ(get<u64>(128), 5u);
  EXPECT_EQ(call("clock_res_get", {1, 128}), Errno::success);
  EXPECT_EQ(get<u64>(128), 7u);
  EXPECT_EQ(call("clock_res_get", {2, 128}), Errno::inval) << "a clock that the guest was not handed";
  EXPECT_EQ(call("clock_time_get", {3, 1, 128}), Errno::inval);
  EXPECT_EQ(call("clock_time_get", {4, 1, 128}), Errno::inval);
  EXPECT_EQ(call("clock_time_get", {0xffffffff, 1, 128}), Errno::inval);
}

TEST_P(ProcessTest, RandomBytesComeInPiecesAndCanBeInterrupted) {
  memory.resize(core::random_chunk_bytes * 2 + 65536, 0xcc);
  const u32 size = core::random_chunk_bytes * 2 + 5;
  EXPECT_EQ(call("random_get", {64, size}), Errno::success);
  EXPECT_EQ(random.largest, core::random_chunk_bytes);
  EXPECT_NE(memory[64], 0xcc);
  EXPECT_EQ(memory[64 + size], 0xcc);
  EXPECT_EQ(call("random_get", {64, 0}), Errno::success);
  waiter.stop = true;
  EXPECT_EQ(call("random_get", {64, size}).unwind.kind, abi::Unwind::Kind::interrupted);
  EXPECT_EQ(call("random_get", {64, 0xffffffff}).unwind.kind, abi::Unwind::Kind::trap);
}

TEST_P(ProcessTest, Exits) {
  for (const u32 code : {0u, 3u, 255u, 0xffffffffu}) {
    const CallResult result = call("proc_exit", {code});
    EXPECT_EQ(result.how, abi::HostResult::unwind);
    EXPECT_EQ(result.unwind.kind, abi::Unwind::Kind::exit);
    EXPECT_EQ(result.unwind.exit_code, code);
  }
}

TEST_P(ProcessTest, SignalsDoWhatTheyDoByDefault) {
  const auto raise = [&](Signal signal) { return call("proc_raise", {static_cast<u64>(signal)}); };
  EXPECT_EQ(raise(Signal::none), Errno::success);
  EXPECT_EQ(raise(Signal::chld), Errno::success);
  EXPECT_EQ(raise(Signal::stop), Errno::notsup);
  EXPECT_EQ(raise(Signal::term).unwind.exit_code, 143u);
  EXPECT_EQ(raise(Signal::int_).unwind.exit_code, 130u);
  EXPECT_THAT(raise(Signal::abrt).unwind.message, HasSubstr("signal abrt"));
  EXPECT_EQ(call("proc_raise", {31}), Errno::inval);
}

TEST_P(ProcessTest, YieldsAndStopsWhenAsked) {
  EXPECT_EQ(call("sched_yield"), Errno::success);
  EXPECT_EQ(waiter.yields, 1);
  waiter.stop = true;
  EXPECT_EQ(call("sched_yield").unwind.kind, abi::Unwind::Kind::interrupted);
}

}  // namespace
}  // namespace wisp::wasi::p1::testing
