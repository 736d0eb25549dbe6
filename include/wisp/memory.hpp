#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "wisp/error.hpp"
#include "wisp/types.hpp"

namespace wisp {

class Store;

/// A guest's linear memory for a moment: not valid any more once the guest runs again or the memory grows. Every access
/// is checked.
class GuestMemory {
 public:
  GuestMemory() = default;
  GuestMemory(std::uint8_t* base, std::uint64_t size_bytes) : base_(base), size_bytes_(size_bytes) {}

  std::uint64_t size_bytes() const { return size_bytes_; }
  bool contains(std::uint64_t address, std::uint64_t length) const {
    return length <= size_bytes_ && address <= size_bytes_ - length;
  }
  /// The bytes [address, address + length), or nothing if any of them lies outside.
  std::optional<std::span<std::uint8_t>> slice(std::uint64_t address, std::uint64_t length) const {
    if (!contains(address, length)) return std::nullopt;
    return std::span<std::uint8_t>(base_ + address, static_cast<std::size_t>(length));
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

/// A shared memory by itself: it can be given to several stores of one engine, and used by several threads.
class SharedMemory {
 public:
  MemoryType type() const;
  GuestMemory bytes() const;

 private:
  friend struct Access;
  explicit SharedMemory(std::shared_ptr<void> memory) : memory_(std::move(memory)) {}
  std::shared_ptr<void> memory_;
};

/// A memory of a store.
class Memory {
 public:
  static Result<Memory> create(Store& store, const MemoryType& type);
  /// Another store's shared memory as one of this store.
  static Result<Memory> create(Store& store, const SharedMemory& memory);

  MemoryType type() const;
  std::uint64_t size_bytes() const { return bytes().size_bytes(); }
  std::uint64_t size_pages() const;
  /// What is in it now.
  GuestMemory bytes() const;
  /// The size before, in pages. An error if the memory's maximum or a limit is in the way.
  Result<std::uint64_t> grow(std::uint64_t delta_pages);
  /// Nothing if it is not shared.
  std::optional<SharedMemory> shared() const;

 private:
  friend struct Access;
  Memory(std::shared_ptr<struct StoreState> store, std::shared_ptr<void> memory)
      : store_(std::move(store)), memory_(std::move(memory)) {}
  std::shared_ptr<struct StoreState> store_;
  std::shared_ptr<void> memory_;
};

}  // namespace wisp
