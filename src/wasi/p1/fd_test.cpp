#include "wasi/p1/guest_test.hpp"

namespace wisp::wasi::p1::testing {
namespace {

using ::testing::HasSubstr;

struct FdTest : GuestTest {
  u64 number(Whence whence) const {
    // wasi_unstable: cur, end, set.
    const u64 old[] = {2, 0, 1};
    return unstable() ? old[static_cast<usize>(whence)] : static_cast<u64>(whence);
  }
  CallResult seek(u32 fd, i64 delta, Whence whence) {
    return call("fd_seek", {fd, static_cast<u64>(delta), number(whence), 128});
  }
};
INSTANTIATE_TEST_SUITE_P(, FdTest, ::testing::ValuesIn({"wasi_snapshot_preview1", "wasi_unstable"}));

TEST_P(FdTest, StandardStreams) {
  EXPECT_EQ(write(1, "to the screen"), Errno::success);
  EXPECT_EQ(count(), 13u);
  EXPECT_EQ(write(2, "to the log"), Errno::success);
  EXPECT_EQ(out, "to the screen");
  EXPECT_EQ(err, "to the log");
  const u32 a = reserve(4);
  const u32 b = reserve(64);
  EXPECT_EQ(call("fd_read", {0, put_vectors({{a, 4}, {b, 64}}), 2, count_at}), Errno::success);
  EXPECT_EQ(count(), 10u);
  EXPECT_EQ(text(a, 4) + text(b, 6), "some input");
}

TEST_P(FdTest, ReadsAndWritesWithAndWithoutOffset) {
  const u32 fd = open("file", 1);
  EXPECT_EQ(write(fd, "0123456789"), Errno::success);
  EXPECT_EQ(seek(fd, 3, Whence::set), Errno::success);
  EXPECT_EQ(get<u64>(128), 3u);
  EXPECT_EQ(seek(fd, -2, Whence::end), Errno::success);
  EXPECT_EQ(get<u64>(128), 8u);
  EXPECT_EQ(seek(fd, -4, Whence::cur), Errno::success);
  EXPECT_EQ(call("fd_tell", {fd, 128}), Errno::success);
  EXPECT_EQ(get<u64>(128), 4u);
  EXPECT_EQ(seek(fd, -5, Whence::cur), Errno::inval);
  EXPECT_EQ(call("fd_seek", {fd, 0, 3, 128}), Errno::inval);

  const u32 buffer = reserve(32);
  const u32 vectors = put_vectors({{buffer, 2}, {buffer + 16, 2}});
  EXPECT_EQ(call("fd_read", {fd, vectors, 2, count_at}), Errno::success);
  EXPECT_EQ(text(buffer, 2) + text(buffer + 16, 2), "4567");
  EXPECT_EQ(call("fd_pread", {fd, vectors, 2, 1, count_at}), Errno::success);
  EXPECT_EQ(text(buffer, 2) + text(buffer + 16, 2), "1234");
  EXPECT_EQ(call("fd_pwrite", {fd, vectors, 1, 20, count_at}), Errno::success);
  EXPECT_EQ(count(), 2u);
  EXPECT_EQ(stat(fd).size, 22u);
  EXPECT_EQ(call("fd_pwrite", {fd, vectors, 1, u64{1} << 63, count_at}), Errno::inval);
  EXPECT_EQ(call("fd_pread", {fd, vectors, 1, ~u64{0}, count_at}), Errno::inval);
  EXPECT_EQ(call("fd_tell", {fd, 128}), Errno::success);
  EXPECT_EQ(get<u64>(128), 8u);
}

TEST_P(FdTest, SizeSpaceAdviceSync) {
  const u32 fd = open("file", 1);
  EXPECT_EQ(call("fd_filestat_set_size", {fd, 100}), Errno::success);
  EXPECT_EQ(stat(fd).size, 100u);
  EXPECT_EQ(call("fd_allocate", {fd, 50, 100}), Errno::success);
  EXPECT_EQ(stat(fd).size, 150u);
  EXPECT_EQ(call("fd_allocate", {fd, ~u64{0}, 2}), Errno::fbig);
  for (u64 advice = 0; advice < 6; ++advice) EXPECT_EQ(call("fd_advise", {fd, 0, 10, advice}), Errno::success);
  EXPECT_EQ(call("fd_advise", {fd, 0, 10, 6}), Errno::inval);
  EXPECT_EQ(call("fd_sync", {fd}), Errno::success);
  EXPECT_EQ(call("fd_datasync", {fd}), Errno::success);
}

TEST_P(FdTest, Times) {
  const u32 fd = open("file", 1);
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 11, 22, 1 | 4}), Errno::success);
  EXPECT_EQ(stat(fd).atim, 11u);
  EXPECT_EQ(stat(fd).mtim, 22u);
  realtime.now_ns = 99;
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 1, 1, 2}), Errno::success);
  EXPECT_EQ(stat(fd).atim, 99u);
  EXPECT_EQ(stat(fd).mtim, 22u);
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 1, 1, 1 | 2}), Errno::inval);
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 1, 1, 4 | 8}), Errno::inval);
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 1, 1, 16}), Errno::inval);
}

TEST_P(FdTest, StatIsStoredInTheLayoutOfTheVersionWithoutStaleBytes) {
  const u32 fd = open("file", 1);
  EXPECT_EQ(write(fd, "abc"), Errno::success);
  const u32 at = reserve(72);
  std::fill_n(memory.begin() + at, 72, 0xff);
  EXPECT_EQ(call("fd_filestat_get", {fd, at}), Errno::success);
  const u32 size_at = unstable() ? 24 : 32;
  EXPECT_EQ(get<u64>(at), 9u);
  EXPECT_EQ(get<u64>(at + 16), unstable() ? 0x1'0000'0004u : 4u) << "filetype, padding, in the old version nlink";
  EXPECT_EQ(get<u64>(at + size_at), 3u);
  EXPECT_EQ(get<u64>(at + size_at + 24), realtime.now_ns);
  EXPECT_EQ(memory[at + size_at + 32], 0xff) << "a byte behind the record";
}

TEST_P(FdTest, FdstatAndFlags) {
  const u32 fd = open("file", 1, file_rights, 1);
  const u32 at = reserve(24);
  std::fill_n(memory.begin() + at, 24, 0xff);
  EXPECT_EQ(call("fd_fdstat_get", {fd, at}), Errno::success);
  EXPECT_EQ(get<u64>(at), 0x1'0004u) << "type, flags, padding";
  EXPECT_EQ(get<Fdstat>(at).fs_rights_base.bits & 0x42, 0x42u);
  EXPECT_EQ(call("fd_fdstat_set_flags", {fd, 4}), Errno::success);
  EXPECT_EQ(call("fd_fdstat_get", {fd, at}), Errno::success);
  EXPECT_EQ(get<Fdstat>(at).fs_flags, Fdflags{Fdflag::nonblock});
  EXPECT_EQ(call("fd_fdstat_set_flags", {fd, 16}), Errno::notsup);
  EXPECT_EQ(call("fd_fdstat_set_flags", {fd, 32}), Errno::inval);
  EXPECT_EQ(call("fd_fdstat_set_flags", {fd, 0x10000}), Errno::inval);
}

TEST_P(FdTest, RightsOnlyShrink) {
  const u32 fd = open("file", 1);
  EXPECT_EQ(call("fd_fdstat_set_rights", {fd, 1 << 1, 0}), Errno::success);
  EXPECT_EQ(call("fd_fdstat_set_rights", {fd, 1 << 2, 0}), Errno::notcapable);
  EXPECT_EQ(call("fd_fdstat_set_rights", {fd, 1 << 1, 1}), Errno::notcapable);
  EXPECT_EQ(call("fd_fdstat_set_rights", {fd, u64{1} << 30, 0}), Errno::inval);
  EXPECT_EQ(write(fd, "x"), Errno::notcapable);
  EXPECT_EQ(call("fd_filestat_set_size", {fd, 0}), Errno::notcapable);
}

TEST_P(FdTest, Preopens) {
  const u32 at = reserve(8);
  EXPECT_EQ(call("fd_prestat_get", {root, at}), Errno::success);
  EXPECT_EQ(get<u64>(at), u64{5} << 32) << "tag 0 with zero padding, then the length";
  EXPECT_EQ(call("fd_prestat_dir_name", {root, at, 5}), Errno::success);
  EXPECT_EQ(text(at, 5), "/data");
  EXPECT_EQ(call("fd_prestat_dir_name", {root, at, 4}), Errno::nametoolong);
  EXPECT_EQ(call("fd_prestat_get", {1, at}), Errno::badf);
  EXPECT_EQ(call("fd_prestat_get", {4, at}), Errno::badf);
  EXPECT_EQ(call("fd_close", {root}), Errno::success);
  EXPECT_EQ(call("fd_prestat_get", {root, at}), Errno::badf);
}

TEST_P(FdTest, ClosedDescriptorsAreBad) {
  const u32 fd = open("file", 1);
  EXPECT_EQ(call("fd_close", {fd}), Errno::success);
  EXPECT_EQ(call("fd_close", {fd}), Errno::badf);
  EXPECT_EQ(write(fd, "x"), Errno::badf);
  const u32 other = open("other", 1);
  EXPECT_EQ(call("fd_renumber", {fd, other}), other == fd ? Errno::success : Errno::badf);
  EXPECT_EQ(call("fd_renumber", {other, other}), Errno::success);
  for (const u64 bad : {u64{0x7fffffff}, u64{0x80000000}, u64{0xffffffff}}) {
    EXPECT_EQ(call("fd_renumber", {other, bad}), Errno::badf);
    EXPECT_EQ(call("fd_renumber", {bad, other}), Errno::badf);
    EXPECT_EQ(call("fd_close", {bad}), Errno::badf);
  }
  EXPECT_EQ(call("fd_renumber", {other, 1}), Errno::success);
  EXPECT_EQ(write(1, "into the file"), Errno::success);
  EXPECT_EQ(out, "");
  EXPECT_EQ(stat(1).size, 13u);
}

TEST_P(FdTest, HandlesAreLimited) {
  core::Guest small(core::Limits{.open_handles = 3});
  P1 limited({environment, {}, random, waiter, nullptr});
  auto mounted = small.mount(sys::make_memory_file_system({.limit_bytes = 1 << 20, .device = 1, .clock = &realtime}),
                             {.guest_path = "/", .origin = {}, .hint = {}, .rights = {}});
  const Fd directory = limited.add_preopen(*std::move(mounted));
  Path path;
  ASSERT_TRUE(path.assign(as_bytes("x")));
  u8 opened[4];
  const auto open_one = [&] {
    return path_open(limited, directory, {}, path, Oflags{Oflag::creat}, {}, {}, {}, abi::Out<Fd>(opened));
  };
  EXPECT_EQ(open_one(), Errno::success);
  EXPECT_EQ(open_one(), Errno::success);
  EXPECT_EQ(open_one(), Errno::mfile);
  EXPECT_EQ(fd_close(limited, Fd{load_le<u32>(opened)}), Errno::success);
  EXPECT_EQ(open_one(), Errno::success);
}

TEST_P(FdTest, VectorsOfEveryCount) {
  const u32 byte = put("x");
  std::vector<Vector> vectors(1025, Vector{byte, 1});
  const u32 at = put_vectors(vectors);
  EXPECT_EQ(call("fd_write", {1, at, 0, count_at}), Errno::success);
  EXPECT_EQ(count(), 0u);
  EXPECT_EQ(call("fd_write", {1, at, 1024, count_at}), Errno::success);
  EXPECT_EQ(count(), 1024u);
  EXPECT_EQ(out.size(), 1024u);
  EXPECT_EQ(call("fd_write", {1, at, 1025, count_at}), Errno::inval);
  for (const u64 huge : {u64{1} << 20, u64{1} << 29, u64{0xffffffff}}) {
    EXPECT_EQ(call("fd_write", {1, at, huge, count_at}).unwind.kind, abi::Unwind::Kind::trap);
  }
  EXPECT_EQ(out.size(), 1024u);
}

TEST_P(FdTest, VectorsMayOverlapEachOtherAndTheirOwnArray) {
  const u32 fd = open("file", 1);
  EXPECT_EQ(write(fd, std::string(64, '\xff')), Errno::success);
  const u32 at = reserve(16);
  store_le(&memory[at], at);
  store_le(&memory[at + 4], u32{16});
  store_le(&memory[at + 8], at);
  store_le(&memory[at + 12], u32{16});
  // The first read overwrites the array; what was copied before counts.
  EXPECT_EQ(call("fd_pread", {fd, at, 2, 0, count_at}), Errno::success);
  EXPECT_EQ(count(), 32u);
}

TEST_P(FdTest, TheSumOfTheVectorsIsTakenIn64Bits) {
  // A reserved mapping, of which nothing is touched: 65 vectors of 64 MiB each lie in it, but their sum does not fit
  // into 32 bits.
  std::vector<u8> big(64 << 20);
  abi::TestInstance instance(big);
  for (u32 i = 0; i < 65; ++i) {
    store_le(&big[i * 8], u32{0});
    store_le(&big[i * 8 + 4], u32{64 << 20});
  }
  u64 slots[] = {1, 0, 65, 1024};
  EXPECT_EQ(functions.at("fd_write")->code().entry(&p1, instance.calling, slots), abi::HostResult::returned);
  EXPECT_EQ(static_cast<Errno>(slots[0]), Errno::inval);
  EXPECT_TRUE(out.empty());
}

TEST_P(FdTest, BlockingReadsWaitAndNonBlockingOnesSayAgain) {
  FakeSocket::State state;
  const Fd fd = p1.add(make(std::make_unique<FakeSocket>(state)));
  const u32 buffer = reserve(16);
  const u32 vectors = put_vectors({{buffer, 16}});
  waiter.on_wait = [&](std::span<sys::PollItem> items) {
    ASSERT_EQ(items.size(), 1u);
    EXPECT_EQ(items[0].handle.value, 5);
    EXPECT_EQ(items[0].interest, sys::Interest::read);
    if (waiter.waits == 2) state.incoming.push_back("data");
  };
  EXPECT_EQ(call("fd_read", {fd.value, vectors, 1, count_at}), Errno::success);
  EXPECT_EQ(waiter.waits, 2);
  EXPECT_EQ(text(buffer, count()), "data");

  EXPECT_EQ(call("fd_fdstat_set_flags", {fd.value, 4}), Errno::success);
  EXPECT_EQ(call("fd_read", {fd.value, vectors, 1, count_at}), Errno::again);
  EXPECT_EQ(waiter.waits, 2);
  EXPECT_EQ(call("fd_fdstat_set_flags", {fd.value, 0}), Errno::success);
  waiter.stop = true;
  EXPECT_EQ(call("fd_read", {fd.value, vectors, 1, count_at}).unwind.kind, abi::Unwind::Kind::interrupted);
}

TEST_P(FdTest, GuessedNumbersAreNotOpen) {
  (void)open("file", 1);
  int found = 0;
  trace.lines.clear();
  for (u32 fd = 0; fd < 1 << 16; ++fd) found += call("fd_tell", {fd, 128}) != Errno::badf;
  EXPECT_EQ(found, 5) << "three streams, the directory, the file";
}

}  // namespace
}  // namespace wisp::wasi::p1::testing
