#include "abi/trace_text.hpp"

#include <array>
#include <bit>

namespace wisp::abi {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// Of larger sets of flags, those that are not set are named where they are fewer, and names share their beginnings.
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

namespace {

/// The bits from `bit` on whose names begin as its name does, up to the first underscore; itself at least.
u64 relatives(u64 bits, u32 bit, const std::string_view* names, u32 count) {
  const usize length = names[bit].find('_') + 1;
  u64 found = u64{1} << bit;
  for (u32 other = bit + 1; other < count && length != 0; ++other) {
    const bool is_set = ((bits >> other) & 1) != 0;
    if (is_set && names[other].starts_with(names[bit].substr(0, length))) found |= u64{1} << other;
  }
  return found;
}

/// The names of the bits without their first `skipped` characters.
void join(TraceText& out, u64 bits, const std::string_view* names, usize skipped, char between) {
  for (bool first = true; bits != 0; bits &= bits - 1, first = false) {
    if (!first) out.append({&between, 1});
    out.append(names[std::countr_zero(bits)].substr(skipped));
  }
}

/// Those of a large set share what their names begin with: `fd_{read,seek}|path_open`.
void group(TraceText& out, u64 bits, const std::string_view* names, u32 count) {
  for (bool first = true; bits != 0; first = false) {
    const u32 bit = static_cast<u32>(std::countr_zero(bits));
    const u64 same = relatives(bits, bit, names, count);
    bits &= ~same;
    if (!first) out.append("|");
    if (std::popcount(same) == 1) {
      out.append(names[bit]);
      continue;
    }
    const usize shared = names[bit].find('_') + 1;
    out.append(names[bit].substr(0, shared));
    out.append("{");
    join(out, same, names, shared, ',');
    out.append("}");
  }
}

}  // namespace

void render_flags(TraceText& out, u64 bits, const std::string_view* names, u32 count) {
  if (bits == 0) return out.append("0");
  const u64 known = count == 64 ? ~u64{0} : (u64{1} << count) - 1;
  if (count > most_named_flags && (bits & ~known) == 0 && std::popcount(bits) > static_cast<int>(count / 2)) {
    if (bits == known) return out.append("all");
    out.append("~(");
    render_flags(out, known & ~bits, names, count);
    return out.append(")");
  }
  if (count > most_named_flags) {
    group(out, bits & known, names, count);
  } else {
    join(out, bits & known, names, 0, '|');
  }
  const u64 unknown = bits & ~known;
  if (unknown == 0) return;
  if ((bits & known) != 0) out.append("|");
  out.hex(unknown);
}

}  // namespace wisp::abi
