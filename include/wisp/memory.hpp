#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "wisp/error.hpp"
#include "wisp/guest_memory.hpp"
#include "wisp/types.hpp"

namespace wisp {

class Store;

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
