#pragma once

#include <span>
#include <string_view>

#include "base/int.hpp"

namespace wisp::sys {

/// Tells tools of the host what machine code was made at run time. Thread-safe.
class CodeLog {
 public:
  virtual ~CodeLog() = default;
  /// `code` is where it runs, and what it is from now on.
  virtual void add(std::string_view name, std::span<const u8> code) = 0;
};

}  // namespace wisp::sys
