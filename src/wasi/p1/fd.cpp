#include "wasi/p1/convert.hpp"

namespace wisp::wasi::p1 {

using core::Handle;

static_assert(static_cast<u8>(sys::Advice::no_reuse) == static_cast<u8>(Advice::noreuse));

Errno fd_advise(P1& guest, Fd fd, Filesize offset, Filesize len, Advice advice) {
  return with_handle(guest, fd,
                     [&](Handle& handle) { return handle.advise(offset, len, static_cast<sys::Advice>(advice)); });
}

Errno fd_allocate(P1& guest, Fd fd, Filesize offset, Filesize len) {
  return with_handle(guest, fd, [&](Handle& handle) { return handle.allocate(offset, len); });
}

Errno fd_close(P1& guest, Fd fd) {
  return guest.fds().close(fd) ? Errno::success : Errno::badf;
}

Errno fd_datasync(P1& guest, Fd fd) {
  return with_handle(guest, fd, [](Handle& handle) { return handle.sync_data(); });
}

Errno fd_fdstat_get(P1& guest, Fd fd, abi::Out<Fdstat> fdstat) {
  return with_handle(guest, fd, [&](Handle& handle) {
    fdstat.set({.fs_filetype = filetype_of(handle.type()),
                .fs_flags = fdflags_of(handle.flags()),
                .fs_rights_base = rights_of(handle.rights().base),
                .fs_rights_inheriting = rights_of(handle.rights().inheriting)});
    return Errno::success;
  });
}

Errno fd_fdstat_set_flags(P1& guest, Fd fd, Fdflags flags) {
  return with_handle(guest, fd, [&](Handle& handle) { return handle.set_flags(status_flags_of(flags)); });
}

Errno fd_fdstat_set_rights(P1& guest, Fd fd, Rights base, Rights inheriting) {
  return with_handle(guest, fd,
                     [&](Handle& handle) { return handle.restrict_rights(handle_rights_of(base, inheriting)); });
}

template <class Version>
Errno fd_filestat_get(P1& guest, Fd fd, abi::Out<typename Version::Filestat> filestat) {
  return with_handle(guest, fd, [&](Handle& handle) {
    const auto stat = handle.stat();
    if (!stat) return errno_of(stat.error());
    filestat.set(filestat_of<typename Version::Filestat>(*stat));
    return Errno::success;
  });
}
template Errno fd_filestat_get<Preview1>(P1&, Fd, abi::Out<Preview1::Filestat>);
template Errno fd_filestat_get<Unstable>(P1&, Fd, abi::Out<Unstable::Filestat>);

Errno fd_filestat_set_size(P1& guest, Fd fd, Filesize size) {
  return with_handle(guest, fd, [&](Handle& handle) { return handle.set_size(size); });
}

Errno fd_filestat_set_times(P1& guest, Fd fd, Timestamp atim, Timestamp mtim, Fstflags flags) {
  const auto updates = time_updates_of(atim, mtim, flags);
  if (!updates) return Errno::inval;
  return with_handle(guest, fd,
                     [&](Handle& handle) { return handle.set_times(updates->access, updates->modification); });
}

Completion fd_pread(P1& guest, abi::Caller& caller, Fd fd, const Iovecs& iovs, Filesize offset, abi::Out<Size> nread) {
  return BlockingCall{guest, caller, fd, core::Interest::read}.transfer(
      nread, [&](Handle& handle) { return handle.read_at(iovs.buffers(), offset); });
}

Errno fd_prestat_get(P1& guest, Fd fd, abi::Out<Prestat> prestat) {
  const std::string* name = guest.fds().preopen_name(fd);
  if (name == nullptr) return Errno::badf;
  prestat.set({.type = Preopentype::dir, .dir = {.pr_name_len = static_cast<Size>(name->size())}});
  return Errno::success;
}

Errno fd_prestat_dir_name(P1& guest, Fd fd, abi::Buffer path) {
  const std::string* name = guest.fds().preopen_name(fd);
  if (name == nullptr) return Errno::badf;
  if (path.bytes.size() < name->size()) return Errno::nametoolong;
  std::ranges::copy(*name, path.bytes.begin());
  return Errno::success;
}

Completion fd_pwrite(P1& guest, abi::Caller& caller, Fd fd, const Ciovecs& iovs, Filesize offset,
                     abi::Out<Size> nwritten) {
  return BlockingCall{guest, caller, fd, core::Interest::write}.transfer(
      nwritten, [&](Handle& handle) { return handle.write_at(iovs.buffers(), offset); });
}

Completion fd_read(P1& guest, abi::Caller& caller, Fd fd, const Iovecs& iovs, abi::Out<Size> nread) {
  return BlockingCall{guest, caller, fd, core::Interest::read}.transfer(
      nread, [&](Handle& handle) { return handle.read(iovs.buffers()); });
}

namespace {

/// Appends what fits of `bytes`; false when something did not.
bool append(MutableBytes buffer, usize& used, Bytes bytes) {
  const usize fitting = std::min(bytes.size(), buffer.size() - used);
  std::ranges::copy(bytes.first(fitting), buffer.begin() + static_cast<std::ptrdiff_t>(used));
  used += fitting;
  return fitting == bytes.size();
}

bool append(MutableBytes buffer, usize& used, const sys::DirectoryEntry& entry) {
  std::array<u8, abi::Layout<Dirent>::size> header;
  abi::Layout<Dirent>::store(header.data(), {.d_next = entry.next_cookie,
                                             .d_ino = entry.inode,
                                             .d_namlen = static_cast<u32>(entry.name.size()),
                                             .d_type = filetype_of(entry.type)});
  return append(buffer, used, header) && append(buffer, used, as_bytes(entry.name));
}

}  // namespace

Completion fd_readdir(P1& guest, abi::Caller& caller, Fd fd, abi::Buffer buffer, Dircookie cookie,
                      abi::Out<Size> result) {
  const auto directory = guest.directory(fd);
  if (!directory) return errno_of(directory.error());
  usize used = 0;
  for (u32 count = 1;; ++count) {
    const auto entry = (*directory)->read_entry(cookie);
    if (!entry) return errno_of(entry.error());
    if (!*entry || !append(buffer.bytes, used, **entry)) break;
    cookie = (*entry)->next_cookie;
    if (count % entries_between_checks == 0 && guest.waiter().interrupted()) return caller.interrupted();
  }
  result.set(static_cast<Size>(used));
  return Errno::success;
}

Errno fd_renumber(P1& guest, Fd fd, Fd to) {
  return guest.fds().renumber(fd, to) ? Errno::success : Errno::badf;
}

template <class Version>
Errno fd_seek(P1& guest, Fd fd, Filedelta delta, typename Version::Whence whence, abi::Out<Filesize> offset) {
  using Whence = typename Version::Whence;
  const auto from = whence == Whence::set   ? core::Whence::start
                    : whence == Whence::cur ? core::Whence::current
                                            : core::Whence::end;
  return with_handle(guest, fd, [&](Handle& handle) { return store(handle.seek(delta, from), offset); });
}
template Errno fd_seek<Preview1>(P1&, Fd, Filedelta, Preview1::Whence, abi::Out<Filesize>);
template Errno fd_seek<Unstable>(P1&, Fd, Filedelta, Unstable::Whence, abi::Out<Filesize>);

Errno fd_sync(P1& guest, Fd fd) {
  return with_handle(guest, fd, [](Handle& handle) { return handle.sync_file(); });
}

Errno fd_tell(P1& guest, Fd fd, abi::Out<Filesize> offset) {
  return with_handle(guest, fd, [&](Handle& handle) { return store(handle.tell(), offset); });
}

Completion fd_write(P1& guest, abi::Caller& caller, Fd fd, const Ciovecs& iovs, abi::Out<Size> nwritten) {
  return BlockingCall{guest, caller, fd, core::Interest::write}.transfer(
      nwritten, [&](Handle& handle) { return handle.write(iovs.buffers()); });
}

}  // namespace wisp::wasi::p1
