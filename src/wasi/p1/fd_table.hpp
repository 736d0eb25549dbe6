#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "wasi/core/dir.hpp"
#include "wasi/p1/types.hpp"

namespace wisp::wasi::p1 {

/// The open file descriptors of one guest. What the embedder puts in is numbered from 0; what the guest opens gets an
/// unpredictable number above those, so that no program comes to rely on an order. The numbers of the embedder's
/// descriptors are never given out again: standard output that was closed does not become a file.
class FdTable {
 public:
  /// Puts something in before the guest runs; `preopen` is the name under which the guest finds a directory.
  Fd add(std::unique_ptr<core::Handle> handle, std::optional<std::string> preopen = std::nullopt);

  /// Null if the descriptor is not open.
  core::Handle* find(Fd fd) const { return fd.value < entries_.size() ? entries_[fd.value].handle.get() : nullptr; }
  /// The name of a preopened directory; null for everything else.
  const std::string* preopen_name(Fd fd) const;

  /// Gives `handle` a number; `random` decides which.
  Fd insert(std::unique_ptr<core::Handle> handle, u64 random);
  bool close(Fd fd);
  /// What is open as `from` becomes `to`, and what was open as `to` is closed. False, and nothing changed, unless both
  /// are open.
  bool renumber(Fd from, Fd to);

 private:
  struct Entry {
    std::unique_ptr<core::Handle> handle;
    std::unique_ptr<const std::string> preopen;
  };

  /// Some of the entries are free: at least half of those that the guest's own descriptors can use.
  std::vector<Entry> entries_;
  usize reserved_ = 0;
  usize open_above_reserved_ = 0;
};

}  // namespace wisp::wasi::p1
