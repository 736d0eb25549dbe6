#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/store.hpp"

namespace wisp::runtime {

/// Interrupts stores when their time is over. Its thread starts with the first deadline. Thread-safe.
class DeadlineTimer {
 public:
  using Clock = std::chrono::steady_clock;
  using Entries = std::multimap<Clock::time_point, std::shared_ptr<StoreControl>>;

  DeadlineTimer() = default;
  ~DeadlineTimer();
  DeadlineTimer(const DeadlineTimer&) = delete;

  /// Replaces the store's earlier deadline, if it has one.
  void set(const std::shared_ptr<StoreControl>& store, Clock::time_point deadline);
  void remove(const StoreControl& store);

 private:
  void run();
  void erase(const StoreControl& store);

  std::mutex mutex_;
  std::condition_variable changed_;
  Entries entries_;
  std::optional<std::thread> thread_;
  bool stop_ = false;
};

}  // namespace wisp::runtime
