#pragma once

#include "abi/layout.hpp"
#include "wasi/core/error.hpp"

/// The types of preview1 and of wasi_unstable, with the names of the interface definition:
/// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/typenames.witx
namespace wisp::wasi::p1 {

using Size = u32;
using Filesize = u64;
using Filedelta = i64;
using Timestamp = u64;
using Dircookie = u64;
using Userdata = u64;

/// `errno`: the numbers of core::ErrorCode, and success.
enum class Errno : u16 {
  success,
#define WISP_ERROR(name, preview1, code, os) name = preview1,
#define WISP_ERROR_WITHOUT_ERRNO(name, preview1, code) name = preview1,
#include "wasi/core/errors.def"
#undef WISP_ERROR
#undef WISP_ERROR_WITHOUT_ERRNO
  again = would_block,
};
constexpr std::string_view abi_enumerators(Errno) {
  return "success"
#define WISP_ERROR(name, preview1, code, os) "," #name
#define WISP_ERROR_WITHOUT_ERRNO(name, preview1, code) "," #name
#include "wasi/core/errors.def"
#undef WISP_ERROR
#undef WISP_ERROR_WITHOUT_ERRNO
      ;
}
constexpr Errno errno_of(core::ErrorCode code) {
  return static_cast<Errno>(core::preview1_errno(code));
}

WISP_ABI_ENUM(Clockid, u32, realtime, monotonic, process_cputime_id, thread_cputime_id)

/// `rights`: the bits of core::Right.
enum class RightBit : u64 {
#define WISP_RIGHT(name, bit, changes) name = bit,
#include "wasi/core/rights.def"
#undef WISP_RIGHT
};
constexpr std::string_view abi_enumerators(RightBit) {
  // The comma before the first name is taken off.
  return std::string_view(
#define WISP_RIGHT(name, bit, changes) "," #name
#include "wasi/core/rights.def"
#undef WISP_RIGHT
             )
      .substr(1);
}
using Rights = abi::Flags<RightBit>;

WISP_ABI_ENUM(Whence, u8, set, cur, end)
WISP_ABI_ENUM(Filetype, u8, unknown, block_device, character_device, directory, regular_file, socket_dgram,
              socket_stream, symbolic_link)
WISP_ABI_ENUM(Advice, u8, normal, sequential, random, willneed, dontneed, noreuse)
WISP_ABI_ENUM(Fdflag, u16, append, dsync, nonblock, rsync, sync)
using Fdflags = abi::Flags<Fdflag>;
WISP_ABI_ENUM(Fstflag, u16, atim, atim_now, mtim, mtim_now)
using Fstflags = abi::Flags<Fstflag>;
WISP_ABI_ENUM(Lookupflag, u32, symlink_follow)
using Lookupflags = abi::Flags<Lookupflag>;
WISP_ABI_ENUM(Oflag, u16, creat, directory, excl, trunc)
using Oflags = abi::Flags<Oflag>;
WISP_ABI_ENUM(Eventtype, u8, clock, fd_read, fd_write)
WISP_ABI_ENUM(Eventrwflag, u16, fd_readwrite_hangup)
using Eventrwflags = abi::Flags<Eventrwflag>;
WISP_ABI_ENUM(Subclockflag, u16, subscription_clock_abstime)
using Subclockflags = abi::Flags<Subclockflag>;
WISP_ABI_ENUM(Signal, u8, none, hup, int_, quit, ill, trap, abrt, bus, fpe, kill, usr1, segv, usr2, pipe, alrm, term,
              chld, cont, stop, tstp, ttin, ttou, urg, xcpu, xfsz, vtalrm, prof, winch, poll, pwr, sys)
WISP_ABI_ENUM(Riflag, u16, recv_peek, recv_waitall)
using Riflags = abi::Flags<Riflag>;
WISP_ABI_ENUM(Roflag, u16, recv_data_truncated)
using Roflags = abi::Flags<Roflag>;
/// No flag is defined; must be 0.
using Siflags = u16;
WISP_ABI_ENUM(Sdflag, u8, rd, wr)
using Sdflags = abi::Flags<Sdflag>;
WISP_ABI_ENUM(Preopentype, u8, dir)

/// A file descriptor.
struct Fd {
  u32 value = 0;
  constexpr bool operator==(const Fd&) const = default;
};

/// A region of guest memory, as `iovec` and `ciovec`.
struct Iovec {
  u32 buf = 0;
  Size buf_len = 0;
  static constexpr auto fields = std::tuple{WISP_ABI_FIELD(Iovec, buf), WISP_ABI_FIELD(Iovec, buf_len)};
};

struct Dirent {
  Dircookie d_next = 0;
  u64 d_ino = 0;
  u32 d_namlen = 0;
  Filetype d_type = Filetype::unknown;
  static constexpr auto fields = std::tuple{WISP_ABI_FIELD(Dirent, d_next), WISP_ABI_FIELD(Dirent, d_ino),
                                            WISP_ABI_FIELD(Dirent, d_namlen), WISP_ABI_FIELD(Dirent, d_type)};
};

struct Fdstat {
  Filetype fs_filetype = Filetype::unknown;
  Fdflags fs_flags;
  Rights fs_rights_base;
  Rights fs_rights_inheriting;
  static constexpr auto fields =
      std::tuple{WISP_ABI_FIELD(Fdstat, fs_filetype), WISP_ABI_FIELD(Fdstat, fs_flags),
                 WISP_ABI_FIELD(Fdstat, fs_rights_base), WISP_ABI_FIELD(Fdstat, fs_rights_inheriting)};
};

/// `filestat`; the versions differ in the width of the link count.
template <class Linkcount>
struct FilestatOf {
  u64 dev = 0;
  u64 ino = 0;
  Filetype filetype = Filetype::unknown;
  Linkcount nlink = 0;
  Filesize size = 0;
  Timestamp atim = 0;
  Timestamp mtim = 0;
  Timestamp ctim = 0;
  static constexpr auto fields = std::tuple{WISP_ABI_FIELD(FilestatOf, dev),      WISP_ABI_FIELD(FilestatOf, ino),
                                            WISP_ABI_FIELD(FilestatOf, filetype), WISP_ABI_FIELD(FilestatOf, nlink),
                                            WISP_ABI_FIELD(FilestatOf, size),     WISP_ABI_FIELD(FilestatOf, atim),
                                            WISP_ABI_FIELD(FilestatOf, mtim),     WISP_ABI_FIELD(FilestatOf, ctim)};
};
using Filestat = FilestatOf<u64>;

struct EventFdReadwrite {
  Filesize nbytes = 0;
  Eventrwflags flags;
  static constexpr auto fields =
      std::tuple{WISP_ABI_FIELD(EventFdReadwrite, nbytes), WISP_ABI_FIELD(EventFdReadwrite, flags)};
};

struct Event {
  Userdata userdata = 0;
  Errno error = Errno::success;
  Eventtype type = Eventtype::clock;
  EventFdReadwrite fd_readwrite;
  static constexpr auto fields = std::tuple{WISP_ABI_FIELD(Event, userdata), WISP_ABI_FIELD(Event, error),
                                            WISP_ABI_FIELD(Event, type), WISP_ABI_FIELD(Event, fd_readwrite)};
};

struct SubscriptionClock {
  Clockid id = Clockid::realtime;
  Timestamp timeout = 0;
  Timestamp precision = 0;
  Subclockflags flags;
  static constexpr auto fields =
      std::tuple{WISP_ABI_FIELD(SubscriptionClock, id), WISP_ABI_FIELD(SubscriptionClock, timeout),
                 WISP_ABI_FIELD(SubscriptionClock, precision), WISP_ABI_FIELD(SubscriptionClock, flags)};
};

struct SubscriptionFdReadwrite {
  Fd file_descriptor;
  static constexpr auto fields = std::tuple{WISP_ABI_FIELD(SubscriptionFdReadwrite, file_descriptor)};
};

template <class Clock>
struct SubscriptionUnionOf {
  Eventtype type = Eventtype::clock;
  Clock clock;
  SubscriptionFdReadwrite file;
  static constexpr auto tag = &SubscriptionUnionOf::type;
  static constexpr auto cases =
      std::tuple{abi::Field{"clock", &SubscriptionUnionOf::clock}, abi::Field{"fd_read", &SubscriptionUnionOf::file},
                 abi::Field{"fd_write", &SubscriptionUnionOf::file}};
};

/// `subscription`; the versions differ in `subscription_clock`.
template <class Clock>
struct SubscriptionOf {
  Userdata userdata = 0;
  SubscriptionUnionOf<Clock> u;
  static constexpr auto fields =
      std::tuple{WISP_ABI_FIELD(SubscriptionOf, userdata), WISP_ABI_FIELD(SubscriptionOf, u)};
};
using Subscription = SubscriptionOf<SubscriptionClock>;

struct PrestatDir {
  Size pr_name_len = 0;
  static constexpr auto fields = std::tuple{WISP_ABI_FIELD(PrestatDir, pr_name_len)};
};

struct Prestat {
  Preopentype type = Preopentype::dir;
  PrestatDir dir;
  static constexpr auto tag = &Prestat::type;
  static constexpr auto cases = std::tuple{abi::Field{"dir", &Prestat::dir}};
};

/// Where `wasi_unstable` differs:
/// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview0/witx/typenames.witx
namespace unstable {

WISP_ABI_ENUM(Whence, u8, cur, end, set)
using Filestat = FilestatOf<u32>;

struct SubscriptionClock : p1::SubscriptionClock {
  Userdata identifier = 0;
  static constexpr auto fields =
      std::tuple_cat(std::tuple{WISP_ABI_FIELD(SubscriptionClock, identifier)}, p1::SubscriptionClock::fields);
};

}  // namespace unstable

/// What differs between the two versions.
struct Preview1 {
  using Whence = p1::Whence;
  using Filestat = p1::Filestat;
  using Subscription = p1::Subscription;
};
struct Unstable {
  using Whence = unstable::Whence;
  using Filestat = unstable::Filestat;
  using Subscription = SubscriptionOf<unstable::SubscriptionClock>;
};

}  // namespace wisp::wasi::p1

/// Two errors have a name of their own in preview1.
template <>
inline constexpr std::string_view wisp::abi::display_name<wisp::wasi::p1::Errno>(std::string_view name) {
  if (name == "toobig") return "2big";
  return name == "would_block" ? "again" : name;
}
