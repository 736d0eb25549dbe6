#include "wasi/core/handle.hpp"

namespace wisp::core {

Handle::Handle(Guest& guest, Charge charge, std::unique_ptr<sys::Node> node, const Origin& origin)
    : guest_(guest),
      mount_(origin.mount),
      node_(std::move(node)),
      rights_(origin.rights),
      flags_(origin.flags),
      type_(origin.type),
      charge_(std::move(charge)) {}

Handle::~Handle() = default;

Outcome<std::unique_ptr<Handle>> Handle::make(Guest& guest, std::unique_ptr<sys::Node> node, Rights wanted) {
  auto charge = Charge::take(guest.handles(), 1);
  if (!charge) return ErrorCode::mfile;
  auto stat = node->stat();
  if (!stat.ok()) return from_errno(stat.error());
  Rights rights = wanted & Rights::applicable_to(stat->type);
  // Standard input may be a directory, but what is no mount is no way to other things.
  if (stat->type == FileType::directory) rights = rights & Right::fd_filestat_get;
  const Origin origin{nullptr, stat->type, {rights, {}}, {}};
  return std::unique_ptr<Handle>(new Handle(guest, std::move(*charge), std::move(node), origin));
}

ErrorCode Handle::refuse(Operation operation, std::string_view object) {
  const Rights needed = requirement(operation).rights;
  // A mount that may not be changed is the host's doing, a handle without the right the guest's own.
  const bool by_mount = mount_ != nullptr && mount_->read_only && needed.contains_any(Rights::changing());
  guest_.report({operation, by_mount ? Rule::read_only_mount : Rule::missing_right, object, mount_});
  if (type_ == FileType::directory && !Rights::applicable_to(type_).contains_any(needed)) return ErrorCode::isdir;
  const bool transfer = needed.contains_any(Right::fd_read | Right::fd_write);
  return by_mount && !transfer ? ErrorCode::rofs : ErrorCode::notcapable;
}

Outcome<void> Handle::restrict_rights(HandleRights rights) {
  if (!rights_.base.contains(rights.base) || !rights_.inheriting.contains(rights.inheriting)) {
    return ErrorCode::notcapable;
  }
  rights_ = rights;
  return {};
}

Outcome<void> Handle::set_flags(StatusFlags flags) {
  if (!allows(Operation::set_flags)) return refuse(Operation::set_flags);
  if (flags.sync_data != flags_.sync_data || flags.sync_file != flags_.sync_file) return ErrorCode::notsup;
  // Whether a call may block is decided above the node, which never does.
  if (flags.append != flags_.append) {
    if (auto set = from_sys(node_->set_flags(flags)); !set.ok()) return set;
  }
  flags_ = flags;
  return {};
}

Outcome<FileStat> Handle::stat() {
  if (!allows(Operation::stat)) return refuse(Operation::stat);
  return from_sys(node_->stat());
}

Outcome<void> Handle::set_times(TimeUpdate access, TimeUpdate modification) {
  if (!allows(Operation::set_times)) return refuse(Operation::set_times);
  return from_sys(node_->set_times(access, modification));
}

Outcome<void> Handle::sync_data() {
  if (!allows(Operation::sync_data)) return refuse(Operation::sync_data);
  return from_sys(node_->sync_data());
}

Outcome<void> Handle::sync_file() {
  if (!allows(Operation::sync_file)) return refuse(Operation::sync_file);
  return from_sys(node_->sync_file());
}

namespace {

/// Whether [offset, offset + the buffers' sizes) is a range of file positions.
template <class Buffers>
bool fits(Buffers buffers, u64 offset) {
  u64 end = offset;
  for (const auto& buffer : buffers) {
    if (__builtin_add_overflow(end, u64{buffer.size_bytes}, &end)) return false;
  }
  return end <= u64(INT64_MAX);
}

}  // namespace

Outcome<usize> Handle::read_at(sys::IoBuffers buffers, u64 offset) {
  if (!allows(Operation::read_at)) return refuse(Operation::read_at);
  if (!fits(buffers, offset)) return ErrorCode::inval;
  return from_sys(node_->read_at(buffers, offset));
}

Outcome<usize> Handle::write_at(sys::ConstIoBuffers buffers, u64 offset) {
  if (!allows(Operation::write_at)) return refuse(Operation::write_at);
  if (!fits(buffers, offset)) return ErrorCode::inval;
  return from_sys(node_->write_at(buffers, offset));
}

Outcome<u64> Handle::seek(i64 delta, Whence whence) {
  if (!allows(Operation::seek)) return refuse(Operation::seek);
  return from_sys(node_->seek(delta, whence));
}

Outcome<u64> Handle::tell() {
  if (!allows(Operation::tell)) return refuse(Operation::tell);
  return from_sys(node_->seek(0, Whence::current));
}

Outcome<void> Handle::set_size(u64 size_bytes) {
  if (!allows(Operation::set_size)) return refuse(Operation::set_size);
  if (size_bytes > u64(INT64_MAX)) return ErrorCode::fbig;
  return from_sys(node_->set_size(size_bytes));
}

Outcome<void> Handle::allocate(u64 offset, u64 length) {
  if (!allows(Operation::allocate)) return refuse(Operation::allocate);
  u64 end = 0;
  if (length == 0) return ErrorCode::inval;
  if (__builtin_add_overflow(offset, length, &end) || end > u64(INT64_MAX)) return ErrorCode::fbig;
  return from_sys(node_->allocate(offset, length));
}

Outcome<void> Handle::advise(u64 offset, u64 length, sys::Advice advice) {
  if (!allows(Operation::advise)) return refuse(Operation::advise);
  // A range that ends beyond all files is one to the end of the file, which the host spells 0.
  if (offset > u64(INT64_MAX)) return ErrorCode::inval;
  if (length > u64(INT64_MAX) - offset) length = 0;
  return from_sys(node_->advise(offset, length, advice));
}

Outcome<sys::PollItem> Handle::wait_item(Interest interest) {
  if (!allows(Operation::poll)) return refuse(Operation::poll);
  return sys::PollItem{node_->wait_handle(), interest};
}

Outcome<u64> Handle::available() {
  if (!allows(Operation::poll)) return refuse(Operation::poll);
  return from_sys(node_->available());
}

Outcome<sys::Node::Received> Handle::receive(sys::IoBuffers buffers, bool peek, bool wait_all) {
  if (!is_socket()) return ErrorCode::notsock;
  if (!allows(Operation::receive)) return refuse(Operation::receive);
  return from_sys(node_->receive(buffers, peek, wait_all));
}

Outcome<usize> Handle::send(sys::ConstIoBuffers buffers) {
  if (!is_socket()) return ErrorCode::notsock;
  if (!allows(Operation::send)) return refuse(Operation::send);
  return from_sys(node_->send(buffers));
}

Outcome<void> Handle::shut_down(sys::ShutdownSide side) {
  if (!is_socket()) return ErrorCode::notsock;
  if (!allows(Operation::shut_down)) return refuse(Operation::shut_down);
  return from_sys(node_->shut_down(side));
}

Outcome<std::unique_ptr<Handle>> Handle::accept(StatusFlags flags) {
  if (!is_socket()) return ErrorCode::notsock;
  if (!allows(Operation::accept)) return refuse(Operation::accept);
  auto charge = Charge::take(guest_.handles(), 1);
  if (!charge) {
    guest_.report({Operation::accept, Rule::limit, {}, mount_});
    return ErrorCode::mfile;
  }
  auto connection = node_->accept();
  if (!connection.ok()) return from_errno(connection.error());
  // A connection is no listener.
  const Rights rights = Rights::applicable_to(FileType::stream_socket).without(Right::sock_accept);
  const Origin origin{nullptr, FileType::stream_socket, {rights, {}}, flags};
  return std::unique_ptr<Handle>(new Handle(guest_, std::move(*charge), std::move(*connection), origin));
}

}  // namespace wisp::core
