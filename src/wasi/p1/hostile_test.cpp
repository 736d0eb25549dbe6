#include "wasi/p1/guest_test.hpp"

/// Every function with every pointer it takes pointing to where it must not.
namespace wisp::wasi::p1::testing {
namespace {

/// A pointer among the core parameters: which one, its alignment, and how many bytes are used behind it.
struct Pointer {
  usize index;
  u32 alignment;
  u32 size;
};

/// A call that would change something or store something if it were made.
struct Call {
  const char* name;
  std::vector<u64> slots;
  std::vector<Pointer> pointers;
};

constexpr u64 path_at = 1024;      // "new"
constexpr u64 existing_at = 1040;  // "old"
constexpr u64 vectors_at = 1056;   // one vector of 8 bytes at buffer_at
constexpr u64 result_at = 2048;
constexpr u64 buffer_at = 4096;
constexpr u64 subscription_at = 8192;

std::vector<Call> calls(bool unstable) {
  const u32 filestat_bytes = unstable ? 56 : 64;
  const u32 subscription_bytes = unstable ? 56 : 48;
  std::vector<Call> result = {
      {"args_get", {result_at, buffer_at}, {{0, 4, 12}, {1, 1, 15}}},
      {"args_sizes_get", {result_at, result_at + 8}, {{0, 4, 4}, {1, 4, 4}}},
      {"environ_get", {result_at, buffer_at}, {{0, 4, 8}, {1, 1, 14}}},
      {"environ_sizes_get", {result_at, result_at + 8}, {{0, 4, 4}, {1, 4, 4}}},
      {"clock_res_get", {1, result_at}, {{1, 8, 8}}},
      {"clock_time_get", {1, 0, result_at}, {{2, 8, 8}}},
      {"fd_fdstat_get", {4, result_at}, {{1, 8, 24}}},
      {"fd_filestat_get", {4, result_at}, {{1, 8, filestat_bytes}}},
      {"fd_pread", {4, vectors_at, 1, 0, result_at}, {{1, 4, 8}, {4, 4, 4}}},
      {"fd_prestat_get", {3, result_at}, {{1, 4, 8}}},
      {"fd_prestat_dir_name", {3, buffer_at, 5}, {{1, 1, 5}}},
      {"fd_pwrite", {4, vectors_at, 1, 0, result_at}, {{1, 4, 8}, {4, 4, 4}}},
      {"fd_read", {4, vectors_at, 1, result_at}, {{1, 4, 8}, {3, 4, 4}}},
      {"fd_readdir", {3, buffer_at, 100, 0, result_at}, {{1, 1, 100}, {4, 4, 4}}},
      {"fd_seek", {4, 1, 0, result_at}, {{3, 8, 8}}},
      {"fd_tell", {4, result_at}, {{1, 8, 8}}},
      {"fd_write", {4, vectors_at, 1, result_at}, {{1, 4, 8}, {3, 4, 4}}},
      {"path_create_directory", {3, path_at, 3}, {{1, 1, 3}}},
      {"path_filestat_get", {3, 0, existing_at, 3, result_at}, {{2, 1, 3}, {4, 8, filestat_bytes}}},
      {"path_filestat_set_times", {3, 0, existing_at, 3, 1, 1, 5}, {{2, 1, 3}}},
      {"path_link", {3, 0, existing_at, 3, 3, path_at, 3}, {{2, 1, 3}, {5, 1, 3}}},
      {"path_open", {3, 0, path_at, 3, 1, 0x40, 0, 0, result_at}, {{2, 1, 3}, {8, 4, 4}}},
      {"path_readlink", {3, existing_at, 3, buffer_at, 8, result_at}, {{1, 1, 3}, {3, 1, 8}, {5, 4, 4}}},
      {"path_remove_directory", {3, existing_at, 3}, {{1, 1, 3}}},
      {"path_rename", {3, existing_at, 3, 3, path_at, 3}, {{1, 1, 3}, {4, 1, 3}}},
      {"path_symlink", {existing_at, 3, 3, path_at, 3}, {{0, 1, 3}, {3, 1, 3}}},
      {"path_unlink_file", {3, existing_at, 3}, {{1, 1, 3}}},
      {"poll_oneoff", {subscription_at, buffer_at, 1, result_at}, {{0, 8, subscription_bytes}, {1, 8, 32}, {3, 4, 4}}},
      {"random_get", {buffer_at, 100}, {{0, 1, 100}}},
      {"sock_recv", {4, vectors_at, 1, 0, result_at, result_at + 8}, {{1, 4, 8}, {4, 4, 4}, {5, 2, 2}}},
      {"sock_send", {4, vectors_at, 1, 0, result_at}, {{1, 4, 8}, {4, 4, 4}}},
  };
  if (!unstable) result.push_back({"sock_accept", {4, 0, result_at}, {{2, 4, 4}}});
  return result;
}

struct HostileTest : GuestTest {
  FakeSocket::State state;

  HostileTest() {
    // Descriptor 4 is a socket with data: what receives or sends would show.
    state.incoming.push_back("incoming data");
    waiter.on_wait = [&](std::span<sys::PollItem>) {
      state.connections.push_back(std::make_unique<FakeSocket>(state));
    };
    state.ended = true;
    p1.add(make(std::make_unique<FakeSocket>(state)));
    std::ranges::copy(as_bytes("new"), memory.begin() + path_at);
    std::ranges::copy(as_bytes("old"), memory.begin() + existing_at);
    store_le(&memory[vectors_at], static_cast<u32>(buffer_at));
    store_le(&memory[vectors_at + 4], u32{8});
    std::fill_n(memory.begin() + subscription_at, 56, 0);
    next = 16384;
    (void)open("old", 1);
  }

  /// What the calls could change, in words.
  std::string world() {
    std::string result = std::to_string(guest.handles().used()) + " open, sent \"" + state.sent + "\", " +
                         std::to_string(state.incoming.size()) + " pieces to come, files:";
    const auto directory = p1.directory(Fd{root});
    for (u64 cookie = 0;;) {
      const auto entry = (*directory)->read_entry(cookie);
      if (!entry || !*entry) break;
      result += ' ';
      result += (*entry)->name;
      cookie = (*entry)->next_cookie;
    }
    const auto file = (*directory)->stat_path("old", false);
    return result + ", changed at " + std::to_string(file ? file->modification_time.to_ns() : 0);
  }

  void expect_trap(const Call& made, std::vector<u64> slots) {
    ++realtime.now_ns;
    const std::string world_before = world();
    const std::vector<u8> before = memory;
    const CallResult result = call(made.name, std::move(slots));
    EXPECT_EQ(result.how, abi::HostResult::unwind);
    EXPECT_EQ(result.unwind.kind, abi::Unwind::Kind::trap);
    EXPECT_TRUE(memory == before) << "something was stored";
    EXPECT_EQ(world(), world_before);
  }
};
INSTANTIATE_TEST_SUITE_P(, HostileTest, ::testing::ValuesIn({"wasi_snapshot_preview1", "wasi_unstable"}));

TEST_P(HostileTest, EveryPointerOutOfBoundsTrapsBeforeAnythingHappens) {
  for (const Call& made : calls(unstable())) {
    for (const Pointer& pointer : made.pointers) {
      // The last place that does not fit and is aligned, then others beyond.
      const u64 just_outside =
          (memory_bytes - pointer.size) / pointer.alignment * pointer.alignment + pointer.alignment;
      for (const u64 address : {just_outside, u64{memory_bytes}, u64{1} << 31, u64{0xfffffff8}}) {
        if (address + pointer.size <= memory_bytes) continue;
        SCOPED_TRACE(std::string(made.name) + " parameter " + std::to_string(pointer.index) + " at " +
                     std::to_string(address));
        std::vector<u64> slots = made.slots;
        slots[pointer.index] = address;
        expect_trap(made, slots);
      }
    }
  }
}

TEST_P(HostileTest, EveryMisalignedPointerTraps) {
  for (const Call& made : calls(unstable())) {
    for (const Pointer& pointer : made.pointers) {
      for (u64 offset = 1; offset < pointer.alignment; ++offset) {
        SCOPED_TRACE(std::string(made.name) + " parameter " + std::to_string(pointer.index));
        std::vector<u64> slots = made.slots;
        slots[pointer.index] += offset;
        expect_trap(made, slots);
      }
    }
  }
}

TEST_P(HostileTest, EveryPointerAtTheVeryEndWorks) {
  for (const Call& made : calls(unstable())) {
    for (const Pointer& pointer : made.pointers) {
      SCOPED_TRACE(std::string(made.name) + " parameter " + std::to_string(pointer.index));
      std::vector<u64> slots = made.slots;
      slots[pointer.index] = (memory_bytes - pointer.size) / pointer.alignment * pointer.alignment;
      std::copy_n(memory.begin() + static_cast<i64>(made.slots[pointer.index]), pointer.size,
                  memory.begin() + static_cast<i64>(slots[pointer.index]));
      EXPECT_EQ(call(made.name, slots).how, abi::HostResult::returned);
      EXPECT_FALSE(trace.lines.back().contains("trap")) << trace.lines.back();
    }
  }
}

TEST_P(HostileTest, EveryLengthThatDoesNotFitTraps) {
  // The length of a buffer or a path follows its pointer.
  for (const Call& made : calls(unstable())) {
    const std::string_view letters = functions.at(made.name)->signature.params;
    for (const Pointer& pointer : made.pointers) {
      const usize length = pointer.index + 1;
      if (pointer.alignment != 1 || length >= letters.size() || made.slots[length] != pointer.size) continue;
      for (const u64 size : {u64{memory_bytes}, u64{1} << 31, u64{0xffffffff}}) {
        SCOPED_TRACE(std::string(made.name) + " parameter " + std::to_string(length));
        std::vector<u64> slots = made.slots;
        slots[length] = size;
        expect_trap(made, slots);
      }
    }
  }
}

TEST_P(HostileTest, EveryVectorIsCheckedBeforeTheFirstIsUsed) {
  for (const char* name : {"fd_read", "fd_write", "fd_pread", "fd_pwrite", "sock_recv", "sock_send"}) {
    for (const Vector bad : {Vector{memory_bytes, 1}, Vector{memory_bytes - 8, 9}, Vector{8, 0xffffffff},
                             Vector{0xffffffff, 1}, Vector{0xffffffff, 0xffffffff}}) {
      SCOPED_TRACE(name);
      const u32 vectors = put_vectors({{static_cast<u32>(buffer_at), 8}, bad});
      for (const Call& made : calls(unstable())) {
        if (std::string_view(made.name) != name) continue;
        std::vector<u64> slots = made.slots;
        slots[1] = vectors;
        slots[2] = 2;
        expect_trap(made, slots);
      }
    }
  }
}

TEST_P(HostileTest, WithoutAMemoryEveryPointerTraps) {
  for (const Call& made : calls(unstable())) {
    SCOPED_TRACE(made.name);
    abi::TestInstance instance;
    std::vector<u64> slots = made.slots;
    EXPECT_EQ(functions.at(made.name)->code().entry(&p1, instance.calling, slots.data()), abi::HostResult::unwind);
    EXPECT_EQ(instance.unwind.kind, abi::Unwind::Kind::trap);
  }
}

/// The table above has every function that takes a pointer.
TEST_P(HostileTest, CoversEveryFunction) {
  const std::vector<std::string_view> without_pointers = {"fd_advise",
                                                          "fd_allocate",
                                                          "fd_close",
                                                          "fd_datasync",
                                                          "fd_fdstat_set_flags",
                                                          "fd_fdstat_set_rights",
                                                          "fd_filestat_set_size",
                                                          "fd_filestat_set_times",
                                                          "fd_renumber",
                                                          "fd_sync",
                                                          "proc_exit",
                                                          "proc_raise",
                                                          "sched_yield",
                                                          "sock_shutdown"};
  EXPECT_EQ(calls(unstable()).size() + without_pointers.size(), functions.size());
}

}  // namespace
}  // namespace wisp::wasi::p1::testing
