#include <string>

#include "wasi/core/test_world.hpp"

namespace wisp::core {
namespace {

class Path : public World {};
INSTANTIATE_TEST_SUITE_P(, Path, testing::Values(Storage::linux_disk, Storage::memory), storage_name);

/// One way of opening; the columns of the table below.
struct OpenCase {
  const char* path;
  const char* no_follow;
  const char* follow;
  const char* directory;  // follow, and a directory is asked for
  const char* create;     // no follow
  const char* create_follow;
  const char* exclusive;  // create, follow
};

// What openat2 does, as far as WASI can ask for it.
constexpr OpenCase open_cases[] = {
    {"file", "ok", "ok", "notdir", "ok", "ok", "exist"},
    {"dir", "ok", "ok", "ok", "isdir", "isdir", "exist"},
    {".", "ok", "ok", "ok", "isdir", "isdir", "exist"},
    {"./", "ok", "ok", "ok", "isdir", "isdir", "isdir"},
    {"new", "noent", "noent", "noent", "ok", "ok", "ok"},
    {"new/", "noent", "noent", "noent", "isdir", "isdir", "isdir"},
    {"missing/new", "noent", "noent", "noent", "noent", "noent", "noent"},
    {"missing/new/", "noent", "noent", "noent", "noent", "noent", "noent"},
    {"dir/nested", "ok", "ok", "notdir", "ok", "ok", "exist"},
    {"dir//nested", "ok", "ok", "notdir", "ok", "ok", "exist"},
    {"dir/./nested", "ok", "ok", "notdir", "ok", "ok", "exist"},
    {"dir/../file", "ok", "ok", "notdir", "ok", "ok", "exist"},
    {"dir/.", "ok", "ok", "ok", "isdir", "isdir", "exist"},
    {"dir/..", "ok", "ok", "ok", "isdir", "isdir", "exist"},
    {"dir/", "ok", "ok", "ok", "isdir", "isdir", "isdir"},
    {"dir//", "ok", "ok", "ok", "isdir", "isdir", "isdir"},
    {"file/", "notdir", "notdir", "notdir", "isdir", "isdir", "isdir"},
    {"file/.", "notdir", "notdir", "notdir", "notdir", "notdir", "notdir"},
    {"file/..", "notdir", "notdir", "notdir", "notdir", "notdir", "notdir"},
    {"file/x", "notdir", "notdir", "notdir", "notdir", "notdir", "notdir"},
    {"missing/..", "noent", "noent", "noent", "noent", "noent", "noent"},
    {"missing/../file", "noent", "noent", "noent", "noent", "noent", "noent"},
    {"file/../file", "notdir", "notdir", "notdir", "notdir", "notdir", "notdir"},
    {"to_dir/../file", "ok", "ok", "notdir", "ok", "ok", "exist"},

    {"to_file", "loop", "ok", "notdir", "loop", "ok", "exist"},
    {"to_dir", "loop", "ok", "ok", "loop", "isdir", "exist"},
    {"to_dir/", "ok", "ok", "ok", "isdir", "isdir", "isdir"},
    {"to_dir//", "ok", "ok", "ok", "isdir", "isdir", "isdir"},
    {"to_dir/.", "ok", "ok", "ok", "isdir", "isdir", "exist"},
    {"to_dir/nested", "ok", "ok", "notdir", "ok", "ok", "exist"},
    {"to_dir_slash", "loop", "ok", "ok", "loop", "isdir", "exist"},
    {"to_dir_slash/nested", "ok", "ok", "notdir", "ok", "ok", "exist"},
    {"to_file_slash", "loop", "notdir", "notdir", "loop", "isdir", "exist"},
    {"to_file/", "notdir", "notdir", "notdir", "isdir", "isdir", "isdir"},
    {"to_file/.", "notdir", "notdir", "notdir", "notdir", "notdir", "notdir"},
    {"to_nested", "loop", "ok", "notdir", "loop", "ok", "exist"},
    {"to_self_dot", "loop", "ok", "ok", "loop", "isdir", "exist"},
    {"to_up", "loop", "ok", "ok", "loop", "isdir", "exist"},
    {"to_up/file", "ok", "ok", "notdir", "ok", "ok", "exist"},
    {"dir/up_in", "loop", "ok", "notdir", "loop", "ok", "exist"},
    {"dangling", "loop", "noent", "noent", "loop", "ok", "exist"},
    {"dangling/", "noent", "noent", "noent", "isdir", "isdir", "isdir"},
    {"dangling/x", "noent", "noent", "noent", "noent", "noent", "noent"},
    {"loop", "loop", "loop", "loop", "loop", "loop", "exist"},
    {"loop/", "loop", "loop", "loop", "isdir", "isdir", "isdir"},
    {"loop/x", "loop", "loop", "loop", "loop", "loop", "loop"},
    {"cycle_a", "loop", "loop", "loop", "loop", "loop", "exist"},

    {"..", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"../", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"../secret", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"../missing", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"dir/../..", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"../box/file", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"dir/../../box/file", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"to_up/../secret", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"/", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"/file", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"//file", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"out", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"out/", "notcapable", "notcapable", "notcapable", "isdir", "isdir", "isdir"},
    {"out//", "notcapable", "notcapable", "notcapable", "isdir", "isdir", "isdir"},
    {"out/.", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"out/..", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"out/file", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"out/missing", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"out_slash", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"out_slash/", "notcapable", "notcapable", "notcapable", "isdir", "isdir", "isdir"},
    {"out_dot", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"out_file", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"out_file/", "notcapable", "notcapable", "notcapable", "isdir", "isdir", "isdir"},
    {"out_new", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"out_missing", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"out_and_back", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"out_root", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"out_root/secret", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"absolute", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"absolute_dir", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"absolute_dir/etc/passwd", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},
    {"dir/up_out", "loop", "notcapable", "notcapable", "loop", "notcapable", "exist"},
    {"dir/up_out/file", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable", "notcapable"},

    {"", "noent", "noent", "noent", "noent", "noent", "noent"},
    {"...", "noent", "noent", "noent", "ok", "ok", "ok"},
    {" ", "noent", "noent", "noent", "ok", "ok", "ok"},
    {"a\nb", "noent", "noent", "noent", "ok", "ok", "ok"},
    {"C:", "noent", "noent", "noent", "ok", "ok", "ok"},
    {"dir\\nested", "noent", "noent", "noent", "ok", "ok", "ok"},
    {"FILE", "noent", "noent", "noent", "ok", "ok", "ok"},
};

// PATH-01 to PATH-11.
TEST_P(Path, OpenTable) {
  const auto before = outside();
  for (const OpenCase& it : open_cases) {
    const std::pair<const char*, OpenRequest> columns[] = {
        {it.no_follow, {.rights = reading()}},
        {it.follow, {.follow = true, .rights = reading()}},
        {it.directory, {.follow = true, .directory = true, .rights = reading()}},
        {it.create, {.create = true, .rights = writing()}},
        {it.create_follow, {.follow = true, .create = true, .rights = writing()}},
        {it.exclusive, {.follow = true, .create = true, .exclusive = true, .rights = writing()}},
    };
    int column = 0;
    for (const auto& [expected, request] : columns) {
      // Nothing that the case creates is there when it starts.
      for (const char* made : {"new", "nothing", "...", " ", "a\nb", "C:", "dir\\nested", "FILE"}) {
        if (column == 0 || request.create) (void)box->remove_file(made);
      }
      std::string got = open_result(*box, it.path, request);
      // Linux says either for a link where a directory was asked for without following.
      EXPECT_EQ(got, expected) << "path \"" << it.path << "\", column " << column;
      ++column;
    }
  }
  EXPECT_EQ(outside(), before);
}

// PATH-12, PATH-13.
TEST_P(Path, TextThatIsNoPath) {
  const std::string nul("file\0", 5);
  const std::string inner_nul("file\0x", 6);
  const std::string longest_name(255, 'n');
  const std::string too_long_name(256, 'n');
  std::string longest_path = "./";
  while (longest_path.size() + 2 <= sys::max_path_bytes - 4) longest_path += "./";
  longest_path += "file";
  ASSERT_LE(longest_path.size(), sys::max_path_bytes);
  const std::string too_long_path = longest_path + std::string(sys::max_path_bytes + 1 - longest_path.size(), '/');
  const std::string huge(1 << 20, 'x');
  const std::pair<std::string, const char*> cases[] = {
      {nul, "inval"},
      {inner_nul, "inval"},
      {"\xff", "ilseq"},
      {"a/\xc0\x80", "ilseq"},
      {"\xed\xa0\x80", "ilseq"},
      {longest_name, "noent"},
      {too_long_name, "nametoolong"},
      {too_long_name + "/x", "nametoolong"},
      {longest_path, "ok"},
      {too_long_path, "nametoolong"},
      {huge, "nametoolong"},
      {"", "noent"},
      {"/", "notcapable"},
  };
  for (const auto& [path, expected] : cases) {
    const std::string shown = path.substr(0, 20);
    EXPECT_EQ(result(box->open(path, {.rights = reading()})), expected) << shown;
    EXPECT_EQ(result(box->stat_path(path, false)), expected) << shown;
    EXPECT_EQ(result(box->set_times_path(path, false, {}, {})), expected) << shown;
    if (std::string_view(expected) == "ok") continue;
    // These have nothing against a name that is not there yet.
    const bool fine = path == longest_name;
    u8 bytes[8];
    EXPECT_EQ(result(box->read_link(path, bytes)), expected) << shown;
    EXPECT_EQ(result(box->remove_file(path)), expected) << shown;
    EXPECT_EQ(result(box->remove_directory(path)), expected) << shown;
    EXPECT_EQ(result(box->rename(path, *box, "x")), expected) << shown;
    EXPECT_EQ(result(box->link(path, *box, "x")), expected) << shown;
    EXPECT_EQ(result(box->create_directory(path)), fine ? "ok" : expected) << shown;
    if (fine) EXPECT_TRUE(box->remove_directory(path).ok());
    EXPECT_EQ(result(box->create_symlink("x", path)), fine ? "ok" : expected) << shown;
    if (fine) EXPECT_TRUE(box->remove_file(path).ok());
    EXPECT_EQ(result(box->link("file", *box, path)), fine ? "ok" : expected) << shown;
    EXPECT_EQ(result(box->rename("dir", *box, path)), fine ? "notdir" : expected) << shown;
    if (fine) EXPECT_TRUE(box->remove_file(path).ok());
  }
}

/// Every call that takes one path, on something that leads out: refused, or about the link itself.
TEST_P(Path, EveryCallOnWhatLeadsOut) {
  const auto before = outside();
  for (const std::string name :
       {"out", "out_slash", "out_dot", "out_file", "out_root", "absolute_dir", "out_missing"}) {
    for (const std::string tail : {"/", "//", "/."}) {
      const std::string path = name + tail;
      u8 bytes[64];
      for (const bool follow : {false, true}) {
        EXPECT_EQ(result(box->stat_path(path, follow)), "notcapable") << path;
        EXPECT_EQ(result(box->set_times_path(path, follow, {TimeUpdate::Kind::now, {}}, {})), "notcapable") << path;
        EXPECT_EQ(result(box->open(path, {.follow = follow, .rights = reading()})), "notcapable") << path;
        EXPECT_EQ(result(box->open(path, {.follow = follow, .truncate = true, .rights = writing()})), "notcapable");
      }
      EXPECT_EQ(result(box->read_link(path, bytes)), "notcapable") << path;
      const bool dot = tail == "/.";
      EXPECT_EQ(result(box->create_directory(path)), dot ? "notcapable" : "exist") << path;
      EXPECT_EQ(result(box->remove_directory(path)), dot ? "notcapable" : "notdir") << path;
      EXPECT_EQ(result(box->remove_file(path)), dot ? "notcapable" : "notdir") << path;
      EXPECT_EQ(result(box->create_symlink("x", path)), dot ? "notcapable" : "exist") << path;
      EXPECT_EQ(result(box->link(path, *box, "made")), dot ? "notcapable" : "notdir") << path;
      EXPECT_EQ(result(box->link("file", *box, path)), dot ? "notcapable" : "exist") << path;
      EXPECT_EQ(result(box->rename(path, *box, "made")), dot ? "notcapable" : "notdir") << path;
      EXPECT_EQ(result(box->rename("file", *box, path)), dot ? "notcapable" : "notdir") << path;
      EXPECT_EQ(result(box->rename("dir", *box, path)), dot ? "notcapable" : "notdir") << path;
    }
    // Below the link: never.
    for (const std::string& path : {name + "/x", name + "/../secret"}) {
      EXPECT_EQ(result(box->create_directory(path)), "notcapable") << path;
      EXPECT_EQ(result(box->remove_directory(path)), "notcapable") << path;
      EXPECT_EQ(result(box->remove_file(path)), "notcapable") << path;
      EXPECT_EQ(result(box->create_symlink("x", path)), "notcapable") << path;
      EXPECT_EQ(result(box->link("file", *box, path)), "notcapable") << path;
      EXPECT_EQ(result(box->rename("file", *box, path)), "notcapable") << path;
      EXPECT_EQ(result(box->rename(path, *box, "made")), "notcapable") << path;
      EXPECT_EQ(result(box->stat_path(path, false)), "notcapable") << path;
    }
    // The link itself may be looked at.
    EXPECT_EQ(box->stat_path(name, false)->type, FileType::symbolic_link);
    EXPECT_EQ(result(box->stat_path(name, true)), "notcapable");
  }
  EXPECT_EQ(outside(), before);
}

struct RenameCase {
  const char* from;
  const char* to;
  const char* expected;
};

// PATH-07: `s` and `t` stand for what the two columns below make of them.
TEST_P(Path, RenameWithTrailingSlashes) {
  constexpr RenameCase cases[] = {
      // a directory
      {"dir", "gone", "ok"},
      {"dir/", "gone", "ok"},
      {"dir", "gone/", "ok"},
      {"dir/", "gone//", "ok"},
      {"dir", "empty", "ok"},
      {"dir/", "empty/", "ok"},
      {"dir", "full", "notempty"},
      {"dir/", "full/", "notempty"},
      {"dir", "file", "notdir"},
      {"dir", "file/", "notdir"},
      {"dir", "to_dir", "notdir"},
      {"dir", "to_dir/", "notdir"},
      {"dir", "dangling/", "notdir"},
      {"dir", "out/", "notdir"},
      {"dir", "dir", "ok"},
      {"dir", "dir/inside", "inval"},
      {"dir", ".", "busy"},
      {"dir", "dir/..", "busy"},
      {"dir/.", "gone", "busy"},
      {"dir", "..", "notcapable"},
      {".", "gone", "busy"},
      {"full/file", "full", "notempty"},
      {"full", "full/file", "inval"},
      // a file
      {"file", "gone", "ok"},
      {"file/", "gone", "notdir"},
      {"file", "gone/", "notdir"},
      {"file/", "gone/", "notdir"},
      {"file", "empty", "isdir"},
      {"file", "empty/", "notdir"},
      {"file", "other", "ok"},
      {"file", "other/", "notdir"},
      {"file", "to_dir", "ok"},
      {"file", "to_dir/", "notdir"},
      {"file", "out/", "notdir"},
      {"file", "out", "ok"},
      {"file", "same_file", "ok"},
      {"file", "missing/x", "noent"},
      {"file", "other/x", "notdir"},
      // links
      {"to_dir", "gone", "ok"},
      {"to_dir/", "gone", "notdir"},
      {"out", "gone", "ok"},
      {"out/", "gone", "notdir"},
      {"dangling/", "gone", "notdir"},
      {"dangling", "gone/", "notdir"},
      {"loop", "gone", "ok"},
      // nothing
      {"missing", "gone", "noent"},
      {"missing/", "gone", "noent"},
      {"missing/", "gone/", "noent"},
      {"missing", "empty", "noent"},
      {"out/file", "gone", "notcapable"},
      {"file", "out/new", "notcapable"},
  };
  for (const RenameCase& it : cases) {
    ASSERT_TRUE(box->create_directory("t").ok());
    auto opened = box->open("t", {.directory = true, .rights = browsing()});
    ASSERT_TRUE(opened.ok());
    Dir& dir = *(*opened)->as_directory();
    for (const char* name : {"dir", "empty", "full"}) ASSERT_TRUE(dir.create_directory(name).ok());
    for (const char* name : {"file", "other", "full/file", "dir/nested"}) {
      ASSERT_TRUE(dir.open(name, {.create = true, .rights = writing()}).ok());
    }
    ASSERT_TRUE(dir.link("file", dir, "same_file").ok());
    for (const auto& [name, target] :
         {std::pair("to_dir", "dir"), {"out", "../../outside"}, {"dangling", "x"}, {"loop", "loop"}}) {
      ASSERT_TRUE(dir.create_symlink(target, name).ok());
    }
    const auto before = outside();
    EXPECT_EQ(result(dir.rename(it.from, dir, it.to)), it.expected) << it.from << " -> " << it.to;
    EXPECT_EQ(outside(), before) << it.from << " -> " << it.to;
    remove_all("box", "t");
  }
}

// PATH-10: 40 links are followed, 41 are not.
TEST_P(Path, ChainsOfLinks) {
  make_file("box/end", "end");
  std::string target = "end";
  std::string target_dir = "dir";
  std::string target_out = "../outside/file";
  for (int i = 1; i <= 41; ++i) {
    const std::string number = std::to_string(i);
    for (const auto& [prefix, to] : {std::pair("f", &target), {"d", &target_dir}, {"o", &target_out}}) {
      make_link("box/" + std::string(prefix) + number, *to);
      *to = prefix + number;
    }
    EXPECT_EQ(open_result(*box, target, {.follow = true, .rights = reading()}), i <= 40 ? "ok" : "loop") << i;
    EXPECT_EQ(open_result(*box, target_dir + "/nested", {.rights = reading()}), i <= 40 ? "ok" : "loop") << i;
    EXPECT_EQ(open_result(*box, target_dir + "/", {.rights = reading()}), i <= 40 ? "ok" : "loop") << i;
    // Linux counts some links twice on the way out, and so may say either.
    EXPECT_FALSE(box->open(target_out, {.follow = true, .rights = reading()}).ok()) << i;
  }
}

// PATH-08, PATH-09.
TEST_P(Path, CreatingThroughLinks) {
  const auto before = outside();
  for (const char* name : {"out_new", "out_missing", "out_file", "out", "absolute"}) {
    EXPECT_EQ(open_result(*box, name, {.follow = true, .create = true, .rights = writing()}), "notcapable");
    EXPECT_EQ(open_result(*box, name, {.follow = true, .create = true, .truncate = true, .rights = writing()}),
              "notcapable");
    EXPECT_EQ(open_result(*box, name, {.follow = true, .truncate = true, .rights = writing()}), "notcapable");
    EXPECT_EQ(open_result(*box, name, {.follow = true, .create = true, .exclusive = true, .rights = writing()}),
              "exist");
    EXPECT_EQ(open_result(*box, name, {.create = true, .rights = writing()}), "loop");
    EXPECT_EQ(open_result(*box, name, {.follow = true, .create = true, .directory = true, .rights = writing()}),
              "inval");
  }
  EXPECT_EQ(outside(), before);
  EXPECT_EQ(open_result(*box, "dangling", {.create = true, .rights = writing()}), "loop");
  EXPECT_EQ(result(box->stat_path("nothing", false)), "noent");
  EXPECT_EQ(open_result(*box, "dangling", {.follow = true, .create = true, .rights = writing()}), "ok");
  EXPECT_EQ(result(box->stat_path("nothing", false)), "ok");
}

// PATH-22, PATH-23.
TEST_P(Path, AMountStaysWithItsDirectory) {
  auto here = open_directory(".");
  const sys::Name box_name = *sys::Name::make("box");
  ASSERT_TRUE(here->rename(box_name, *here, *sys::Name::make("moved")).ok());
  make_link("box", "outside");
  EXPECT_EQ(open_result(*box, "file", {.rights = reading()}), "ok");
  EXPECT_EQ(open_result(*box, "dir/nested", {.rights = reading()}), "ok");
  EXPECT_EQ(result(box->create_directory("made")), "ok");
  EXPECT_EQ(outside().count("moved/made"), 1u);
  EXPECT_EQ(outside().count("outside/made"), 0u);
  // Through a link, at the time of mounting.
  auto by_link = mount("box", {.guest_path = "/link"});
  ASSERT_NE(by_link, nullptr);
  auto file = by_link->open("file", {.rights = reading()});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(read_text(**file), "outside");
}

TEST_P(Path, ARemovedDirectoryStaysEmpty) {
  ASSERT_TRUE(box->create_directory("a").ok());
  auto opened = box->open("a", {.directory = true, .rights = browsing()});
  ASSERT_TRUE(opened.ok());
  Dir& a = *(*opened)->as_directory();
  ASSERT_TRUE(box->remove_directory("a").ok());
  EXPECT_EQ(open_result(a, "x", {.create = true, .rights = writing()}), "noent");
  EXPECT_EQ(result(a.create_directory("x")), "noent");
  EXPECT_EQ(result(a.create_symlink("y", "x")), "noent");
  EXPECT_EQ(result(box->link("file", a, "x")), "noent");
  EXPECT_EQ(result(box->rename("file", a, "x")), "noent");
  EXPECT_EQ(open_result(a, "..", {.rights = reading()}), "notcapable");
  EXPECT_EQ(result(a.read_entry(2)), "ok");
  EXPECT_FALSE(a.read_entry(2)->has_value());
  EXPECT_EQ(a.stat()->link_count, 0u);
}

// PATH-26 pins what the documentation says: a hard link is the file, wherever its other names are.
TEST_P(Path, AHardLinkToAFileOutsideIsTheFile) {
  auto [parent, name] = place("secret");
  auto [into, target] = place("box/hard");
  ASSERT_TRUE(parent->link(name, *into, target).ok());
  auto file = box->open("hard", {.rights = reading()});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(read_text(**file), "secret");
}

// PATH-27.
TEST_P(Path, LinksRevealNothingOfTheirTarget) {
  for (const char* name : {"out", "out_missing", "out_file", "absolute"}) {
    EXPECT_EQ(result(box->stat_path(name, true)), "notcapable");
    EXPECT_EQ(result(box->stat_path(name, false)), "ok");
  }
  u8 bytes[4];
  ASSERT_TRUE(box->read_link("out_missing", bytes).ok());
  EXPECT_EQ(*box->read_link("out_missing", bytes), 4u);
  EXPECT_EQ(as_text(bytes), "../m");
  EXPECT_EQ(*box->read_link("out_missing", {}), 0u);
  u8 many[64] = {};
  EXPECT_EQ(*box->read_link("out_missing", many), 10u);
  EXPECT_EQ(many[10], 0);
  EXPECT_EQ(result(box->read_link("file", many)), "inval");
  EXPECT_EQ(result(box->read_link("dir", many)), "inval");
  EXPECT_EQ(result(box->read_link(".", many)), "inval");
  EXPECT_EQ(result(box->read_link("to_dir/", many)), "inval");
  EXPECT_EQ(result(box->read_link("to_file/", many)), "notdir");
  EXPECT_EQ(result(box->read_link("missing", many)), "noent");
}

// PATH-28.
TEST_P(Path, CreatingLinks) {
  EXPECT_EQ(result(box->create_symlink("/etc", "l")), "notcapable");
  EXPECT_EQ(denials.seen.back().rule, Rule::absolute_link);
  EXPECT_EQ(result(box->create_symlink("", "l")), "noent");
  EXPECT_EQ(result(box->create_symlink(std::string("a\0b", 3), "l")), "inval");
  EXPECT_EQ(result(box->create_symlink(std::string(4096, 'x'), "l")), "nametoolong");
  EXPECT_EQ(result(box->create_symlink("\xff", "l")), "ilseq");
  EXPECT_EQ(result(box->create_symlink("x", "to_file")), "exist");
  EXPECT_EQ(result(box->create_symlink("x", "dangling")), "exist");
  EXPECT_EQ(result(box->create_symlink("x", "out")), "exist");
  EXPECT_EQ(result(box->create_symlink("x", "dir")), "exist");
  EXPECT_EQ(result(box->create_symlink("x", "dir/")), "exist");
  EXPECT_EQ(result(box->create_symlink("x", "new/")), "noent");
  EXPECT_EQ(result(box->create_symlink("x", ".")), "exist");
  EXPECT_EQ(result(box->create_symlink("../outside/file", "l")), "ok");
  EXPECT_EQ(open_result(*box, "l", {.follow = true, .rights = reading()}), "notcapable");
}

// PATH-11 for `.` and `..`, and what slashes mean to calls that take one component.
TEST_P(Path, DotsAndSlashesPerCall) {
  EXPECT_EQ(result(box->create_directory(".")), "exist");
  EXPECT_EQ(result(box->create_directory("dir/..")), "exist");
  EXPECT_EQ(result(box->create_directory("dir")), "exist");
  EXPECT_EQ(result(box->create_directory("dir/")), "exist");
  EXPECT_EQ(result(box->create_directory("dangling/")), "exist");
  EXPECT_EQ(result(box->create_directory("made/")), "ok");
  EXPECT_EQ(result(box->create_directory("made//x///")), "ok");
  EXPECT_EQ(result(box->remove_directory(".")), "inval");
  EXPECT_EQ(result(box->remove_directory("dir/..")), "notempty");
  EXPECT_EQ(result(box->remove_directory("..")), "notcapable");
  EXPECT_EQ(result(box->remove_directory("made")), "notempty");
  EXPECT_EQ(result(box->remove_directory("made/x/")), "ok");
  EXPECT_EQ(result(box->remove_directory("made/")), "ok");
  EXPECT_EQ(result(box->remove_directory("file")), "notdir");
  EXPECT_EQ(result(box->remove_directory("file/")), "notdir");
  EXPECT_EQ(result(box->remove_directory("to_dir")), "notdir");
  EXPECT_EQ(result(box->remove_directory("to_dir/")), "notdir");
  EXPECT_EQ(result(box->remove_directory("missing/")), "noent");
  EXPECT_EQ(result(box->remove_file(".")), "isdir");
  EXPECT_EQ(result(box->remove_file("dir")), "isdir");
  EXPECT_EQ(result(box->remove_file("dir/")), "isdir");
  EXPECT_EQ(result(box->remove_file("file/")), "notdir");
  EXPECT_EQ(result(box->remove_file("to_dir/")), "notdir");
  EXPECT_EQ(result(box->remove_file("missing/")), "noent");
  EXPECT_EQ(result(box->remove_file("to_dir")), "ok");
  EXPECT_EQ(result(box->link("file/", *box, "l")), "notdir");
  EXPECT_EQ(result(box->link("dir", *box, "l")), "perm");
  EXPECT_EQ(result(box->link("dir/", *box, "l")), "perm");
  EXPECT_EQ(result(box->link(".", *box, "l")), "perm");
  EXPECT_EQ(result(box->link("file", *box, "l/")), "noent");
  EXPECT_EQ(result(box->link("file", *box, "dir/")), "exist");
  EXPECT_EQ(result(box->link("file", *box, ".")), "exist");
  EXPECT_EQ(result(box->link("file", *box, "file")), "exist");
  EXPECT_EQ(result(box->link("file", *box, "dangling")), "exist");
  EXPECT_EQ(result(box->link("dangling", *box, "l")), "ok");
  EXPECT_EQ(box->stat_path("l", false)->type, FileType::symbolic_link);
  EXPECT_EQ(box->stat_path("dir/", false)->type, FileType::directory);
  EXPECT_EQ(box->stat_path("to_self_dot/", false)->type, FileType::directory);
  EXPECT_EQ(result(box->stat_path("file/", false)), "notdir");
}

// PATH-24.
TEST(Devices, AreNotOpened) {
  Denials denials;
  Guest guest({}, &denials);
  auto dev = sys::open_host_directory("/dev");
  ASSERT_TRUE(dev.ok());
  auto mounted = guest.mount(std::move(*dev), {.guest_path = "/dev"});
  ASSERT_TRUE(mounted.ok());
  EXPECT_EQ(result((*mounted)->open("null", {.rights = reading()})), "notcapable");
  ASSERT_EQ(denials.seen.size(), 1u);
  EXPECT_EQ(denials.seen[0].text, "\"/dev/null\" is a device, and devices are not opened");
  EXPECT_EQ((*mounted)->stat_path("null", true)->type, FileType::character_device);
  EXPECT_EQ(guest.handles().used(), 1u);
}

TEST(Devices, ADirectoryAsStandardInputIsNoMount) {
  Guest guest;
  auto root = sys::open_host_directory("/");
  ASSERT_TRUE(root.ok());
  auto handle = Handle::make(guest, std::move(*root));
  ASSERT_TRUE(handle.ok());
  EXPECT_EQ((*handle)->as_directory(), nullptr);
  EXPECT_EQ(read_text(**handle), "error: isdir");
  EXPECT_TRUE((*handle)->stat().ok());
}

TEST_P(Path, RefusalsAreReported) {
  const std::pair<std::string, Rule> cases[] = {
      {"/etc/passwd", Rule::absolute_path}, {"../secret", Rule::outside}, {"out/file", Rule::outside}};
  for (const auto& [path, rule] : cases) {
    denials.seen.clear();
    EXPECT_EQ(open_result(*box, path, {.rights = reading()}), "notcapable");
    ASSERT_EQ(denials.seen.size(), 1u) << path;
    EXPECT_EQ(denials.seen[0].rule, rule);
    EXPECT_EQ(denials.seen[0].operation, Operation::open);
    EXPECT_EQ(denials.seen[0].object, path.front() == '/' ? path : "/box/" + path);
    EXPECT_FALSE(denials.seen[0].text.empty());
  }
}

}  // namespace
}  // namespace wisp::core
