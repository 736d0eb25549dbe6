#include "wasi/p1/convert.hpp"

namespace wisp::wasi::p1 {
namespace {

constexpr u64 never = std::numeric_limits<u64>::max();

u64 saturating_add(u64 a, u64 b) {
  u64 sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? never : sum;
}

/// One call of poll_oneoff, the same for both versions.
class Poll {
 public:
  Poll(P1& guest, usize count) : guest_(guest) {
    waits_.reserve(count);
    events_.reserve(count);
  }

  void add(Userdata userdata, const SubscriptionClock& clock);
  void add(Userdata userdata, Eventtype type, Fd fd);
  /// Waits until there is an event. False if the guest must stop.
  bool wait();
  std::span<const Event> events() const { return events_; }

 private:
  struct ClockWait {
    Userdata userdata;
    sys::Clock* clock;
    u64 time_ns;
  };
  struct FileWait {
    Userdata userdata;
    Eventtype type;
    core::Handle* handle;
  };

  void fail(Userdata userdata, Eventtype type, core::ErrorCode error) {
    events_.push_back({.userdata = userdata, .error = errno_of(error), .type = type, .fd_readwrite = {}});
  }
  std::optional<u64> next_deadline_ns() const;
  void collect_files();
  void collect_clocks();
  static u64 now_ns(sys::Clock& clock) {
    const auto now = clock.now();
    return now ? now->to_ns() : 0;
  }

  P1& guest_;
  std::vector<ClockWait> clocks_;
  std::vector<FileWait> waits_;
  /// One for each of `waits_`.
  std::vector<sys::PollItem> items_;
  std::vector<Event> events_;
};

void Poll::add(Userdata userdata, const SubscriptionClock& subscription) {
  const bool waitable = subscription.id == Clockid::realtime || subscription.id == Clockid::monotonic;
  sys::Clock* clock = guest_.clock(subscription.id);
  // Waiting itself is done on the monotonic clock.
  if (!waitable || clock == nullptr || guest_.clock(Clockid::monotonic) == nullptr) {
    return fail(userdata, Eventtype::clock, core::ErrorCode::inval);
  }
  const bool absolute = subscription.flags.has(Subclockflag::subscription_clock_abstime);
  // A relative time is not moved by setting the clock: that is what the monotonic clock is for.
  if (!absolute) clock = guest_.clock(Clockid::monotonic);
  clocks_.push_back(
      {userdata, clock, absolute ? subscription.timeout : saturating_add(now_ns(*clock), subscription.timeout)});
}

void Poll::add(Userdata userdata, Eventtype type, Fd fd) {
  core::Handle* handle = guest_.fds().find(fd);
  if (handle == nullptr) return fail(userdata, type, core::ErrorCode::badf);
  const auto interest = type == Eventtype::fd_read ? core::Interest::read : core::Interest::write;
  const auto item = handle->wait_item(interest);
  if (!item) return fail(userdata, type, item.error());
  waits_.push_back({userdata, type, handle});
  items_.push_back(*item);
}

/// When the first clock is due, on the monotonic clock; nothing if there is none to wait for.
std::optional<u64> Poll::next_deadline_ns() const {
  if (!events_.empty()) return 0;
  std::optional<u64> first;
  sys::Clock* monotonic = guest_.clock(Clockid::monotonic);
  for (const ClockWait& wait : clocks_) {
    u64 due = wait.time_ns;
    if (wait.clock != monotonic) {
      const u64 now = now_ns(*wait.clock);
      due = wait.time_ns <= now ? 0 : saturating_add(now_ns(*monotonic), wait.time_ns - now);
    }
    first = std::min(first.value_or(never), due);
  }
  return first;
}

void Poll::collect_files() {
  for (usize i = 0; i < waits_.size(); ++i) {
    const sys::PollItem& item = items_[i];
    if (!item.ready) continue;
    const FileWait& wait = waits_[i];
    Event event{.userdata = wait.userdata, .error = Errno::success, .type = wait.type, .fd_readwrite = {}};
    if (item.failed) event.error = Errno::io;
    if (item.hangup) event.fd_readwrite.flags.add(Eventrwflag::fd_readwrite_hangup);
    if (wait.type == Eventtype::fd_read) {
      const auto available = wait.handle->available();
      if (available) event.fd_readwrite.nbytes = *available;
    }
    events_.push_back(event);
  }
}

void Poll::collect_clocks() {
  for (const ClockWait& wait : clocks_) {
    if (now_ns(*wait.clock) < wait.time_ns) continue;
    events_.push_back(
        {.userdata = wait.userdata, .error = Errno::success, .type = Eventtype::clock, .fd_readwrite = {}});
  }
}

bool Poll::wait() {
  do {
    const sys::PollResult result = guest_.waiter().wait(items_, next_deadline_ns());
    if (result == sys::PollResult::interrupted) return false;
    collect_files();
    // The wait can end a little early, or the clock can have been set back: then there is nothing yet.
    collect_clocks();
  } while (events_.empty());
  return true;
}

}  // namespace

template <class Version>
Completion poll_oneoff(P1& guest, abi::Caller& caller, abi::Ptr<typename Version::Subscription> in, abi::Ptr<Event> out,
                       Size count, abi::Out<Size> nevents) {
  using Layout = abi::Layout<typename Version::Subscription>;
  const auto from = in.slice(caller.memory(), count);
  const auto to = out.slice(caller.memory(), count);
  if (!from || !to) return caller.trap("poll_oneoff: the subscriptions or events do not fit into memory");
  if (count == 0 || count > max_subscriptions) return Errno::inval;

  Poll poll(guest, count);
  for (u32 i = 0; i < count; ++i) {
    typename Version::Subscription subscription;
    if (!Layout::load(from->data() + usize{i} * Layout::size, subscription)) return Errno::inval;
    const auto& u = subscription.u;
    u.type == Eventtype::clock ? poll.add(subscription.userdata, u.clock)
                               : poll.add(subscription.userdata, u.type, u.file.file_descriptor);
  }
  if (!poll.wait()) return caller.interrupted();

  u8* at = to->data();
  for (const Event& event : poll.events()) {
    abi::Layout<Event>::store(at, event);
    at += abi::Layout<Event>::size;
  }
  nevents.set(static_cast<Size>(poll.events().size()));
  return Errno::success;
}
template Completion poll_oneoff<Preview1>(P1&, abi::Caller&, abi::Ptr<Preview1::Subscription>, abi::Ptr<Event>, Size,
                                          abi::Out<Size>);
template Completion poll_oneoff<Unstable>(P1&, abi::Caller&, abi::Ptr<Unstable::Subscription>, abi::Ptr<Event>, Size,
                                          abi::Out<Size>);

}  // namespace wisp::wasi::p1
