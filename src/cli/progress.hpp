#pragma once

#include <chrono>
#include <string_view>

namespace wisp::cli {

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

}  // namespace wisp::cli
