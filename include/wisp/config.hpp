#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "wisp/limits.hpp"

namespace wisp {

class CodeCache;
class CodeLog;

/// A feature of the core specification that can be switched off.
struct FeatureInfo {
  std::string_view name;  // "simd"
  bool on_by_default = true;
  std::string_view link;  // to its specification
};

/// All features, in the order of their introduction.
std::span<const FeatureInfo> features();

/// How accesses outside of a memory are kept from touching anything.
enum class MemoryMode : std::uint8_t {
  /// 32-bit memories reserve 8 GiB of address space each; fastest.
  guard_pages,
  /// Nothing more is reserved than a memory can become; for many small guests, or where address space is limited.
  explicit_checks,
};

/// Ways of executing code. All do the same; they differ in how fast they start and how fast they run.
enum class Tier : std::uint8_t {
  /// Compiled on the first call, and once more, better, what turns out to be worth it.
  automatic,
  /// Nothing is compiled.
  interpreter,
  /// Every function is compiled on its first call, fast.
  baseline,
  /// Every function is compiled on its first call, as well as possible.
  optimizing,
};

/// The settings of an engine.
class Config {
 public:
  Config();

  /// Switches a feature; false if there is none of this name.
  bool set_feature(std::string_view name, bool on);
  bool has_feature(std::string_view name) const;

  Tier tier = Tier::automatic;
  MemoryMode memory_mode = MemoryMode::guard_pages;
  /// Guests use up fuel, and stop when it is used up: the same program with the same input always stops at the same
  /// instruction. `Store::set_fuel` fills the tank.
  bool fuel = false;
  /// Guests look at every loop header and function entry whether they are to stop. Without, compiled code does not, and
  /// an endless loop in it is endless: only for guests that are trusted to come to an end, and to measure what it
  /// costs. The interpreter always looks.
  bool interruptible = true;
  /// Guests can be asked where they are (`Store::set_sampler`). Their code is then another, which is neither kept in
  /// the code cache nor taken from it.
  bool sampled = false;
  /// The stack of the guests of one store: its locals and operands. Deeper recursion is the trap `stack_overflow`.
  std::uint64_t stack_bytes = std::uint64_t{8} << 20;
  /// Native stack that guests and the host functions they call may use; less than the thread has.
  std::uint64_t native_stack_bytes = std::uint64_t{1} << 20;
  /// Where the code of the optimizing compiler is kept for the next time; null: it is not. No guest of the engine may
  /// be granted a directory in which the cache's is, or that is in it (`CodeCache::is_exposed`): it could have the
  /// engine run machine code of its own.
  std::shared_ptr<CodeCache> code_cache;
  /// Is told of all machine code; null: nobody is. Calls of guests then keep frame pointers, for `perf record -g`.
  std::shared_ptr<CodeLog> code_log;
  /// Called where a guest waits for a function to be compiled as well as possible (tier `optimizing`), when that begins
  /// and when it ends. In the guest's thread.
  std::function<void(bool begins)> on_compile;
  /// Memories, tables and stacks of stores that are gone whose address space the engine keeps for the next ones,
  /// cleaned of everything that guests left in memories and tables; 0: none.
  std::uint32_t pooled_slots = 64;
  /// The memory that it keeps with them.
  std::uint64_t pooled_bytes = std::uint64_t{64} << 20;

 private:
  friend struct Access;
  std::uint64_t features_;
};

}  // namespace wisp
