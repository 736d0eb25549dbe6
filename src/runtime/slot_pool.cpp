#include "runtime/slot_pool.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/limits.hpp"

namespace wisp::runtime {
namespace {

/// Makes [begin, end) of a slot read as its image again.
void restore_range(const Slot& slot, u64 begin, u64 end) {
  const Bytes image = slot.image != nullptr ? slot.image->bytes() : Bytes();
  const u64 image_end = std::clamp<u64>(image.size(), begin, end);
  u8* const base = slot.pages.base();
  if (begin < image_end) std::memcpy(base + begin, image.data() + begin, image_end - begin);
  std::memset(base + image_end, 0, end - image_end);
}

/// Large pages may be wanted where they fit.
u64 alignment_of(u64 size_bytes) {
  return size_bytes >= sys::large_page_bytes ? sys::large_page_bytes : 0;
}

}  // namespace

// Taking

/// The one that was used last among those that need the least work: with the image, with none, with another one.
std::optional<usize> SlotPool::find_idle(u64 reservation_bytes, const MemoryImage* image) const {
  std::optional<usize> best;
  int best_rank = 0;
  for (usize i = idle_.size(); i-- > 0;) {
    const Slot& slot = idle_[i];
    if (slot.pages.size_bytes() != reservation_bytes) continue;
    const int rank = slot.image.get() == image ? 3 : slot.image == nullptr ? 2 : 1;
    if (rank > best_rank) {
      best = i;
      best_rank = rank;
    }
    if (rank == 3) break;
  }
  return best;
}

std::optional<Slot> SlotPool::take_idle(u64 reservation_bytes, const MemoryImage* image) {
  const std::lock_guard lock(mutex_);
  const auto found = find_idle(reservation_bytes, image);
  if (!found) return std::nullopt;
  Slot slot = std::move(idle_[*found]);
  idle_.erase(idle_.begin() + std::ptrdiff_t(*found));
  resident_bytes_ -= slot.resident_bytes;
  return slot;
}

sys::Outcome<Slot> SlotPool::take(u64 reservation_bytes, const MemoryImage* image) {
  const u64 size_bytes = sys::round_up_to_pages(reservation_bytes);
  if (auto idle = take_idle(size_bytes, image)) {
    if (idle->image == nullptr || idle->image.get() == image) return *std::move(idle);
    // Another module's image: the pages are made anew.
    if (idle->pages.decommit(0, idle->committed_bytes).ok()) {
      idle->committed_bytes = 0;
      idle->resident_bytes = 0;
      idle->image = nullptr;
      return *std::move(idle);
    }
  }
  auto pages = sys::PageRange::reserve(size_bytes, alignment_of(size_bytes));
  if (!pages.ok()) return pages.error();
  Slot slot;
  slot.pages = std::move(pages).value();
  return slot;
}

// Giving back

const sys::PageScanner* SlotPool::scanner() {
  std::call_once(scanner_opened_, [this] {
    if (auto opened = sys::PageScanner::open(); opened.ok()) scanner_ = std::move(opened).value();
  });
  return scanner_ ? &*scanner_ : nullptr;
}

bool SlotPool::drop_contents(Slot& slot) {
  slot.resident_bytes = 0;
  if (!slot.pages.clear(0, slot.committed_bytes).ok()) return false;
  if (slot.image != nullptr && slot.image->pages() == nullptr) slot.image = nullptr;
  return true;
}

bool SlotPool::restore_runs(Slot& slot) {
  const sys::PageScanner* const pages = scanner();
  if (pages == nullptr) return drop_contents(slot);
  std::array<sys::PageScanner::Run, 64> runs;
  u8* const base = slot.pages.base();
  u8* const end = base + slot.committed_bytes;
  slot.resident_bytes = 0;
  for (u8* at = base; at < end;) {
    const auto found = pages->scan(at, end, runs);
    if (!found.ok()) return drop_contents(slot);
    for (usize i = 0; i < *found; ++i) {
      slot.resident_bytes += u64(runs[i].end - runs[i].begin);
      if (slot.resident_bytes > limits::resident_slot_bytes) return drop_contents(slot);
      restore_range(slot, u64(runs[i].begin - base), u64(runs[i].end - base));
    }
  }
  return true;
}

bool SlotPool::restore(Slot& slot) {
  const bool shows_pages = slot.image != nullptr && slot.image->pages() != nullptr;
  if (slot.committed_bytes <= limits::cleared_whole_bytes && !shows_pages) {
    restore_range(slot, 0, slot.committed_bytes);
    slot.resident_bytes = slot.committed_bytes;
    return true;
  }
  return restore_runs(slot);
}

bool SlotPool::clean(Slot& slot, u64 keep_bytes) {
  if (keep_bytes < slot.committed_bytes) {
    if (!slot.pages.decommit(keep_bytes, slot.committed_bytes - keep_bytes).ok()) return false;
    slot.committed_bytes = keep_bytes;
  }
  return restore(slot);
}

void SlotPool::put_written(Slot slot, u64 keep_bytes) {
  // What cannot be cleaned goes back to the host.
  if (settings_.idle_slots != 0 && clean(slot, keep_bytes)) put_clean(std::move(slot));
}

void SlotPool::put_clean(Slot slot) {
  if (settings_.idle_slots == 0 || slot.resident_bytes > settings_.resident_bytes) return;
  std::vector<Slot> dropped;  // after the lock is given back
  const std::lock_guard lock(mutex_);
  while (idle_.size() >= settings_.idle_slots || resident_bytes_ > settings_.resident_bytes - slot.resident_bytes) {
    resident_bytes_ -= idle_.front().resident_bytes;
    dropped.push_back(std::move(idle_.front()));
    idle_.erase(idle_.begin());
  }
  resident_bytes_ += slot.resident_bytes;
  idle_.push_back(std::move(slot));
}

// Stacks

sys::Outcome<sys::PageRange> SlotPool::take_stack(u64 size_bytes) {
  size_bytes = sys::round_up_to_pages(size_bytes);
  {
    const std::lock_guard lock(mutex_);
    // All stores of an engine have stacks of one size.
    if (!idle_stacks_.empty() && idle_stacks_.back().size_bytes() == size_bytes) {
      sys::PageRange stack = std::move(idle_stacks_.back());
      idle_stacks_.pop_back();
      return stack;
    }
  }
  auto stack = sys::PageRange::reserve(size_bytes);
  if (!stack.ok()) return stack;
  if (auto committed = stack->commit(0, size_bytes); !committed.ok()) return committed.error();
  return stack;
}

void SlotPool::put_stack(sys::PageRange stack) {
  const std::lock_guard lock(mutex_);
  if (idle_stacks_.size() < std::min<u64>(settings_.idle_slots, limits::idle_stacks)) {
    idle_stacks_.push_back(std::move(stack));
  }
}

sys::Outcome<PollPage> SlotPool::take_poll_page() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_poll_pages_.empty()) {
      PollPage page = std::move(idle_poll_pages_.back());
      idle_poll_pages_.pop_back();
      return page;
    }
  }
  return PollPage::make();
}

void SlotPool::put_poll_page(PollPage page) {
  const std::lock_guard lock(mutex_);
  if (idle_poll_pages_.size() < std::min<u64>(settings_.idle_slots, limits::idle_stacks)) {
    idle_poll_pages_.push_back(std::move(page));
  }
}

usize SlotPool::idle_count() const {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

u64 SlotPool::idle_resident_bytes() const {
  const std::lock_guard lock(mutex_);
  return resident_bytes_;
}

}  // namespace wisp::runtime
