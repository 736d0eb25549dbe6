#pragma once

#include <cerrno>
#include <utility>

#include "sys/errno.hpp"

/// What the files of sys/linux share.
namespace wisp::sys::linux_host {

inline Errno last_error() {
  return Errno(errno);
}

/// The error of a call that returned -1, or nothing.
inline Outcome<void> checked(int result) {
  if (result < 0) return last_error();
  return {};
}

/// An owned file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int value) : value_(value) {}
  Fd(Fd&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Fd();

  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }
  explicit operator bool() const { return value_ >= 0; }

 private:
  int value_ = -1;
};

}  // namespace wisp::sys::linux_host
