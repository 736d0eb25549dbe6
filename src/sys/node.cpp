#include "sys/node.hpp"

namespace wisp::sys {

Outcome<void> Node::set_times(TimeUpdate, TimeUpdate) {
  return Errno::notsup;
}
Outcome<void> Node::sync_data() {
  return Errno::inval;
}
Outcome<void> Node::sync_file() {
  return Errno::inval;
}
Outcome<void> Node::set_flags(StatusFlags) {
  return {};
}
Outcome<usize> Node::read(IoBuffers) {
  return Errno::badf;
}
Outcome<usize> Node::write(ConstIoBuffers) {
  return Errno::badf;
}
Outcome<usize> Node::read_at(IoBuffers, u64) {
  return Errno::spipe;
}
Outcome<usize> Node::write_at(ConstIoBuffers, u64) {
  return Errno::spipe;
}
Outcome<u64> Node::seek(i64, Whence) {
  return Errno::spipe;
}
Outcome<void> Node::set_size(u64) {
  return Errno::inval;
}
Outcome<void> Node::allocate(u64, u64) {
  return Errno::spipe;
}
Outcome<void> Node::advise(u64, u64, Advice) {
  return Errno::spipe;
}
Outcome<u64> Node::available() {
  return u64{0};
}
Outcome<Node::Received> Node::receive(IoBuffers, bool, bool) {
  return Errno::notsock;
}
Outcome<usize> Node::send(ConstIoBuffers) {
  return Errno::notsock;
}
Outcome<void> Node::shut_down(ShutdownSide) {
  return Errno::notsock;
}
Outcome<std::unique_ptr<Node>> Node::accept() {
  return Errno::notsock;
}

}  // namespace wisp::sys
