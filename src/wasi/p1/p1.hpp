#pragma once

#include "wasi/core/environment.hpp"
#include "wasi/core/waiter.hpp"
#include "wasi/p1/fd_table.hpp"
#include "wasi/p1/functions.hpp"

namespace wisp::wasi::p1 {

/// Strings as `args_get` and `environ_get` hand them out: one block, each with its terminator.
class StringBlock {
 public:
  explicit StringBlock(std::span<const std::string> strings);

  Size count() const { return static_cast<Size>(offsets_.size()); }
  Size size_bytes() const { return static_cast<Size>(block_.size()); }
  /// Stores the block at `buffer` and the address of each string at `pointers`.
  Completion store(abi::Caller& caller, abi::Ptr<u32> pointers, abi::Ptr<u8> buffer) const;

 private:
  std::string block_;
  std::vector<u32> offsets_;
};

/// One guest as preview1 and `wasi_unstable` show it the host: the context of every entry in `imported_functions()`.
/// One thread at a time.
class P1 {
 public:
  /// What the guest is handed. Everything outlives the P1.
  struct Parts {
    const core::Environment& environment;
    core::Clocks clocks;
    sys::RandomSource& random;
    core::Waiter& waiter;
    /// Gets a line for each call; null for none.
    abi::TraceSink* trace = nullptr;
  };
  explicit P1(const Parts& parts);
  P1(const P1&) = delete;
  P1& operator=(const P1&) = delete;

  /// Standard input, output and error first, in this order; then preopened directories; then sockets, because a guest's
  /// C library stops looking for directories at the first descriptor that is none.
  Fd add(std::unique_ptr<core::Handle> handle) { return fds_.add(std::move(handle)); }
  /// The guest finds the directory under the `guest_path` of its mount.
  Fd add_preopen(std::unique_ptr<core::Dir> directory);

  const StringBlock& arguments() const { return arguments_; }
  const StringBlock& variables() const { return variables_; }
  /// Null if the guest has no such clock.
  sys::Clock* clock(Clockid id) const { return clocks_[static_cast<usize>(id)]; }
  sys::RandomSource& random() const { return random_; }
  core::Waiter& waiter() const { return waiter_; }
  abi::TraceSink* trace_sink() const { return trace_; }

  FdTable& fds() { return fds_; }
  /// The directory that `fd` is, or why it is none.
  core::Outcome<core::Dir*> directory(Fd fd) const;
  /// Gives a handle that the guest opened its number.
  Fd insert(std::unique_ptr<core::Handle> handle);

 private:
  FdTable fds_;
  StringBlock arguments_;
  StringBlock variables_;
  std::array<sys::Clock*, 4> clocks_;  // by Clockid
  sys::RandomSource& random_;
  core::Waiter& waiter_;
  abi::TraceSink* trace_;
  /// State of the generator of descriptor numbers; 0 until it is seeded.
  u64 fd_seed_ = 0;
};

}  // namespace wisp::wasi::p1
