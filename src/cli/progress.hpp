#pragma once

#include <chrono>
#include <string_view>

namespace wisp::cli {

/// Whether standard error is a terminal that understands escape sequences.
bool has_terminal();

/// A line on the terminal's standard error that is written over again and again, and is gone at the end. It begins
/// where the cursor is, so that it spares what a program has written there.
class ProgressLine {
 public:
  explicit ProgressLine(bool is_shown) : is_shown_(is_shown) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;

  /// Shows the text, unless another was shown just now.
  void show(std::string_view text);
  void clear();

 private:
  bool is_shown_;
  bool is_there_ = false;
  std::chrono::steady_clock::time_point last_;
};

/// Shows on the terminal that a program waits for its functions to be compiled, once that has taken a while in all.
class CompileWait {
 public:
  explicit CompileWait(bool is_shown) : line_(is_shown) {}
  /// One function begins, or ends, to be compiled.
  void operator()(bool begins);

 private:
  ProgressLine line_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::duration waited_ = {};
  unsigned count_ = 0;
};

}  // namespace wisp::cli
