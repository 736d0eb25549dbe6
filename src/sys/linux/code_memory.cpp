#include "sys/code_memory.hpp"

#include <algorithm>
#include <utility>

#include <sys/mman.h>

#include "sys/linux/calls.hpp"
#include "sys/pages.hpp"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace wisp::sys {

CodeMemory::CodeMemory(CodeMemory&& other) noexcept
    : code_(std::exchange(other.code_, nullptr)),
      writable_(std::exchange(other.writable_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)) {}

CodeMemory& CodeMemory::operator=(CodeMemory&& other) noexcept {
  std::swap(code_, other.code_);
  std::swap(writable_, other.writable_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

CodeMemory::~CodeMemory() {
  release();
}

void CodeMemory::release() {
  if (code_ != nullptr) WISP_CHECK(munmap(const_cast<u8*>(code_), size_bytes_) == 0);
  if (writable_ != nullptr) WISP_CHECK(munmap(writable_, size_bytes_) == 0);
  code_ = nullptr;
  writable_ = nullptr;
}

void CodeMemory::prepare(usize offset, usize size) const {
  const usize begin = round_up_to_pages(offset);
  const usize end = std::min(round_up_to_pages(offset + size), size_bytes_);
  // Before Linux 5.14 there is no such advice.
  if (begin < end) (void)madvise(writable_ + begin, end - begin, MADV_POPULATE_WRITE);
}

Outcome<CodeMemory> CodeMemory::create(usize size_bytes) {
  CodeMemory memory;
  const usize size = round_up_to_pages(size_bytes);
  // Shared, so that the pages can be mapped once more; of no file, since perf looks up names of such code only.
  void* const writable = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (writable == MAP_FAILED) return linux_host::last_error();
  memory.size_bytes_ = size;
  memory.writable_ = static_cast<u8*>(writable);
  void* const code = mremap(writable, 0, size, MREMAP_MAYMOVE);
  if (code == MAP_FAILED) return linux_host::last_error();
  memory.code_ = static_cast<const u8*>(code);
  if (mprotect(code, size, PROT_READ | PROT_EXEC) != 0) return linux_host::last_error();
  return memory;
}

}  // namespace wisp::sys
