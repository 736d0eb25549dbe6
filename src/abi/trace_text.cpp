#include "abi/trace_text.hpp"

#include <array>
#include <bit>

namespace wisp::abi {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// Of larger sets of flags, those that are not set are named where they are fewer.
constexpr u32 most_named_flags = 8;

/// The letter behind the backslash for the control characters that have one.
char short_escape(u8 byte) {
  switch (byte) {
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\0':
      return '0';
    case '"':
      return '"';
    case '\\':
      return '\\';
    default:
      return 0;
  }
}

}  // namespace

void TraceText::hex(u64 value) {
  std::array<char, 16> digits;
  usize at = digits.size();
  do {
    digits[--at] = hex_digits[value & 15];
    value >>= 4;
  } while (value != 0);
  text_ += "0x";
  text_.append(&digits[at], digits.size() - at);
}

void TraceText::quoted(Bytes bytes) {
  const Bytes shown = bytes.first(std::min(bytes.size(), max_quoted_bytes));
  text_ += '"';
  for (const u8 byte : shown) {
    if (const char letter = short_escape(byte); letter != 0) {
      text_ += '\\';
      text_ += letter;
    } else if (byte >= 0x20 && byte < 0x7f) {
      text_ += static_cast<char>(byte);
    } else {
      text_ += "\\x";
      text_ += hex_digits[byte >> 4];
      text_ += hex_digits[byte & 15];
    }
  }
  text_ += '"';
  if (shown.size() < bytes.size()) text_ += "...";
}

void render_flags(TraceText& out, u64 bits, const std::string_view* names, u32 count) {
  if (bits == 0) return out.append("0");
  const u64 known = count == 64 ? ~u64{0} : (u64{1} << count) - 1;
  if (count > most_named_flags && (bits & ~known) == 0 && std::popcount(bits) > static_cast<int>(count / 2)) {
    if (bits == known) return out.append("all");
    out.append("~(");
    render_flags(out, known & ~bits, names, count);
    return out.append(")");
  }
  bool first = true;
  for (u32 bit = 0; bit < count; ++bit) {
    if (((bits >> bit) & 1) == 0) continue;
    if (!first) out.append("|");
    out.append(names[bit]);
    first = false;
  }
  const u64 unknown = bits & ~known;
  if (unknown == 0) return;
  if (!first) out.append("|");
  out.hex(unknown);
}

}  // namespace wisp::abi
