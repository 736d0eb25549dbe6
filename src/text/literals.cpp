#include "text/literals.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <string>

namespace wisp::text {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// Takes a leading `0x` off.
bool take_hex(std::string_view& text) {
  if (!text.starts_with("0x")) return false;
  text.remove_prefix(2);
  return true;
}

/// Takes a leading sign off; true if it is a minus.
bool take_sign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

/// Length of the leading digits, single underscores between them included; 0 if there are none or an underscore is
/// not between two digits.
usize digits_length(std::string_view text, int base) {
  usize length = 0;
  bool digit_before = false;
  while (length < text.size()) {
    const bool digit = digit_value(text[length]) < base;
    if (!digit && (text[length] != '_' || !digit_before)) break;
    digit_before = digit;
    ++length;
  }
  return digit_before ? length : 0;
}

/// The sign is taken off already.
Literal parse_magnitude(std::string_view text) {
  const int base = take_hex(text) ? 16 : 10;
  if (text.empty() || digits_length(text, base) != text.size()) return {};
  u64 value = 0;
  for (char c : text) {
    if (c == '_') continue;
    u64 scaled = 0;
    if (__builtin_mul_overflow(value, u64(base), &scaled) ||
        __builtin_add_overflow(scaled, u64(digit_value(c)), &value)) {
      return {LiteralStatus::out_of_range, 0};
    }
  }
  return {LiteralStatus::ok, value};
}

u64 low_mask(int bits) {
  return bits == 64 ? ~u64{0} : (u64{1} << bits) - 1;
}

struct FloatFormat {
  int bits;
  int mantissa_bits;  // stored ones
  int bias;

  u64 exponent_mask() const { return low_mask(bits - 1) & ~low_mask(mantissa_bits); }
  u64 sign() const { return u64{1} << (bits - 1); }
};

FloatFormat format_of(int bits) {
  return bits == 32 ? FloatFormat{32, 23, 127} : FloatFormat{64, 52, 1023};
}

/// A float literal taken apart: `integer[.fraction][exponent]`.
struct FloatParts {
  std::string_view integer;
  std::string_view fraction;
  std::string_view exponent;  // with its sign, without the letter
};

std::optional<FloatParts> split_float(std::string_view text, bool hex) {
  const int base = hex ? 16 : 10;
  FloatParts parts;
  parts.integer = text.substr(0, digits_length(text, base));
  if (parts.integer.empty()) return std::nullopt;
  text.remove_prefix(parts.integer.size());
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = text.substr(0, digits_length(text, base));
    text.remove_prefix(parts.fraction.size());
  }
  const char letter = hex ? 'p' : 'e';
  if (!text.empty() && (text[0] | 0x20) == letter) {
    text.remove_prefix(1);
    parts.exponent = text;
    take_sign(text);
    const usize length = digits_length(text, 10);
    if (length == 0 || length != text.size()) return std::nullopt;
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  return parts;
}

/// The exponent as a number, held within ±2^40: far outside what any literal of an allowed length can make up for.
i64 exponent_value(std::string_view text) {
  constexpr i64 bound = i64{1} << 40;
  const bool negative = take_sign(text);
  i64 value = 0;
  for (char c : text) {
    if (c != '_') value = std::min(value * 10 + digit_value(c), bound);
  }
  return negative ? -value : value;
}

/// `significand` × 2^`exponent`, `sticky` if something below its last bit was cut off.
Literal round_binary(u64 significand, i64 exponent, bool sticky, const FloatFormat& format) {
  if (significand == 0) return {LiteralStatus::ok, 0};
  const int width = 64 - std::countl_zero(significand);
  // The exponent of the leading bit, then the one of the last bit that the format keeps.
  const i64 leading = exponent + width - 1;
  const i64 least = 1 - format.bias;
  const i64 last = std::max(leading, least) - format.mantissa_bits;
  const i64 cut = last - exponent;
  u64 kept = 0;
  if (cut <= 0) {
    kept = significand << -cut;
  } else if (cut <= 64) {
    kept = cut == 64 ? 0 : significand >> cut;
    const u64 half = u64{1} << (cut - 1);
    const bool above = (significand & (half - 1)) != 0 || sticky;
    if ((significand & half) != 0 && (above || (kept & 1) != 0)) ++kept;
  }
  const i64 biased = std::max(leading, least) + format.bias;
  if (biased >= 2 * format.bias + 1) return {LiteralStatus::out_of_range, 0};
  // A carry out of the mantissa raises the exponent by itself; a subnormal has no implicit bit to take off.
  const u64 bits = (u64(biased - 1) << format.mantissa_bits) + kept;
  if (bits >= format.exponent_mask()) return {LiteralStatus::out_of_range, 0};
  return {LiteralStatus::ok, bits};
}

Literal parse_hex_float(std::string_view text, const FloatFormat& format) {
  const std::optional<FloatParts> parts = split_float(text, true);
  if (!parts) return {};
  u64 significand = 0;
  i64 exponent = exponent_value(parts->exponent);
  bool sticky = false;
  auto add = [&](std::string_view digits, bool fraction) {
    for (char c : digits) {
      if (c == '_') continue;
      if (significand >> 59 == 0) {
        significand = significand * 16 + u64(digit_value(c));
        if (fraction) exponent -= 4;
      } else {
        sticky |= c != '0';
        if (!fraction) exponent += 4;
      }
    }
  };
  add(parts->integer, false);
  add(parts->fraction, true);
  return round_binary(significand, exponent, sticky, format);
}

/// Whether a decimal literal that no finite non-zero float is near to is too small rather than too large.
bool is_tiny(const FloatParts& parts) {
  i64 leading = 0;  // decimal exponent just above the first digit that is not zero
  bool found = false;
  for (char c : parts.integer) {
    if (c == '_') continue;
    found |= c != '0';
    if (found) ++leading;
  }
  for (char c : parts.fraction) {
    if (found) break;
    if (c == '_') continue;
    found = c != '0';
    if (!found) --leading;
  }
  return !found || leading + exponent_value(parts.exponent) < 0;
}

template <class T, class Bits>
Literal convert_decimal(const std::string& digits, const FloatParts& parts) {
  T value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status == std::errc::result_out_of_range || std::isinf(value)) {
    return is_tiny(parts) ? Literal{LiteralStatus::ok, 0} : Literal{LiteralStatus::out_of_range, 0};
  }
  if (status != std::errc{} || end != digits.data() + digits.size()) return {};
  return {LiteralStatus::ok, std::bit_cast<Bits>(value)};
}

Literal parse_decimal_float(std::string_view text, int bits) {
  const std::optional<FloatParts> parts = split_float(text, false);
  if (!parts) return {};
  std::string digits;
  digits.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c != '_'; });
  return bits == 32 ? convert_decimal<f32, u32>(digits, *parts) : convert_decimal<f64, u64>(digits, *parts);
}

Literal parse_nan(std::string_view text, const FloatFormat& format) {
  const u64 quiet = u64{1} << (format.mantissa_bits - 1);
  if (text == "nan") return {LiteralStatus::ok, format.exponent_mask() | quiet};
  text.remove_prefix(3);
  if (!text.starts_with(":0x")) return {};
  const Literal payload = parse_magnitude(text.substr(1));
  if (payload.status != LiteralStatus::ok) return payload;
  if (payload.bits == 0 || payload.bits > low_mask(format.mantissa_bits)) return {LiteralStatus::out_of_range, 0};
  return {LiteralStatus::ok, format.exponent_mask() | payload.bits};
}

}  // namespace

Literal parse_unsigned(std::string_view text, int bits) {
  Literal literal = parse_magnitude(text);
  if (literal.status == LiteralStatus::ok && literal.bits > low_mask(bits)) return {LiteralStatus::out_of_range, 0};
  return literal;
}

Literal parse_integer(std::string_view text, int bits) {
  const bool negative = take_sign(text);
  Literal literal = parse_unsigned(text, bits);
  if (literal.status != LiteralStatus::ok || !negative) return literal;
  if (literal.bits > u64{1} << (bits - 1)) return {LiteralStatus::out_of_range, 0};
  return {LiteralStatus::ok, (u64{0} - literal.bits) & low_mask(bits)};
}

Literal parse_float(std::string_view text, int bits) {
  const FloatFormat format = format_of(bits);
  const bool negative = take_sign(text);
  Literal literal;
  if (text == "inf") {
    literal = {LiteralStatus::ok, format.exponent_mask()};
  } else if (text.starts_with("nan")) {
    literal = parse_nan(text, format);
  } else if (take_hex(text)) {
    literal = parse_hex_float(text, format);
  } else {
    literal = parse_decimal_float(text, bits);
  }
  if (literal.status == LiteralStatus::ok && negative) literal.bits |= format.sign();
  return literal;
}

bool is_number(std::string_view text) {
  return parse_float(text, 64).status != LiteralStatus::not_a_number;
}

}  // namespace wisp::text
