#pragma once

#include <memory>
#include <string>

#include "wisp/error.hpp"

namespace wisp {

/// Tells `perf` which functions of guests machine code belongs to: by their names (`Frame::function`) and by what made
/// the code, "fib [optimized]". What is interpreted has no machine code. Engines may share one; thread-safe.
class CodeLog {
 public:
  /// In /tmp/perf-PID.map: names only, of what is there when the process ends. Enough for `perf report` and `perf top`.
  static Result<std::shared_ptr<CodeLog>> perf_map();
  /// In jit-PID.dump in the directory: code, too. For `perf record -k mono`, then `perf inject --jit`, which
  /// `perf report` and `perf annotate` then read.
  static Result<std::shared_ptr<CodeLog>> jit_dump(const std::string& directory);
  ~CodeLog();
  CodeLog(const CodeLog&) = delete;

  /// The file that it writes.
  const std::string& path() const;

 private:
  friend struct Access;
  struct State;
  explicit CodeLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace wisp
