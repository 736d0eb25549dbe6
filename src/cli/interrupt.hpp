#pragma once

#include "wisp/store.hpp"

namespace wisp::cli {

/// While it lives, the first Ctrl-C stops the store's guest and the second one ends the process. One at a time.
class StopOnInterrupt {
 public:
  explicit StopOnInterrupt(const Store& store);
  ~StopOnInterrupt();
  StopOnInterrupt(const StopOnInterrupt&) = delete;
  StopOnInterrupt& operator=(const StopOnInterrupt&) = delete;

 private:
  InterruptHandle handle_;
};

}  // namespace wisp::cli
