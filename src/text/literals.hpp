#pragma once

#include <optional>
#include <string_view>

#include "base/int.hpp"

/// Number literals. https://webassembly.github.io/spec/core/text/values.html
namespace wisp::text {

enum class LiteralStatus : u8 {
  ok,
  not_a_number,  // follows no grammar of the kind asked for
  out_of_range,
};

struct Literal {
  LiteralStatus status = LiteralStatus::not_a_number;
  u64 bits = 0;
};

/// An unsigned integer below 2^bits.
Literal parse_unsigned(std::string_view text, int bits);
/// A signed or unsigned integer of that many bits, in two's complement, the upper bits zero.
Literal parse_integer(std::string_view text, int bits);
/// The bits of the nearest f32 (`bits` 32) or f64 (64), ties to even.
Literal parse_float(std::string_view text, int bits);

/// Whether the text is a number of any kind, in range or not.
bool is_number(std::string_view text);

}  // namespace wisp::text
