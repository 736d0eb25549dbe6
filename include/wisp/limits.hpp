#pragma once

#include <cstdint>

namespace wisp {

/// What the guests of one store may make the host keep. All amounts are for the store as a whole.
struct StoreLimits {
  /// Linear memory, in bytes.
  std::uint64_t memory_bytes = ~std::uint64_t{0};
  /// Entries of tables.
  std::uint64_t table_entries = 20'000'000;
  /// Objects in the garbage-collected heap, in bytes.
  std::uint64_t heap_bytes = std::uint64_t{1} << 30;
  std::uint64_t instances = 10'000;
  std::uint64_t memories = 10'000;
  std::uint64_t tables = 10'000;
  /// End a guest that wants to exceed `memory_bytes` with a trap (`memory_limit`), instead of telling it that its
  /// memory could not grow.
  bool trap_on_memory_limit = false;
};

}  // namespace wisp
