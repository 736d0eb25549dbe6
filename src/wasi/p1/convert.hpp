#pragma once

#include <limits>

#include "wasi/p1/p1.hpp"

/// What core says, as preview1 says it, and back.
namespace wisp::wasi::p1 {

inline Errno errno_of(const core::Outcome<void>& outcome) {
  return outcome ? Errno::success : errno_of(outcome.error());
}

/// Stores the value of an outcome; its errno.
template <class T, class Stored>
Errno store(const core::Outcome<T>& outcome, abi::Out<Stored> out) {
  if (!outcome) [[unlikely]]
    return errno_of(outcome.error());
  out.set(static_cast<Stored>(*outcome));
  return Errno::success;
}

/// Calls `function(handle)` for the descriptor, or is `badf`.
template <class Function>
Errno with_handle(P1& guest, Fd fd, Function function) {
  core::Handle* handle = guest.fds().find(fd);
  if (handle == nullptr) [[unlikely]]
    return Errno::badf;
  if constexpr (std::is_same_v<decltype(function(*handle)), Errno>) {
    return function(*handle);
  } else {
    return errno_of(function(*handle));
  }
}

/// The same for a directory.
template <class Function>
Errno with_directory(P1& guest, Fd fd, Function function) {
  const auto directory = guest.directory(fd);
  if (!directory) [[unlikely]]
    return errno_of(directory.error());
  if constexpr (std::is_same_v<decltype(function(**directory)), Errno>) {
    return function(**directory);
  } else {
    return errno_of(function(**directory));
  }
}

Filetype filetype_of(core::FileType type);

inline bool follows(Lookupflags flags) {
  return flags.has(Lookupflag::symlink_follow);
}

inline core::StatusFlags status_flags_of(Fdflags flags) {
  return {.append = flags.has(Fdflag::append),
          .non_blocking = flags.has(Fdflag::nonblock),
          .sync_data = flags.has(Fdflag::dsync),
          // As on Linux, where O_RSYNC is O_SYNC.
          .sync_file = flags.has(Fdflag::sync) || flags.has(Fdflag::rsync)};
}
Fdflags fdflags_of(const core::StatusFlags& flags);

core::HandleRights handle_rights_of(Rights base, Rights inheriting);
inline Rights rights_of(core::Rights rights) {
  return Rights(rights.bits());
}

/// What to do with a file's times; nothing if the flags contradict each other.
struct TimeUpdates {
  core::TimeUpdate access;
  core::TimeUpdate modification;
};
std::optional<TimeUpdates> time_updates_of(Timestamp atim, Timestamp mtim, Fstflags flags);

template <class Filestat>
Filestat filestat_of(const core::FileStat& stat) {
  using Linkcount = decltype(Filestat::nlink);
  return {.dev = stat.device,
          .ino = stat.inode,
          .filetype = filetype_of(stat.type),
          .nlink = static_cast<Linkcount>(std::min<u64>(stat.link_count, std::numeric_limits<Linkcount>::max())),
          .size = stat.size_bytes,
          .atim = stat.access_time.to_ns(),
          .mtim = stat.modification_time.to_ns(),
          .ctim = stat.status_change_time.to_ns()};
}

/// A call on a handle that may have to wait.
struct BlockingCall {
  P1& guest;
  abi::Caller& caller;
  Fd fd;
  core::Interest interest;

  /// Calls `attempt(handle)` until it does not report `would_block`, waiting in between unless the descriptor is
  /// non-blocking; then `done` with the value.
  template <class Attempt, class Done>
  Completion run(Attempt attempt, Done done) const {
    core::Handle* handle = guest.fds().find(fd);
    if (handle == nullptr) [[unlikely]]
      return Errno::badf;
    for (;;) {
      auto outcome = attempt(*handle);
      if (outcome) [[likely]]
        return done(*std::move(outcome));
      if (outcome.error() != core::ErrorCode::would_block || handle->flags().non_blocking) {
        return errno_of(outcome.error());
      }
      if (!wait(*handle)) return caller.interrupted();
    }
  }

  /// For calls that say how many bytes they moved.
  template <class Attempt>
  Completion transfer(abi::Out<Size> count, Attempt attempt) const {
    return run(attempt, [&](usize moved) {
      count.set(static_cast<Size>(moved));
      return Errno::success;
    });
  }

  /// False if the guest must stop.
  bool wait(const core::Handle& handle) const;
};

}  // namespace wisp::wasi::p1
