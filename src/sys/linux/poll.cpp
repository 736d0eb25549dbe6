#include "sys/poll.hpp"

#include <algorithm>
#include <vector>

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/limits.hpp"
#include "sys/linux/calls.hpp"
#include "sys/time.hpp"

namespace wisp::sys {

using linux_host::last_error;

Outcome<Interrupt> Interrupt::create() {
  Interrupt made;
  if (made.handle().value < 0) return last_error();
  return made;
}

Interrupt::Interrupt(Interrupt&& other) noexcept
    : raised_(other.raised_.load()), descriptor_(other.descriptor_.exchange(PollHandle::never_blocks)) {}

Interrupt& Interrupt::operator=(Interrupt&& other) noexcept {
  raised_.store(other.raised_.exchange(raised_.load()));
  descriptor_.store(other.descriptor_.exchange(descriptor_.load()));
  return *this;
}

Interrupt::~Interrupt() {
  if (const int descriptor = descriptor_.load(std::memory_order_relaxed); descriptor >= 0) close(descriptor);
}

// Whoever raises sets the flag and then looks for a descriptor; whoever waits makes the descriptor and then looks at
// the flag. All four in one order, so one of them sees the other.

PollHandle Interrupt::handle() const {
  i32 descriptor = descriptor_.load();
  if (descriptor >= 0) return {descriptor};
  const i32 fresh = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fresh < 0) return {};
  if (descriptor_.compare_exchange_strong(descriptor, fresh)) {
    // The order between this and the look at the flag that follows.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return {fresh};
  }
  close(fresh);
  return {descriptor};
}

void Interrupt::raise() {
  raised_.store(true);
  settle();
}

void Interrupt::clear() {
  raised_.store(false);
  settle();
}

/// Makes the descriptor say what the flag says. Several threads may do that at a time: each looks once more.
void Interrupt::settle() {
  const i32 descriptor = descriptor_.load();
  if (descriptor < 0) return;
  const int saved_errno = errno;
  bool raised = false;
  do {
    raised = raised_.load();
    u64 count = 1;
    // Writing fails only if the counter is full, and reading only if it is empty.
    [[maybe_unused]] const auto done =
        raised ? write(descriptor, &count, sizeof count) : read(descriptor, &count, sizeof count);
  } while (raised != raised_.load());
  errno = saved_errno;
}

namespace {

/// What is left until `deadline_ns`, in a form that ppoll takes; a very late one is waited for in parts, and so is any
/// that nothing but the time can end.
timespec time_left(u64 deadline_ns, bool in_short_parts) {
  constexpr u64 second_ns = 1'000'000'000;
  const u64 longest_ns = in_short_parts ? interrupt_check_ns : 1'000'000 * second_ns;
  auto now = host_clock(HostClock::monotonic).now();
  const u64 now_ns = now.ok() ? now->to_ns() : 0;
  const u64 left_ns = std::min(deadline_ns > now_ns ? deadline_ns - now_ns : 0, longest_ns);
  return {time_t(left_ns / second_ns), long(left_ns % second_ns)};
}

void set_outcome(PollItem& item, short events) {
  item.ready = events != 0;
  item.hangup = (events & POLLHUP) != 0 || (item.interest == Interest::write && (events & POLLERR) != 0);
  item.failed = (events & POLLNVAL) != 0;
}

/// Waits once; whether anything is ready.
Outcome<bool> wait_once(std::vector<pollfd>& handles, const timespec* timeout) {
  const int count = ppoll(handles.data(), handles.size(), timeout, nullptr);
  if (count < 0 && errno != EINTR) return last_error();
  return count > 0;
}

}  // namespace

Outcome<PollResult> poll(std::span<PollItem> items, std::optional<u64> deadline_ns, const Interrupt* interrupt) {
  std::vector<pollfd> handles;
  handles.reserve(items.size() + 1);
  bool any_ready = false;
  for (PollItem& item : items) {
    item.ready = item.handle.value == PollHandle::never_blocks;
    item.hangup = item.failed = false;
    any_ready |= item.ready;
    // A negative descriptor is one that ppoll skips.
    handles.push_back({item.handle.value, short(item.interest == Interest::read ? POLLIN : POLLOUT), 0});
  }
  handles.push_back({interrupt != nullptr ? interrupt->handle().value : -1, POLLIN, 0});
  const bool is_deaf = interrupt != nullptr && handles.back().fd < 0;

  while (true) {
    if (interrupt != nullptr && interrupt->raised()) return PollResult::interrupted;
    const timespec timeout = any_ready ? timespec{} : time_left(deadline_ns.value_or(~u64{0}), is_deaf);
    auto woken = wait_once(handles, &timeout);
    if (!woken.ok()) return woken.error();
    if (handles.back().revents != 0) return PollResult::interrupted;
    for (usize i = 0; *woken && i < items.size(); ++i) {
      if (items[i].handle.value == PollHandle::never_blocks) continue;
      set_outcome(items[i], handles[i].revents);
      any_ready |= items[i].ready;
    }
    if (any_ready) return PollResult::ready;
    if (deadline_ns && host_clock(HostClock::monotonic).now()->to_ns() >= *deadline_ns) return PollResult::timed_out;
  }
}

void yield_thread() {
  sched_yield();
}

}  // namespace wisp::sys
