#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tracing.hpp"
#include "wasi/core/test_world.hpp"

/// What wasi/core and sys ask of the kernel, seen from outside.
namespace wisp {
namespace {

class Syscalls : public testing::Test {
 protected:
  void SetUp() override {
    tree.build(core::Storage::linux_disk, 0);
    auto opened = tree.box->open("file", {.rights = {core::Rights::all(), {}}});
    ASSERT_TRUE(opened.ok());
    file = std::move(*opened);
  }

  /// The calls that `body` makes in a child process.
  std::vector<Call> calls_of(const std::function<void()>& body) {
    auto calls = trace([&] { return body(), true; });
    skipped = !calls;
    return calls ? *std::move(calls) : std::vector<Call>();
  }

  static void check(const Call& call) {
    if (call.number == SYS_copy_file_range) {
      EXPECT_EQ(call.arguments[4], 0u) << "bytes are copied";
    }
    const auto at = path_calls().find(call.number);
    if (at == path_calls().end()) {
      EXPECT_TRUE(std::ranges::count(harmless_calls(), call.number) == 1) << "system call " << call.number;
      return;
    }
    if (call.number == SYS_openat2) {
      EXPECT_EQ(call.resolve, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS) << call.path;
      EXPECT_FALSE(call.path.empty() || call.path.back() == '/') << call.path;
      return;
    }
    for (const std::string* path : {&call.path, at->second.other_path >= 0 ? &call.other_path : &call.path}) {
      const bool itself = path->empty() && at->second.flags >= 0 &&
                          ((call.arguments[at->second.flags] & AT_EMPTY_PATH) != 0 || call.arguments[1] == 0);
      EXPECT_TRUE(itself || sys::Name::make(*path).has_value())
          << "call " << call.number << " with \"" << *path << "\"";
    }
  }

  core::Tree tree;
  std::unique_ptr<core::Handle> file;
  bool skipped = false;
};

constexpr const char* paths[] = {
    "file",      "file/", "dir",   "dir/",     "dir//",      "dir/nested", "dir/./nested",  "dir/../file",
    ".",         "./",    "..",    "../",      "../secret",  "dir/..",     "dir/../..",     "out",
    "out/",      "out//", "out/.", "out/file", "out_slash/", "to_dir/",    "to_dir/nested", "dangling",
    "dangling/", "loop",  "loop/", "absolute", "absolute/",  "new",        "new/",          "missing/x",
    "/",         "/etc",  "//etc", "",         "a//b",       "to_up/..",   "cycle_a/",      "out_root/secret"};

// Design, section 6: a guest's path goes to openat2 and nowhere else, without a slash at its end.
TEST_F(Syscalls, PathsGoToOpenat2Only) {
  const sys::TimeUpdate now{sys::TimeUpdate::Kind::now, {}};
  const auto calls = calls_of([&] {
    core::Dir& box = *tree.box;
    u8 bytes[16];
    for (const char* path : paths) {
      for (const bool follow : {false, true}) {
        (void)box.open(path, {.follow = follow, .rights = core::reading()});
        (void)box.open(path, {.follow = follow, .create = true, .rights = core::writing()});
        (void)box.open(path, {.follow = follow, .directory = true, .rights = core::reading()});
        (void)box.stat_path(path, follow);
        (void)box.set_times_path(path, follow, now, now);
      }
      (void)box.create_directory(path);
      (void)box.create_symlink("text/", path);
      (void)box.read_link(path, bytes);
      for (const char* other : paths) {
        (void)box.link(path, box, other);
        (void)box.rename(path, box, other);
      }
      (void)box.remove_file(path);
      (void)box.remove_directory(path);
    }
    for (u64 cookie = 0;;) {
      auto entry = box.read_entry(cookie);
      if (!entry.ok() || !entry->has_value()) break;
      cookie = (*entry)->next_cookie;
    }
  });
  if (skipped) GTEST_SKIP() << "a child cannot be traced here";
  EXPECT_GT(calls.size(), 1'000u);
  for (const Call& call : calls) check(call);
}

/// How many calls something takes, without those for memory.
usize count(const std::vector<Call>& calls) {
  return usize(std::ranges::count_if(calls, [](const Call& call) {
    return call.number != SYS_brk && call.number != SYS_mmap && call.number != SYS_munmap &&
           call.number != SYS_rt_sigprocmask && call.number != SYS_tgkill && call.number != SYS_getpid &&
           call.number != SYS_gettid;
  }));
}

TEST_F(Syscalls, HotPathsAreOneCall) {
  std::string text(100, 'x');
  const sys::IoBuffer into[] = {core::buffer_of(text), core::buffer_of(text)};
  const sys::ConstIoBuffer from[] = {core::buffer_of(std::string_view(text)), core::buffer_of(std::string_view(text))};
  const std::pair<const char*, std::pair<usize, std::function<void()>>> cases[] = {
      {"nothing", {0, [] {}}},
      {"read", {1, [&] { (void)file->read(into); }}},
      {"write", {1, [&] { (void)file->write(from); }}},
      {"read_at", {1, [&] { (void)file->read_at(into, 0); }}},
      {"write_at", {1, [&] { (void)file->write_at(from, 0); }}},
      {"seek", {1, [&] { (void)file->seek(0, core::Whence::start); }}},
      {"stat", {1, [&] { (void)file->stat(); }}},
      {"set_size", {1, [&] { (void)file->set_size(10); }}},
      {"stat_path", {1, [&] { (void)tree.box->stat_path("file", true); }}},
      {"stat_path below", {3, [&] { (void)tree.box->stat_path("dir/nested", true); }}},
      {"create_directory", {1, [&] { (void)tree.box->create_directory("d"); }}},
      {"create_directory below", {3, [&] { (void)tree.box->create_directory("dir/d"); }}},
      {"remove_directory", {1, [&] { (void)tree.box->remove_directory("d"); }}},
      {"open and close", {3, [&] { (void)tree.box->open("file", {.rights = core::reading()}); }}},
  };
  for (const auto& [name, expected] : cases) {
    const auto calls = calls_of(expected.second);
    if (skipped) GTEST_SKIP() << "a child cannot be traced here";
    EXPECT_EQ(count(calls), expected.first) << name;
  }
}

TEST_F(Syscalls, ReadingADirectoryIsACallPerBuffer) {
  for (int i = 0; i < 2'000; ++i) tree.make_file("box/dir/n" + std::to_string(i), "");
  auto opened = tree.box->open("dir", {.rights = core::browsing()});
  ASSERT_TRUE(opened.ok());
  core::Dir& dir = *(*opened)->as_directory();
  const auto calls = calls_of([&] {
    u64 cookie = 0;
    for (int i = 0;; ++i) {
      // Every now and then the entry before once more, as after a buffer of the guest that was full.
      auto entry = dir.read_entry(cookie);
      if (i % 50 == 0) entry = dir.read_entry(cookie);
      if (!entry.ok() || !entry->has_value()) break;
      cookie = (*entry)->next_cookie;
    }
  });
  if (skipped) GTEST_SKIP() << "a child cannot be traced here";
  EXPECT_LT(count(calls), 20u);
}

}  // namespace
}  // namespace wisp
