#pragma once

#include "base/int.hpp"

namespace wisp::baseline::limits {

/// Code memory that is mapped at once: distances in it have 31 bits. The first region of a module is made for its size.
inline constexpr u64 region_bytes = u64{1} << 30;
inline constexpr u64 first_region_bytes = 1024 * 1024;
/// Machine code that a byte of a module's code is expected to become; a guess too low costs another region.
inline constexpr u64 expansion = 16;

}  // namespace wisp::baseline::limits
