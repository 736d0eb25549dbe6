#pragma once

#include <deque>
#include <functional>
#include <map>

#include <gmock/gmock.h>

#include "abi/abi_test.hpp"
#include "sys/memory/file_system.hpp"
#include "sys/memory/streams.hpp"
#include "wasi/p1/convert.hpp"

/// A guest without a runtime, for the tests of this part: its memory is an array, its files are in memory, time and
/// randomness are what the test says.
namespace wisp::wasi::p1 {

inline void PrintTo(Errno error, std::ostream* out) {
  *out << abi::name_of(error);
}

}  // namespace wisp::wasi::p1

namespace wisp::wasi::p1::testing {

class ManualClock final : public sys::Clock {
 public:
  sys::Outcome<sys::Timestamp> now() override { return sys::Timestamp::from_ns(now_ns); }
  sys::Outcome<u64> resolution_ns() override { return u64{7}; }
  u64 now_ns = 1'000'000'000;
};

/// Waits by moving the clocks, or by doing what the test asks for.
class ManualWaiter final : public core::Waiter {
 public:
  explicit ManualWaiter(std::span<ManualClock*> clocks) : clocks_(clocks.begin(), clocks.end()) {}

  sys::PollResult wait(std::span<sys::PollItem> items, std::optional<u64> deadline_ns) override {
    ++waits;
    deadline = deadline_ns;
    if (stop) return sys::PollResult::interrupted;
    if (on_wait) on_wait(items);
    bool ready = false;
    for (sys::PollItem& item : items) {
      item.ready = item.ready || item.handle.value == sys::PollHandle::never_blocks;
      ready = ready || item.ready;
    }
    if (ready) return sys::PollResult::ready;
    // A wait that nothing would ever end is a mistake of the test.
    WISP_CHECK(deadline_ns.has_value() || on_wait);
    if (!deadline_ns) return sys::PollResult::ready;
    const u64 passed = *deadline_ns - std::min(*deadline_ns, clocks_.front()->now_ns);
    for (ManualClock* clock : clocks_) clock->now_ns += passed;
    return sys::PollResult::timed_out;
  }
  bool interrupted() override { return stop; }
  void yield() override { ++yields; }

  std::function<void(std::span<sys::PollItem>)> on_wait;
  std::optional<u64> deadline;
  int waits = 0;
  int yields = 0;
  bool stop = false;

 private:
  std::vector<ManualClock*> clocks_;
};

class CountingRandom final : public sys::RandomSource {
 public:
  sys::Outcome<void> fill(MutableBytes bytes) override {
    largest = std::max(largest, bytes.size());
    for (u8& byte : bytes) byte = static_cast<u8>(++next_ * 37);
    return {};
  }
  usize largest = 0;

 private:
  u32 next_ = 0;
};

/// A connection, or a listening socket: gives out what the test puts in.
class FakeSocket final : public sys::Node {
 public:
  struct State {
    std::deque<std::string> incoming;
    std::deque<std::unique_ptr<sys::Node>> connections;
    std::string sent;
    bool full = false;
    bool ended = false;
    std::vector<sys::ShutdownSide> shut_down;
  };
  explicit FakeSocket(State& state) : state_(state) {}

  sys::Outcome<sys::FileStat> stat() override {
    sys::FileStat stat;
    stat.type = sys::FileType::stream_socket;
    return stat;
  }
  sys::Outcome<void> set_flags(sys::StatusFlags) override { return {}; }
  sys::PollHandle wait_handle() const override { return {5}; }
  sys::Outcome<usize> read(sys::IoBuffers buffers) override {
    const auto received = receive(buffers, false, false);
    if (!received) return received.error();
    return received->size_bytes;
  }
  sys::Outcome<usize> write(sys::ConstIoBuffers buffers) override { return send(buffers); }
  sys::Outcome<u64> available() override {
    return state_.incoming.empty() ? u64{0} : u64{state_.incoming.front().size()};
  }

  sys::Outcome<Received> receive(sys::IoBuffers buffers, bool peek, bool) override {
    if (state_.incoming.empty() && state_.ended) return Received{};
    if (state_.incoming.empty()) return sys::Errno::again;
    std::string& first = state_.incoming.front();
    usize moved = 0;
    for (const sys::IoBuffer& buffer : buffers) {
      const usize size = std::min(buffer.size_bytes, first.size() - moved);
      std::copy_n(first.data() + moved, size, buffer.data);
      moved += size;
    }
    if (!peek) first.erase(0, moved);
    if (first.empty()) state_.incoming.pop_front();
    return Received{moved, false};
  }
  sys::Outcome<usize> send(sys::ConstIoBuffers buffers) override {
    if (state_.full) return sys::Errno::again;
    usize moved = 0;
    for (const sys::ConstIoBuffer& buffer : buffers) {
      state_.sent.append(reinterpret_cast<const char*>(buffer.data), buffer.size_bytes);
      moved += buffer.size_bytes;
    }
    return moved;
  }
  sys::Outcome<void> shut_down(sys::ShutdownSide side) override {
    state_.shut_down.push_back(side);
    return {};
  }
  sys::Outcome<std::unique_ptr<Node>> accept() override {
    if (state_.connections.empty()) return sys::Errno::again;
    auto connection = std::move(state_.connections.front());
    state_.connections.pop_front();
    return connection;
  }

 private:
  State& state_;
};

class Lines final : public abi::TraceSink {
 public:
  void line(std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

/// What one call came to.
struct CallResult {
  Errno error = Errno::success;
  abi::HostResult how = abi::HostResult::returned;
  abi::Unwind unwind;

  bool operator==(Errno expected) const { return how == abi::HostResult::returned && error == expected; }
};
inline void PrintTo(const CallResult& result, std::ostream* out) {
  if (result.how == abi::HostResult::returned) {
    *out << abi::name_of(result.error);
  } else {
    *out << "unwind " << static_cast<int>(result.unwind.kind) << ": " << result.unwind.message;
  }
}

/// The parameter is the module whose functions are called.
class GuestTest : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr u32 memory_bytes = 128 * 1024;
  static constexpr const char* modules[] = {"wasi_snapshot_preview1", "wasi_unstable"};

  GuestTest() {
    auto files = sys::make_memory_file_system({.limit_bytes = 1 << 24, .device = 9, .clock = &realtime});
    p1.add(make(sys::make_text_input("some input")));
    p1.add(make(sys::make_text_output(&out, 1 << 20)));
    p1.add(make(sys::make_text_output(&err, 1 << 20)));
    auto mounted = guest.mount(std::move(files), {.guest_path = "/data", .origin = {}, .hint = {}, .rights = {}});
    WISP_CHECK(mounted.ok());
    p1.add_preopen(*std::move(mounted));
    for (const ImportedFunction& function : imported_functions()) {
      if (function.module == module()) functions.emplace(function.name, &function);
    }
  }

  std::string_view module() const { return GetParam(); }
  bool unstable() const { return module() == modules[1]; }

  std::unique_ptr<core::Handle> make(std::unique_ptr<sys::Node> node) {
    auto handle = core::Handle::make(guest, std::move(node));
    WISP_CHECK(handle.ok());
    return *std::move(handle);
  }

  CallResult call(std::string_view name, std::vector<u64> slots = {}) {
    const ImportedFunction& function = *functions.at(name);
    EXPECT_EQ(slots.size(), function.signature.params.size()) << name;
    slots.resize(std::max<usize>(slots.size(), 1));
    abi::TestInstance instance(memory);
    CallResult result;
    result.how = function.code().entry(&p1, instance.calling, slots.data());
    result.error = static_cast<Errno>(slots[0]);
    result.unwind = instance.unwind;
    return result;
  }

  /// Puts something into the guest's memory, 8-byte aligned; where it is.
  u32 put(Bytes bytes) {
    const u32 at = reserve(bytes.size());
    std::ranges::copy(bytes, memory.begin() + at);
    return at;
  }
  u32 put(std::string_view text) { return put(as_bytes(text)); }
  u32 reserve(usize size_bytes) {
    next = (next + 7) / 8 * 8;
    const u32 at = next;
    next += static_cast<u32>(size_bytes);
    WISP_CHECK(next <= memory.size());
    return at;
  }
  struct Vector {
    u32 address;
    u32 size;
  };
  u32 put_vectors(const std::vector<Vector>& vectors) {
    const u32 at = reserve(vectors.size() * 8);
    for (usize i = 0; i < vectors.size(); ++i) {
      store_le(&memory[at + i * 8], vectors[i].address);
      store_le(&memory[at + i * 8 + 4], vectors[i].size);
    }
    return at;
  }
  template <class T>
  T get(u32 address) const {
    T value{};
    EXPECT_TRUE(abi::Layout<T>::load(&memory[address], value));
    return value;
  }
  std::string text(u32 address, usize size) const { return {reinterpret_cast<const char*>(&memory[address]), size}; }

  /// What most tests start from.
  static constexpr u32 root = 3;
  static constexpr u64 file_rights = 0x8e001ff;
  u32 open(std::string_view path, u32 oflags = 0, u64 rights = file_rights, u32 fdflags = 0) {
    const u32 result = reserve(4);
    const u32 at = put(path);
    EXPECT_EQ(call("path_open", {root, 1, at, path.size(), oflags, rights, rights, fdflags, result}), Errno::success)
        << path;
    return get<u32>(result);
  }
  CallResult write(u32 fd, std::string_view bytes) {
    const u32 vectors = put_vectors({{put(bytes), static_cast<u32>(bytes.size())}});
    return call("fd_write", {fd, vectors, 1, count_at});
  }
  Filestat stat(u32 fd) {
    const u32 at = reserve(64);
    EXPECT_EQ(call("fd_filestat_get", {fd, at}), Errno::success);
    if (!unstable()) return get<Filestat>(at);
    const auto old = get<unstable::Filestat>(at);
    return {old.dev, old.ino, old.filetype, old.nlink, old.size, old.atim, old.mtim, old.ctim};
  }

  std::vector<u8> memory = std::vector<u8>(memory_bytes, 0xcc);
  u32 next = 64;
  static constexpr u32 count_at = 8;
  u32 count() const { return get<u32>(count_at); }

  std::string out;
  std::string err;
  ManualClock realtime;
  ManualClock monotonic;
  ManualClock* clocks[2] = {&monotonic, &realtime};
  ManualWaiter waiter{clocks};
  CountingRandom random;
  Lines trace;
  core::Environment environment{{"program", "first", ""}, {"HOME=/", "EMPTY="}};
  core::Guest guest;
  P1 p1{{environment, {&realtime, &monotonic, nullptr, nullptr}, random, waiter, &trace}};
  std::map<std::string_view, const ImportedFunction*> functions;
};

}  // namespace wisp::wasi::p1::testing
