#pragma once

#include "sys/poll.hpp"

namespace wisp::core {

/// What blocking means is the embedder's choice: the layer above core waits through this.
class Waiter {
 public:
  virtual ~Waiter() = default;

  /// Returns when an item is ready, `deadline_ns` of the monotonic clock has passed, or the guest is to stop.
  virtual sys::PollResult wait(std::span<sys::PollItem> items, std::optional<u64> deadline_ns) = 0;
  /// Whether the guest is to stop; long host work asks now and then.
  virtual bool interrupted() = 0;
  virtual void yield() = 0;
};

/// Blocks the thread. Ends every wait when `interrupt` is raised or `deadline_ns` (of the monotonic clock; the time by
/// which the guest must be done) has passed.
class ThreadWaiter final : public Waiter {
 public:
  /// `interrupt` may be null and must otherwise outlive the object.
  explicit ThreadWaiter(const sys::Interrupt* interrupt, std::optional<u64> deadline_ns = std::nullopt)
      : interrupt_(interrupt), deadline_ns_(deadline_ns) {}

  sys::PollResult wait(std::span<sys::PollItem> items, std::optional<u64> deadline_ns) override;
  bool interrupted() override;
  void yield() override;

 private:
  const sys::Interrupt* interrupt_;
  std::optional<u64> deadline_ns_;
};

}  // namespace wisp::core
