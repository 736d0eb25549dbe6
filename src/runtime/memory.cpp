#include "runtime/memory.hpp"

#include <algorithm>
#include <string>

#include "runtime/limits.hpp"
#include "sys/time.hpp"

namespace wisp::runtime {
namespace {

u64 pages_to_bytes(u64 pages, u8 page_size_log2) {
  u64 bytes = 0;
  return __builtin_mul_overflow(pages, u64{1} << page_size_log2, &bytes) ? ~u64{0} : bytes;
}

Error too_large(u64 bytes, u64 limit) {
  return {ErrorCode::limit,
          0,
          "memory size exceeds a limit: " + std::to_string(bytes) + " bytes are wanted, " + std::to_string(limit) +
              " are allowed",
          {}};
}

/// The point in time `timeout_ns` from now; nothing for ever.
std::optional<u64> deadline_after(i64 timeout_ns) {
  if (timeout_ns < 0) return std::nullopt;
  const auto now = sys::host_clock(sys::HostClock::monotonic).now();
  const u64 now_ns = now.ok() ? now->to_ns() : 0;
  u64 deadline_ns = 0;
  return __builtin_add_overflow(now_ns, u64(timeout_ns), &deadline_ns) ? std::nullopt : std::optional(deadline_ns);
}

}  // namespace

bool Budget::take(u64 amount) {
  u64 used = used_.load(std::memory_order_relaxed);
  u64 wanted = 0;
  do {
    if (__builtin_add_overflow(used, amount, &wanted) || wanted > limit_) return false;
  } while (!used_.compare_exchange_weak(used, wanted, std::memory_order_relaxed));
  u64 peak = peak_.load(std::memory_order_relaxed);
  while (peak < wanted && !peak_.compare_exchange_weak(peak, wanted, std::memory_order_relaxed)) {
  }
  return true;
}

MemoryLayout layout_of(const wasm::MemoryType& type, MemoryMode mode) {
  MemoryLayout layout;
  layout.max_bytes = type.limits.is_64 ? limits::memory64_bytes : limits::memory32_bytes;
  if (type.limits.has_max) {
    layout.max_bytes = std::min(layout.max_bytes, pages_to_bytes(type.limits.max, type.page_size_log2));
  }
  layout.is_guarded = mode == MemoryMode::guard_pages && !type.limits.is_64 && type.page_size_log2 == 16;
  layout.reservation_bytes =
      layout.is_guarded ? limits::guarded_reservation_bytes + limits::guard_bytes : layout.max_bytes;
  return layout;
}

bool is_memory0_guarded(const wasm::Module& module) {
  return !module.memories.empty() && layout_of(module.memories[0], MemoryMode::guard_pages).is_guarded;
}

struct Memory::Waiter {
  u64 address;
  sys::Interrupt event;
  bool woken = false;
};

Memory::Memory(const wasm::MemoryType& type, const Options& options, const MemoryLayout& layout, Slot slot)
    : type_(type), options_(options), layout_(layout), slot_(std::move(slot)) {
  view_.base = slot_.pages.base();
  if (options_.catch_faults && layout_.is_guarded && !slot_.is_guarded) {
    slot_.guard = sys::GuardRange(slot_.pages.base(), slot_.pages.size_bytes());
    slot_.is_guarded = true;
  }
}

Memory::~Memory() {
  const u64 initial_bytes = pages_to_bytes(type_.limits.min, type_.page_size_log2);
  if (options_.budget) options_.budget->give_back(size_bytes());
  if (options_.pool) options_.pool->put_written(std::move(slot_), sys::round_up_to_pages(initial_bytes));
}

sys::Outcome<Slot> Memory::take_slot(const Options& options, const MemoryLayout& layout, const MemoryImage* image) {
  const u64 size_bytes = std::max<u64>(layout.reservation_bytes, 1);
  if (options.pool) return options.pool->take(size_bytes, image);
  auto pages = sys::PageRange::reserve(size_bytes);
  if (!pages.ok()) return pages.error();
  Slot slot;
  slot.pages = std::move(pages).value();
  return slot;
}

Result<std::shared_ptr<Memory>> Memory::create(const wasm::MemoryType& type, const Options& options,
                                               const std::shared_ptr<const MemoryImage>& image) {
  MemoryLayout layout = layout_of(type, options.mode);
  const u64 size_bytes = pages_to_bytes(type.limits.min, type.page_size_log2);
  if (size_bytes > layout.max_bytes) return too_large(size_bytes, layout.max_bytes);
  if (!layout.is_guarded && options.budget) {
    // What the budget does not allow needs no address space.
    const u64 page_mask = type.page_size_bytes() - 1;
    const u64 allowed_bytes = std::max(size_bytes, options.budget->limit() & ~page_mask);
    layout.max_bytes = std::min(layout.max_bytes, allowed_bytes);
    layout.reservation_bytes = layout.max_bytes;
  }
  if (options.budget && !options.budget->take(size_bytes)) return too_large(size_bytes, options.budget->limit());

  auto slot = take_slot(options, layout, image.get());
  if (slot.ok()) {
    std::shared_ptr<Memory> memory(new Memory(type, options, layout, std::move(slot).value()));
    if (memory->set_up(size_bytes, image)) {
      memory->view_.size_bytes.store(size_bytes, std::memory_order_release);
      return memory;
    }
    // Its destructor gives back what it has, which is nothing yet.
  }
  if (options.budget) options.budget->give_back(size_bytes);
  return Error{ErrorCode::limit, 0, "the host has no address space or memory left for a linear memory",
               "fewer or smaller memories, or the explicit-check memory mode, need less"};
}

/// Makes the first `size_bytes` accessible, nothing else, and reading as the image.
bool Memory::set_up(u64 size_bytes, const std::shared_ptr<const MemoryImage>& image) {
  const u64 wanted = sys::round_up_to_pages(size_bytes);
  if (wanted < slot_.committed_bytes) {
    if (!slot_.pages.decommit(wanted, slot_.committed_bytes - wanted).ok()) return false;
    slot_.committed_bytes = wanted;
  }
  if (!commit(size_bytes)) return false;
  if (image == nullptr || slot_.image == image) return true;
  if (const sys::PageImage* pages = image->pages()) {
    if (!slot_.pages.show(*pages).ok()) return false;
  } else {
    std::ranges::copy(image->bytes(), slot_.pages.base());
  }
  slot_.image = image;
  return true;
}

bool Memory::commit(u64 size_bytes) {
  const u64 wanted = sys::round_up_to_pages(size_bytes);
  if (wanted <= slot_.committed_bytes) return true;
  if (!slot_.pages.commit(slot_.committed_bytes, wanted - slot_.committed_bytes).ok()) return false;
  slot_.committed_bytes = wanted;
  return true;
}

BasicOutcome<u64, Memory::GrowFailure> Memory::grow(u64 delta_pages) {
  const std::lock_guard lock(mutex_);
  const u64 old_bytes = view_.size_bytes.load(std::memory_order_relaxed);
  const u64 delta_bytes = pages_to_bytes(delta_pages, type_.page_size_log2);
  const MemoryLayout full = layout_of(type_, options_.mode);
  if (delta_bytes > full.max_bytes - old_bytes) return GrowFailure::maximum;
  if (delta_bytes > layout_.max_bytes - old_bytes) return GrowFailure::budget;
  if (options_.budget && !options_.budget->take(delta_bytes)) return GrowFailure::budget;
  if (!commit(old_bytes + delta_bytes)) {
    if (options_.budget) options_.budget->give_back(delta_bytes);
    return GrowFailure::host;
  }
  view_.size_bytes.store(old_bytes + delta_bytes, std::memory_order_release);
  return old_bytes >> type_.page_size_log2;
}

Memory::WaitResult Memory::wait(u64 address, u32 width, u64 expected, i64 timeout_ns, const sys::Interrupt* interrupt) {
  auto event = sys::Interrupt::create();
  // Without an event to sleep on, a waiter may still be told that its time is over.
  if (!event.ok()) return WaitResult::timed_out;
  Waiter waiter{address, std::move(event).value()};
  {
    const std::lock_guard lock(mutex_);
    const u8* at = view_.base + address;
    const u64 found = width == 4 ? __atomic_load_n(reinterpret_cast<const u32*>(at), __ATOMIC_SEQ_CST)
                                 : __atomic_load_n(reinterpret_cast<const u64*>(at), __ATOMIC_SEQ_CST);
    if (found != expected) return WaitResult::not_equal;
    waiters_.push_back(&waiter);
  }

  const std::optional<u64> deadline_ns = deadline_after(timeout_ns);
  sys::PollItem item{waiter.event.handle(), sys::Interest::read};
  const auto polled = sys::poll({&item, 1}, deadline_ns, interrupt);

  const std::lock_guard lock(mutex_);
  if (waiter.woken) return WaitResult::woken;
  std::erase(waiters_, &waiter);
  return polled.ok() && *polled == sys::PollResult::interrupted ? WaitResult::interrupted : WaitResult::timed_out;
}

u32 Memory::notify(u64 address, u32 count) {
  const std::lock_guard lock(mutex_);
  u32 woken = 0;
  std::erase_if(waiters_, [&](Waiter* waiter) {
    if (woken == count || waiter->address != address) return false;
    waiter->woken = true;
    waiter->event.raise();
    ++woken;
    return true;
  });
  return woken;
}

}  // namespace wisp::runtime
