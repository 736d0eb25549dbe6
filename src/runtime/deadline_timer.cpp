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

void DeadlineTimer::erase(const StoreControl& store) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.get() == &store; });
}

void DeadlineTimer::set(const std::shared_ptr<StoreControl>& store, Clock::time_point deadline) {
  {
    const std::lock_guard lock(mutex_);
    erase(*store);
    entries_.emplace(deadline, store);
    if (!thread_) thread_.emplace([this] { run(); });
  }
  changed_.notify_all();
}

void DeadlineTimer::remove(const StoreControl& store) {
  const std::lock_guard lock(mutex_);
  erase(store);
}

void DeadlineTimer::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (entries_.empty()) {
      changed_.wait(lock);
    } else if (const auto next = entries_.begin(); Clock::now() < next->first) {
      // A copy: the entry may be gone when the wait is over.
      const Clock::time_point until = next->first;
      changed_.wait_until(lock, until);
    } else {
      next->second->interrupt(Interruption::deadline);
      entries_.erase(next);
    }
  }
}

}  // namespace wisp::runtime
