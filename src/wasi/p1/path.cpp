#include "wasi/p1/convert.hpp"

namespace wisp::wasi::p1 {

using core::Dir;

Errno path_create_directory(P1& guest, Fd fd, const Path& path) {
  return with_directory(guest, fd, [&](Dir& dir) { return dir.create_directory(path.text()); });
}

template <class Version>
Errno path_filestat_get(P1& guest, Fd fd, Lookupflags flags, const Path& path,
                        abi::Out<typename Version::Filestat> filestat) {
  return with_directory(guest, fd, [&](Dir& dir) {
    const auto stat = dir.stat_path(path.text(), follows(flags));
    if (!stat) return errno_of(stat.error());
    filestat.set(filestat_of<typename Version::Filestat>(*stat));
    return Errno::success;
  });
}
template Errno path_filestat_get<Preview1>(P1&, Fd, Lookupflags, const Path&, abi::Out<Preview1::Filestat>);
template Errno path_filestat_get<Unstable>(P1&, Fd, Lookupflags, const Path&, abi::Out<Unstable::Filestat>);

Errno path_filestat_set_times(P1& guest, Fd fd, Lookupflags flags, const Path& path, Timestamp atim, Timestamp mtim,
                              Fstflags fst_flags) {
  const auto updates = time_updates_of(atim, mtim, fst_flags);
  if (!updates) return Errno::inval;
  return with_directory(guest, fd, [&](Dir& dir) {
    return dir.set_times_path(path.text(), follows(flags), updates->access, updates->modification);
  });
}

Errno path_link(P1& guest, Fd old_fd, Lookupflags old_flags, const Path& old_path, Fd new_fd, const Path& new_path) {
  // A link to what a symbolic link leads to would need a second resolution, which could lead elsewhere.
  if (follows(old_flags)) return Errno::inval;
  return with_directory(guest, old_fd, [&](Dir& old_dir) {
    return with_directory(guest, new_fd,
                          [&](Dir& new_dir) { return old_dir.link(old_path.text(), new_dir, new_path.text()); });
  });
}

Errno path_open(P1& guest, Fd fd, Lookupflags flags, const Path& path, Oflags oflags, Rights base, Rights inheriting,
                Fdflags fdflags, abi::Out<Fd> opened) {
  return with_directory(guest, fd, [&](Dir& dir) {
    auto handle = dir.open(path.text(), {.follow = follows(flags),
                                         .create = oflags.has(Oflag::creat),
                                         .exclusive = oflags.has(Oflag::excl),
                                         .truncate = oflags.has(Oflag::trunc),
                                         .directory = oflags.has(Oflag::directory),
                                         .flags = status_flags_of(fdflags),
                                         .rights = handle_rights_of(base, inheriting)});
    if (!handle) return errno_of(handle.error());
    opened.set(guest.insert(*std::move(handle)));
    return Errno::success;
  });
}

Errno path_readlink(P1& guest, Fd fd, const Path& path, abi::Buffer buffer, abi::Out<Size> used) {
  return with_directory(guest, fd, [&](Dir& dir) { return store(dir.read_link(path.text(), buffer.bytes), used); });
}

Errno path_remove_directory(P1& guest, Fd fd, const Path& path) {
  return with_directory(guest, fd, [&](Dir& dir) { return dir.remove_directory(path.text()); });
}

Errno path_rename(P1& guest, Fd old_fd, const Path& old_path, Fd new_fd, const Path& new_path) {
  return with_directory(guest, old_fd, [&](Dir& old_dir) {
    return with_directory(guest, new_fd,
                          [&](Dir& new_dir) { return old_dir.rename(old_path.text(), new_dir, new_path.text()); });
  });
}

Errno path_symlink(P1& guest, const Path& old_path, Fd fd, const Path& new_path) {
  return with_directory(guest, fd, [&](Dir& dir) { return dir.create_symlink(old_path.text(), new_path.text()); });
}

Errno path_unlink_file(P1& guest, Fd fd, const Path& path) {
  return with_directory(guest, fd, [&](Dir& dir) { return dir.remove_file(path.text()); });
}

}  // namespace wisp::wasi::p1
