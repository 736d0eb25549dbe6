#include "sys/executable_pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include "sys/linux/calls.hpp"

namespace wisp::sys {

Outcome<ExecutablePages> ExecutablePages::create(usize size_bytes) {
  const int file = memfd_create("wisp-code", MFD_CLOEXEC);
  if (file < 0) return linux_host::last_error();
  ExecutablePages pages;
  Outcome<ExecutablePages> failure = Errno::nomem;
  void* writable = MAP_FAILED;
  void* executable = MAP_FAILED;
  if (ftruncate(file, off_t(size_bytes)) == 0) {
    writable = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    executable = mmap(nullptr, size_bytes, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
  }
  close(file);
  if (writable != MAP_FAILED) pages.writable_ = static_cast<u8*>(writable);
  if (executable != MAP_FAILED) pages.executable_ = static_cast<u8*>(executable);
  pages.size_bytes_ = size_bytes;
  if (pages.writable_ == nullptr || pages.executable_ == nullptr) return failure;
  return pages;
}

ExecutablePages::~ExecutablePages() {
  if (writable_ != nullptr) munmap(writable_, size_bytes_);
  if (executable_ != nullptr) munmap(executable_, size_bytes_);
}

}  // namespace wisp::sys
