#pragma once

#include "abi/host_entry.hpp"
#include "wasi/p1/lift.hpp"

/// The functions of preview1 and `wasi_unstable`, declared once: their core signatures, entries and trace lines are
/// derived from these declarations. The documentation of each is that of the interface definition:
/// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/wasi_snapshot_preview1.witx
namespace wisp::wasi::p1 {

class P1;

Completion args_get(P1&, abi::Caller&, abi::Ptr<u32> argv, abi::Ptr<u8> argv_buf);
Errno args_sizes_get(P1&, abi::Out<Size> count, abi::Out<Size> buf_size);
Completion environ_get(P1&, abi::Caller&, abi::Ptr<u32> environ, abi::Ptr<u8> environ_buf);
Errno environ_sizes_get(P1&, abi::Out<Size> count, abi::Out<Size> buf_size);

Errno clock_res_get(P1&, Clockid, abi::Out<Timestamp>);
Errno clock_time_get(P1&, Clockid, Timestamp precision, abi::Out<Timestamp>);

Errno fd_advise(P1&, Fd, Filesize offset, Filesize len, Advice);
Errno fd_allocate(P1&, Fd, Filesize offset, Filesize len);
Errno fd_close(P1&, Fd);
Errno fd_datasync(P1&, Fd);
Errno fd_fdstat_get(P1&, Fd, abi::Out<Fdstat>);
Errno fd_fdstat_set_flags(P1&, Fd, Fdflags);
Errno fd_fdstat_set_rights(P1&, Fd, Rights base, Rights inheriting);
template <class Version>
Errno fd_filestat_get(P1&, Fd, abi::Out<typename Version::Filestat>);
Errno fd_filestat_set_size(P1&, Fd, Filesize);
Errno fd_filestat_set_times(P1&, Fd, Timestamp atim, Timestamp mtim, Fstflags);
Completion fd_pread(P1&, abi::Caller&, Fd, const Iovecs&, Filesize offset, abi::Out<Size> nread);
Errno fd_prestat_get(P1&, Fd, abi::Out<Prestat>);
Errno fd_prestat_dir_name(P1&, Fd, abi::Buffer path);
Completion fd_pwrite(P1&, abi::Caller&, Fd, const Ciovecs&, Filesize offset, abi::Out<Size> nwritten);
Completion fd_read(P1&, abi::Caller&, Fd, const Iovecs&, abi::Out<Size> nread);
Completion fd_readdir(P1&, abi::Caller&, Fd, abi::Buffer, Dircookie, abi::Out<Size> used);
Errno fd_renumber(P1&, Fd, Fd to);
template <class Version>
Errno fd_seek(P1&, Fd, Filedelta, typename Version::Whence, abi::Out<Filesize>);
Errno fd_sync(P1&, Fd);
Errno fd_tell(P1&, Fd, abi::Out<Filesize>);
Completion fd_write(P1&, abi::Caller&, Fd, const Ciovecs&, abi::Out<Size> nwritten);

Errno path_create_directory(P1&, Fd, const Path&);
template <class Version>
Errno path_filestat_get(P1&, Fd, Lookupflags, const Path&, abi::Out<typename Version::Filestat>);
Errno path_filestat_set_times(P1&, Fd, Lookupflags, const Path&, Timestamp atim, Timestamp mtim, Fstflags);
Errno path_link(P1&, Fd old_fd, Lookupflags, const Path& old_path, Fd new_fd, const Path& new_path);
Errno path_open(P1&, Fd, Lookupflags, const Path&, Oflags, Rights base, Rights inheriting, Fdflags, abi::Out<Fd>);
Errno path_readlink(P1&, Fd, const Path&, abi::Buffer, abi::Out<Size> used);
Errno path_remove_directory(P1&, Fd, const Path&);
Errno path_rename(P1&, Fd old_fd, const Path& old_path, Fd new_fd, const Path& new_path);
Errno path_symlink(P1&, const Path& old_path, Fd, const Path& new_path);
Errno path_unlink_file(P1&, Fd, const Path&);

template <class Version>
Completion poll_oneoff(P1&, abi::Caller&, abi::Ptr<typename Version::Subscription> in, abi::Ptr<Event> out, Size count,
                       abi::Out<Size> nevents);

abi::HostResult proc_exit(P1&, abi::Caller&, u32 code);
Completion proc_raise(P1&, abi::Caller&, Signal);
Completion sched_yield(P1&, abi::Caller&);
Completion random_get(P1&, abi::Caller&, abi::Buffer);

Completion sock_accept(P1&, abi::Caller&, Fd, Fdflags, abi::Out<Fd>);
Completion sock_recv(P1&, abi::Caller&, Fd, const Iovecs&, Riflags, abi::Out<Size>, abi::Out<Roflags>);
Completion sock_send(P1&, abi::Caller&, Fd, const Ciovecs&, Siflags, abi::Out<Size>);
Errno sock_shutdown(P1&, Fd, Sdflags);

/// A row of the import table.
struct ImportedFunction {
  std::string_view module;
  std::string_view name;
  abi::CoreSignature signature;
  abi::HostCode (*code)();
};

/// The 46 functions of `wasi_snapshot_preview1`, then the 45 of `wasi_unstable`, each in witx order. The context
/// pointer of every entry is a `P1*`.
std::span<const ImportedFunction> imported_functions();

}  // namespace wisp::wasi::p1
