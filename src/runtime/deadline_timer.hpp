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

/// Interrupts stores when their time is over, and asks them for samples. Its thread starts with the first of both.
/// Thread-safe.
class DeadlineTimer {
 public:
  using Clock = std::chrono::steady_clock;

  DeadlineTimer() = default;
  ~DeadlineTimer();
  DeadlineTimer(const DeadlineTimer&) = delete;

  /// Replaces the store's earlier deadline, if it has one.
  void set(const std::shared_ptr<StoreControl>& store, Clock::time_point deadline);
  void remove(const StoreControl& store);
  /// Asks the store for a sample again and again; replaces the interval that it has, if it has one.
  void sample(const std::shared_ptr<StoreControl>& store, Clock::duration interval);
  void stop_sampling(const StoreControl& store);

 private:
  struct Entry {
    std::shared_ptr<StoreControl> store;
    /// Between samples; 0: the time is the store's deadline.
    Clock::duration interval;
    bool is_deadline() const { return interval == Clock::duration::zero(); }
  };
  using Entries = std::multimap<Clock::time_point, Entry>;

  void add(Clock::time_point when, Entry entry);
  void run();
  void handle(Entries::node_type due, Clock::time_point now);
  void erase(const StoreControl& store, bool deadline);

  std::mutex mutex_;
  std::condition_variable changed_;
  Entries entries_;
  std::optional<std::thread> thread_;
  bool stop_ = false;
};

}  // namespace wisp::runtime
