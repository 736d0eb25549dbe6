#include "cli/values.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/int.hpp"
#include "cli/units.hpp"

namespace wisp::cli {
namespace {

/// Signed or unsigned; the bits of either.
template <class Unsigned>
std::optional<Unsigned> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::optional<u64> magnitude = parse_number(text);
  if (!magnitude) return std::nullopt;
  constexpr u64 max = std::numeric_limits<Unsigned>::max();
  if (!negative) return *magnitude <= max ? std::optional(Unsigned(*magnitude)) : std::nullopt;
  return *magnitude <= max / 2 + 1 ? std::optional(Unsigned(0 - *magnitude)) : std::nullopt;
}

template <class Float>
std::optional<Float> parse_float(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const bool hex = text.starts_with("0x") || text.starts_with("-0x");
  const bool negative = text.starts_with('-');
  const usize digits = hex ? (negative ? 3 : 2) : 0;
  Float value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] =
      std::from_chars(text.data() + digits, end, value, hex ? std::chars_format::hex : std::chars_format::general);
  if (error != std::errc() || rest != end) return std::nullopt;
  return hex && negative ? -value : value;
}

std::optional<Value> parse_v128(std::string_view text) {
  if (!text.starts_with("0x") || text.size() != 34) return std::nullopt;
  V128 value;
  for (usize i = 0; i < 16; ++i) {
    const std::string_view pair = text.substr(2 + 2 * i, 2);
    const auto [rest, error] = std::from_chars(pair.data(), pair.data() + 2, value.bytes[15 - i], 16);
    if (error != std::errc() || rest != pair.data() + 2) return std::nullopt;
  }
  return Value(value);
}

template <class T>
std::optional<Value> as_value(std::optional<T> parsed) {
  if (!parsed) return std::nullopt;
  return Value(*parsed);
}

template <class Float>
std::string show_float(Float value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return fmt::format("{}", value);
}

}  // namespace

std::optional<Value> parse_value(std::string_view text, const ValType& type) {
  switch (type.kind()) {
    case ValType::Kind::i32:
      return as_value(parse_integer<u32>(text));
    case ValType::Kind::i64:
      return as_value(parse_integer<u64>(text));
    case ValType::Kind::f32:
      return as_value(parse_float<float>(text));
    case ValType::Kind::f64:
      return as_value(parse_float<double>(text));
    case ValType::Kind::v128:
      return parse_v128(text);
    case ValType::Kind::ref:
      if (text != "null" || !type.nullable()) return std::nullopt;
      return Value::null(type.heap());
  }
  return std::nullopt;
}

std::string show_value(const Value& value) {
  switch (value.type().kind()) {
    case ValType::Kind::i32:
      return fmt::format("{}", value.i32());
    case ValType::Kind::i64:
      return fmt::format("{}", value.i64());
    case ValType::Kind::f32:
      return show_float(value.f32());
    case ValType::Kind::f64:
      return show_float(value.f64());
    case ValType::Kind::v128: {
      std::string out = "0x";
      const V128 bits = value.v128();
      for (usize i = 16; i-- > 0;) out += fmt::format("{:02x}", bits.bytes[i]);
      return out;
    }
    case ValType::Kind::ref:
      break;
  }
  return value.is_null() ? "null" : value.to_string();
}

std::string_view describe_values(const ValType& type) {
  switch (type.kind()) {
    case ValType::Kind::i32:
      return "a whole number from -2147483648 to 4294967295";
    case ValType::Kind::i64:
      return "a whole number of at most 64 bits";
    case ValType::Kind::f32:
    case ValType::Kind::f64:
      return "a number, inf or nan";
    case ValType::Kind::v128:
      return "0x and 32 hexadecimal digits";
    case ValType::Kind::ref:
      break;
  }
  return type.nullable() ? "null" : "a reference, which cannot be written on a command line";
}

}  // namespace wisp::cli
