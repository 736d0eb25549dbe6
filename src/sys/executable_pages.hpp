#pragma once

#include "base/outcome.hpp"
#include "base/bytes.hpp"
#include "sys/errno.hpp"

namespace wisp::sys {

/// Memory with two views: one to write, one to execute, at different addresses.
class ExecutablePages {
 public:
  static Outcome<ExecutablePages> create(usize size_bytes);
  ExecutablePages() = default;
  ExecutablePages(ExecutablePages&& other) noexcept { *this = std::move(other); }
  ExecutablePages& operator=(ExecutablePages&& other) noexcept {
    std::swap(writable_, other.writable_);
    std::swap(executable_, other.executable_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
  }
  ~ExecutablePages();

  u8* writable() const { return writable_; }
  const u8* executable() const { return executable_; }
  usize size_bytes() const { return size_bytes_; }

 private:
  u8* writable_ = nullptr;
  u8* executable_ = nullptr;
  usize size_bytes_ = 0;
};

}  // namespace wisp::sys
