#include <random>

#include "wasi/core/test_world.hpp"

namespace wisp::core {
namespace {

/// Draws random operations; the same seed draws the same ones.
class Script {
 public:
  explicit Script(u64 seed) : random_(seed) {}

  usize below(usize limit) { return random_() % limit; }

  std::string path() {
    static constexpr const char* plain[] = {"a", "b", "c", "d", "e", "l1", "l2", "file", "dir"};
    static constexpr const char* special[] = {".",        "..",           "",         "out",
                                              "to_dir",   "loop",         "dangling", "out_root",
                                              "absolute", "to_dir_slash", "to_up",    "to_file_slash"};
    std::string text = below(40) == 0 ? "/" : "";
    for (usize parts = below(2) == 0 ? 1 : 1 + below(3); parts > 0; --parts) {
      text += below(5) == 0 ? special[below(std::size(special))] : plain[below(std::size(plain))];
      if (parts > 1) text += "/";
    }
    if (below(6) == 0) text += "/";
    return text;
  }
  std::string link_text() {
    static constexpr const char* texts[] = {"a",  "b/", "d",   "../a", "d/../b",     ".",  "..",
                                            "l1", "l2", "d/.", "l1/",  "../outside", "/x", ""};
    return texts[below(std::size(texts))];
  }
  OpenRequest request() {
    OpenRequest request;
    request.follow = below(2) == 0;
    request.create = below(3) == 0;
    request.exclusive = below(4) == 0;
    request.truncate = below(4) == 0;
    request.directory = below(5) == 0;
    request.flags.append = below(5) == 0;
    request.rights = below(2) == 0 ? reading() : writing();
    return request;
  }

 private:
  std::mt19937_64 random_;
};

/// What a guest can see of a file, apart from numbers that differ between any two file systems.
std::string shown(const Outcome<FileStat>& stat) {
  if (!stat.ok()) return result(stat);
  const bool directory = stat->type == FileType::directory;
  return std::to_string(int(stat->type)) + " " + std::to_string(stat->link_count) + " " +
         std::to_string(directory ? 0 : stat->size_bytes);
}

std::string listing(Dir& dir) {
  std::set<std::string> names;
  for (u64 cookie = 0;;) {
    auto entry = dir.read_entry(cookie);
    if (!entry.ok()) return result(entry);
    if (!entry->has_value()) break;
    names.insert(std::string((*entry)->name) + ":" + std::to_string(int((*entry)->type)));
    cookie = (*entry)->next_cookie;
  }
  std::string text;
  for (const std::string& name : names) text += name + " ";
  return text;
}

std::string use(Handle& handle, Script& script) {
  if (Dir* const dir = handle.as_directory()) return listing(*dir);
  std::string text;
  const std::string data(1 + script.below(6000), char('a' + script.below(26)));
  const std::string_view tail = "tail";
  switch (script.below(5)) {
    case 0:
      text = "write " + result(write_text(handle, data));
      break;
    case 1:
      text = "size " + result(handle.set_size(script.below(20'000)));
      break;
    case 2: {
      const sys::ConstIoBuffer from[] = {buffer_of(std::string_view(data)), buffer_of(tail)};
      text = "write_at " + result(handle.write_at(from, script.below(30'000)));
      break;
    }
    case 3: {
      const u64 offset = script.below(9'000);
      text = "allocate " + result(handle.allocate(offset, script.below(9'000)));
      break;
    }
    default:
      break;
  }
  text += " seek " + result(handle.seek(-i64(script.below(100)), Whence::end));
  text += " read " + read_text(handle, 500);
  text += " tell " + std::to_string(handle.tell().ok() ? *handle.tell() : 0);
  return text + " " + shown(handle.stat());
}

std::string step(Dir& box, Script& script) {
  const std::string path = script.path();
  const std::string other = script.path();
  const bool follow = script.below(2) == 0;
  switch (script.below(11)) {
    case 0:
    case 1:
    case 2: {
      const OpenRequest request = script.request();
      auto opened = box.open(path, request);
      return "open " + path + ": " + (opened.ok() ? use(**opened, script) : result(opened));
    }
    case 3:
      return "stat " + path + ": " + shown(box.stat_path(path, follow));
    case 4:
      return "create_directory " + path + ": " + result(box.create_directory(path));
    case 5:
      return "remove_directory " + path + ": " + result(box.remove_directory(path));
    case 6:
      return "remove_file " + path + ": " + result(box.remove_file(path));
    case 7: {
      u8 bytes[64];
      auto size = box.read_link(path, bytes);
      return "read_link " + path + ": " + (size.ok() ? std::string(as_text(Bytes(bytes, *size))) : result(size));
    }
    case 8: {
      const std::string text = script.link_text();
      return "create_symlink " + text + " " + path + ": " + result(box.create_symlink(text, path));
    }
    case 9:
      return "link " + path + " " + other + ": " + result(box.link(path, box, other));
    default:
      return "rename " + path + " " + other + ": " + result(box.rename(path, box, other));
  }
}

// A guest cannot tell the two file systems apart: random operations, with the same outcome and the same view after
// each.
TEST(SameBehaviour, OnDiskAndInMemory) {
  for (u64 seed = 1; seed <= 6; ++seed) {
    Tree disk;
    Tree memory;
    disk.build(Storage::linux_disk, 0);
    memory.build(Storage::memory, 64 << 20);
    const auto disk_outside = disk.outside();
    const auto memory_outside = memory.outside();
    Script disk_script(seed);
    Script memory_script(seed);
    std::string history;
    for (int i = 0; i < 1'500; ++i) {
      const std::string on_disk = step(*disk.box, disk_script);
      const std::string in_memory = step(*memory.box, memory_script);
      history += on_disk.substr(0, 120) + "\n";
      ASSERT_EQ(on_disk, in_memory) << "seed " << seed << ", step " << i << " after\n"
                                    << history.substr(history.size() - std::min<usize>(history.size(), 3'000));
    }
    EXPECT_EQ(disk.outside(), disk_outside);
    EXPECT_EQ(memory.outside(), memory_outside);
  }
}

}  // namespace
}  // namespace wisp::core
