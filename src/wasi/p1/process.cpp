#include "wasi/p1/p1.hpp"

namespace wisp::wasi::p1 {
namespace {

/// What a signal does to a program that does not handle it, which no guest can: the default action of POSIX.
enum class DefaultAction : u8 { ignore, stop, terminate, abort };

DefaultAction default_action(Signal signal) {
  switch (signal) {
    case Signal::none:
    case Signal::chld:
    case Signal::cont:
    case Signal::urg:
    case Signal::winch:
      return DefaultAction::ignore;
    case Signal::stop:
    case Signal::tstp:
    case Signal::ttin:
    case Signal::ttou:
      return DefaultAction::stop;
    case Signal::ill:
    case Signal::trap:
    case Signal::abrt:
    case Signal::bus:
    case Signal::fpe:
    case Signal::segv:
    case Signal::sys:
      return DefaultAction::abort;
    default:
      return DefaultAction::terminate;
  }
}

/// As a shell reports a program that a signal ended.
constexpr u32 exit_code_of_signal = 128;

}  // namespace

abi::HostResult proc_exit(P1&, abi::Caller& caller, u32 code) {
  return caller.exit(code);
}

Completion proc_raise(P1&, abi::Caller& caller, Signal signal) {
  switch (default_action(signal)) {
    case DefaultAction::ignore:
      return Errno::success;
    case DefaultAction::stop:
      return Errno::notsup;
    case DefaultAction::abort:
      return caller.trap("the guest raised signal " + std::string(abi::name_of(signal)));
    case DefaultAction::terminate:
      return caller.exit(exit_code_of_signal + static_cast<u32>(signal));
  }
  WISP_UNREACHABLE();
}

Completion sched_yield(P1& guest, abi::Caller& caller) {
  guest.waiter().yield();
  if (guest.waiter().interrupted()) return caller.interrupted();
  return Errno::success;
}

Errno clock_res_get(P1& guest, Clockid id, abi::Out<Timestamp> resolution) {
  sys::Clock* clock = guest.clock(id);
  if (clock == nullptr) return Errno::inval;
  const auto found = clock->resolution_ns();
  if (!found) return errno_of(core::from_errno(found.error()));
  resolution.set(*found);
  return Errno::success;
}

Errno clock_time_get(P1& guest, Clockid id, Timestamp, abi::Out<Timestamp> time) {
  sys::Clock* clock = guest.clock(id);
  if (clock == nullptr) return Errno::inval;
  const auto now = clock->now_ns();
  if (!now) return errno_of(core::from_errno(now.error()));
  time.set(*now);
  return Errno::success;
}

Completion random_get(P1& guest, abi::Caller& caller, abi::Buffer buffer) {
  MutableBytes left = buffer.bytes;
  while (!left.empty()) {
    const MutableBytes chunk = left.first(std::min(left.size(), core::random_chunk_bytes));
    if (const auto filled = guest.random().fill(chunk); !filled) return errno_of(core::from_errno(filled.error()));
    left = left.subspan(chunk.size());
    if (!left.empty() && guest.waiter().interrupted()) return caller.interrupted();
  }
  return Errno::success;
}

}  // namespace wisp::wasi::p1
