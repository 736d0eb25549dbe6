#pragma once

#include "wasi/core/guest.hpp"

namespace wisp::core {

class Dir;

using sys::FileStat;
using sys::FileType;
using sys::Interest;
using sys::StatusFlags;
using sys::Timestamp;
using sys::TimeUpdate;
using sys::Whence;

/// Something a guest has open, with what it may do to it: a file, a directory, a stream (pipe, terminal), a socket or a
/// listening socket. Every operation checks the right first (operations.def), then is one system call. None of them
/// blocks: `would_block` means that `wait_handle()` is to be waited for (waiter.hpp) and the call made again, or, if
/// `flags().non_blocking`, that the guest is told so. Data goes between the buffers and the host without a copy.
class Handle {
 public:
  virtual ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  /// A handle on something that is not reached by path: standard streams, sockets. `wanted` is cut down to what
  /// means something for the type of node.
  static Outcome<std::unique_ptr<Handle>> make(Guest& guest, std::unique_ptr<sys::Node> node,
                                               Rights wanted = Rights::all());

  FileType type() const { return type_; }
  const HandleRights& rights() const { return rights_; }
  /// Gives rights up. `notcapable`, and nothing changed, if that would add one.
  Outcome<void> restrict_rights(HandleRights rights);
  const StatusFlags& flags() const { return flags_; }
  /// `append` and `non_blocking` can change; `notsup` if the others would.
  Outcome<void> set_flags(StatusFlags flags);

  Outcome<FileStat> stat();
  Outcome<void> set_times(TimeUpdate access, TimeUpdate modification);
  Outcome<void> sync_data();
  Outcome<void> sync_file();

  Outcome<usize> read(sys::IoBuffers buffers) {
    if (!allows(Operation::read)) [[unlikely]]
      return refuse(Operation::read);
    return from_sys(node_->read(buffers));
  }
  Outcome<usize> write(sys::ConstIoBuffers buffers) {
    if (!allows(Operation::write)) [[unlikely]]
      return refuse(Operation::write);
    return from_sys(node_->write(buffers));
  }
  /// `inval` if `offset` or the end of the transfer lies beyond the largest i64.
  Outcome<usize> read_at(sys::IoBuffers buffers, u64 offset);
  Outcome<usize> write_at(sys::ConstIoBuffers buffers, u64 offset);
  Outcome<u64> seek(i64 delta, Whence whence);
  Outcome<u64> tell();
  Outcome<void> set_size(u64 size_bytes);
  Outcome<void> allocate(u64 offset, u64 length);
  Outcome<void> advise(u64 offset, u64 length, sys::Advice advice);

  /// What to wait for; refused without the right to poll.
  Outcome<sys::PollItem> wait_item(Interest interest);
  /// Waiting that belongs to an operation that was allowed and reported `would_block`.
  sys::PollHandle wait_handle() const { return node_->wait_handle(); }
  /// Bytes that a read would give at once, as far as known.
  Outcome<u64> available();

  Outcome<sys::Node::Received> receive(sys::IoBuffers buffers, bool peek, bool wait_all);
  Outcome<usize> send(sys::ConstIoBuffers buffers);
  Outcome<void> shut_down(sys::ShutdownSide side);
  /// The next connection of a listening socket.
  Outcome<std::unique_ptr<Handle>> accept(StatusFlags flags);

  bool is_socket() const { return type_ == FileType::stream_socket || type_ == FileType::datagram_socket; }
  /// Null if it is no directory.
  virtual Dir* as_directory() { return nullptr; }

 protected:
  struct Origin {
    const Mount* mount = nullptr;
    FileType type = FileType::unknown;
    HandleRights rights;
    StatusFlags flags;
  };
  Handle(Guest& guest, Charge charge, std::unique_ptr<sys::Node> node, const Origin& origin);

  bool allows(Operation operation) const { return requirement(operation).met_by(rights_.base); }
  /// Reports the refusal of an operation that is not allowed; what to tell the guest.
  ErrorCode refuse(Operation operation, std::string_view object = {});
  template <class T>
  static Outcome<T> from_sys(sys::Outcome<T> outcome) {
    if (!outcome.ok()) [[unlikely]]
      return from_errno(outcome.error());
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return std::move(outcome).value();
    }
  }

  Guest& guest_;
  const Mount* mount_;
  std::unique_ptr<sys::Node> node_;
  HandleRights rights_;
  StatusFlags flags_;
  FileType type_;

 private:
  friend class Dir;
  Charge charge_;
};

}  // namespace wisp::core
