#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "sys/errno.hpp"
#include "sys/io.hpp"
#include "sys/poll.hpp"
#include "sys/time.hpp"

namespace wisp::sys {

class Directory;

enum class FileType : u8 {
  unknown,
  block_device,
  character_device,
  directory,
  regular_file,
  symbolic_link,
  fifo,
  stream_socket,
  datagram_socket,
};

struct FileStat {
  u64 device = 0;
  u64 inode = 0;
  FileType type = FileType::unknown;
  u64 link_count = 0;
  u64 size_bytes = 0;
  u64 stored_bytes = 0;  // what it takes of the disk
  u32 owner = 0;         // number of the host's user; 0 where there are no users
  u32 permissions = 0;   // as POSIX's S_IRWXU and so on
  Timestamp access_time;
  Timestamp modification_time;
  Timestamp status_change_time;
};

/// How writes behave; `append` and `non_blocking` can change while the node is open.
struct StatusFlags {
  bool append = false;
  bool non_blocking = false;
  bool sync_data = false;  // O_DSYNC
  bool sync_file = false;  // O_SYNC

  bool operator==(const StatusFlags&) const = default;
};

enum class Whence : u8 { start, current, end };
enum class Advice : u8 { normal, sequential, random, will_need, dont_need, no_reuse };
enum class ShutdownSide : u8 { read, write, both };

/// Something open: a file, a directory, a pipe, a terminal, a socket. A transfer is one system call. What a
/// kind of node cannot do reports the error that POSIX gives. A call that would block reports `Errno::again`;
/// `wait_handle` is then what to wait for. Not thread-safe.
class Node {
 public:
  virtual ~Node() = default;

  virtual Outcome<FileStat> stat() = 0;
  virtual Outcome<void> set_times(TimeUpdate access, TimeUpdate modification);
  virtual Outcome<void> sync_data();
  virtual Outcome<void> sync_file();
  virtual Outcome<void> set_flags(StatusFlags flags);

  /// Reads at the current position and moves it; 0 is the end of the file.
  virtual Outcome<usize> read(IoBuffers buffers);
  virtual Outcome<usize> write(ConstIoBuffers buffers);
  /// Reads at `offset`; the current position stays.
  virtual Outcome<usize> read_at(IoBuffers buffers, u64 offset);
  virtual Outcome<usize> write_at(ConstIoBuffers buffers, u64 offset);
  virtual Outcome<u64> seek(i64 delta, Whence whence);
  virtual Outcome<void> set_size(u64 size_bytes);
  /// Makes sure that there is space for [offset, offset + length) and that the file reaches there.
  virtual Outcome<void> allocate(u64 offset, u64 length);
  virtual Outcome<void> advise(u64 offset, u64 length, Advice advice);

  /// Bytes that a read would give at once, as far as known.
  virtual Outcome<u64> available();
  virtual PollHandle wait_handle() const { return {}; }

  /// Sockets only. `peek` leaves the data where it is; `wait_all` asks for full buffers, which a non-blocking read
  /// may not be able to give.
  struct Received {
    usize size_bytes = 0;
    bool truncated = false;
  };
  virtual Outcome<Received> receive(IoBuffers buffers, bool peek, bool wait_all);
  virtual Outcome<usize> send(ConstIoBuffers buffers);
  virtual Outcome<void> shut_down(ShutdownSide side);
  /// Listening sockets only: the next connection.
  virtual Outcome<std::unique_ptr<Node>> accept();

  virtual Directory* as_directory() { return nullptr; }
};

}  // namespace wisp::sys
