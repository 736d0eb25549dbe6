#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "wisp/engine.hpp"
#include "wisp/error.hpp"
#include "wisp/limits.hpp"
#include "wisp/sample.hpp"
#include "wisp/value.hpp"

namespace wisp {

/// Stops a store's guests from outside: at the next loop header or function entry, in a bulk operation, in a blocking
/// host call. Copies work on the same store, also when it is gone already.
class InterruptHandle {
 public:
  /// Safe in every thread and in a signal handler. Guests stop with the trap `interrupted` until
  /// `Store::clear_interrupt`.
  void interrupt() const;

 private:
  friend struct Access;
  explicit InterruptHandle(std::shared_ptr<void> control) : control_(std::move(control)) {}
  std::shared_ptr<void> control_;
};

/// What a store's guests use.
struct StoreStats {
  std::uint64_t memory_bytes = 0;
  std::uint64_t peak_memory_bytes = 0;
  std::uint64_t table_entries = 0;
  std::uint64_t heap_bytes = 0;
  std::uint64_t peak_heap_bytes = 0;
  std::uint64_t collections = 0;
  std::uint64_t instances = 0;
  std::uint64_t fuel_consumed = 0;
};

/// Where guests live: instances, their memories, tables, globals and objects. Copies are the same store, and so are all
/// handles of what is in it (Instance, Func, Memory, Value ...): it goes away with the last of them. A host function
/// that lives in the store must therefore not keep such a handle; it is given what it needs (`Caller`). One thread at a
/// time. https://webassembly.github.io/spec/core/exec/runtime.html#store
class Store {
 public:
  /// An error if the host has no address space left for the stack.
  static Result<Store> create(const Engine& engine, const StoreLimits& limits = {});

  const Engine& engine() const;

  InterruptHandle interrupt_handle() const;
  /// Stops guests (trap `deadline`) when so much time has passed from now on. Replaces an earlier one.
  void set_timeout(std::chrono::nanoseconds timeout);
  void clear_timeout();
  /// Lets guests run again after an interruption or a timeout.
  void clear_interrupt();
  /// Whether an interruption is pending.
  bool interrupted() const;

  /// Asks the guests every `interval` where they are, while they run, and calls `take` in their thread. They say it at
  /// the next function entry or loop header; after a function of the host or a compilation, which counts for all
  /// intervals that it lasted, when that is over. `take` must not call into the store. Replaces an earlier one. An
  /// error without `Config::sampled`, and with an interval below `shortest_sample_interval`.
  Result<void> set_sampler(std::chrono::nanoseconds interval, std::function<void(const Sample&)> take);
  void clear_sampler();

  /// With `Config::fuel` only; what a guest has left over stays for the next call.
  void set_fuel(std::uint64_t fuel);
  std::uint64_t fuel() const;

  StoreStats stats() const;

  /// A value of the host as an `externref`: guests can only pass it around. An error if the heap is full.
  Result<Value> host_ref(std::uint64_t value);
  /// Frees the objects that nothing refers to. Happens by itself when it is time.
  void collect_garbage();
  /// For tests: collect at every allocation.
  void set_collect_always(bool on);

  bool operator==(const Store&) const = default;

 private:
  friend struct Access;
  explicit Store(std::shared_ptr<struct StoreState> state) : state_(std::move(state)) {}
  std::shared_ptr<struct StoreState> state_;
};

}  // namespace wisp
