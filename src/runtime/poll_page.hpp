#pragma once

#include "sys/pages.hpp"
#include "sys/signals.hpp"

namespace wisp::runtime {

/// A word that compiled code reads where it repeats. While the page is closed, reading it faults: whether it is to stop
/// costs the code one load and no branch.
class PollPage {
 public:
  PollPage() = default;
  /// An open one.
  static sys::Outcome<PollPage> make();

  /// Null if there is no page.
  const u32* word() const { return reinterpret_cast<const u32*>(pages_ ? pages_.base() + offset() : nullptr); }

  /// Both are safe in any thread and in a signal handler, and do nothing without a page.
  void close();
  void open();

 private:
  /// In front of it and behind it are pages that can be read and not written: as neither an open page nor a closed one.
  /// So the host neither merges its mapping with theirs nor ever lacks room to split one, and cannot fail to move it.
  static usize offset() { return sys::page_size_bytes(); }

  sys::PageRange pages_;
  sys::GuardRange guard_;
};

}  // namespace wisp::runtime
