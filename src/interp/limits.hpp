#pragma once

#include "base/int.hpp"

namespace wisp::interp::limits {

/// Words of one function's slot code: branches are relative with 32 bits.
inline constexpr u32 code_words = u32{1} << 28;
/// Frames of a backtrace that are kept; the middle of a longer one is left out.
inline constexpr u32 backtrace_frames = 64;
/// The largest offset that fast loads and stores add to an address: machine code has 31 bits for it.
inline constexpr u32 address_offset = 0x7fff'0000;
/// Operands that may be symbolic at a time; deeper ones are brought to their slots, so that overwriting a local costs
/// a bounded search.
inline constexpr u32 symbolic_operands = 32;

}  // namespace wisp::interp::limits
