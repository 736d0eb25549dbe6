#pragma once

#include <atomic>
#include <optional>
#include <span>

#include "base/int.hpp"
#include "sys/errno.hpp"

namespace wisp::sys {

/// What `poll` needs to know of something that can be waited for.
struct PollHandle {
  static constexpr i32 never_blocks = -1;
  i32 value = never_blocks;
};

enum class Interest : u8 { read, write };

/// One thing to wait for, and what came of it.
struct PollItem {
  PollHandle handle;
  Interest interest = Interest::read;

  bool ready = false;
  /// The other side is gone; `ready` is set too.
  bool hangup = false;
  /// The handle itself is broken; `ready` is set too.
  bool failed = false;
};

/// Ends a blocking wait from another thread or a signal handler. It takes a descriptor of the host only once somebody
/// waits.
class Interrupt {
 public:
  /// One that has its descriptor already; an error if the host has none left.
  static Outcome<Interrupt> create();
  Interrupt() = default;
  Interrupt(Interrupt&& other) noexcept;
  Interrupt& operator=(Interrupt&& other) noexcept;
  ~Interrupt();

  /// Stays raised until `clear`. Both are safe in a signal handler and in any thread.
  void raise();
  void clear();
  bool raised() const { return raised_.load(std::memory_order_relaxed); }
  /// What becomes readable when it is raised; `never_blocks` if the host has no descriptor left for it: then `raised`
  /// must be asked now and then. Look at `raised` after this and before waiting. Thread-safe.
  PollHandle handle() const;

 private:
  void settle();

  std::atomic<bool> raised_ = false;
  mutable std::atomic<i32> descriptor_ = PollHandle::never_blocks;
};

enum class PollResult : u8 { ready, timed_out, interrupted };

/// Waits until an item is ready, `deadline_ns` of the monotonic clock has passed or `interrupt` is raised; sets the
/// outcome of every item. Without a deadline it waits forever. `interrupt` may be null.
Outcome<PollResult> poll(std::span<PollItem> items, std::optional<u64> deadline_ns, const Interrupt* interrupt);

/// Lets other threads run.
void yield_thread();

}  // namespace wisp::sys
