#include <unistd.h>

#include "sys/linux/calls.hpp"

namespace wisp::sys::linux_host {

Fd::~Fd() {
  // Linux closes the descriptor whatever close() reports; trying again could close another thread's.
  if (value_ >= 0) close(value_);
}

}  // namespace wisp::sys::linux_host
