#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/linux/calls.hpp"
#include "sys/linux/system_call.hpp"

namespace wisp::sys::linux_host {
namespace {

FileType to_file_type(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFBLK:
      return FileType::block_device;
    case S_IFCHR:
      return FileType::character_device;
    case S_IFDIR:
      return FileType::directory;
    case S_IFREG:
      return FileType::regular_file;
    case S_IFLNK:
      return FileType::symbolic_link;
    case S_IFIFO:
      return FileType::fifo;
    case S_IFSOCK:
      return FileType::stream_socket;
    default:
      return FileType::unknown;
  }
}

Timestamp to_timestamp(const struct timespec& time) {
  return {i64(time.tv_sec), u32(time.tv_nsec)};
}

bool to_timespec(const TimeUpdate& update, struct timespec& out) {
  switch (update.kind) {
    case TimeUpdate::Kind::keep:
      out = {0, UTIME_OMIT};
      return true;
    case TimeUpdate::Kind::now:
      out = {0, UTIME_NOW};
      return true;
    case TimeUpdate::Kind::set:
      // Larger values of tv_nsec have meanings of their own.
      if (update.time.nanoseconds >= 1'000'000'000) return false;
      out = {time_t(update.time.seconds), long(update.time.nanoseconds)};
      return true;
  }
  WISP_UNREACHABLE();
}

}  // namespace

Fd::~Fd() {
  // Linux closes the descriptor whatever close() reports; trying again could close another thread's.
  if (value_ >= 0 && owned_) system_call(SYS_close, value_);
}

FileStat to_file_stat(const struct stat& from) {
  FileStat to;
  to.device = from.st_dev;
  to.inode = from.st_ino;
  to.type = to_file_type(from.st_mode);
  to.link_count = from.st_nlink;
  to.size_bytes = u64(from.st_size);
  to.stored_bytes = u64(from.st_blocks) * S_BLKSIZE;
  to.owner = from.st_uid;
  to.permissions = from.st_mode & 07777;
  to.access_time = to_timestamp(from.st_atim);
  to.modification_time = to_timestamp(from.st_mtim);
  to.status_change_time = to_timestamp(from.st_ctim);
  return to;
}

Outcome<FileStat> stat_of(int fd) {
  struct stat stat;
  // The C library's function asks about an empty path, which takes longer.
  const long result = system_call(SYS_fstat, fd, &stat);
  if (result < 0) return Errno(-result);
  return to_file_stat(stat);
}

Outcome<void> to_timespecs(const TimeUpdate& access, const TimeUpdate& modification, struct timespec (&out)[2]) {
  if (!to_timespec(access, out[0]) || !to_timespec(modification, out[1])) return Errno::inval;
  return {};
}

}  // namespace wisp::sys::linux_host
