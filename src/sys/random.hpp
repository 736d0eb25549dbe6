#pragma once

#include "base/bytes.hpp"
#include "sys/errno.hpp"

namespace wisp::sys {

/// A source of random bytes that somebody was handed.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  /// Fills all of `bytes`, in time proportional to their number: split large requests to stay interruptible.
  virtual Outcome<void> fill(MutableBytes bytes) = 0;
};

/// The host's cryptographically secure source; stateless, lives as long as the program, thread-safe.
RandomSource& host_random();

}  // namespace wisp::sys
