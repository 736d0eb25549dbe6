#include "sys/code_memory.hpp"

#include <algorithm>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

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
  const usize size = round_up_to_pages(size_bytes);
  const int file = memfd_create("wisp-code", MFD_CLOEXEC);
  if (file < 0) return linux_host::last_error();
  CodeMemory memory;
  memory.size_bytes_ = size;
  Outcome<void> made = linux_host::checked(ftruncate(file, off_t(size)));
  const auto map = [&](int protection) -> u8* {
    void* const at = made.ok() ? mmap(nullptr, size, protection, MAP_SHARED, file, 0) : MAP_FAILED;
    if (made.ok() && at == MAP_FAILED) made = linux_host::last_error();
    return at == MAP_FAILED ? nullptr : static_cast<u8*>(at);
  };
  memory.writable_ = map(PROT_READ | PROT_WRITE);
  memory.code_ = map(PROT_READ | PROT_EXEC);
  close(file);
  if (!made.ok()) return made.error();
  return memory;
}

}  // namespace wisp::sys
