#include <functional>

#include "wasi/core/test_world.hpp"

namespace wisp::core {
namespace {

class RightsTest : public World {
 protected:
  std::unique_ptr<Handle> open(Dir& dir, std::string_view path, const OpenRequest& request) {
    auto opened = dir.open(path, request);
    return opened.ok() ? std::move(*opened) : nullptr;
  }
  /// A handle on box/dir with exactly these rights.
  std::unique_ptr<Handle> directory_with(HandleRights rights) {
    return open(*box, "dir", {.directory = true, .rights = rights});
  }
};
INSTANTIATE_TEST_SUITE_P(, RightsTest, testing::Values(Storage::linux_disk, Storage::memory), storage_name);

bool refused(ErrorCode code) {
  return code == ErrorCode::notcapable || code == ErrorCode::rofs;
}
template <class T>
bool refused(const Outcome<T>& outcome) {
  return !outcome.ok() && refused(outcome.error());
}

/// One operation and the rights it needs, written down a second time: the test compares it with operations.def.
struct Case {
  const char* name;
  u64 needs;
  std::function<bool(Handle&)> is_refused;
};

constexpr u64 bit(int number) {
  return u64{1} << number;
}

std::vector<Case> file_cases() {
  static std::string text = "x";
  static const sys::IoBuffer into[] = {buffer_of(text)};
  static const sys::ConstIoBuffer from[] = {buffer_of(std::string_view("x"))};
  return {
      {"read", bit(1), [](Handle& file) { return refused(file.read(into)); }},
      {"write", bit(6), [](Handle& file) { return refused(file.write(from)); }},
      {"read_at", bit(1) | bit(2), [](Handle& file) { return refused(file.read_at(into, 0)); }},
      {"write_at", bit(6) | bit(2), [](Handle& file) { return refused(file.write_at(from, 0)); }},
      {"seek", bit(2), [](Handle& file) { return refused(file.seek(0, Whence::start)); }},
      {"sync_data", bit(0), [](Handle& file) { return refused(file.sync_data()); }},
      {"sync_file", bit(4), [](Handle& file) { return refused(file.sync_file()); }},
      {"advise", bit(7), [](Handle& file) { return refused(file.advise(0, 0, sys::Advice::normal)); }},
      {"allocate", bit(8), [](Handle& file) { return refused(file.allocate(0, 1)); }},
      {"set_flags", bit(3), [](Handle& file) { return refused(file.set_flags({})); }},
      {"stat", bit(21), [](Handle& file) { return refused(file.stat()); }},
      {"set_size", bit(22), [](Handle& file) { return refused(file.set_size(1)); }},
      {"set_times", bit(23), [](Handle& file) { return refused(file.set_times({}, {})); }},
      {"wait_item", bit(27), [](Handle& file) { return refused(file.wait_item(Interest::read)); }},
  };
}

std::vector<Case> directory_cases() {
  const auto dir = [](Handle& handle) -> Dir& { return *handle.as_directory(); };
  return {
      {"stat", bit(21), [](Handle& it) { return refused(it.stat()); }},
      {"set_times", bit(23), [](Handle& it) { return refused(it.set_times({}, {})); }},
      {"read_entry", bit(14), [=](Handle& it) { return refused(dir(it).read_entry(0)); }},
      {"open", bit(13), [=](Handle& it) { return refused(dir(it).open("nested", {})); }},
      {"open, create", bit(13) | bit(10), [=](Handle& it) { return refused(dir(it).open("new", {.create = true})); }},
      {"open, truncate", bit(13) | bit(19),
       [=](Handle& it) { return refused(dir(it).open("nested", {.truncate = true})); }},
      {"create_directory", bit(9), [=](Handle& it) { return refused(dir(it).create_directory("d")); }},
      {"stat_path", bit(18), [=](Handle& it) { return refused(dir(it).stat_path("nested", true)); }},
      {"set_times_path", bit(20), [=](Handle& it) { return refused(dir(it).set_times_path("nested", true, {}, {})); }},
      {"link", bit(11) | bit(12), [=](Handle& it) { return refused(dir(it).link("nested", dir(it), "l")); }},
      {"rename", bit(16) | bit(17), [=](Handle& it) { return refused(dir(it).rename("nested", dir(it), "nested")); }},
      {"read_link", bit(15), [=](Handle& it) { return refused(dir(it).read_link("up_in", {})); }},
      {"create_symlink", bit(24), [=](Handle& it) { return refused(dir(it).create_symlink("x", "s")); }},
      {"remove_file", bit(26), [=](Handle& it) { return refused(dir(it).remove_file("gone")); }},
      {"remove_directory", bit(25), [=](Handle& it) { return refused(dir(it).remove_directory("gone")); }},
  };
}

/// Each operation with every right but one, and with nothing but what it needs.
template <class Open>
void check_matrix(const std::vector<Case>& cases, Rights all, Open open) {
  for (const Case& it : cases) {
    for (int number = 0; number < 30; ++number) {
      auto handle = open(all.without(*Rights::from_bits(bit(number))));
      ASSERT_NE(handle, nullptr);
      EXPECT_EQ(it.is_refused(*handle), (it.needs & bit(number)) != 0) << it.name << " without right " << number;
    }
    auto minimal = open(*Rights::from_bits(it.needs));
    ASSERT_NE(minimal, nullptr);
    EXPECT_FALSE(it.is_refused(*minimal)) << it.name;
    auto nothing = open(Rights());
    ASSERT_NE(nothing, nullptr);
    EXPECT_TRUE(it.is_refused(*nothing)) << it.name;
  }
}

// FS-03.
TEST_P(RightsTest, Matrix) {
  const Rights on_file = Rights::applicable_to(FileType::regular_file);
  check_matrix(file_cases(), on_file, [&](Rights rights) {
    // Opened with all of them, so that the host could do it.
    auto handle = open(*box, "file", {.rights = {on_file, {}}});
    EXPECT_TRUE(handle->restrict_rights({rights & on_file, {}}).ok());
    return handle;
  });
  check_matrix(directory_cases(), Rights::applicable_to(FileType::directory),
               [&](Rights rights) { return directory_with({rights, Rights::all()}); });
}

TEST_P(RightsTest, SeekingImpliesTelling) {
  for (const Right right : {Right::fd_seek, Right::fd_tell}) {
    auto file = open(*box, "file", {.rights = {right, {}}});
    ASSERT_NE(file, nullptr);
    EXPECT_TRUE(file->tell().ok());
  }
  auto file = open(*box, "file", {.rights = {Right::fd_read, {}}});
  EXPECT_EQ(result(file->tell()), "notcapable");
}

TEST_P(RightsTest, DirectoriesAreNoFiles) {
  std::string text(4, ' ');
  const sys::IoBuffer into[] = {buffer_of(text)};
  const sys::ConstIoBuffer from[] = {buffer_of(std::string_view("x"))};
  EXPECT_EQ(result(box->read(into)), "isdir");
  EXPECT_EQ(result(box->write(from)), "isdir");
  EXPECT_EQ(result(box->read_at(into, 0)), "isdir");
  EXPECT_EQ(result(box->write_at(from, 0)), "isdir");
  EXPECT_EQ(result(box->seek(0, Whence::start)), "isdir");
  EXPECT_EQ(result(box->tell()), "isdir");
  EXPECT_EQ(result(box->set_size(0)), "isdir");
  EXPECT_EQ(result(box->allocate(0, 1)), "isdir");
  EXPECT_EQ(open_result(*box, "dir", {.directory = true, .rights = {Right::fd_read | Right::fd_write, {}}}), "isdir");
  EXPECT_EQ(open_result(*box, ".", {.rights = {Right::fd_write, {}}}), "isdir");
  auto file = open(*box, "file", {.rights = reading()});
  EXPECT_EQ(file->as_directory(), nullptr);
  EXPECT_EQ(result(file->shut_down(sys::ShutdownSide::both)), "notsock");
  EXPECT_EQ(result(file->receive(into, false, false)), "notsock");
  EXPECT_EQ(result(file->send(from)), "notsock");
  EXPECT_EQ(result(file->accept({})), "notsock");
}

// FS-04.
TEST_P(RightsTest, OnlyShrink) {
  auto opened = directory_with({Right::path_open | Right::fd_readdir, Right::fd_read | Right::path_open});
  Dir& dir = *opened->as_directory();
  const HandleRights held = dir.rights();
  for (int number = 0; number < 30; ++number) {
    const Rights one = *Rights::from_bits(bit(number));
    EXPECT_EQ(dir.restrict_rights({held.base | one, held.inheriting}).ok(), held.base.contains(one));
    EXPECT_EQ(dir.restrict_rights({held.base, held.inheriting | one}).ok(), held.inheriting.contains(one));
  }
  EXPECT_EQ(dir.rights(), held);

  // What is opened gets at most what is passed on; asking to write is refused, the rest is left out.
  EXPECT_EQ(open_result(dir, "nested", {.rights = {Right::fd_write, {}}}), "notcapable");
  auto file = open(dir, "nested", {.rights = {Rights::all().without(Right::fd_write), Rights::all()}});
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->rights(), (HandleRights{Right::fd_read, {}}));
  EXPECT_EQ(result(write_text(*file, "x")), "notcapable");
  EXPECT_EQ(result(file->set_size(0)), "notcapable");
  // Not through itself either, nor through anything below.
  auto again = open(dir, ".", {.rights = {Rights::applicable_to(FileType::directory), Rights::all()}});
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->rights(), (HandleRights{Right::path_open, held.inheriting}));
  EXPECT_EQ(open_result(*again->as_directory(), "nested", {.rights = {Right::fd_write, {}}}), "notcapable");

  ASSERT_TRUE(file->restrict_rights({}).ok());
  EXPECT_EQ(read_text(*file), "error: notcapable");
  EXPECT_EQ(result(file->restrict_rights({Right::fd_read, {}})), "notcapable");
}

TEST_P(RightsTest, UnknownBitsAreNoRights) {
  EXPECT_TRUE(Rights::from_bits(Rights::all().bits()).has_value());
  for (int number = 30; number < 64; ++number) EXPECT_FALSE(Rights::from_bits(bit(number)).has_value());
  EXPECT_EQ(Rights::all().bits(), bit(30) - 1);
}

// FS-01.
TEST_P(RightsTest, ReadOnlyMount) {
  auto read_only = mount("box", {.guest_path = "/ro", .read_only = true, .origin = "--dir box::/ro::ro"});
  ASSERT_NE(read_only, nullptr);
  const auto before = manifest("box");
  const auto& ro = read_only;
  const TimeUpdate now{TimeUpdate::Kind::now, {}};
  EXPECT_EQ(open_result(*ro, "file", {.truncate = true}), "rofs");
  EXPECT_EQ(open_result(*ro, "file", {.truncate = true, .rights = reading()}), "rofs");
  EXPECT_EQ(open_result(*ro, "to_file", {.follow = true, .truncate = true, .rights = reading()}), "rofs");
  EXPECT_EQ(open_result(*ro, "./file", {.truncate = true, .rights = reading()}), "rofs");
  EXPECT_EQ(open_result(*ro, "file", {.rights = writing()}), "rofs");
  EXPECT_EQ(open_result(*ro, "file", {.rights = {Right::fd_write, {}}}), "rofs");
  EXPECT_EQ(open_result(*ro, "new", {.create = true}), "rofs");
  EXPECT_EQ(open_result(*ro, "new", {.create = true, .exclusive = true, .rights = writing()}), "rofs");
  EXPECT_EQ(result(ro->create_directory("new")), "rofs");
  EXPECT_EQ(result(ro->remove_directory("dir")), "rofs");
  EXPECT_EQ(result(ro->remove_file("file")), "rofs");
  EXPECT_EQ(result(ro->create_symlink("x", "new")), "rofs");
  EXPECT_EQ(result(ro->rename("file", *ro, "new")), "rofs");
  EXPECT_EQ(result(ro->link("file", *ro, "new")), "rofs");
  EXPECT_EQ(result(ro->set_times_path("file", false, now, now)), "rofs");
  EXPECT_EQ(result(ro->set_times(now, now)), "rofs");
  for (const Denials::Seen& denial : denials.seen) EXPECT_EQ(denial.text, "mount /ro is read-only");
  EXPECT_EQ(denials.seen.size(), 16u);

  // Programs ask for everything and mean to read.
  auto file = open(*ro, "file", {.rights = {Rights::all().without(Right::fd_write), Rights::all()}});
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(read_text(*file), "hello");
  EXPECT_EQ(result(write_text(*file, "x")), "notcapable");
  EXPECT_EQ(result(file->set_size(0)), "rofs");
  EXPECT_EQ(result(file->allocate(0, 100)), "rofs");
  EXPECT_EQ(result(file->set_times(now, now)), "rofs");
  auto dir = open(*ro, "dir", {.directory = true, .rights = browsing()});
  ASSERT_NE(dir, nullptr);
  EXPECT_FALSE(dir->rights().base.contains_any(Rights::changing()));
  EXPECT_EQ(open_result(*dir->as_directory(), "nested", {.truncate = true}), "rofs");
  EXPECT_EQ(result(dir->as_directory()->remove_file("nested")), "rofs");
  EXPECT_TRUE(ro->stat_path("dir/nested", true).ok());
  EXPECT_TRUE(ro->read_entry(0).ok());
  EXPECT_EQ(manifest("box"), before);
}

// FS-02.
TEST_P(RightsTest, NothingMovesBetweenMountsThatAllowDifferentThings) {
  auto read_only = mount("outside", {.guest_path = "/ro", .read_only = true});
  auto restricted = mount("outside", {.guest_path = "/r"});
  auto same = mount("outside", {.guest_path = "/rw"});
  ASSERT_TRUE(read_only && restricted && same);
  const auto before = manifest(".");
  EXPECT_EQ(result(read_only->link("file", *box, "got")), "rofs");
  EXPECT_EQ(result(read_only->rename("file", *box, "got")), "rofs");
  EXPECT_EQ(result(box->link("file", *read_only, "got")), "rofs");
  EXPECT_EQ(result(box->rename("file", *read_only, "got")), "rofs");
  EXPECT_EQ(result(box->rename("dir", *read_only, "got")), "rofs");
  EXPECT_EQ(manifest("."), before);

  EXPECT_EQ(result(same->link("file", *box, "got")), "ok");
  EXPECT_EQ(result(box->rename("got", *same, "back")), "ok");
  EXPECT_EQ(result(box->rename("dir", *same, "dir")), "ok");
}

TEST_P(RightsTest, DifferentFileSystemsAreDifferent) {
  auto other = sys::make_memory_file_system({1 << 20, 8, &sys::host_clock(sys::HostClock::realtime)});
  auto mounted = guest.mount(std::move(other), {.guest_path = "/other"});
  ASSERT_TRUE(mounted.ok());
  EXPECT_EQ(result(box->rename("file", **mounted, "file")), "xdev");
  EXPECT_EQ(result(box->link("file", **mounted, "file")), "xdev");
  ASSERT_TRUE((*mounted)->create_directory("d").ok());
  EXPECT_EQ(result((*mounted)->rename("d", *box, "d")), "xdev");
}

// FS-12.
TEST_P(RightsTest, HandlesAreCounted) {
  Guest small({.open_handles = 10, .directory_buffer_bytes = 4 * sys::directory_buffer_bytes}, &denials);
  auto mounted = small.mount(open_directory("box"), {.guest_path = "/box"});
  ASSERT_TRUE(mounted.ok());
  std::vector<std::unique_ptr<Handle>> held;
  for (int i = 0; i < 9; ++i) {
    auto opened = (*mounted)->open(i % 2 == 0 ? "file" : "dir", {.rights = reading()});
    ASSERT_TRUE(opened.ok());
    held.push_back(std::move(*opened));
  }
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_EQ(result((*mounted)->open("file", {.rights = reading()})), "mfile");
    denials.seen.clear();
  }
  EXPECT_EQ(result((*mounted)->open("new", {.create = true})), "mfile");
  EXPECT_EQ(result(box->stat_path("new", false)), "noent");
  // Others go on.
  EXPECT_EQ(open_result(*box, "file", {.rights = reading()}), "ok");
  held.pop_back();
  EXPECT_EQ(result((*mounted)->open("missing", {})), "noent");
  EXPECT_EQ(result((*mounted)->open("file", {})), "ok");
  held.clear();
  EXPECT_EQ(small.handles().used(), 1u);

  // The buffers of directories being read are counted too, and given back at the end.
  for (int i = 0; i < 6; ++i) {
    auto opened = (*mounted)->open("dir", {.directory = true, .rights = browsing()});
    ASSERT_TRUE(opened.ok());
    auto entry = (*opened)->as_directory()->read_entry(0);
    if (GetParam() == Storage::memory || i < 3) {
      ASSERT_TRUE(entry.ok()) << i;
    } else {
      EXPECT_EQ(result(entry), "nomem");
    }
    held.push_back(std::move(*opened));
  }
  if (GetParam() == Storage::linux_disk) {
    Dir& first = *held.front()->as_directory();
    for (u64 cookie = 0;;) {
      auto entry = first.read_entry(cookie);
      ASSERT_TRUE(entry.ok());
      if (!entry->has_value()) break;
      cookie = (*entry)->next_cookie;
    }
    EXPECT_TRUE(held.back()->as_directory()->read_entry(0).ok());
  }
  held.clear();
  EXPECT_EQ(small.directory_buffers().used(), 0u);
}

TEST_P(RightsTest, Flags) {
  auto file = open(*box, "file", {.flags = {.append = true}, .rights = {Rights::all(), {}}});
  ASSERT_NE(file, nullptr);
  EXPECT_TRUE(file->flags().append);
  ASSERT_TRUE(write_text(*file, " world").ok());
  ASSERT_TRUE(file->seek(0, Whence::start).ok());
  EXPECT_EQ(read_text(*file), "hello world");
  ASSERT_TRUE(file->set_flags({}).ok());
  ASSERT_TRUE(file->seek(0, Whence::start).ok());
  ASSERT_TRUE(write_text(*file, "HE").ok());
  EXPECT_EQ(read_text(*file), "llo world");
  EXPECT_EQ(result(file->set_flags({.sync_file = true})), "notsup");
  ASSERT_TRUE(file->set_flags({.append = true, .non_blocking = true}).ok());
  ASSERT_TRUE(file->seek(0, Whence::start).ok());
  ASSERT_TRUE(write_text(*file, "!").ok());
  EXPECT_EQ(*file->tell(), 12u);
  auto synced = open(*box, "file", {.flags = {.sync_data = true, .sync_file = true}, .rights = writing()});
  ASSERT_NE(synced, nullptr);
  EXPECT_TRUE(write_text(*synced, "x").ok());
  auto limited = directory_with({Right::path_open, Right::fd_read | Right::fd_write});
  EXPECT_EQ(open_result(*limited->as_directory(), "nested", {.flags = {.sync_data = true}}), "notcapable");
  EXPECT_EQ(open_result(*limited->as_directory(), "nested", {.flags = {.sync_file = true}}), "notcapable");
}

TEST(Denial, Texts) {
  const Mount mount{.guest_path = "/data", .read_only = true, .origin = "--dir ./data::/data::ro"};
  EXPECT_EQ(describe({Operation::open_to_write, Rule::read_only_mount, "/data/in.csv", &mount}),
            "mount /data is read-only");
  EXPECT_EQ(describe({Operation::open, Rule::outside, "/data/../x", &mount}),
            "\"/data/../x\" leads out of the directory it was looked up in, under mount /data");
  EXPECT_EQ(describe({Operation::write, Rule::missing_right, "", nullptr}),
            "the handle was opened without the right to write");
}

TEST(Errors, EveryHostErrorHasOne) {
#define WISP_ERRNO(name, number)                                                                    \
  if (sys::Errno::name != sys::Errno::again) {                                                      \
    EXPECT_EQ(error_name(from_errno(sys::Errno::name)), std::string_view(#name)) << "errno " #name; \
  }
#include "sys/errno.def"
#undef WISP_ERRNO
  EXPECT_EQ(from_errno(sys::Errno::again), ErrorCode::would_block);
  EXPECT_EQ(from_errno(sys::Errno(4000)), ErrorCode::io);
  EXPECT_EQ(preview1_errno(ErrorCode::notcapable), 76);
}

}  // namespace
}  // namespace wisp::core
