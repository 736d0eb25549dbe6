#include "sys/pages.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
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

Outcome<void> PageRange::allow_reading(usize offset, usize length) {
  WISP_CHECK(offset <= size_bytes_ && length <= size_bytes_ - offset);
  if (mprotect(base_ + offset, length, PROT_READ) != 0) return linux_host::last_error();
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

Outcome<void> PageRange::deny(usize offset, usize length) {
  WISP_CHECK(offset <= size_bytes_ && length <= size_bytes_ - offset);
  if (mprotect(base_ + offset, length, PROT_NONE) != 0) return linux_host::last_error();
  return {};
}

Outcome<void> PageRange::clear(usize offset, usize length) {
  WISP_CHECK(offset <= size_bytes_ && length <= size_bytes_ - offset);
  if (length == 0) return {};
  if (madvise(base_ + offset, length, MADV_DONTNEED) != 0) return linux_host::last_error();
  return {};
}

void PageRange::prefer_large_pages(usize length) {
  WISP_CHECK(length <= size_bytes_);
  // Where it cannot be had, nothing is lost.
  (void)madvise(base_, length, MADV_HUGEPAGE);
}

Outcome<void> PageRange::show(const PageImage& image) {
  WISP_CHECK(image.size_bytes_ <= size_bytes_);
  const int flags = MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED;
  void* const at = mmap(base_, image.size_bytes_, PROT_READ | PROT_WRITE, flags, image.descriptor_, 0);
  if (at == MAP_FAILED) return linux_host::last_error();
  return {};
}

// Images

PageImage::PageImage(PageImage&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      base_(std::exchange(other.base_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)) {}

PageImage& PageImage::operator=(PageImage&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(base_, other.base_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

PageImage::~PageImage() {
  if (base_ != nullptr) WISP_CHECK(munmap(base_, size_bytes_) == 0);
  if (descriptor_ >= 0) close(descriptor_);
}

Outcome<PageImage> PageImage::make(Bytes bytes) {
  WISP_CHECK(!bytes.empty());
  PageImage image(memfd_create("wisp", MFD_CLOEXEC | MFD_ALLOW_SEALING), bytes.size());
  if (image.descriptor_ < 0) return linux_host::last_error();
  for (usize done = 0; done < bytes.size();) {
    const ssize_t written = pwrite(image.descriptor_, bytes.data() + done, bytes.size() - done, off_t(done));
    if (written < 0 && errno != EINTR) return linux_host::last_error();
    done += usize(std::max<ssize_t>(written, 0));
  }
  // Nobody, not even a bug of ours, changes what guests start from.
  constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (fcntl(image.descriptor_, F_ADD_SEALS, seals) != 0) return linux_host::last_error();
  void* const at = mmap(nullptr, bytes.size(), PROT_READ, MAP_PRIVATE, image.descriptor_, 0);
  if (at == MAP_FAILED) return linux_host::last_error();
  image.base_ = static_cast<u8*>(at);
  return image;
}

// Scanning

namespace {

// What linux/fs.h has since Linux 6.7: https://docs.kernel.org/admin-guide/mm/pagemap.html
struct Region {
  u64 start;
  u64 end;
  u64 categories;
};
struct ScanArgument {
  u64 size = sizeof(ScanArgument);
  u64 flags = 0;
  u64 start = 0;
  u64 end = 0;
  u64 walk_end = 0;
  u64 regions = 0;
  u64 regions_count = 0;
  u64 max_pages = 0;
  u64 category_inverted = 0;
  u64 category_mask = 0;
  u64 category_anyof_mask = 0;
  u64 return_mask = 0;
};
constexpr unsigned long pagemap_scan = _IOWR('f', 16, ScanArgument);
constexpr u64 page_is_file = 1 << 2;
constexpr u64 page_is_present = 1 << 3;
constexpr u64 page_is_swapped = 1 << 4;
constexpr u64 page_is_zero = 1 << 5;

}  // namespace

PageScanner::PageScanner(PageScanner&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), same_process_(std::move(other.same_process_)) {}

PageScanner& PageScanner::operator=(PageScanner&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(same_process_, other.same_process_);
  return *this;
}

PageScanner::~PageScanner() {
  if (descriptor_ >= 0) close(descriptor_);
}

Outcome<PageScanner> PageScanner::open() {
  PageScanner scanner;
  auto page = PageRange::reserve(page_size_bytes());
  if (!page.ok()) return page.error();
  if (auto committed = page->commit(0, page->size_bytes()); !committed.ok()) return committed.error();
  if (madvise(page->base(), page->size_bytes(), MADV_WIPEONFORK) != 0) return linux_host::last_error();
  *page->base() = 1;
  scanner.same_process_ = std::move(*page);
  scanner.descriptor_ = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (scanner.descriptor_ < 0) return linux_host::last_error();
  // Whether the kernel can do it, and does: the page was written to.
  Run run{};
  u8* at = scanner.same_process_.base();
  auto found = scanner.scan(at, at + scanner.same_process_.size_bytes(), {&run, 1});
  if (!found.ok()) return found.error();
  if (*found != 1 || run.begin != scanner.same_process_.base()) return Errno::nosys;
  return scanner;
}

Outcome<usize> PageScanner::scan(u8*& at, u8* end, std::span<Run> runs) const {
  if (*static_cast<volatile u8*>(same_process_.base()) == 0) return Errno::nosys;
  constexpr usize most_regions = 64;
  Region regions[most_regions];
  ScanArgument argument;
  argument.start = reinterpret_cast<u64>(at);
  argument.end = reinterpret_cast<u64>(end);
  argument.regions = reinterpret_cast<u64>(regions);
  argument.regions_count = std::min(runs.size(), most_regions);
  // In memory or swapped out, and neither a page of an image nor the one page of zeros that reading maps.
  argument.category_inverted = page_is_file | page_is_zero;
  argument.category_mask = page_is_file | page_is_zero;
  argument.category_anyof_mask = page_is_present | page_is_swapped;
  argument.return_mask = page_is_present;
  const int count = ioctl(descriptor_, pagemap_scan, &argument);
  if (count < 0) return linux_host::last_error();
  at = reinterpret_cast<u8*>(argument.walk_end);
  for (int i = 0; i < count; ++i) {
    runs[usize(i)] = {reinterpret_cast<u8*>(regions[i].start), reinterpret_cast<u8*>(regions[i].end)};
  }
  return usize(count);
}

}  // namespace wisp::sys
