#include "wasi/core/rights.hpp"

namespace wisp::core {

Rights Rights::applicable_to(sys::FileType type) {
  using enum Right;
  // What a handle of any kind can be asked.
  const Rights any = fd_fdstat_set_flags | fd_filestat_get | Rights(poll_fd_readwrite);
  const Rights transfer = fd_read | fd_write;
  const Rights socket = any | transfer | Rights(sock_shutdown);
  switch (type) {
    case sys::FileType::regular_file:
      return any | transfer | fd_datasync | fd_seek | fd_sync | fd_tell | fd_advise | fd_allocate |
             fd_filestat_set_size | fd_filestat_set_times;
    case sys::FileType::directory:
      return Rights(fd_fdstat_set_flags) | fd_filestat_get | fd_filestat_set_times | fd_datasync | fd_sync |
             fd_readdir | path_create_directory | path_create_file | path_link_source | path_link_target | path_open |
             path_readlink | path_rename_source | path_rename_target | path_filestat_get | path_filestat_set_size |
             path_filestat_set_times | path_symlink | path_remove_directory | path_unlink_file;
    case sys::FileType::stream_socket:
    case sys::FileType::datagram_socket:
      return socket | Rights(sock_accept);
    case sys::FileType::unknown:
    case sys::FileType::block_device:
    case sys::FileType::character_device:
    case sys::FileType::fifo:
    case sys::FileType::symbolic_link:
      return any | transfer;
  }
  WISP_UNREACHABLE();
}

}  // namespace wisp::core
