#include "sys/directory.hpp"

#include <cstdio>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bytes.hpp"
#include "sys/linux/calls.hpp"
#include "sys/linux/system_call.hpp"

namespace wisp::sys::linux_host {
namespace {

u64 open_flags(const OpenMode& mode) {
  u64 flags = O_CLOEXEC;
  if (mode.directory) flags |= O_DIRECTORY;
  if (!mode.follow) flags |= O_NOFOLLOW;
  // Opening a FIFO or a terminal must neither block nor make it ours.
  flags |= O_NOCTTY | O_NONBLOCK;
  flags |= mode.write ? (mode.read ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (mode.create) flags |= O_CREAT;
  if (mode.create && mode.exclusive) flags |= O_EXCL;
  if (mode.truncate) flags |= O_TRUNC;
  if (mode.flags.append) flags |= O_APPEND;
  if (mode.flags.sync_data) flags |= O_DSYNC;
  if (mode.flags.sync_file) flags |= O_SYNC;
  return flags;
}

/// The only call that gets a guest's path.
Outcome<Fd> resolve(int directory, const char* path, u64 flags, u64 permissions = 0666) {
  open_how how = {};
  how.flags = flags;
  how.mode = (flags & O_CREAT) != 0 ? permissions : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < max_resolve_attempts; ++attempt) {
    const long fd = system_call(SYS_openat2, directory, path, &how, sizeof how);
    if (fd >= 0) return Fd(int(fd));
    // The kernel asks for another try when a rename anywhere raced with a `..`.
    if (fd != -EAGAIN && fd != -EINTR) return Errno(-fd);
  }
  return Errno::again;
}

/// What `fd` is, which was not opened with O_PATH.
Outcome<FileType> type_of(int fd) {
  // Copying nothing from a file to itself answers in a third of the time that fstat takes. What is asked first is
  // whether it is a regular file (copy_file_range(2): EISDIR, EINVAL), then whether both ends are open for their part
  // (EBADF). Any other answer, also of a kernel that does not do this, leaves the question to fstat.
  const long copied = system_call(SYS_copy_file_range, fd, 0, fd, 0, 0, 0);
  if (copied == 0 || copied == -EBADF) return FileType::regular_file;
  if (copied == -EISDIR) return FileType::directory;
  auto stat = stat_of(fd);
  if (!stat.ok()) return stat.error();
  return stat->type;
}

FileType entry_type(u8 type) {
  switch (type) {
    case DT_BLK:
      return FileType::block_device;
    case DT_CHR:
      return FileType::character_device;
    case DT_DIR:
      return FileType::directory;
    case DT_REG:
      return FileType::regular_file;
    case DT_LNK:
      return FileType::symbolic_link;
    case DT_FIFO:
      return FileType::fifo;
    case DT_SOCK:
      return FileType::stream_socket;
    default:
      return FileType::unknown;
  }
}

bool is_dot(std::string_view name) {
  return name == "." || name == "..";
}

/// Reads entries in the order and with the positions of the kernel, a buffer at a time.
class EntryReader {
 public:
  struct Raw {
    std::string_view name;
    u64 inode;
    u8 type;
    u64 next_position;
  };

  /// Forgets what is buffered and goes to the start.
  Outcome<void> rewind(int fd) {
    parent_inode_ = 0;
    return go_to(fd, 0);
  }

  /// The entry at `position` (or the first one after it that is not `.` or `..`).
  Outcome<std::optional<Raw>> read(int fd, u64 position) {
    if (position == last_position_ && last_offset_ != no_offset) {
      offset_ = last_offset_;
      position_ = last_position_;
    } else if (position != position_) {
      if (auto gone = go_to(fd, position); !gone.ok()) return gone.error();
    }
    while (true) {
      if (offset_ == filled_) {
        auto more = fill(fd);
        if (!more.ok()) return more.error();
        if (!*more) return std::optional<Raw>();
      }
      last_offset_ = offset_;
      last_position_ = position_;
      const Raw raw = parse(offset_);
      offset_ += record_length(offset_);
      position_ = raw.next_position;
      if (!is_dot(raw.name)) return std::optional(raw);
    }
  }

  /// What the kernel says that `..` is; 0 if it does not say. Right after `rewind`.
  Outcome<u64> parent_inode(int fd) {
    if (parent_inode_ != 0 || offset_ != filled_) return parent_inode_;
    auto more = fill(fd);
    if (!more.ok()) return more.error();
    for (usize at = 0; at < filled_ && parent_inode_ == 0; at += record_length(at)) {
      if (const Raw raw = parse(at); raw.name == "..") parent_inode_ = raw.inode;
    }
    return parent_inode_;
  }

 private:
  static constexpr usize no_offset = ~usize{0};

  Outcome<void> go_to(int fd, u64 position) {
    if (position > u64(INT64_MAX)) return Errno::inval;
    offset_ = filled_ = 0;
    last_offset_ = no_offset;
    position_ = position;
    if (lseek(fd, off_t(position), SEEK_SET) < 0) return last_error();
    return {};
  }

  /// False at the end.
  Outcome<bool> fill(int fd) {
    offset_ = filled_ = 0;
    last_offset_ = no_offset;
    const long size = system_call(SYS_getdents64, fd, buffer_, sizeof buffer_);
    // A directory that was removed has no entries any more.
    if (size == -ENOENT) return false;
    if (size < 0) return Errno(-size);
    filled_ = usize(size);
    return size > 0;
  }

  usize record_length(usize at) const { return load_le<u16>(buffer_ + at + offsetof(dirent64, d_reclen)); }
  Raw parse(usize at) const {
    const u8* const record = buffer_ + at;
    const char* const name = reinterpret_cast<const char*>(record + offsetof(dirent64, d_name));
    return {name, load_le<u64>(record + offsetof(dirent64, d_ino)), record[offsetof(dirent64, d_type)],
            load_le<u64>(record + offsetof(dirent64, d_off))};
  }

  u64 position_ = ~u64{0};  // of the entry at offset_
  usize offset_ = 0;
  usize filled_ = 0;
  u64 last_position_ = 0;  // of the entry before
  usize last_offset_ = no_offset;
  u64 parent_inode_ = 0;
  alignas(u64) u8 buffer_[directory_buffer_bytes];
};

const char linux_file_system = 0;

class LinuxDirectory final : public Directory {
 public:
  explicit LinuxDirectory(Fd fd) : fd_(std::move(fd)) {}

  Outcome<FileStat> stat() override { return stat_of(fd_.get()); }
  Outcome<void> set_times(TimeUpdate access, TimeUpdate modification) override {
    timespec times[2];
    if (auto valid = to_timespecs(access, modification, times); !valid.ok()) return valid;
    return checked(utimensat(fd_.get(), "", times, AT_EMPTY_PATH));
  }
  Outcome<void> sync_data() override { return checked(fdatasync(fd_.get())); }
  Outcome<void> sync_file() override { return checked(fsync(fd_.get())); }

  Outcome<Opened> open(std::string_view path, const OpenMode& mode) override {
    auto fd = resolve(fd_.get(), PathText(path).get(), open_flags(mode), mode.owner_only ? 0600 : 0666);
    if (!fd.ok()) return fd.error();
    auto type = mode.directory ? Outcome<FileType>(FileType::directory) : type_of(fd->get());
    if (!type.ok()) return type.error();
    return Opened{make_node(std::move(*fd), *type, false), *type};
  }
  Outcome<std::unique_ptr<Node>> open_place(std::string_view path, PlaceMode mode) override {
    const u64 flags = O_PATH | O_CLOEXEC | (mode.directory ? O_DIRECTORY : 0) | (mode.follow ? 0 : O_NOFOLLOW);
    auto fd = resolve(fd_.get(), PathText(path).get(), flags);
    if (!fd.ok()) return fd.error();
    return make_place(std::move(*fd));
  }
  Outcome<std::unique_ptr<Directory>> open_parent(std::string_view path) override {
    auto fd = resolve(fd_.get(), PathText(path).get(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!fd.ok()) return fd.error();
    return make_directory(std::move(*fd));
  }

  Outcome<FileStat> stat_entry(Name name) override {
    struct stat stat;
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (fstatat(fd_.get(), NameText(name.text()).get(), &stat, flags) != 0) return last_error();
    return to_file_stat(stat);
  }
  Outcome<void> create_directory(Name name) override {
    return checked(mkdirat(fd_.get(), NameText(name.text()).get(), 0777));
  }
  Outcome<void> create_symlink(Name name, std::string_view target) override {
    return checked(symlinkat(PathText(target).get(), fd_.get(), NameText(name.text()).get()));
  }
  Outcome<void> remove_file(Name name) override { return checked(unlinkat(fd_.get(), NameText(name.text()).get(), 0)); }
  Outcome<void> remove_directory(Name name) override {
    return checked(unlinkat(fd_.get(), NameText(name.text()).get(), AT_REMOVEDIR));
  }
  Outcome<usize> read_link(Name name, MutableBytes target) override {
    // The kernel refuses an empty buffer even for a link.
    u8 nothing[1];
    MutableBytes into = target.empty() ? MutableBytes(nothing) : target;
    if (into.size() > max_path_bytes) into = into.first(max_path_bytes);
    const ssize_t size =
        readlinkat(fd_.get(), NameText(name.text()).get(), reinterpret_cast<char*>(into.data()), into.size());
    if (size < 0) return last_error();
    return target.empty() ? usize{0} : usize(size);
  }
  Outcome<void> link(Name name, Directory& target_directory, Name target) override {
    if (target_directory.file_system() != file_system()) return Errno::xdev;
    const auto& other = static_cast<const LinuxDirectory&>(target_directory);
    return checked(linkat(fd_.get(), NameText(name.text()).get(), other.fd_.get(), NameText(target.text()).get(), 0));
  }
  Outcome<void> rename(Name name, Directory& target_directory, Name target) override {
    if (target_directory.file_system() != file_system()) return Errno::xdev;
    const auto& other = static_cast<const LinuxDirectory&>(target_directory);
    return checked(renameat(fd_.get(), NameText(name.text()).get(), other.fd_.get(), NameText(target.text()).get()));
  }

  /// Cookies: 0 is `.`, 1 is `..`, and 2 is the kernel's position 0, where we leave its own dots out. File systems may
  /// order those as they like or not have them.
  Outcome<std::optional<DirectoryEntry>> read_entry(u64 cookie) override {
    if (reader_ == nullptr) reader_ = std::make_unique<EntryReader>();
    if (cookie < 2) return read_dot(cookie);
    auto raw = reader_->read(fd_.get(), cookie - 2);
    if (!raw.ok()) return raw.error();
    if (!raw->has_value()) {
      reader_.reset();
      return std::optional<DirectoryEntry>();
    }
    const EntryReader::Raw& found = **raw;
    DirectoryEntry entry{found.name, found.inode, entry_type(found.type), found.next_position + 2};
    if (found.type == DT_UNKNOWN) {
      // Some file systems leave the type to be asked for.
      if (const auto name = Name::make(found.name)) {
        if (auto stat = stat_entry(*name); stat.ok()) entry.type = stat->type;
      }
    }
    return std::optional(entry);
  }
  usize entry_buffer_bytes() const override { return sizeof(EntryReader); }
  const void* file_system() const override { return &linux_file_system; }

 private:
  Outcome<std::optional<DirectoryEntry>> read_dot(u64 cookie) {
    auto self = stat();
    if (!self.ok()) return self.error();
    if (cookie == 0) {
      if (auto rewound = reader_->rewind(fd_.get()); !rewound.ok()) return rewound.error();
      return std::optional(DirectoryEntry{".", self->inode, FileType::directory, 1});
    }
    auto parent = reader_->parent_inode(fd_.get());
    if (!parent.ok()) return parent.error();
    return std::optional(DirectoryEntry{"..", *parent != 0 ? *parent : self->inode, FileType::directory, 2});
  }

  Fd fd_;
  std::unique_ptr<EntryReader> reader_;
};

}  // namespace

std::unique_ptr<Directory> make_directory(Fd fd) {
  return std::make_unique<LinuxDirectory>(std::move(fd));
}

}  // namespace wisp::sys::linux_host
