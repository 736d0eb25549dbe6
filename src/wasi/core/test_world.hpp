#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "sys/host.hpp"
#include "sys/memory/file_system.hpp"
#include "wasi/core/dir.hpp"

/// What the tests of wasi/core share: the same little world on a disk and in memory.
namespace wisp::core {

enum class Storage { linux_disk, memory };

inline std::string storage_name(const testing::TestParamInfo<Storage>& info) {
  return info.param == Storage::linux_disk ? "Linux" : "Memory";
}

/// Collects refusals.
class Denials : public DenialObserver {
 public:
  struct Seen {
    Operation operation;
    Rule rule;
    std::string object;
    std::string text;
  };
  void denied(const Denial& denial) override {
    seen.push_back({denial.operation, denial.rule, std::string(denial.object), describe(denial)});
  }
  std::vector<Seen> seen;
};

/// A directory on disk that goes away with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wisp_core_XXXXXX").string();
    WISP_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Rights that open everything a mount passes on.
inline HandleRights every_right() {
  return {Rights::all(), Rights::all()};
}
inline HandleRights reading() {
  return {Rights::all().without(Right::fd_write | Right::fd_allocate | Rights(Right::fd_filestat_set_size)),
          Rights::all()};
}
inline HandleRights browsing() {
  return {Rights::applicable_to(FileType::directory), Rights::all()};
}
/// Writing data, and what a regular file can be asked besides.
inline HandleRights writing() {
  return {Rights::applicable_to(FileType::regular_file), {}};
}

inline sys::IoBuffer buffer_of(std::string& text) {
  return {reinterpret_cast<u8*>(text.data()), text.size()};
}
inline sys::ConstIoBuffer buffer_of(std::string_view text) {
  return {reinterpret_cast<const u8*>(text.data()), text.size()};
}
inline Outcome<usize> write_text(Handle& handle, std::string_view text) {
  const sys::ConstIoBuffer buffers[] = {buffer_of(text)};
  return handle.write(buffers);
}
inline std::string read_text(Handle& handle, usize most = 1 << 16) {
  std::string text(most, '?');
  const sys::IoBuffer buffers[] = {buffer_of(text)};
  auto count = handle.read(buffers);
  return count.ok() ? text.substr(0, *count) : "error: " + std::string(error_name(count.error()));
}

/// "ok", or the name of the error.
template <class T>
std::string result(const Outcome<T>& outcome) {
  return outcome.ok() ? "ok" : std::string(error_name(outcome.error()));
}

/// base/              not the guest's
///   secret           "secret"
///   outside/file     "outside"
///   box/             what the guest is given, as /box
///     file           "hello"
///     dir/nested     "nested"
///     links as listed in `links()`
class Tree {
 public:
  struct Link {
    const char* name;
    const char* target;
  };
  static std::vector<Link> links() {
    return {{"to_file", "file"},
            {"to_dir", "dir"},
            {"to_dir_slash", "dir/"},
            {"to_file_slash", "file/"},
            {"to_nested", "dir/nested"},
            {"to_self_dot", "dir/."},
            {"to_up", "dir/.."},
            {"dangling", "nothing"},
            {"loop", "loop"},
            {"cycle_a", "cycle_b"},
            {"cycle_b", "cycle_a"},
            {"out", "../outside"},
            {"out_slash", "../outside/"},
            {"out_dot", "../outside/."},
            {"out_file", "../outside/file"},
            {"out_new", "../outside/new"},
            {"out_missing", "../missing"},
            {"out_and_back", "../box/file"},
            {"out_root", ".."},
            {"absolute", "/etc/passwd"},
            {"absolute_dir", "/"},
            {"dir/up_out", "../../outside"},
            {"dir/up_in", "../file"}};
  }

  void build(Storage storage, u64 memory_limit) {
    if (storage == Storage::linux_disk) {
      ASSERT_TRUE(sys::check_host().ok());
      directory_.emplace();
      auto opened = sys::open_host_directory(directory_->path());
      ASSERT_TRUE(opened.ok());
      base = std::move(*opened);
    } else {
      base = sys::make_memory_file_system({memory_limit, 7, &sys::host_clock(sys::HostClock::realtime)});
    }
    for (const char* path : {"outside", "box", "box/dir"}) make_directory(path);
    make_file("secret", "secret");
    make_file("outside/file", "outside");
    make_file("box/file", "hello");
    make_file("box/dir/nested", "nested");
    for (const Link& link : links()) make_link(std::string("box/") + link.name, link.target);
    box = mount("box", {.guest_path = "/box"});
    ASSERT_NE(box, nullptr);
  }

  /// The parent and the name of something, outside of the guest's view; the name refers to `path`.
  std::pair<std::unique_ptr<sys::Directory>, sys::Name> place(std::string_view path) {
    const usize slash = path.rfind('/');
    auto parent = base->open_parent(slash == path.npos ? "." : path.substr(0, slash));
    WISP_CHECK(parent.ok());
    return {std::move(*parent), *sys::Name::make(path.substr(slash == path.npos ? 0 : slash + 1))};
  }
  void make_directory(const std::string& path) {
    auto [parent, name] = place(path);
    ASSERT_TRUE(parent->create_directory(name).ok()) << path;
  }
  void make_link(const std::string& path, std::string_view target) {
    auto [parent, name] = place(path);
    ASSERT_TRUE(parent->create_symlink(name, target).ok()) << path;
  }
  void make_file(const std::string& path, std::string_view content) {
    sys::OpenMode mode;
    mode.write = mode.create = mode.truncate = true;
    auto opened = base->open(path, mode);
    ASSERT_TRUE(opened.ok()) << path;
    const sys::ConstIoBuffer buffers[] = {buffer_of(content)};
    ASSERT_TRUE(opened->node->write(buffers).ok());
  }
  std::unique_ptr<sys::Directory> open_directory(const std::string& path) {
    sys::OpenMode mode;
    mode.read = mode.directory = mode.follow = true;
    auto opened = base->open(path, mode);
    if (!opened.ok()) return nullptr;
    return std::unique_ptr<sys::Directory>(static_cast<sys::Directory*>(opened->node.release()));
  }
  std::unique_ptr<Dir> mount(const std::string& path, Mount as) {
    auto mounted = guest.mount(open_directory(path), std::move(as));
    return mounted.ok() ? std::move(*mounted) : nullptr;
  }

  void remove_all(const std::string& parent_path, const std::string& name) {
    auto parent = open_directory(parent_path);
    const sys::Name checked = *sys::Name::make(name);
    if (parent->stat_entry(checked)->type == FileType::directory) {
      auto directory = open_directory(parent_path + "/" + name);
      while (true) {
        auto entry = directory->read_entry(0);
        for (int dots = 0; dots < 2; ++dots) entry = directory->read_entry((*entry)->next_cookie);
        if (!entry->has_value()) break;
        remove_all(parent_path + "/" + name, std::string((*entry)->name));
      }
      ASSERT_TRUE(parent->remove_directory(checked).ok());
    } else {
      ASSERT_TRUE(parent->remove_file(checked).ok());
    }
  }

  /// A line for everything below `path`, without the times of access; directories in `without` are left out.
  std::map<std::string, std::string> manifest(const std::string& path, const std::set<std::string>& without = {}) {
    std::map<std::string, std::string> lines;
    auto directory = open_directory(path);
    WISP_CHECK(directory != nullptr);
    u64 cookie = 0;
    while (true) {
      auto entry = directory->read_entry(cookie);
      WISP_CHECK(entry.ok());
      if (!entry->has_value()) return lines;
      cookie = (*entry)->next_cookie;
      const std::string name((*entry)->name);
      const std::string full = path == "." ? name : path + "/" + name;
      if (name == "." || name == ".." || without.contains(full)) continue;
      lines[full] = line_of(full);
      if ((*entry)->type == FileType::directory) lines.merge(manifest(full, without));
    }
  }
  std::string line_of(const std::string& path) {
    auto [parent, name] = place(path);
    auto stat = parent->stat_entry(name);
    WISP_CHECK(stat.ok());
    std::string line;
    for (const u64 number : {stat->inode, stat->link_count, stat->size_bytes, stat->modification_time.to_ns(),
                             stat->status_change_time.to_ns()}) {
      line += std::to_string(number) + " ";
    }
    if (stat->type != FileType::regular_file) return line;
    sys::OpenMode mode;
    mode.read = true;
    auto opened = base->open(path, mode);
    std::string content(stat->size_bytes, '?');
    const sys::IoBuffer buffers[] = {buffer_of(content)};
    WISP_CHECK(opened.ok() && opened->node->read(buffers).ok());
    return line + content;
  }
  /// Everything that the guest has no business with.
  std::map<std::string, std::string> outside() { return manifest(".", {"box"}); }

  std::string open_result(Dir& dir, std::string_view path, const OpenRequest& request = {}) {
    return result(dir.open(path, request));
  }

  std::optional<TemporaryDirectory> directory_;
  Denials denials;
  Guest guest{Limits{}, &denials};
  std::unique_ptr<sys::Directory> base;
  std::unique_ptr<Dir> box;
};

/// A test that runs on both kinds of file system.
class World : public testing::TestWithParam<Storage>, public Tree {
 protected:
  void SetUp() override { build(GetParam(), memory_limit()); }
  virtual u64 memory_limit() const { return 64 << 20; }
};

}  // namespace wisp::core
