#include <limits>

#include "wasi/core/test_world.hpp"

namespace wisp::core {
namespace {

class Files : public World {
 protected:
  std::unique_ptr<Handle> open(std::string_view path, OpenRequest request = {}) {
    if (request.rights == HandleRights()) request.rights = {Rights::applicable_to(FileType::regular_file), {}};
    auto opened = box->open(path, request);
    EXPECT_TRUE(opened.ok()) << path;
    return opened.ok() ? std::move(*opened) : nullptr;
  }
};
INSTANTIATE_TEST_SUITE_P(, Files, testing::Values(Storage::linux_disk, Storage::memory), storage_name);

constexpr u64 most = std::numeric_limits<i64>::max();

TEST_P(Files, ManyBuffersAtOnce) {
  auto file = open("new", {.create = true});
  std::string a = "one", b, c = "two", d = "three";
  const sys::ConstIoBuffer from[] = {buffer_of(std::string_view(a)), buffer_of(std::string_view(b)),
                                     buffer_of(std::string_view(c)), buffer_of(std::string_view(d))};
  EXPECT_EQ(*file->write(from), 11u);
  EXPECT_EQ(*file->tell(), 11u);
  EXPECT_EQ(*file->write_at(from, 100), 11u);
  EXPECT_EQ(*file->tell(), 11u);
  EXPECT_EQ(file->stat()->size_bytes, 111u);

  std::string e(5, '.'), f(200, '.');
  const sys::IoBuffer into[] = {buffer_of(e), buffer_of(b), buffer_of(f)};
  EXPECT_EQ(*file->read_at(into, 0), 111u);
  EXPECT_EQ(e, "onetw");
  EXPECT_EQ(f.substr(0, 6), "othree");
  EXPECT_EQ(f.substr(6, 89), std::string(89, '\0'));
  EXPECT_EQ(f.substr(95, 11), "onetwothree");
  EXPECT_EQ(*file->read(into), 100u);
  EXPECT_EQ(*file->read(into), 0u);
  EXPECT_EQ(*file->read_at(into, 5000), 0u);
  EXPECT_EQ(*file->write(sys::ConstIoBuffers()), 0u);
  EXPECT_EQ(*file->read(sys::IoBuffers()), 0u);

  // More buffers than the host takes at once make a short transfer.
  std::string x = "x";
  const std::vector<sys::ConstIoBuffer> lots(2000, buffer_of(std::string_view(x)));
  EXPECT_EQ(*file->write_at(lots, 0), sys::max_io_buffers);
  std::vector<std::string> places(2000, ".");
  std::vector<sys::IoBuffer> into_lots;
  for (std::string& place : places) into_lots.push_back(buffer_of(place));
  EXPECT_EQ(*file->read_at(into_lots, 0), sys::max_io_buffers);
  EXPECT_EQ(places[1023], "x");
  EXPECT_EQ(places[1024], ".");
}

// FS-08.
TEST_P(Files, Offsets) {
  auto file = open("file");
  std::string text(8, '.');
  const sys::IoBuffer into[] = {buffer_of(text)};
  const sys::ConstIoBuffer from[] = {buffer_of(std::string_view("x"))};
  EXPECT_EQ(*file->seek(1, Whence::end), 6u);
  EXPECT_EQ(*file->seek(-2, Whence::current), 4u);
  EXPECT_EQ(result(file->seek(-5, Whence::current)), "inval");
  EXPECT_EQ(result(file->seek(-1, Whence::start)), "inval");
  EXPECT_EQ(result(file->seek(std::numeric_limits<i64>::min(), Whence::end)), "inval");
  EXPECT_EQ(result(file->seek(i64(most), Whence::end)), "inval");
  EXPECT_EQ(*file->tell(), 4u);
  EXPECT_EQ(read_text(*file), "o");
  for (const u64 offset : {u64{1} << 31, u64{1} << 32, u64{1} << 40}) {
    EXPECT_EQ(*file->seek(i64(offset), Whence::start), offset);
    EXPECT_EQ(*file->read(into), 0u);
    EXPECT_EQ(*file->read_at(into, offset), 0u);
  }
  for (const u64 offset : {most, most + 1, ~u64{0}, ~u64{0} - 7}) {
    EXPECT_EQ(result(file->read_at(into, offset)), "inval") << offset;
    EXPECT_EQ(result(file->write_at(from, offset)), offset == most - 1 ? "fbig" : "inval") << offset;
  }
  EXPECT_EQ(result(file->set_size(most + 1)), "fbig");
  EXPECT_EQ(result(file->set_size(~u64{0})), "fbig");
  EXPECT_EQ(result(file->allocate(0, 0)), "inval");
  EXPECT_EQ(result(file->allocate(most, 1)), "fbig");
  EXPECT_EQ(result(file->allocate(~u64{0}, 2)), "fbig");
  EXPECT_EQ(result(file->allocate(1, ~u64{0})), "fbig");
  EXPECT_EQ(result(file->advise(0, ~u64{0}, sys::Advice::sequential)), "ok");
  EXPECT_EQ(result(file->advise(most, most, sys::Advice::will_need)), "ok");
  EXPECT_EQ(result(file->advise(~u64{0}, 1, sys::Advice::normal)), "inval");
  EXPECT_EQ(file->stat()->size_bytes, 5u);
}

TEST_P(Files, SizeAndHoles) {
  auto file = open("file");
  ASSERT_TRUE(file->set_size(10).ok());
  EXPECT_EQ(read_text(*file), std::string("hello\0\0\0\0\0", 10));
  ASSERT_TRUE(file->set_size(2).ok());
  ASSERT_TRUE(file->set_size(6).ok());
  ASSERT_TRUE(file->seek(0, Whence::start).ok());
  EXPECT_EQ(read_text(*file), std::string("he\0\0\0\0", 6));

  // A large file with almost nothing in it.
  const u64 far = u64{1} << 35;
  ASSERT_TRUE(file->seek(i64(far), Whence::start).ok());
  ASSERT_TRUE(write_text(*file, "end").ok());
  EXPECT_EQ(file->stat()->size_bytes, far + 3);
  std::string text(6, '.');
  const sys::IoBuffer into[] = {buffer_of(text)};
  EXPECT_EQ(*file->read_at(into, far - 3), 6u);
  EXPECT_EQ(text, std::string("\0\0\0end", 6));

  ASSERT_TRUE(file->set_size(0).ok());
  ASSERT_TRUE(file->allocate(100, 50).ok());
  EXPECT_EQ(file->stat()->size_bytes, 150u);
  ASSERT_TRUE(file->allocate(0, 10).ok());
  EXPECT_EQ(file->stat()->size_bytes, 150u);
}

TEST_P(Files, TruncateOnOpen) {
  auto before = open("file");
  auto truncated = open("file", {.truncate = true});
  EXPECT_EQ(before->stat()->size_bytes, 0u);
  // With no right to the data at all, as preview1 allows.
  make_file("box/again", "text");
  auto opened = box->open("again", {.truncate = true});
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(box->stat_path("again", false)->size_bytes, 0u);
  EXPECT_EQ(result(box->open("dir", {.truncate = true})), "isdir");
}

// FS-06, FS-07.
TEST_P(Files, Times) {
  const auto set = [](i64 seconds, u32 nanoseconds) {
    return TimeUpdate{TimeUpdate::Kind::set, {seconds, nanoseconds}};
  };
  auto file = open("file");
  const FileStat start = *file->stat();
  ASSERT_TRUE(file->set_times({}, set(1'000, 5)).ok());
  EXPECT_EQ(file->stat()->modification_time, (Timestamp{1'000, 5}));
  EXPECT_EQ(file->stat()->access_time, start.access_time);
  EXPECT_GE(file->stat()->status_change_time, start.status_change_time);
  ASSERT_TRUE(box->set_times_path("file", false, set(-1, 999'999'999), {}).ok());
  EXPECT_EQ(file->stat()->access_time, (Timestamp{-1, 999'999'999}));
  EXPECT_EQ(file->stat()->access_time.to_ns(), 0u);
  EXPECT_EQ(file->stat()->modification_time, (Timestamp{1'000, 5}));

  // Through a link, and of the link.
  ASSERT_TRUE(box->set_times_path("to_file", true, {}, set(77, 0)).ok());
  EXPECT_EQ(file->stat()->modification_time.seconds, 77);
  ASSERT_TRUE(box->set_times_path("to_file", false, {}, set(88, 0)).ok());
  EXPECT_EQ(file->stat()->modification_time.seconds, 77);
  EXPECT_EQ(box->stat_path("to_file", false)->modification_time.seconds, 88);
  EXPECT_EQ(box->stat_path("to_file", true)->modification_time.seconds, 77);
  ASSERT_TRUE(box->set_times_path("dir", false, set(1, 0), set(2, 0)).ok());
  EXPECT_EQ(box->stat_path("dir", true)->modification_time.seconds, 2);

  // No time at all; the values that mean something else to the host are among these.
  for (const u32 bad : {1'000'000'000u, (1u << 30) - 1, (1u << 30) - 2, ~0u}) {
    EXPECT_EQ(result(file->set_times(set(1, bad), {})), "inval") << bad;
    EXPECT_EQ(result(box->set_times_path("file", true, {}, set(1, bad))), "inval") << bad;
  }
  EXPECT_EQ(file->stat()->modification_time.seconds, 77);
  // Whatever the file system makes of these, it is an answer.
  for (const i64 seconds :
       {std::numeric_limits<i64>::min(), i64{-1} << 40, i64{1} << 34, std::numeric_limits<i64>::max()}) {
    (void)file->set_times(set(seconds, 0), set(seconds, 0));
    (void)file->stat()->modification_time.to_ns();
  }
  EXPECT_EQ((Timestamp{std::numeric_limits<i64>::max(), 999'999'999}.to_ns()), ~u64{0});
  EXPECT_EQ((Timestamp{std::numeric_limits<i64>::min(), 0}.to_ns()), 0u);
  EXPECT_EQ(Timestamp::from_ns(~u64{0}).to_ns(), ~u64{0});
}

TEST_P(Files, TimesFollowChanges) {
  const TimeUpdate old{TimeUpdate::Kind::set, {1'000, 0}};
  const auto age = [&](const char* path) { ASSERT_TRUE(box->set_times_path(path, false, old, old).ok()); };
  const auto modified = [&](const char* path) {
    return box->stat_path(path, false)->modification_time.seconds != 1'000;
  };
  auto file = open("file");
  age("file");
  EXPECT_FALSE(modified("file"));
  read_text(*file);
  EXPECT_FALSE(modified("file"));
  ASSERT_TRUE(write_text(*file, "x").ok());
  EXPECT_TRUE(modified("file"));
  age("file");
  ASSERT_TRUE(file->set_size(3).ok());
  EXPECT_TRUE(modified("file"));
  for (int i = 0; i < 5; ++i) {
    age("dir");
    if (i == 0) ASSERT_TRUE(box->create_directory("dir/d").ok());
    if (i == 1) ASSERT_TRUE(box->rename("dir/d", *box, "dir/e").ok());
    if (i == 2) ASSERT_TRUE(box->remove_directory("dir/e").ok());
    if (i == 3) ASSERT_TRUE(box->link("file", *box, "dir/l").ok());
    if (i == 4) ASSERT_TRUE(box->remove_file("dir/l").ok());
    EXPECT_TRUE(modified("dir")) << i;
  }
}

// FS-13.
TEST_P(Files, NamesAndFilesAreDifferentThings) {
  auto file = open("file");
  const u64 inode = file->stat()->inode;
  ASSERT_TRUE(box->link("file", *box, "second").ok());
  EXPECT_EQ(file->stat()->link_count, 2u);
  EXPECT_EQ(box->stat_path("second", false)->inode, inode);
  ASSERT_TRUE(box->remove_file("file").ok());
  ASSERT_TRUE(box->remove_file("second").ok());
  EXPECT_EQ(file->stat()->link_count, 0u);
  ASSERT_TRUE(write_text(*file, "HE").ok());
  ASSERT_TRUE(file->seek(0, Whence::start).ok());
  EXPECT_EQ(read_text(*file), "HEllo");

  make_file("box/a", "a");
  make_file("box/b", "b");
  auto replaced = open("b");
  ASSERT_TRUE(box->rename("a", *box, "b").ok());
  EXPECT_EQ(read_text(*replaced), "b");
  EXPECT_EQ(read_text(*open("b")), "a");
  EXPECT_EQ(replaced->stat()->link_count, 0u);
  // Two names of one file: renaming one to the other does nothing.
  ASSERT_TRUE(box->link("b", *box, "c").ok());
  ASSERT_TRUE(box->rename("b", *box, "c").ok());
  EXPECT_EQ(result(box->stat_path("b", false)), "ok");
}

TEST_P(Files, DirectoryLinkCounts) {
  ASSERT_TRUE(box->create_directory("d").ok());
  const auto links = [&](const char* path) { return box->stat_path(path, false)->link_count; };
  EXPECT_EQ(links("d"), 2u);
  ASSERT_TRUE(box->create_directory("d/x").ok());
  ASSERT_TRUE(box->create_directory("d/y").ok());
  EXPECT_EQ(links("d"), 4u);
  ASSERT_TRUE(box->rename("d", *box, "e").ok());
  EXPECT_EQ(links("e"), 4u);
  ASSERT_TRUE(box->rename("e/x", *box, "e/y").ok());
  EXPECT_EQ(links("e"), 3u);
  ASSERT_TRUE(box->rename("e/y", *box, "y").ok());
  EXPECT_EQ(links("e"), 2u);
  EXPECT_EQ(result(box->remove_directory("e")), "ok");
}

class SmallFileSystem : public Files {
 protected:
  u64 memory_limit() const override { return 1 << 20; }
};
INSTANTIATE_TEST_SUITE_P(, SmallFileSystem, testing::Values(Storage::memory), storage_name);

// FS-16, FS-09.
TEST_P(SmallFileSystem, FillsUp) {
  auto file = open("big", {.create = true});
  const std::string block(64 * 1024, 'x');
  u64 written = 0;
  while (true) {
    auto count = write_text(*file, block);
    if (!count.ok()) {
      EXPECT_EQ(count.error(), ErrorCode::nospc);
      break;
    }
    written += *count;
    ASSERT_LE(written, u64{1} << 20);
  }
  EXPECT_GT(written, 900'000u);
  EXPECT_EQ(file->stat()->size_bytes, written);
  // Less than a page is left, which is room for a few names.
  int made = 0;
  while (box->create_directory("made" + std::to_string(made)).ok()) ++made;
  EXPECT_LT(made, 16);
  EXPECT_EQ(result(box->create_directory("d")), "nospc");
  EXPECT_EQ(result(box->create_symlink("x", "s")), "nospc");
  EXPECT_EQ(open_result(*box, "n", {.create = true}), "nospc");
  // What is there can be read, overwritten and removed.
  EXPECT_EQ(result(box->rename("file", *box, "eilf")), "ok");
  EXPECT_EQ(result(file->write_at({}, 0)), "ok");
  ASSERT_TRUE(file->seek(0, Whence::start).ok());
  EXPECT_EQ(*write_text(*file, "y"), 1u);
  // A file without a name still takes its space, until it is closed.
  ASSERT_TRUE(box->remove_file("big").ok());
  auto next = open("next", {.create = true});
  EXPECT_EQ(result(write_text(*next, block)), "nospc");
  file.reset();
  EXPECT_EQ(*write_text(*next, block), block.size());
  ASSERT_TRUE(box->remove_file("next").ok());
  next.reset();
  // Holes cost nothing, space that is asked for does.
  auto sparse = open("sparse", {.create = true});
  EXPECT_EQ(result(sparse->set_size(u64{1} << 62)), "ok");
  EXPECT_EQ(result(sparse->allocate(0, u64{1} << 40)), "nospc");
  EXPECT_EQ(result(sparse->allocate(0, 500'000)), "ok");
  EXPECT_EQ(result(sparse->allocate(0, 500'000)), "ok");
  EXPECT_EQ(result(sparse->allocate(500'000, 1'000'000)), "nospc");
  ASSERT_TRUE(sparse->set_size(0).ok());
  // Everything comes back: again and again.
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "n" + std::to_string(i);
    ASSERT_TRUE(write_text(*open(name, {.create = true}), "some text").ok());
    ASSERT_TRUE(box->rename(name, *box, name + "_with_a_longer_name").ok());
    ASSERT_TRUE(box->create_symlink(std::string(200, 't'), "s").ok());
    ASSERT_TRUE(box->remove_file("s").ok());
    ASSERT_TRUE(box->remove_file(name + "_with_a_longer_name").ok());
  }
}

// Deep trees are released without recursion.
TEST_P(SmallFileSystem, DeepDirectories) {
  std::unique_ptr<Handle> at = std::move(*box->open(".", {.rights = browsing()}));
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(at->as_directory()->create_directory("d").ok());
    auto next = at->as_directory()->open("d", {.rights = browsing()});
    ASSERT_TRUE(next.ok());
    at = std::move(*next);
  }
  EXPECT_LE(at->as_directory()->guest_path().size(), max_remembered_path_bytes + 1);
}

}  // namespace
}  // namespace wisp::core
