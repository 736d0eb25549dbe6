#pragma once

#include <optional>

#include "base/bytes.hpp"

namespace wisp::abi {

/// A guest's linear memory as one host call sees it. It is valid only until something can grow the memory or
/// the guest runs again; never keep one, or a slice of it, across such a point.
class GuestMemory {
 public:
  GuestMemory() = default;
  GuestMemory(u8* base, u64 size_bytes) : base_(base), size_bytes_(size_bytes) {}

  u64 size_bytes() const { return size_bytes_; }

  bool contains(u64 address, u64 length) const { return length <= size_bytes_ && address <= size_bytes_ - length; }

  /// The bytes [address, address + length), or nothing if any of them lies outside.
  std::optional<MutableBytes> slice(u64 address, u64 length) const {
    if (!contains(address, length)) return std::nullopt;
    return MutableBytes(base_ + address, length);
  }

  /// `count` records of `size` bytes each; the product is computed in 64 bits and checked.
  std::optional<MutableBytes> slice_array(u64 address, u64 count, u64 size) const {
    u64 length = 0;
    if (__builtin_mul_overflow(count, size, &length)) return std::nullopt;
    return slice(address, length);
  }

  template <class T>
  std::optional<T> load(u64 address) const {
    if (!contains(address, sizeof(T))) return std::nullopt;
    return load_le<T>(base_ + address);
  }

  /// False, and nothing written, if the value does not fit.
  template <class T>
  [[nodiscard]] bool store(u64 address, T value) const {
    if (!contains(address, sizeof(T))) return false;
    store_le(base_ + address, value);
    return true;
  }

 private:
  u8* base_ = nullptr;
  u64 size_bytes_ = 0;
};

}  // namespace wisp::abi
