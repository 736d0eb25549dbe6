#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "runtime/slot_pool.hpp"
#include "runtime/vm.hpp"
#include "sys/poll.hpp"
#include "wasm/module.hpp"

namespace wisp::runtime {

/// An amount that a store may use at most. Shared memories charge theirs from any thread.
class Budget {
 public:
  explicit Budget(u64 limit) : limit_(limit) {}
  [[nodiscard]] bool take(u64 amount);
  void give_back(u64 amount) { used_.fetch_sub(amount, std::memory_order_relaxed); }
  u64 used() const { return used_.load(std::memory_order_relaxed); }
  u64 peak() const { return peak_.load(std::memory_order_relaxed); }
  u64 limit() const { return limit_; }

 private:
  u64 limit_;
  std::atomic<u64> used_ = 0;
  std::atomic<u64> peak_ = 0;
};

/// How accesses outside of a memory are found.
enum class MemoryMode : u8 {
  /// 32-bit memories of 64 KiB pages lie in front of so much inaccessible address space that no access can leave it.
  guard_pages,
  /// Nothing more is reserved than the memory can become.
  explicit_checks,
};

/// The address space of a memory.
struct MemoryLayout {
  u64 reservation_bytes = 0;  // what the memory can become at most, and the guard
  u64 max_bytes = 0;          // what the memory can become at most
  /// Every access with a 32-bit index and a 32-bit offset, of up to 16 bytes, stays inside of the reservation: a tier
  /// may leave out its checks and turn faults into traps.
  bool is_guarded = false;
};
MemoryLayout layout_of(const wasm::MemoryType& type, MemoryMode mode);
/// Whether the first memory of a module's instances, made with guard pages, needs no checks.
bool is_memory0_guarded(const wasm::Module& module);

/// A memory instance. https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances
/// Shared memories may be used by several threads and belong to several stores.
class Memory : public std::enable_shared_from_this<Memory> {
 public:
  struct Options {
    MemoryMode mode = MemoryMode::guard_pages;
    std::shared_ptr<Budget> budget;
    /// Faults in the memory are to be guests' traps (sys/signals.hpp).
    bool catch_faults = false;
    /// Where its address space comes from, and goes back to; null for the host itself.
    std::shared_ptr<SlotPool> pool = {};
  };
  /// A memory that holds the image, or zeros if it is null.
  static Result<std::shared_ptr<Memory>> create(const wasm::MemoryType& type, const Options& options,
                                                const std::shared_ptr<const MemoryImage>& image = nullptr);
  ~Memory();
  Memory(const Memory&) = delete;

  const wasm::MemoryType& type() const { return type_; }
  const Options& options() const { return options_; }
  MemoryView& view() { return view_; }
  u64 size_bytes() const { return view_.size_bytes.load(std::memory_order_acquire); }
  u64 size_pages() const { return size_bytes() >> type_.page_size_log2; }
  /// How much of it the image that it started with fills.
  u64 image_bytes() const { return slot_.image == nullptr ? 0 : slot_.image->bytes().size(); }
  GuestMemory bytes() const { return {view_.base, size_bytes()}; }
  /// All of it is about to be written, mostly.
  void prefer_large_pages() { slot_.pages.prefer_large_pages(slot_.committed_bytes); }

  enum class GrowFailure : u8 { maximum, budget, host };
  /// The size before, in pages. New pages read as zero. Thread-safe.
  BasicOutcome<u64, GrowFailure> grow(u64 delta_pages);

  enum class WaitResult : u8 { woken = 0, not_equal = 1, timed_out = 2, interrupted };
  /// Waits until `notify` on the address, `timeout_ns` (below zero: for ever) has passed or `interrupt` is raised; at
  /// once if the value there is not `expected`. The address is in bounds and aligned; `width` is 4 or 8 bytes.
  /// https://webassembly.github.io/threads/core/exec/runtime.html
  WaitResult wait(u64 address, u32 width, u64 expected, i64 timeout_ns, const sys::Interrupt* interrupt);
  /// Wakes at most `count` waiters in the order they came; how many.
  u32 notify(u64 address, u32 count);

 private:
  struct Waiter;

  Memory(const wasm::MemoryType& type, const Options& options, const MemoryLayout& layout, Slot slot);
  static sys::Outcome<Slot> take_slot(const Options& options, const MemoryLayout& layout, const MemoryImage* image);
  bool set_up(u64 size_bytes, const std::shared_ptr<const MemoryImage>& image);
  bool commit(u64 size_bytes);

  wasm::MemoryType type_;
  Options options_;
  MemoryLayout layout_;
  Slot slot_;
  MemoryView view_;
  std::mutex mutex_;  // growth and waiters
  std::vector<Waiter*> waiters_;
};

}  // namespace wisp::runtime
