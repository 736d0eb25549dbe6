#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

namespace wisp {

/// A guest's linear memory for a moment: not valid any more once the guest runs again or the memory grows. Every access
/// is checked.
class GuestMemory {
 public:
  GuestMemory() = default;
  GuestMemory(std::uint8_t* base, std::uint64_t size_bytes) : base_(base), size_bytes_(size_bytes) {}

  /// Whether there is a memory at all; one of no bytes is one.
  bool exists() const { return base_ != nullptr; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  bool contains(std::uint64_t address, std::uint64_t length) const {
    return length <= size_bytes_ && address <= size_bytes_ - length;
  }
  /// The bytes [address, address + length), or nothing if any of them lies outside.
  std::optional<std::span<std::uint8_t>> slice(std::uint64_t address, std::uint64_t length) const {
    if (!contains(address, length)) return std::nullopt;
    return std::span<std::uint8_t>(base_ + address, static_cast<std::size_t>(length));
  }
  /// The bytes of `count` records of `record_bytes` each.
  std::optional<std::span<std::uint8_t>> slice_array(std::uint64_t address, std::uint64_t count,
                                                     std::uint64_t record_bytes) const {
    if (record_bytes != 0 && count > size_bytes_ / record_bytes) return std::nullopt;
    return slice(address, count * record_bytes);
  }
  /// A copy of the bytes as text.
  std::optional<std::string> text(std::uint64_t address, std::uint64_t length) const {
    if (!contains(address, length)) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(base_ + address), static_cast<std::size_t>(length));
  }
  /// A copy of the text up to the first NUL; nothing if there is none.
  std::optional<std::string> c_string(std::uint64_t address) const {
    if (address >= size_bytes_) return std::nullopt;
    const auto left = static_cast<std::size_t>(size_bytes_ - address);
    const void* end = std::memchr(base_ + address, 0, left);
    if (end == nullptr) return std::nullopt;
    return text(address, static_cast<std::uint64_t>(static_cast<const std::uint8_t*>(end) - (base_ + address)));
  }

  static_assert(std::endian::native == std::endian::little);

  /// A little-endian value at any alignment.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  std::optional<T> load(std::uint64_t address) const {
    if (!contains(address, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(&value, base_ + address, sizeof(T));
    return value;
  }
  /// False, and nothing written, if the value does not fit.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] bool store(std::uint64_t address, const T& value) const {
    if (!contains(address, sizeof(T))) return false;
    std::memcpy(base_ + address, &value, sizeof(T));
    return true;
  }
  [[nodiscard]] bool write(std::uint64_t address, std::span<const std::uint8_t> bytes) const {
    if (!contains(address, bytes.size())) return false;
    if (!bytes.empty()) std::memcpy(base_ + address, bytes.data(), bytes.size());
    return true;
  }

 private:
  std::uint8_t* base_ = nullptr;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace wisp
