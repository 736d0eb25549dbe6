#include "wasi/core/dir.hpp"

#include "base/utf8.hpp"

namespace wisp::core {

using sys::Errno;
using sys::Name;

namespace {

std::string_view without_trailing_slashes(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path;
}

/// A path taken apart: Linux follows a last symbolic link in front of a slash even where it is told not to, so no slash
/// at the end is ever passed on.
struct SplitPath {
  std::string_view all;     // without slashes at the end
  std::string_view parent;  // likewise; empty if there is no slash
  std::string_view last;
  bool trailing_slash;
};

SplitPath split(std::string_view path) {
  const std::string_view all = without_trailing_slashes(path);
  const usize slash = all.rfind('/');
  const bool trailing_slash = all.size() != path.size();
  if (slash == all.npos) return {all, {}, all, trailing_slash};
  return {all, without_trailing_slashes(all.substr(0, slash)), all.substr(slash + 1), trailing_slash};
}

}  // namespace

/// What a call that takes one component works on.
struct Dir::Target {
  std::unique_ptr<sys::Directory> opened_parent;  // null if the parent is this directory
  sys::Directory* parent = nullptr;
  std::optional<Name> name;  // nothing if the path ends in `.` or `..`
  std::string_view last;
  bool trailing_slash = false;
};

Dir::Dir(Guest& guest, Charge charge, std::unique_ptr<sys::Node> node, const Origin& origin, std::string guest_path,
         bool is_mount_root)
    : Handle(guest, std::move(charge), std::move(node), origin),
      directory_(node_->as_directory()),
      guest_path_(std::move(guest_path)),
      is_mount_root_(is_mount_root) {
  WISP_CHECK(directory_ != nullptr);
}

std::string Dir::path_below(std::string_view path) const {
  std::string joined = guest_path_;
  if (path == "." || path.empty()) return joined;
  if (joined.empty() || joined.back() != '/') joined += '/';
  if (joined.size() < max_remembered_path_bytes) joined += path.substr(0, max_remembered_path_bytes - joined.size());
  return joined;
}

ErrorCode Dir::refuse_by(Rule rule, Operation operation, std::string_view path, ErrorCode code) {
  const bool absolute = !path.empty() && path.front() == '/';
  const std::string object = absolute ? std::string(path) : path_below(path);
  guest_.report({operation, rule, object, mount_});
  return code;
}

ErrorCode Dir::lookup_error(Operation operation, std::string_view path, Errno error) {
  if (error == Errno::xdev) return refuse_by(Rule::outside, operation, path);
  return from_errno(error);
}

Outcome<void> Dir::authorize(Operation operation, std::string_view path) {
  if (allows(operation)) [[likely]]
    return {};
  return refuse(operation, path_below(path));
}

Outcome<void> Dir::authorize_open(std::string_view path, const OpenRequest& request) {
  const std::pair<bool, Operation> here[] = {
      {true, Operation::open},
      {request.create, Operation::open_create},
      {request.truncate, Operation::open_truncate},
  };
  for (const auto& [asked, operation] : here) {
    if (!asked) continue;
    if (auto allowed = authorize(operation, path); !allowed.ok()) return allowed;
  }
  const std::pair<bool, Operation> passed_on[] = {
      {request.rights.base.contains(Right::fd_read), Operation::open_to_read},
      {request.rights.base.contains(Right::fd_write), Operation::open_to_write},
      {request.flags.sync_data, Operation::open_sync_data},
      {request.flags.sync_file, Operation::open_sync_file},
  };
  for (const auto& [asked, operation] : passed_on) {
    if (!asked || requirement(operation).met_by(rights_.inheriting)) continue;
    if (operation == Operation::open_to_write && mount_->read_only) {
      return refuse_by(Rule::read_only_mount, operation, path, ErrorCode::rofs);
    }
    return refuse_by(Rule::missing_right, operation, path);
  }
  return {};
}

Outcome<void> Dir::check_path(Operation operation, std::string_view path) {
  if (path.empty()) return ErrorCode::noent;
  if (path.size() > sys::max_path_bytes) return ErrorCode::nametoolong;
  if (path.find('\0') != path.npos) return ErrorCode::inval;
  if (!is_utf8(as_bytes(path))) return ErrorCode::ilseq;
  if (path.front() == '/') return refuse_by(Rule::absolute_path, operation, path);
  return {};
}

Outcome<Dir::Target> Dir::resolve_parent(Operation operation, std::string_view path) {
  if (auto valid = check_path(operation, path); !valid.ok()) return valid.error();
  const SplitPath parts = split(path);
  Target target;
  target.last = parts.last;
  target.trailing_slash = parts.trailing_slash;
  target.parent = directory_;
  if (parts.last == "." || parts.last == "..") {
    // Such a path has no component to act on, but it may still lead nowhere or outside.
    auto there = directory_->open_parent(parts.all);
    if (!there.ok()) return lookup_error(operation, path, there.error());
    return target;
  }
  if (!parts.parent.empty()) {
    auto parent = directory_->open_parent(parts.parent);
    if (!parent.ok()) return lookup_error(operation, path, parent.error());
    target.opened_parent = std::move(*parent);
    target.parent = target.opened_parent.get();
  }
  target.name = Name::make(parts.last);
  if (!target.name) return ErrorCode::nametoolong;
  return target;
}

Outcome<std::unique_ptr<Handle>> Dir::open(std::string_view path, const OpenRequest& request) {
  if (auto valid = check_path(Operation::open, path); !valid.ok()) return valid.error();
  if (auto allowed = authorize_open(path, request); !allowed.ok()) return allowed.error();
  if (request.create && request.directory) return ErrorCode::inval;
  const SplitPath parts = split(path);
  if (parts.trailing_slash && request.create) {
    // What a slash follows cannot be created; first come the errors of the way there.
    auto target = resolve_parent(Operation::open, path);
    return target.ok() ? ErrorCode::isdir : target.error();
  }

  auto charge = Charge::take(guest_.handles(), 1);
  if (!charge) return refuse_by(Rule::limit, Operation::open, path, ErrorCode::mfile);
  const Rights granted = request.rights.base & rights_.inheriting;
  sys::OpenMode mode;
  mode.read = granted.contains(Right::fd_read);
  mode.write = granted.contains_any(Right::fd_write | Right::fd_allocate | Rights(Right::fd_filestat_set_size));
  mode.create = request.create;
  mode.exclusive = request.exclusive;
  mode.truncate = request.truncate;
  mode.directory = request.directory || parts.trailing_slash;
  mode.follow = request.follow || parts.trailing_slash;
  mode.flags = request.flags;
  auto opened = directory_->open(parts.all, mode);
  if (!opened.ok()) return lookup_error(Operation::open, path, opened.error());

  const FileType type = opened->type;
  if (type == FileType::character_device || type == FileType::block_device) {
    return refuse_by(Rule::device, Operation::open, path);
  }
  return make_handle(std::move(*charge), std::move(*opened), path, request);
}

Outcome<std::unique_ptr<Handle>> Dir::make_handle(Charge charge, sys::Opened opened, std::string_view path,
                                                  const OpenRequest& request) {
  Origin origin{mount_, opened.type, {}, request.flags};
  origin.rights.base = request.rights.base & rights_.inheriting & Rights::applicable_to(opened.type);
  if (opened.type != FileType::directory) {
    return std::unique_ptr<Handle>(new Handle(guest_, std::move(charge), std::move(opened.node), origin));
  }
  origin.rights.inheriting = request.rights.inheriting & rights_.inheriting;
  auto stat = opened.node->stat();
  if (!stat.ok()) return from_errno(stat.error());
  const bool is_root = stat->device == mount_->device && stat->inode == mount_->inode;
  return std::unique_ptr<Handle>(
      new Dir(guest_, std::move(charge), std::move(opened.node), origin, path_below(path), is_root));
}

Outcome<std::unique_ptr<sys::Node>> Dir::open_place(Operation operation, std::string_view path, bool follow) {
  const SplitPath parts = split(path);
  auto place =
      directory_->open_place(parts.all, {.follow = follow || parts.trailing_slash, .directory = parts.trailing_slash});
  if (!place.ok()) return lookup_error(operation, path, place.error());
  return std::move(*place);
}

Outcome<FileStat> Dir::stat_path(std::string_view path, bool follow) {
  if (auto valid = check_path(Operation::stat_path, path); !valid.ok()) return valid.error();
  if (auto allowed = authorize(Operation::stat_path, path); !allowed.ok()) return allowed.error();
  // One component is most of what programs ask for, and one system call.
  if (const auto name = Name::make(path)) {
    auto stat = directory_->stat_entry(*name);
    if (!stat.ok()) return from_errno(stat.error());
    if (stat->type != FileType::symbolic_link || !follow) return *stat;
  }
  auto place = open_place(Operation::stat_path, path, follow);
  if (!place.ok()) return place.error();
  return from_sys((*place)->stat());
}

Outcome<void> Dir::set_times_path(std::string_view path, bool follow, TimeUpdate access, TimeUpdate modification) {
  if (auto valid = check_path(Operation::set_times_path, path); !valid.ok()) return valid;
  if (auto allowed = authorize(Operation::set_times_path, path); !allowed.ok()) return allowed;
  auto place = open_place(Operation::set_times_path, path, follow);
  if (!place.ok()) return place.error();
  return from_sys((*place)->set_times(access, modification));
}

Outcome<void> Dir::create_directory(std::string_view path) {
  constexpr auto operation = Operation::create_directory;
  if (auto allowed = authorize(operation, path); !allowed.ok()) return allowed;
  auto target = resolve_parent(operation, path);
  if (!target.ok()) return target.error();
  if (!target->name) return ErrorCode::exist;
  return from_sys(target->parent->create_directory(*target->name));
}

Outcome<void> Dir::remove_directory(std::string_view path) {
  constexpr auto operation = Operation::remove_directory;
  if (auto allowed = authorize(operation, path); !allowed.ok()) return allowed;
  auto target = resolve_parent(operation, path);
  if (!target.ok()) return target.error();
  if (!target->name) return target->last == "." ? ErrorCode::inval : ErrorCode::notempty;
  return from_sys(target->parent->remove_directory(*target->name));
}

Outcome<void> Dir::remove_file(std::string_view path) {
  constexpr auto operation = Operation::remove_file;
  if (auto allowed = authorize(operation, path); !allowed.ok()) return allowed;
  auto target = resolve_parent(operation, path);
  if (!target.ok()) return target.error();
  if (!target->name) return ErrorCode::isdir;
  if (target->trailing_slash) {
    auto stat = target->parent->stat_entry(*target->name);
    if (!stat.ok()) return from_errno(stat.error());
    return stat->type == FileType::directory ? ErrorCode::isdir : ErrorCode::notdir;
  }
  return from_sys(target->parent->remove_file(*target->name));
}

Outcome<usize> Dir::read_link(std::string_view path, MutableBytes target_bytes) {
  constexpr auto operation = Operation::read_link;
  if (auto allowed = authorize(operation, path); !allowed.ok()) return allowed.error();
  auto target = resolve_parent(operation, path);
  if (!target.ok()) return target.error();
  if (!target->name) return ErrorCode::inval;
  if (target->trailing_slash) {
    // The slash asks for the directory that a link points to, and a directory is no link.
    auto directory = directory_->open_parent(split(path).all);
    return directory.ok() ? ErrorCode::inval : lookup_error(operation, path, directory.error());
  }
  return from_sys(target->parent->read_link(*target->name, target_bytes));
}

Outcome<void> Dir::create_symlink(std::string_view text, std::string_view path) {
  constexpr auto operation = Operation::create_symlink;
  if (auto allowed = authorize(operation, path); !allowed.ok()) return allowed;
  if (text.empty()) return ErrorCode::noent;
  if (text.size() > sys::max_path_bytes) return ErrorCode::nametoolong;
  if (text.find('\0') != text.npos) return ErrorCode::inval;
  if (!is_utf8(as_bytes(text))) return ErrorCode::ilseq;
  if (text.front() == '/') return refuse_by(Rule::absolute_link, operation, path);
  auto target = resolve_parent(operation, path);
  if (!target.ok()) return target.error();
  if (!target->name) return ErrorCode::exist;
  if (target->trailing_slash) {
    auto stat = target->parent->stat_entry(*target->name);
    return stat.ok() ? ErrorCode::exist : from_errno(stat.error());
  }
  return from_sys(target->parent->create_symlink(*target->name, text));
}

Outcome<void> Dir::check_same_rights(Operation operation, std::string_view path, const Dir& other) {
  // Otherwise what one mount only shows could be changed under its name in the other.
  if (mount_ == other.mount_ || mount_->rights == other.mount_->rights) return {};
  return refuse_by(Rule::different_rights, operation, path, ErrorCode::xdev);
}

Outcome<void> Dir::link(std::string_view path, Dir& target_dir, std::string_view target_path) {
  if (auto allowed = authorize(Operation::link_from, path); !allowed.ok()) return allowed;
  if (auto allowed = target_dir.authorize(Operation::link_to, target_path); !allowed.ok()) return allowed;
  auto source = resolve_parent(Operation::link_from, path);
  if (!source.ok()) return source.error();
  auto target = target_dir.resolve_parent(Operation::link_to, target_path);
  if (!target.ok()) return target.error();
  if (auto same = check_same_rights(Operation::link_from, path, target_dir); !same.ok()) return same;
  if (!source->name) return ErrorCode::perm;
  if (source->trailing_slash) {
    auto stat = source->parent->stat_entry(*source->name);
    if (!stat.ok()) return from_errno(stat.error());
    return stat->type == FileType::directory ? ErrorCode::perm : ErrorCode::notdir;
  }
  if (!target->name) return ErrorCode::exist;
  if (target->trailing_slash) {
    auto stat = target->parent->stat_entry(*target->name);
    return stat.ok() ? ErrorCode::exist : from_errno(stat.error());
  }
  return from_sys(source->parent->link(*source->name, *target->parent, *target->name));
}

Outcome<void> Dir::rename(std::string_view path, Dir& target_dir, std::string_view target_path) {
  if (auto allowed = authorize(Operation::rename_from, path); !allowed.ok()) return allowed;
  if (auto allowed = target_dir.authorize(Operation::rename_to, target_path); !allowed.ok()) return allowed;
  auto source = resolve_parent(Operation::rename_from, path);
  if (!source.ok()) return source.error();
  auto target = target_dir.resolve_parent(Operation::rename_to, target_path);
  if (!target.ok()) return target.error();
  if (auto same = check_same_rights(Operation::rename_from, path, target_dir); !same.ok()) return same;
  if (!source->name || !target->name) return ErrorCode::busy;
  if (source->trailing_slash || target->trailing_slash) {
    auto stat = source->parent->stat_entry(*source->name);
    if (!stat.ok()) return from_errno(stat.error());
    if (stat->type != FileType::directory) return ErrorCode::notdir;
  }
  return from_sys(source->parent->rename(*source->name, *target->parent, *target->name));
}

Outcome<std::optional<sys::DirectoryEntry>> Dir::read_entry(u64 cookie) {
  if (!allows(Operation::read_directory)) return refuse(Operation::read_directory, guest_path_);
  if (buffer_charge_.amount() == 0 && directory_->entry_buffer_bytes() != 0) {
    auto charge = Charge::take(guest_.directory_buffers(), directory_->entry_buffer_bytes());
    if (!charge) return refuse_by(Rule::limit, Operation::read_directory, {}, ErrorCode::nomem);
    buffer_charge_ = std::move(*charge);
  }
  auto entry = from_sys(directory_->read_entry(cookie));
  if (!entry.ok()) return entry;
  if (!entry->has_value()) {
    buffer_charge_ = Charge();
  } else if (is_mount_root_ && (*entry)->name == "..") {
    // What lies above a mount is nobody's business.
    (*entry)->inode = mount_->inode;
  }
  return entry;
}

}  // namespace wisp::core
