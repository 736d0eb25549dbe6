#pragma once

#include "sys/directory.hpp"
#include "wasi/core/handle.hpp"

namespace wisp::core {

/// How a guest wants something opened.
struct OpenRequest {
  bool follow = false;  // a symbolic link as the last component
  bool create = false;
  bool exclusive = false;
  bool truncate = false;
  bool directory = false;
  StatusFlags flags = {};
  /// What the guest asks for. It gets what of that this directory passes on and the type of what was opened has;
  /// asking to read or write data where that is not passed on is refused.
  HandleRights rights = {};
};

/// An open directory: the capability to everything in and below it. Paths are relative and never leave the directory:
/// absolute paths and paths or links that lead out of it are `notcapable`, an empty path is `noent`, one with NUL
/// `inval`, one that is not UTF-8 `ilseq`, one of more than sys::max_path_bytes `nametoolong`. The views passed in
/// are not guest memory (another thread of the guest could change it meanwhile), except for `read_link`'s target.
class Dir final : public Handle {
 public:
  /// `would_block` here means that renames elsewhere kept disturbing the resolution; there is nothing to wait for.
  Outcome<std::unique_ptr<Handle>> open(std::string_view path, const OpenRequest& request);

  Outcome<FileStat> stat_path(std::string_view path, bool follow);
  Outcome<void> set_times_path(std::string_view path, bool follow, TimeUpdate access, TimeUpdate modification);
  Outcome<void> create_directory(std::string_view path);
  Outcome<void> remove_directory(std::string_view path);
  Outcome<void> remove_file(std::string_view path);
  /// As much of the link's text as fits into `target`; its length.
  Outcome<usize> read_link(std::string_view path, MutableBytes target);
  /// `text` is what the link says; an absolute one is refused, one that leads out is created (and never followed).
  Outcome<void> create_symlink(std::string_view text, std::string_view path);
  /// Does not follow a symbolic link at the end of `path`. `xdev` between mounts that allow different things.
  Outcome<void> link(std::string_view path, Dir& target_dir, std::string_view target);
  Outcome<void> rename(std::string_view path, Dir& target_dir, std::string_view target);

  /// The entry at `cookie` (0: the first), or nothing at the end; `name` is valid until the next call on this Dir.
  /// `.` and `..` come first; the `..` of a mount's root is the root itself.
  Outcome<std::optional<sys::DirectoryEntry>> read_entry(u64 cookie);

  /// The mount this was opened through.
  const Mount& mount() const { return *mount_; }
  /// What the guest called it, as far as remembered; for messages.
  const std::string& guest_path() const { return guest_path_; }

  Dir* as_directory() override { return this; }

 private:
  friend class Guest;
  struct Target;

  Dir(Guest& guest, Charge charge, std::unique_ptr<sys::Node> node, const Origin& origin, std::string guest_path,
      bool is_mount_root);

  Outcome<void> authorize(Operation operation, std::string_view path);
  Outcome<void> authorize_open(std::string_view path, const OpenRequest& request);
  ErrorCode refuse_by(Rule rule, Operation operation, std::string_view path, ErrorCode code = ErrorCode::notcapable);
  /// What the guest is told when resolving `path` failed.
  ErrorCode lookup_error(Operation operation, std::string_view path, sys::Errno error);
  Outcome<void> check_path(Operation operation, std::string_view path);
  Outcome<Target> resolve_parent(Operation operation, std::string_view path);
  Outcome<std::unique_ptr<sys::Node>> open_place(Operation operation, std::string_view path, bool follow);
  /// Whether the two ends of a link or rename allow the same.
  Outcome<void> check_same_rights(Operation operation, std::string_view path, const Dir& other);
  Outcome<std::unique_ptr<Handle>> make_handle(Charge charge, sys::Opened opened, std::string_view path,
                                               const OpenRequest& request);
  std::string path_below(std::string_view path) const;

  sys::Directory* directory_;  // what node_ is
  std::string guest_path_;
  bool is_mount_root_;
  Charge buffer_charge_;
};

}  // namespace wisp::core
