#pragma once

#include <span>

#include "base/int.hpp"

namespace wisp::sys {

/// Where a read puts bytes. Laid out so that an array of them goes to the host as it is.
struct IoBuffer {
  u8* data = nullptr;
  usize size_bytes = 0;
};

/// Where a write takes bytes from.
struct ConstIoBuffer {
  const u8* data = nullptr;
  usize size_bytes = 0;
};

using IoBuffers = std::span<const IoBuffer>;
using ConstIoBuffers = std::span<const ConstIoBuffer>;

}  // namespace wisp::sys
