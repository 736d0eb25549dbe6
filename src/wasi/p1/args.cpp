#include "wasi/p1/p1.hpp"

namespace wisp::wasi::p1 {

Completion args_get(P1& guest, abi::Caller& caller, abi::Ptr<u32> argv, abi::Ptr<u8> argv_buf) {
  return guest.arguments().store(caller, argv, argv_buf);
}

Errno args_sizes_get(P1& guest, abi::Out<Size> count, abi::Out<Size> buf_size) {
  count.set(guest.arguments().count());
  buf_size.set(guest.arguments().size_bytes());
  return Errno::success;
}

Completion environ_get(P1& guest, abi::Caller& caller, abi::Ptr<u32> environ, abi::Ptr<u8> environ_buf) {
  return guest.variables().store(caller, environ, environ_buf);
}

Errno environ_sizes_get(P1& guest, abi::Out<Size> count, abi::Out<Size> buf_size) {
  count.set(guest.variables().count());
  buf_size.set(guest.variables().size_bytes());
  return Errno::success;
}

}  // namespace wisp::wasi::p1
