#include "wasi/core/waiter.hpp"

#include <algorithm>

#include "sys/time.hpp"

namespace wisp::core {

sys::PollResult ThreadWaiter::wait(std::span<sys::PollItem> items, std::optional<u64> deadline_ns) {
  std::optional<u64> until = deadline_ns;
  if (deadline_ns_) until = std::min(*deadline_ns_, until.value_or(~u64{0}));
  auto result = sys::poll(items, until, interrupt_);
  // Without memory for the list of what to wait for, the guest cannot go on.
  if (!result.ok()) return sys::PollResult::interrupted;
  if (*result == sys::PollResult::timed_out && interrupted()) return sys::PollResult::interrupted;
  return *result;
}

bool ThreadWaiter::interrupted() {
  if (interrupt_ != nullptr && interrupt_->raised()) return true;
  if (!deadline_ns_) return false;
  auto now = sys::host_clock(sys::HostClock::monotonic).now();
  return now.ok() && now->to_ns() >= *deadline_ns_;
}

void ThreadWaiter::yield() {
  sys::yield_thread();
}

}  // namespace wisp::core
