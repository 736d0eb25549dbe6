#pragma once

#include "sys/limits.hpp"
#include "sys/node.hpp"

namespace wisp::sys {

/// A single path component: not empty, not `.` or `..`, at most `max_name_bytes`, without `/` and NUL. The only way to
/// name something to a call that is not confined by the resolver.
class Name {
 public:
  /// Nothing if `text` is not a component (too long ones included).
  static std::optional<Name> make(std::string_view text) {
    if (text.empty() || text == "." || text == ".." || text.size() > max_name_bytes) return std::nullopt;
    if (text.find('/') != text.npos || text.find('\0') != text.npos) return std::nullopt;
    return Name(text);
  }
  std::string_view text() const { return text_; }

 private:
  explicit Name(std::string_view text) : text_(text) {}
  std::string_view text_;
};

/// How `Directory::open` resolves and what it opens.
struct OpenMode {
  bool read = false;
  bool write = false;
  bool create = false;
  bool exclusive = false;
  bool truncate = false;
  bool directory = false;  // fail with `notdir` if it is none
  bool follow = false;     // a symbolic link as the last component
  /// What is created is for its owner alone.
  bool owner_only = false;
  StatusFlags flags = {};
};

/// How `Directory::open_place` resolves.
struct PlaceMode {
  bool follow = false;     // a symbolic link as the last component
  bool directory = false;  // fail with `notdir` if it is none
};

struct Opened {
  std::unique_ptr<Node> node;
  FileType type = FileType::unknown;
};

/// One entry of a directory. `name` is valid until the next call on the directory.
struct DirectoryEntry {
  std::string_view name;
  u64 inode = 0;
  FileType type = FileType::unknown;
  /// Where the entry after this one is.
  u64 next_cookie = 0;
};

/// An open directory: the root of everything that can be reached through it.
class Directory : public Node {
 public:
  /// Resolves a relative path without ever leaving this directory, not even for a moment: `xdev` if it would.
  /// `path` is not empty, has no NUL and no trailing slash, at most `max_path_bytes`. Opening never blocks.
  virtual Outcome<Opened> open(std::string_view path, const OpenMode& mode) = 0;

  /// Only a place in the tree, resolved in the same way: for `stat` and `set_times`. It may be a symbolic link.
  virtual Outcome<std::unique_ptr<Node>> open_place(std::string_view path, PlaceMode mode) = 0;

  /// A directory below, resolved in the same way (links followed), as a place for the calls that take a `Name`.
  virtual Outcome<std::unique_ptr<Directory>> open_parent(std::string_view path) = 0;

  /// Of an entry itself; a symbolic link is not followed.
  virtual Outcome<FileStat> stat_entry(Name name) = 0;
  virtual Outcome<void> create_directory(Name name) = 0;
  virtual Outcome<void> create_symlink(Name name, std::string_view target) = 0;
  virtual Outcome<void> remove_file(Name name) = 0;
  virtual Outcome<void> remove_directory(Name name) = 0;
  /// Fills `target` with as much of the link's text as fits; its length.
  virtual Outcome<usize> read_link(Name name, MutableBytes target) = 0;
  /// A second name for the entry itself; a symbolic link is not followed. `xdev` between file systems.
  virtual Outcome<void> link(Name name, Directory& target_directory, Name target) = 0;
  virtual Outcome<void> rename(Name name, Directory& target_directory, Name target) = 0;

  /// The entry at `cookie`, or nothing at the end. 0 is the start and sees every change made before; other cookies come
  /// from `DirectoryEntry::next_cookie`. `.` and `..` come first. Reading on in order costs the same per entry however
  /// large the directory is, and so does going back by one entry.
  virtual Outcome<std::optional<DirectoryEntry>> read_entry(u64 cookie) = 0;
  /// Bytes of buffer that `read_entry` keeps between calls, once used.
  virtual usize entry_buffer_bytes() const = 0;

  Directory* as_directory() override { return this; }
  /// Tells the file systems behind two directories apart.
  virtual const void* file_system() const = 0;
};

}  // namespace wisp::sys
