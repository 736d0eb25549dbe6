#include "wasi/p1/convert.hpp"

namespace wisp::wasi::p1 {

using core::Handle;

Completion sock_accept(P1& guest, abi::Caller& caller, Fd fd, Fdflags flags, abi::Out<Fd> accepted) {
  return BlockingCall{guest, caller, fd, core::Interest::read}.run(
      [&](Handle& handle) { return handle.accept(status_flags_of(flags)); },
      [&](std::unique_ptr<Handle> connection) {
        accepted.set(guest.insert(std::move(connection)));
        return Errno::success;
      });
}

namespace {

/// The buffers without their first `filled` bytes.
void skip(Iovecs& rest, std::span<const sys::IoBuffer> buffers, usize filled) {
  for (const sys::IoBuffer& buffer : buffers) {
    const usize skipped = std::min(filled, buffer.size_bytes);
    filled -= skipped;
    if (skipped < buffer.size_bytes) rest.add({buffer.data + skipped, buffer.size_bytes - skipped});
  }
}

usize size_of(std::span<const sys::IoBuffer> buffers) {
  usize total = 0;
  for (const sys::IoBuffer& buffer : buffers) total += buffer.size_bytes;
  return total;
}

}  // namespace

Completion sock_recv(P1& guest, abi::Caller& caller, Fd fd, const Iovecs& iovs, Riflags flags, abi::Out<Size> nread,
                     abi::Out<Roflags> roflags) {
  const bool peek = flags.has(Riflag::recv_peek);
  const bool wait_all = flags.has(Riflag::recv_waitall);
  const BlockingCall call{guest, caller, fd, core::Interest::read};
  const usize wanted = size_of(iovs.buffers());
  usize total = 0;
  const auto finish = [&](bool truncated) {
    nread.set(static_cast<Size>(total));
    roflags.set(truncated ? Roflags{Roflag::recv_data_truncated} : Roflags());
    return Errno::success;
  };

  bool again = false;
  const auto done = [&](sys::Node::Received received) {
    total += received.size_bytes;
    again = wait_all && !peek && received.size_bytes != 0 && total < wanted && !received.truncated;
    return finish(received.truncated);
  };
  Completion completion =
      call.run([&](Handle& handle) { return handle.receive(iovs.buffers(), peek, wait_all); }, done);
  while (again) {
    again = false;
    Iovecs rest;
    skip(rest, iovs.buffers(), total);
    completion = call.run([&](Handle& handle) { return handle.receive(rest.buffers(), peek, wait_all); }, done);
    // What has been received is not lost to an error that comes behind it.
    if (completion.how() == abi::HostResult::returned && completion.error() != Errno::success) return finish(false);
  }
  return completion;
}

Completion sock_send(P1& guest, abi::Caller& caller, Fd fd, const Ciovecs& iovs, Siflags flags,
                     abi::Out<Size> nwritten) {
  if (flags != 0) return Errno::inval;
  return BlockingCall{guest, caller, fd, core::Interest::write}.transfer(
      nwritten, [&](Handle& handle) { return handle.send(iovs.buffers()); });
}

Errno sock_shutdown(P1& guest, Fd fd, Sdflags how) {
  if (how.bits == 0) return Errno::inval;
  const auto side = how.has(Sdflag::rd) && how.has(Sdflag::wr) ? sys::ShutdownSide::both
                    : how.has(Sdflag::rd)                      ? sys::ShutdownSide::read
                                                               : sys::ShutdownSide::write;
  return with_handle(guest, fd, [&](Handle& handle) { return handle.shut_down(side); });
}

}  // namespace wisp::wasi::p1
