#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "base/index.hpp"

namespace wisp::runtime {

/// Where a call through a table has led: some of the functions, noted by code that is to be compiled better. Each has a
/// place by its index, so that noting one is a store; of several with one place, the last one stays.
class CallSite {
 public:
  void note(FuncIndex callee) { callees_[callee.value % places].store(callee.value + 1, std::memory_order_relaxed); }
  /// In ascending order.
  std::vector<FuncIndex> callees() const {
    std::vector<FuncIndex> found;
    for (const std::atomic<u32>& callee : callees_) {
      if (const u32 value = callee.load(std::memory_order_relaxed); value != 0) found.emplace_back(value - 1);
    }
    std::ranges::sort(found);
    return found;
  }

 private:
  static constexpr u32 places = 8;
  std::atomic<u32> callees_[places] = {};  // FuncIndex plus one; 0 for none
};

/// The calls through tables in the code of a module, by the byte offset of the instruction. Thread-safe.
class CallSites {
 public:
  /// It stays where it is.
  CallSite& at(u64 offset) {
    const std::lock_guard lock(mutex_);
    return sites_[offset];
  }
  /// What has been noted there; nothing if nobody has asked for the site yet.
  std::vector<FuncIndex> callees(u64 offset) const {
    const std::lock_guard lock(mutex_);
    const auto site = sites_.find(offset);
    return site == sites_.end() ? std::vector<FuncIndex>() : site->second.callees();
  }

 private:
  mutable std::mutex mutex_;
  std::map<u64, CallSite> sites_;
};

}  // namespace wisp::runtime
