#pragma once

#include "base/int.hpp"

/// The text format's implementation limits.
namespace wisp::text {

/// Bytes of one source text: tokens keep 32-bit offsets.
inline constexpr u64 max_source_bytes = u64{1} << 30;
/// Lexical errors after which the rest of a text is not looked at.
inline constexpr u32 max_lexical_errors = 64;

}  // namespace wisp::text
