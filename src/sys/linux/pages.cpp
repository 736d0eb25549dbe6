#include "sys/pages.hpp"

#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "sys/linux/calls.hpp"

namespace wisp::sys {

usize page_size_bytes() {
  static const usize size = usize(sysconf(_SC_PAGESIZE));
  return size;
}

usize round_up_to_pages(usize value) {
  const usize mask = page_size_bytes() - 1;
  usize sum = 0;
  if (__builtin_add_overflow(value, mask, &sum)) return 0;
  return sum & ~mask;
}

PageRange::PageRange(PageRange&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

PageRange& PageRange::operator=(PageRange&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

PageRange::~PageRange() {
  release();
}

void PageRange::release() {
  if (base_ != nullptr) WISP_CHECK(munmap(base_, size_bytes_) == 0);
  base_ = nullptr;
}

Outcome<PageRange> PageRange::reserve(usize size_bytes, usize alignment) {
  const usize page = page_size_bytes();
  const usize size = round_up_to_pages(size_bytes);
  if (alignment < page) alignment = page;
  WISP_CHECK((alignment & (alignment - 1)) == 0);
  usize taken = 0;
  if (size == 0 || __builtin_add_overflow(size, alignment - page, &taken)) return Errno::nomem;

  void* at = mmap(nullptr, taken, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return linux_host::last_error();
  auto* const start = static_cast<u8*>(at);
  u8* const base = start + (-reinterpret_cast<uintptr_t>(start) & (alignment - 1));
  if (base != start) WISP_CHECK(munmap(start, usize(base - start)) == 0);
  const usize behind = taken - usize(base - start) - size;
  if (behind != 0) WISP_CHECK(munmap(base + size, behind) == 0);
  return PageRange(base, size);
}

Outcome<void> PageRange::commit(usize offset, usize length) {
  WISP_CHECK(offset <= size_bytes_ && length <= size_bytes_ - offset);
  if (length == 0) return {};
  if (mprotect(base_ + offset, length, PROT_READ | PROT_WRITE) != 0) return linux_host::last_error();
  return {};
}

Outcome<void> PageRange::decommit(usize offset, usize length) {
  WISP_CHECK(offset <= size_bytes_ && length <= size_bytes_ - offset);
  if (length == 0) return {};
  // A fresh mapping in the same place drops the memory and the access in one step.
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (mmap(base_ + offset, length, PROT_NONE, flags, -1, 0) == MAP_FAILED) return linux_host::last_error();
  return {};
}

Outcome<void> PageRange::clear(usize offset, usize length) {
  WISP_CHECK(offset <= size_bytes_ && length <= size_bytes_ - offset);
  if (length == 0) return {};
  if (madvise(base_ + offset, length, MADV_DONTNEED) != 0) return linux_host::last_error();
  return {};
}

void PageRange::prefer_large_pages() {
  // Where it cannot be had, nothing is lost.
  (void)madvise(base_, size_bytes_, MADV_HUGEPAGE);
}

}  // namespace wisp::sys
