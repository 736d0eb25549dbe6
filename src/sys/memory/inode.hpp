#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "sys/memory/file_system.hpp"

/// The store behind the in-memory file system: inodes, and the space they take.
namespace wisp::sys::memory {

inline constexpr usize page_bytes = 4096;
inline constexpr u64 inode_bytes = 256;
inline constexpr u64 entry_bytes = 128;  // of a directory, besides the name
inline constexpr u64 largest_file_bytes = u64(INT64_MAX);

using Page = std::array<u8, page_bytes>;

struct Inode;

/// A directory's entries, by the cookie at which they are read and by name. Cookies 0 and 1 are `.` and `..`; an entry
/// keeps its cookie for as long as it exists, so reading on is not disturbed by what comes and goes.
struct Entries {
  struct Entry {
    std::string name;
    Inode* inode;
  };
  std::map<u64, Entry> by_cookie;
  std::map<std::string_view, u64> by_name;
  u64 next_cookie = 2;
};

struct Inode {
  u64 number = 0;
  FileType type = FileType::regular_file;
  u64 links = 0;
  u64 open_count = 0;
  Timestamp accessed;
  Timestamp modified;
  Timestamp changed;

  // Of a regular file. Pages that were never written are not there and read as zero.
  u64 size_bytes = 0;
  std::map<u64, std::unique_ptr<Page>> pages;
  // Of a directory.
  Entries entries;
  Inode* parent = nullptr;
  // Of a symbolic link.
  std::string target;

  bool is_directory() const { return type == FileType::directory; }
};

/// Owns all inodes. An inode stays while it has a name or is open.
class Store {
 public:
  explicit Store(const MemoryFileSystemOptions& options);

  Inode& root() { return *root_; }
  Timestamp now();
  FileStat stat_of(const Inode& inode) const;

  bool take(u64 bytes) {
    if (bytes > limit_bytes_ - used_bytes_) return false;
    used_bytes_ += bytes;
    return true;
  }
  void give_back(u64 bytes) { used_bytes_ -= bytes; }
  u64 free_bytes() const { return limit_bytes_ - used_bytes_; }

  /// A new inode without a name; null if there is no space. Goes away with `release_if_unused`.
  Inode* create(FileType type);
  void release_if_unused(Inode& inode);

  static Inode* find(const Inode& directory, std::string_view name);
  /// Adds a name, which must not be there yet. `noent` in a removed directory, `nospc` without space.
  Outcome<void> add_entry(Inode& directory, std::string_view name, Inode& inode);
  /// Takes a name away; the inode may be gone afterwards.
  void remove_entry(Inode& directory, std::string_view name);

  void touch_modified(Inode& inode);

 private:
  u64 limit_bytes_;
  u64 used_bytes_ = 0;
  u64 device_;
  Clock* clock_;
  u64 next_number_ = 1;
  std::unordered_map<u64, std::unique_ptr<Inode>> inodes_;
  Inode* root_;
};

/// Keeps an inode alive while it is open.
class OpenInode {
 public:
  OpenInode(std::shared_ptr<Store> store, Inode& inode) : store_(std::move(store)), inode_(&inode) {
    ++inode_->open_count;
  }
  OpenInode(const OpenInode&) = delete;
  OpenInode& operator=(const OpenInode&) = delete;
  ~OpenInode() {
    --inode_->open_count;
    store_->release_if_unused(*inode_);
  }

  Store& store() const { return *store_; }
  const std::shared_ptr<Store>& shared_store() const { return store_; }
  Inode& inode() const { return *inode_; }

  FileStat stat() const { return store_->stat_of(*inode_); }
  Outcome<void> set_times(const TimeUpdate& access, const TimeUpdate& modification) const;

 private:
  std::shared_ptr<Store> store_;
  Inode* inode_;
};

/// Where a path led.
struct Found {
  /// The directory that has (or would have) the last component; null if the path ended in `.` or `..`.
  Inode* parent = nullptr;
  std::string name;
  Inode* inode = nullptr;  // null if there is nothing
  bool must_be_directory = false;
};

struct ResolveMode {
  bool follow = false;  // a symbolic link as the last component
  bool create = false;  // what is not there is to be made: `isdir` if a slash follows
};

/// Resolves as openat2 does with RESOLVE_BENEATH: `xdev` where the path or a link would leave `start`. Takes time in
/// the length of the path and of at most max_symlinks links.
Outcome<Found> resolve(Inode& start, std::string_view path, ResolveMode mode);

std::unique_ptr<Node> make_file(std::shared_ptr<Store> store, Inode& inode, const OpenMode& mode);
std::unique_ptr<Directory> make_directory(std::shared_ptr<Store> store, Inode& inode);
/// Something opened for its place only.
std::unique_ptr<Node> make_place(std::shared_ptr<Store> store, Inode& inode);

/// Cuts a regular file off or lets it grow by a hole.
void resize(Store& store, Inode& inode, u64 size_bytes);

}  // namespace wisp::sys::memory
