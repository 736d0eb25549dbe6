#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/memory_image.hpp"
#include "runtime/poll_page.hpp"
#include "sys/pages.hpp"
#include "sys/signals.hpp"

namespace wisp::runtime {

/// Reserved address space for a memory, a table or a value stack, with what is known of its pages. Its first
/// `committed_bytes` can be touched.
struct Slot {
  sys::PageRange pages;
  /// If faults in it are guests' traps; it stays registered while the slot is idle.
  sys::GuardRange guard;
  bool is_guarded = false;
  u64 committed_bytes = 0;
  /// What the pages read as where no guest has written; null: zero.
  std::shared_ptr<const MemoryImage> image;
  /// Memory that it keeps while it is idle.
  u64 resident_bytes = 0;
};

/// Slots that nobody uses at the moment, kept so that the next guest needs neither a system call nor a page fault to
/// get one. No idle slot of a memory or table holds a byte of a former guest: it was cleaned when it came back.
/// Thread-safe.
class SlotPool {
 public:
  struct Settings {
    u64 idle_slots = 0;
    /// Memory of all idle slots.
    u64 resident_bytes = 0;
  };
  explicit SlotPool(const Settings& settings) : settings_(settings) {}
  SlotPool(const SlotPool&) = delete;

  /// A slot that reads as zero, or as `image` (`Slot::image` says which), with any `committed_bytes`. If possible, one
  /// that has the image; `image` may be null.
  sys::Outcome<Slot> take(u64 reservation_bytes, const MemoryImage* image);

  /// Gives back what a guest may have written to anywhere in its committed part; `keep_bytes` of it stay committed.
  void put_written(Slot slot, u64 keep_bytes);
  /// Gives back a slot whose contents are what `take` promises.
  void put_clean(Slot slot);

  /// A value stack, committed as a whole. It comes with what its former store left in it, which no code can read: the
  /// first access to a slot of a frame is a write, as validation and lowering see to.
  sys::Outcome<sys::PageRange> take_stack(u64 size_bytes);
  void put_stack(sys::PageRange stack);

  /// An open one.
  sys::Outcome<PollPage> take_poll_page();
  void put_poll_page(PollPage page);

  usize idle_count() const;
  u64 idle_resident_bytes() const;

 private:
  bool clean(Slot& slot, u64 keep_bytes);
  bool restore(Slot& slot);
  bool restore_runs(Slot& slot);
  bool drop_contents(Slot& slot);
  std::optional<Slot> take_idle(u64 reservation_bytes, const MemoryImage* image);
  std::optional<usize> find_idle(u64 reservation_bytes, const MemoryImage* image) const;

  const sys::PageScanner* scanner();

  Settings settings_;
  std::once_flag scanner_opened_;  // when it is first needed
  std::optional<sys::PageScanner> scanner_;

  mutable std::mutex mutex_;  // for what follows
  std::vector<Slot> idle_;    // the longest idle first
  u64 resident_bytes_ = 0;
  std::vector<sys::PageRange> idle_stacks_;
  std::vector<PollPage> idle_poll_pages_;
};

}  // namespace wisp::runtime
