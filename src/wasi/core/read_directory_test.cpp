#include <chrono>

#include "wasi/core/test_world.hpp"

namespace wisp::core {
namespace {

class ReadDirectory : public World {
 protected:
  struct Entry {
    std::string name;
    u64 inode;
    FileType type;
    u64 next;
  };
  static std::optional<Entry> entry_at(Dir& dir, u64 cookie) {
    auto entry = dir.read_entry(cookie);
    EXPECT_TRUE(entry.ok()) << cookie;
    if (!entry.ok() || !entry->has_value()) return std::nullopt;
    return Entry{std::string((*entry)->name), (*entry)->inode, (*entry)->type, (*entry)->next_cookie};
  }
  static std::vector<Entry> all(Dir& dir, u64 cookie = 0) {
    std::vector<Entry> entries;
    while (auto entry = entry_at(dir, cookie)) {
      cookie = entry->next;
      entries.push_back(*entry);
    }
    return entries;
  }
  static std::multiset<std::string> names(const std::vector<Entry>& entries) {
    std::multiset<std::string> all;
    for (const Entry& entry : entries) all.insert(entry.name);
    return all;
  }
  std::unique_ptr<Handle> open(std::string_view path) { return std::move(*box->open(path, {.rights = browsing()})); }
};
INSTANTIATE_TEST_SUITE_P(, ReadDirectory, testing::Values(Storage::linux_disk, Storage::memory), storage_name);

TEST_P(ReadDirectory, EntriesAreWhatStatSays) {
  const auto entries = all(*box);
  ASSERT_GE(entries.size(), 4u);
  EXPECT_EQ(entries[0].name, ".");
  EXPECT_EQ(entries[1].name, "..");
  for (const Entry& entry : entries) {
    if (entry.name == "..") continue;
    const FileStat stat = *box->stat_path(entry.name, false);
    EXPECT_EQ(entry.type, stat.type) << entry.name;
    EXPECT_EQ(entry.inode, stat.inode) << entry.name;
  }
  std::multiset<std::string> expected = {".", "..", "file", "dir"};
  for (const Link& link : links()) {
    if (std::string_view(link.name).find('/') == std::string_view::npos) expected.insert(link.name);
  }
  EXPECT_EQ(names(entries), expected);
}

// PATH-27: what lies above a mount is not shown, however its root is reached.
TEST_P(ReadDirectory, ParentOfTheRootIsTheRoot) {
  const u64 root = box->stat()->inode;
  EXPECT_EQ(entry_at(*box, 1)->inode, root);
  for (const char* path : {".", "dir/..", "to_up", "to_up/."}) {
    auto opened = box->open(path, {.follow = true, .rights = browsing()});
    ASSERT_TRUE(opened.ok()) << path;
    EXPECT_EQ(entry_at(*(*opened)->as_directory(), 0)->inode, root) << path;
    EXPECT_EQ(entry_at(*(*opened)->as_directory(), 1)->inode, root) << path;
  }
  auto dir = open("dir");
  EXPECT_EQ(all(*dir->as_directory())[1].inode, root);
}

// FS-10.
TEST_P(ReadDirectory, ResumesAnywhere) {
  ASSERT_TRUE(box->create_directory("many").ok());
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(box->open("many/" + std::string(i % 200, 'n') + std::to_string(i), {.create = true}).ok());
  }
  auto opened = open("many");
  Dir& many = *opened->as_directory();
  const auto entries = all(many);
  EXPECT_EQ(entries.size(), 1'002u);
  const std::multiset<std::string> all_names = names(entries);
  EXPECT_EQ(std::set<std::string>(all_names.begin(), all_names.end()).size(), 1'002u);

  // From every entry on, in any order; what comes next is what came next.
  for (usize i = 0; i < entries.size(); i = i * 2 + 1) {
    const usize back = entries.size() - 1 - i;
    const auto again = entry_at(many, back == 0 ? 0 : entries[back - 1].next);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->name, entries[back].name);
    EXPECT_EQ(names(all(many, entries[i].next)).size(), entries.size() - i - 1);
  }
  // One entry back, as a guest does whose buffer was full.
  u64 cookie = 0;
  for (const Entry& entry : entries) {
    EXPECT_EQ(entry_at(many, cookie)->name, entry.name);
    EXPECT_EQ(entry_at(many, cookie)->name, entry.name);
    EXPECT_EQ(entry_at(many, cookie)->next, entry.next);
    cookie = entry.next;
  }
  EXPECT_FALSE(entry_at(many, cookie).has_value());
  EXPECT_FALSE(entry_at(many, cookie).has_value());
  EXPECT_EQ(entry_at(many, 0)->name, ".");

  // Cookies that nobody was given: an entry, an end or an error.
  for (const u64 forged : {u64{2}, u64{3}, u64{12345}, u64{1} << 62, (u64{1} << 63) - 1, (u64{1} << 63) + 1, ~u64{0}}) {
    (void)many.read_entry(forged);
  }
  EXPECT_EQ(all(many).size(), 1'002u);
}

TEST_P(ReadDirectory, ChangesMeanwhile) {
  ASSERT_TRUE(box->create_directory("many").ok());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(box->open("many/stable" + std::to_string(i), {.create = true}).ok());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(box->open("many/gone" + std::to_string(i), {.create = true}).ok());
  auto opened = open("many");
  Dir& many = *opened->as_directory();
  std::multiset<std::string> seen;
  u64 cookie = 0;
  for (int step = 0; auto entry = entry_at(many, cookie); ++step) {
    seen.insert(entry->name);
    cookie = entry->next;
    if (step < 300) {
      ASSERT_TRUE(box->remove_file("many/gone" + std::to_string(step)).ok());
      ASSERT_TRUE(box->open("many/new" + std::to_string(step), {.create = true}).ok());
    }
    ASSERT_LT(step, 5'000);
  }
  for (int i = 0; i < 300; ++i) EXPECT_EQ(seen.count("stable" + std::to_string(i)), 1u) << i;
  // The start sees what is there now.
  const auto now = names(all(many));
  EXPECT_EQ(now.size(), 602u);
  EXPECT_EQ(now.count("gone0"), 0u);
  EXPECT_EQ(now.count("new0"), 1u);
}

TEST_P(ReadDirectory, LongestNames) {
  ASSERT_TRUE(box->create_directory("d").ok());
  const std::string longest(255, 'n');
  ASSERT_TRUE(box->open("d/" + longest, {.create = true}).ok());
  auto opened = open("d");
  EXPECT_EQ(all(*opened->as_directory()).back().name, longest);
}

}  // namespace
}  // namespace wisp::core
