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

/// Ends a blocking wait from another thread or a signal handler.
class Interrupt {
 public:
  static Outcome<Interrupt> create();
  Interrupt() = default;  // one that is never raised
  Interrupt(Interrupt&& other) noexcept;
  Interrupt& operator=(Interrupt&& other) noexcept;
  ~Interrupt();

  /// Stays raised until `clear`. Safe in a signal handler and in any thread.
  void raise();
  void clear();
  bool raised() const { return raised_.load(std::memory_order_relaxed); }
  PollHandle handle() const { return handle_; }

 private:
  std::atomic<bool> raised_ = false;
  PollHandle handle_;
};

enum class PollResult : u8 { ready, timed_out, interrupted };

/// Waits until an item is ready, `deadline_ns` of the monotonic clock has passed or `interrupt` is raised; sets the
/// outcome of every item. Without a deadline it waits forever. `interrupt` may be null.
Outcome<PollResult> poll(std::span<PollItem> items, std::optional<u64> deadline_ns, const Interrupt* interrupt);

/// Lets other threads run.
void yield_thread();

}  // namespace wisp::sys
