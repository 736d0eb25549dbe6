#include "runtime/deadline_timer.hpp"

namespace wisp::runtime {

DeadlineTimer::~DeadlineTimer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_) thread_->join();
}

void DeadlineTimer::erase(const StoreControl& store, bool deadline) {
  std::erase_if(entries_, [&](const auto& item) {
    return item.second.store.get() == &store && item.second.is_deadline() == deadline;
  });
}

void DeadlineTimer::add(Clock::time_point when, Entry entry) {
  {
    const std::lock_guard lock(mutex_);
    erase(*entry.store, entry.is_deadline());
    entries_.emplace(when, std::move(entry));
    if (!thread_) thread_.emplace([this] { run(); });
  }
  changed_.notify_all();
}

void DeadlineTimer::set(const std::shared_ptr<StoreControl>& store, Clock::time_point deadline) {
  add(deadline, {store, Clock::duration::zero()});
}

void DeadlineTimer::sample(const std::shared_ptr<StoreControl>& store, Clock::duration interval) {
  add(Clock::now() + interval, {store, interval});
}

void DeadlineTimer::remove(const StoreControl& store) {
  const std::lock_guard lock(mutex_);
  erase(store, true);
}

void DeadlineTimer::stop_sampling(const StoreControl& store) {
  const std::lock_guard lock(mutex_);
  erase(store, false);
}

void DeadlineTimer::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (entries_.empty()) {
      changed_.wait(lock);
      continue;
    }
    // A copy: the entry may be gone when the wait is over. Also without one: others get the lock.
    const Clock::time_point until = entries_.begin()->first;
    changed_.wait_until(lock, until);
    // What is due again at once has its turn after all others.
    const Clock::time_point now = Clock::now();
    while (!entries_.empty() && entries_.begin()->first <= now) handle(entries_.extract(entries_.begin()), now);
  }
}

void DeadlineTimer::handle(Entries::node_type due, Clock::time_point now) {
  const Entry& entry = due.mapped();
  if (entry.is_deadline()) return entry.store->interrupt(Interruption::deadline);
  // Intervals that have passed meanwhile are made up for at once.
  const i64 intervals = (now - due.key()) / entry.interval + 1;
  entry.store->request_sample(u64(intervals));
  due.key() += entry.interval * intervals;
  entries_.insert(std::move(due));
}

}  // namespace wisp::runtime
