#pragma once

#include <optional>
#include <string>

#include "wisp/guest_memory.hpp"

#include "base/int.hpp"

namespace wisp::abi {

/// How a host function ends.
enum class HostResult : u8 {
  returned,  // results are in the slots
  unwind,    // the guest must not go on; `Caller::unwind()` says why
};

/// Why a host function ends the guest.
struct Unwind {
  enum class Kind : u8 { none, exit, trap, interrupted } kind = Kind::none;
  u32 exit_code = 0;
  std::string message;
};

/// What a host function may know of the guest that called it, for the time of one call.
class Caller {
 public:
  Caller(GuestMemory memory, void* runtime) : memory_(memory), runtime_(runtime) {}

  /// The memory that the calling instance exports as "memory"; it does not exist if there is none.
  const GuestMemory& memory() const { return memory_; }
  /// Whatever runtime made the call; only that runtime may look into it.
  void* runtime() const { return runtime_; }

  /// `return caller.exit(code);` ends the guest as `proc_exit` does.
  HostResult exit(u32 code) {
    unwind_.emplace(Unwind::Kind::exit, code);
    return HostResult::unwind;
  }
  /// `return caller.trap("why");` ends the guest with a trap.
  HostResult trap(std::string message) {
    unwind_.emplace(Unwind::Kind::trap, 0, std::move(message));
    return HostResult::unwind;
  }
  /// `return caller.interrupted();` ends the guest because a deadline passed or the embedder asked for it while
  /// the host function was waiting.
  HostResult interrupted() {
    unwind_.emplace(Unwind::Kind::interrupted);
    return HostResult::unwind;
  }

  Unwind unwind() const { return unwind_.value_or(Unwind()); }

 private:
  GuestMemory memory_;
  void* runtime_;
  std::optional<Unwind> unwind_;  // most calls need none, and do not pay for one
};

/// A function of the host as the tiers call it. `slots` holds the parameters in order, one 8-byte slot each (a v128
/// takes two), and on return the results in the same way from the first slot on. i32 and f32 use the low half.
using HostEntry = HostResult (*)(void* context, Caller& caller, u64* slots);

}  // namespace wisp::abi
