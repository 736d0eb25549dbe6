#include "wasi/p1/guest_test.hpp"

namespace wisp::wasi::p1::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAreArray;

struct PathTest : GuestTest {
  CallResult on_path(std::string_view name, std::string_view path) {
    return call(name, {root, put(path), path.size()});
  }
  CallResult two_paths(std::string_view name, std::string_view from, std::string_view to) {
    if (name == "path_symlink") return call(name, {put(from), from.size(), root, put(to), to.size()});
    if (name == "path_link") return call(name, {root, 0, put(from), from.size(), root, put(to), to.size()});
    return call(name, {root, put(from), from.size(), root, put(to), to.size()});
  }
  CallResult stat_path(std::string_view path, u32 flags = 0) {
    return call("path_filestat_get", {root, flags, put(path), path.size(), 128});
  }
  Filetype type(std::string_view path, u32 flags = 0) {
    EXPECT_EQ(stat_path(path, flags), Errno::success);
    return get<Filetype>(128 + 16);
  }
  CallResult try_open(std::string_view path, u32 dirflags, u32 oflags, u64 rights = file_rights) {
    return call("path_open", {root, dirflags, put(path), path.size(), oflags, rights, rights, 0, count_at});
  }
};
INSTANTIATE_TEST_SUITE_P(, PathTest, ::testing::ValuesIn({"wasi_snapshot_preview1", "wasi_unstable"}));

TEST_P(PathTest, OpensAsAsked) {
  EXPECT_EQ(try_open("file", 0, 0), Errno::noent);
  EXPECT_EQ(try_open("file", 0, 1 | 4), Errno::success);
  EXPECT_EQ(try_open("file", 0, 1 | 4), Errno::exist);
  EXPECT_EQ(try_open("file", 0, 2), Errno::notdir);
  EXPECT_EQ(try_open("file", 2, 0), Errno::inval) << "an unknown lookup flag";
  EXPECT_EQ(try_open("file", 0, 16), Errno::inval) << "an unknown open flag";
  EXPECT_EQ(try_open("file", 0, 0, u64{1} << 30), Errno::inval) << "an unknown right";
  const u32 fd = open("file");
  EXPECT_EQ(write(fd, "text"), Errno::success);
  EXPECT_EQ(try_open("file", 0, 8), Errno::success);
  EXPECT_EQ(stat(fd).size, 0u);
  EXPECT_EQ(call("path_open", {1, 0, put("x"), 1, 0, 0, 0, 0, count_at}), Errno::notdir);
  EXPECT_EQ(call("path_open", {99, 0, put("x"), 1, 0, 0, 0, 0, count_at}), Errno::badf);
}

TEST_P(PathTest, CreatesAndRemoves) {
  EXPECT_EQ(on_path("path_create_directory", "dir"), Errno::success);
  EXPECT_EQ(on_path("path_create_directory", "dir"), Errno::exist);
  EXPECT_EQ(type("dir"), Filetype::directory);
  (void)open("dir/file", 1);
  EXPECT_EQ(on_path("path_remove_directory", "dir"), Errno::notempty);
  EXPECT_EQ(on_path("path_unlink_file", "dir"), Errno::isdir);
  EXPECT_EQ(on_path("path_remove_directory", "dir/file"), Errno::notdir);
  EXPECT_EQ(on_path("path_unlink_file", "dir/file"), Errno::success);
  EXPECT_EQ(on_path("path_unlink_file", "dir/file"), Errno::noent);
  EXPECT_EQ(on_path("path_remove_directory", "dir"), Errno::success);
}

TEST_P(PathTest, LinksAndRenames) {
  (void)open("file", 1);
  EXPECT_EQ(two_paths("path_link", "file", "second"), Errno::success);
  EXPECT_EQ(call("path_link", {root, 1, put("file"), 4, root, put("third"), 5}), Errno::inval);
  EXPECT_EQ(two_paths("path_symlink", "file", "link"), Errno::success);
  EXPECT_EQ(type("link"), Filetype::symbolic_link);
  EXPECT_EQ(type("link", 1), Filetype::regular_file);
  const u32 buffer = reserve(16);
  EXPECT_EQ(call("path_readlink", {root, put("link"), 4, buffer, 16, count_at}), Errno::success);
  EXPECT_EQ(text(buffer, count()), "file");
  EXPECT_EQ(call("path_readlink", {root, put("link"), 4, buffer, 2, count_at}), Errno::success);
  EXPECT_EQ(count(), 2u);
  EXPECT_EQ(two_paths("path_rename", "file", "renamed"), Errno::success);
  EXPECT_EQ(stat_path("file"), Errno::noent);
  EXPECT_EQ(stat_path("renamed"), Errno::success);
  EXPECT_EQ(call("path_rename", {root, put("renamed"), 7, 1, put("x"), 1}), Errno::notdir);
  EXPECT_EQ(call("path_rename", {1, put("renamed"), 7, root, put("x"), 1}), Errno::notdir);
}

TEST_P(PathTest, Times) {
  (void)open("file", 1);
  const u32 at = put("file");
  EXPECT_EQ(call("path_filestat_set_times", {root, 0, at, 4, 11, 22, 1 | 4}), Errno::success);
  EXPECT_EQ(stat(open("file")).mtim, 22u);
  EXPECT_EQ(call("path_filestat_set_times", {root, 0, at, 4, 11, 22, 1 | 2}), Errno::inval);
}

TEST_P(PathTest, RefusesWhatIsNoPathInside) {
  EXPECT_EQ(try_open("/file", 1, 1), Errno::notcapable);
  EXPECT_EQ(try_open("../file", 1, 1), Errno::notcapable);
  EXPECT_EQ(try_open("", 1, 1), Errno::noent);
  EXPECT_EQ(try_open(std::string_view("a\0b", 3), 1, 1), Errno::inval);
  EXPECT_EQ(try_open("\xff", 1, 1), Errno::ilseq);
  memory.resize(1 << 20);
  for (const usize size : {4096, 65536}) EXPECT_EQ(try_open(std::string(size, 'a'), 1, 1), Errno::nametoolong);
}

struct Entry {
  Dirent header;
  std::string name;
};

struct ReaddirTest : PathTest {
  /// The whole entries in one buffer.
  std::vector<Entry> read(u32 fd, u32 size, u64 cookie) {
    const u32 start = next;
    const u32 buffer = reserve(size + 1);
    memory[buffer + size] = 0xcc;
    EXPECT_EQ(call("fd_readdir", {fd, buffer, size, cookie, count_at}), Errno::success);
    EXPECT_EQ(memory[buffer + size], 0xcc);
    std::vector<Entry> result;
    u32 at = 0;
    while (count() - at >= 24) {
      const auto header = get<Dirent>(buffer + at);
      EXPECT_EQ(get<u64>(buffer + at + 16) >> 40, 0u) << "padding";
      if (count() - at - 24 < header.d_namlen) break;
      result.push_back({header, text(buffer + at + 24, header.d_namlen)});
      at += 24 + header.d_namlen;
    }
    next = start;
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(, ReaddirTest, ::testing::ValuesIn({"wasi_snapshot_preview1", "wasi_unstable"}));

TEST_P(ReaddirTest, ListsEverythingOnceWithEveryBufferSize) {
  std::vector<std::string> expected = {".", ".."};
  for (int i = 0; i < 30; ++i) {
    expected.push_back("file" + std::to_string(i));
    (void)open(expected.back(), 1);
  }
  // The longest entry takes 30 bytes.
  for (const u32 size : {30u, 31u, 57u, 100u, 4096u}) {
    std::vector<std::string> names;
    for (u64 cookie = 0;;) {
      const auto entries = read(root, size, cookie);
      for (const Entry& entry : entries) names.push_back(entry.name);
      if (count() < size) break;
      ASSERT_FALSE(entries.empty()) << size;
      cookie = entries.back().header.d_next;
    }
    EXPECT_THAT(names, UnorderedElementsAreArray(expected)) << size;
  }
}

TEST_P(ReaddirTest, TruncatesTheLastEntry) {
  (void)open("a-long-name", 1);
  EXPECT_THAT(read(root, 24 + 1 + 5, 0), ::testing::SizeIs(1));
  EXPECT_EQ(count(), 30u) << "the rest of the buffer holds the start of the next entry";
  (void)read(root, 0, 0);
  EXPECT_EQ(count(), 0u);
  EXPECT_TRUE(read(root, 10, 0).empty());
  EXPECT_EQ(count(), 10u);
  const auto all = read(root, 1000, 0);
  EXPECT_EQ(all.back().header.d_type, Filetype::regular_file);
  EXPECT_TRUE(read(root, 1000, all.back().header.d_next).empty());
  EXPECT_EQ(count(), 0u);
}

TEST_P(ReaddirTest, ForgedCookiesDoNoHarm) {
  (void)open("file", 1);
  const u32 buffer = reserve(256);
  for (const u64 cookie : {u64{1} << 31, u64{1} << 63, ~u64{0}}) {
    const CallResult result = call("fd_readdir", {root, buffer, 256, cookie, count_at});
    EXPECT_EQ(result.how, abi::HostResult::returned);
  }
  EXPECT_EQ(call("fd_readdir", {1, buffer, 256, 0, count_at}), Errno::notdir);
}

TEST_P(ReaddirTest, LongListingsCanBeInterrupted) {
  for (u32 i = 0; i < entries_between_checks; ++i) {
    const u32 start = next;
    const std::string name = std::to_string(i);
    EXPECT_EQ(call("path_create_directory", {root, put(name), name.size()}), Errno::success);
    next = start;
  }
  memory.resize(1 << 20);
  waiter.stop = true;
  EXPECT_EQ(call("fd_readdir", {root, 65536, 500'000, 0, count_at}).unwind.kind, abi::Unwind::Kind::interrupted);
}

}  // namespace
}  // namespace wisp::wasi::p1::testing
