#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "wisp/direct_result.hpp"
#include "wisp/guest_memory.hpp"

#include "base/int.hpp"

namespace wisp::abi {

using detail::AnyDirectEntry;
using detail::DirectResult;

/// How a host function ends.
enum class HostResult : u8 {
  returned,  // results are in the slots
  unwind,    // the guest must not go on; `CallingInstance::unwind` says why
};

/// Why a host function ends the guest.
struct Unwind {
  enum class Kind : u8 { none, exit, trap, interrupted } kind = Kind::none;
  u32 exit_code = 0;
  std::string message;
};

/// Where a linear memory is now. The address of the view is stable; `base` never moves while the memory lives.
struct MemoryView {
  u8* base = nullptr;
  std::atomic<u64> size_bytes = 0;  // other threads may grow a shared memory

  /// As it is now.
  GuestMemory memory() const { return {base, size_bytes.load(std::memory_order_acquire)}; }
};

/// An instance as the functions of the host that it calls see it; whatever else the runtime knows of it comes behind.
struct CallingInstance {
  /// The memory exported as "memory" (an empty view if there is none).
  const MemoryView* exported_memory = nullptr;
  /// Where a function that ends the guest says why; of kind `none` as long as none does.
  Unwind* unwind = nullptr;
};

/// What a host function may know of the guest that called it, for the time of one call.
class Caller {
 public:
  explicit Caller(CallingInstance& instance) : memory_(instance.exported_memory->memory()), instance_(instance) {}

  /// The memory that the calling instance exports as "memory"; it does not exist if there is none.
  const GuestMemory& memory() const { return memory_; }

  /// `return caller.exit(code);` ends the guest as `proc_exit` does.
  [[nodiscard]] HostResult exit(u32 code) { return end({Unwind::Kind::exit, code, {}}); }
  /// `return caller.trap("why");` ends the guest with a trap.
  [[nodiscard]] HostResult trap(std::string message) { return end({Unwind::Kind::trap, 0, std::move(message)}); }
  /// `return caller.interrupted();` ends the guest because a deadline passed or the embedder asked for it while
  /// the host function was waiting.
  [[nodiscard]] HostResult interrupted() { return end({Unwind::Kind::interrupted, 0, {}}); }

 private:
  HostResult end(Unwind why) {
    *instance_.unwind = std::move(why);
    return HostResult::unwind;
  }

  GuestMemory memory_;
  CallingInstance& instance_;
};

/// A function of the host as the tiers call it. `slots` holds the parameters in order, one 8-byte slot each (a v128
/// takes two), and on return the results in the same way from the first slot on. i32 and f32 use the low half.
using HostEntry = HostResult (*)(void* context, CallingInstance& caller, u64* slots);

/// The same function as native code of a guest calls it: with the parameters where the C++ ABI has them, for functions
/// of numbers with one result at most. `how` is a HostResult.
template <class R, class... Params>
using DirectEntry = DirectResult<R> (*)(void* context, CallingInstance& caller, Params... params);

/// The ways into one function of the host; `direct` may be null.
struct HostCode {
  HostEntry entry = nullptr;
  AnyDirectEntry direct = nullptr;
};

}  // namespace wisp::abi
