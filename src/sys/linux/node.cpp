#include "sys/node.hpp"

#include <algorithm>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/linux/calls.hpp"
#include "sys/linux/system_call.hpp"

namespace wisp::sys::linux_host {
namespace {

// The buffers of a guest go to the kernel as they are.
static_assert(sizeof(IoBuffer) == sizeof(iovec) && offsetof(IoBuffer, data) == offsetof(iovec, iov_base) &&
              offsetof(IoBuffer, size_bytes) == offsetof(iovec, iov_len));
static_assert(sizeof(ConstIoBuffer) == sizeof(iovec) && offsetof(ConstIoBuffer, data) == offsetof(iovec, iov_base) &&
              offsetof(ConstIoBuffer, size_bytes) == offsetof(iovec, iov_len));

template <class Buffers>
const iovec* vector_of(Buffers buffers) {
  return reinterpret_cast<const iovec*>(buffers.data());
}
template <class Buffers>
usize count_of(Buffers buffers) {
  return std::min(buffers.size(), max_io_buffers);
}

/// What all descriptors can do.
class FdNode : public Node {
 public:
  explicit FdNode(Fd fd) : fd_(std::move(fd)) {}

  Outcome<FileStat> stat() override { return stat_of(fd_.get()); }
  Outcome<void> set_times(TimeUpdate access, TimeUpdate modification) override {
    timespec times[2];
    if (auto valid = to_timespecs(access, modification, times); !valid.ok()) return valid;
    return checked(futimens(fd_.get(), times));
  }

 protected:
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

class RegularFile final : public FdNode {
 public:
  using FdNode::FdNode;

  Outcome<void> sync_data() override { return checked(fdatasync(fd())); }
  Outcome<void> sync_file() override { return checked(fsync(fd())); }
  Outcome<void> set_flags(StatusFlags flags) override {
    return checked(fcntl(fd(), F_SETFL, flags.append ? O_APPEND : 0));
  }

  Outcome<usize> read(IoBuffers buffers) override {
    if (buffers.size() == 1) {
      return counted([&] { return system_call(SYS_read, fd(), buffers[0].data, buffers[0].size_bytes); });
    }
    return counted([&] { return system_call(SYS_readv, fd(), vector_of(buffers), count_of(buffers)); });
  }
  Outcome<usize> write(ConstIoBuffers buffers) override {
    if (buffers.size() == 1) {
      return counted([&] { return system_call(SYS_write, fd(), buffers[0].data, buffers[0].size_bytes); });
    }
    return counted([&] { return system_call(SYS_writev, fd(), vector_of(buffers), count_of(buffers)); });
  }
  Outcome<usize> read_at(IoBuffers buffers, u64 offset) override {
    if (buffers.size() == 1) {
      return counted([&] { return system_call(SYS_pread64, fd(), buffers[0].data, buffers[0].size_bytes, offset); });
    }
    return counted(
        [&] { return system_call(SYS_preadv, fd(), vector_of(buffers), count_of(buffers), offset, u64{0}); });
  }
  Outcome<usize> write_at(ConstIoBuffers buffers, u64 offset) override {
    if (buffers.size() == 1) {
      return counted([&] { return system_call(SYS_pwrite64, fd(), buffers[0].data, buffers[0].size_bytes, offset); });
    }
    return counted(
        [&] { return system_call(SYS_pwritev, fd(), vector_of(buffers), count_of(buffers), offset, u64{0}); });
  }
  Outcome<u64> seek(i64 delta, Whence whence) override {
    constexpr int names[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    const off_t position = lseek(fd(), delta, names[u8(whence)]);
    if (position < 0) return last_error();
    return u64(position);
  }
  Outcome<void> set_size(u64 size_bytes) override { return checked(ftruncate(fd(), off_t(size_bytes))); }
  Outcome<void> allocate(u64 offset, u64 length) override {
    return checked(fallocate(fd(), 0, off_t(offset), off_t(length)));
  }
  Outcome<void> advise(u64 offset, u64 length, Advice advice) override {
    constexpr int names[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                             POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    const int error = posix_fadvise(fd(), off_t(offset), off_t(length), names[u8(advice)]);
    if (error != 0) return Errno(error);
    return {};
  }
  Outcome<u64> available() override {
    const off_t position = lseek(fd(), 0, SEEK_CUR);
    if (position < 0) return last_error();
    auto stat = stat_of(fd());
    if (!stat.ok()) return stat.error();
    return stat->size_bytes > u64(position) ? stat->size_bytes - u64(position) : u64{0};
  }
};

Outcome<u64> readable_bytes(int fd) {
  int bytes = 0;
  if (ioctl(fd, FIONREAD, &bytes) != 0) return u64{0};
  return u64(std::max(bytes, 0));
}

/// A pipe, a terminal, any other device.
class Stream final : public FdNode {
 public:
  /// How a transfer is kept from blocking.
  enum class Means : u8 {
    descriptor,   // the descriptor itself is non-blocking
    per_call,     // RWF_NOWAIT
    poll_before,  // ask first, and write little enough to fit
  };
  Stream(Fd fd, Means means) : FdNode(std::move(fd)), means_(means) {}

  PollHandle wait_handle() const override { return {fd()}; }
  Outcome<u64> available() override { return readable_bytes(fd()); }

  Outcome<usize> read(IoBuffers buffers) override {
    if (means_ == Means::per_call) {
      auto outcome = counted([&] { return moved_at_once(SYS_preadv2, buffers); });
      if (!not_supported(outcome)) return outcome;
    }
    if (means_ == Means::poll_before && !is_ready(POLLIN)) return Errno::again;
    return attempted(system_call(SYS_readv, fd(), vector_of(buffers), count_of(buffers)));
  }

  Outcome<usize> write(ConstIoBuffers buffers) override {
    if (means_ == Means::per_call) {
      auto outcome = counted([&] { return moved_at_once(SYS_pwritev2, buffers); });
      if (!not_supported(outcome)) return outcome;
    }
    if (means_ == Means::poll_before) return write_a_little(buffers);
    return attempted(system_call(SYS_writev, fd(), vector_of(buffers), count_of(buffers)));
  }

 private:
  /// Falls back for good where the kernel has no RWF_NOWAIT for this kind of file (terminals, older pipes).
  bool not_supported(const Outcome<usize>& outcome) {
    if (outcome.ok() || outcome.error() != Errno::notsup) return false;
    means_ = Means::poll_before;
    return true;
  }

  /// At the current position, and only what can be moved without blocking.
  template <class Buffers>
  long moved_at_once(long number, Buffers buffers) const {
    return system_call(number, fd(), vector_of(buffers), count_of(buffers), i64{-1}, i64{0}, RWF_NOWAIT);
  }

  bool is_ready(short events) const {
    pollfd item = {fd(), events, 0};
    return ::poll(&item, 1, 0) > 0;
  }

  /// A signal may be what is to end the guest, so an interrupted transfer goes back to whoever waits.
  static Outcome<usize> attempted(long result) {
    if (result >= 0) return usize(result);
    return result == -EINTR ? Errno::again : Errno(-result);
  }

  /// A descriptor that is ready for writing takes a page without blocking, not more.
  Outcome<usize> write_a_little(ConstIoBuffers buffers) {
    constexpr usize page_bytes = 4096;
    constexpr usize most_buffers = 64;
    if (!is_ready(POLLOUT)) return Errno::again;
    ConstIoBuffer part[most_buffers];
    usize count = 0;
    usize room = page_bytes;
    for (const ConstIoBuffer& buffer : buffers) {
      if (count == most_buffers || room == 0) break;
      part[count] = {buffer.data, std::min(buffer.size_bytes, room)};
      room -= part[count++].size_bytes;
    }
    return attempted(system_call(SYS_writev, fd(), vector_of(ConstIoBuffers(part)), count));
  }

  Means means_;
};

class Socket final : public FdNode {
 public:
  using FdNode::FdNode;

  PollHandle wait_handle() const override { return {fd()}; }
  Outcome<u64> available() override { return readable_bytes(fd()); }

  Outcome<usize> read(IoBuffers buffers) override {
    auto received = receive(buffers, false, false);
    if (!received.ok()) return received.error();
    return received->size_bytes;
  }
  Outcome<usize> write(ConstIoBuffers buffers) override { return send(buffers); }

  Outcome<Received> receive(IoBuffers buffers, bool peek, bool wait_all) override {
    msghdr message = {};
    message.msg_iov = const_cast<iovec*>(vector_of(buffers));
    message.msg_iovlen = count_of(buffers);
    const int flags = MSG_DONTWAIT | (peek ? MSG_PEEK : 0) | (wait_all ? MSG_WAITALL : 0);
    auto count = counted([&] { return system_call(SYS_recvmsg, fd(), &message, flags); });
    if (!count.ok()) return count.error();
    return Received{*count, (message.msg_flags & MSG_TRUNC) != 0};
  }
  Outcome<usize> send(ConstIoBuffers buffers) override {
    msghdr message = {};
    message.msg_iov = const_cast<iovec*>(vector_of(buffers));
    message.msg_iovlen = count_of(buffers);
    return counted([&] { return system_call(SYS_sendmsg, fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  }
  Outcome<void> shut_down(ShutdownSide side) override {
    constexpr int names[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
    return checked(shutdown(fd(), names[u8(side)]));
  }
};

class Listener final : public FdNode {
 public:
  using FdNode::FdNode;

  PollHandle wait_handle() const override { return {fd()}; }
  Outcome<usize> read(IoBuffers) override { return Errno::notconn; }
  Outcome<usize> write(ConstIoBuffers) override { return Errno::notconn; }
  Outcome<Received> receive(IoBuffers, bool, bool) override { return Errno::notconn; }
  Outcome<usize> send(ConstIoBuffers) override { return Errno::notconn; }
  Outcome<void> shut_down(ShutdownSide) override { return Errno::notconn; }

  Outcome<std::unique_ptr<Node>> accept() override {
    auto connection = counted([&] { return system_call(SYS_accept4, fd(), 0, 0, SOCK_CLOEXEC); });
    if (!connection.ok()) return connection.error();
    return std::unique_ptr<Node>(std::make_unique<Socket>(Fd(int(*connection))));
  }
};

class Place final : public FdNode {
 public:
  using FdNode::FdNode;
  Outcome<void> set_times(TimeUpdate access, TimeUpdate modification) override {
    timespec times[2];
    if (auto valid = to_timespecs(access, modification, times); !valid.ok()) return valid;
    return checked(utimensat(fd(), "", times, AT_EMPTY_PATH));
  }
};

}  // namespace

std::unique_ptr<Node> make_node(Fd fd, FileType type, bool shared) {
  switch (type) {
    case FileType::regular_file:
      return std::make_unique<RegularFile>(std::move(fd));
    case FileType::directory:
      return make_directory(std::move(fd));
    case FileType::stream_socket:
    case FileType::datagram_socket:
      return std::make_unique<Socket>(std::move(fd));
    default:
      return std::make_unique<Stream>(std::move(fd), shared ? Stream::Means::per_call : Stream::Means::descriptor);
  }
}

std::unique_ptr<Node> make_listener(Fd fd) {
  return std::make_unique<Listener>(std::move(fd));
}
std::unique_ptr<Node> make_place(Fd fd) {
  return std::make_unique<Place>(std::move(fd));
}

}  // namespace wisp::sys::linux_host
