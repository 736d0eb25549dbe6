#pragma once

#include "base/outcome.hpp"
#include "sys/errno.hpp"

/// Faults of guest memory as values. A fault (SIGSEGV, SIGBUS) counts as a guest's only if its address lies in a
/// registered `GuardRange` and the instruction in a registered `CodeRange` (or its thread is inside `run_guarded`);
/// every other fault goes to the handler that was there before, so that a bug of ours stays a crash.
namespace wisp::sys {

/// Installs the handler for the whole process; later calls do nothing. Thread-safe.
[[nodiscard]] Outcome<void> install_fault_handler();

/// Address space in which a fault is a guest's doing, for as long as the object lives. Creating and destroying is
/// thread-safe; both take time in the number of ranges.
class GuardRange {
 public:
  GuardRange() = default;
  GuardRange(const void* base, usize size_bytes);
  GuardRange(GuardRange&& other) noexcept;
  GuardRange& operator=(GuardRange&& other) noexcept;
  ~GuardRange();

 private:
  void release();

  void* entry_ = nullptr;
};

/// Compiled code of guests, for as long as the object lives. Where it faults in a guard range, the thread goes on at
/// `landing` with all registers as they were, but for the two that results are returned in (rax, rdx), which hold the
/// addresses of the instruction and of what it could not touch. Creating and destroying is thread-safe; no range may
/// overlap another.
class CodeRange {
 public:
  CodeRange() = default;
  CodeRange(const void* base, usize size_bytes, const void* landing);
  CodeRange(CodeRange&& other) noexcept;
  CodeRange& operator=(CodeRange&& other) noexcept;
  ~CodeRange();

 private:
  void release();

  const void* base_ = nullptr;
};

/// How `run_guarded` ended.
struct GuardedResult {
  bool faulted = false;
  /// The address that could not be touched, if `faulted`.
  const void* address = nullptr;
  /// The instruction that tried, if `faulted`.
  const void* program_counter = nullptr;
};

/// Calls `function(argument)`. If that faults in a registered range, every frame below this call is abandoned as it
/// stands: none of them may hold anything that a destructor would have to release. Nests; each call catches the
/// faults of its own innermost part.
GuardedResult run_guarded(void (*function)(void* argument), void* argument);

/// While it lives, faults of this thread are bugs again, although `run_guarded` is active further up: put one around
/// a host function that guest code calls.
class HostScope {
 public:
  HostScope();
  ~HostScope();
  HostScope(const HostScope&) = delete;
  HostScope& operator=(const HostScope&) = delete;

 private:
  void* saved_;
};

}  // namespace wisp::sys
