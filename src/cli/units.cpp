#include "cli/units.hpp"

#include <charconv>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace wisp::cli {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"K", 1024.0},
    {"KB", 1024.0},
    {"KiB", 1024.0},
    {"M", 1048576.0},
    {"MB", 1048576.0},
    {"MiB", 1048576.0},
    {"G", 1073741824.0},
    {"GB", 1073741824.0},
    {"GiB", 1073741824.0},
};
constexpr Unit time_units[] = {
    {"", 1e9}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9},
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (usize i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

/// A number with a unit, rounded to whole smallest units; nothing if it does not fit 63 bits.
std::optional<u64> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || rest == text.data() || !std::isfinite(number) || number < 0) return std::nullopt;
  std::string_view name(rest, usize(end - rest));
  if (name.starts_with(' ')) name.remove_prefix(1);
  for (const Unit& unit : units) {
    if (!same_word(name, unit.name)) continue;
    const double value = number * unit.factor + 0.5;
    return value < 0x1p63 ? std::optional(u64(value)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<u64> parse_number(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c != '_') digits.push_back(c);
  }
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  const char* begin = digits.data() + (hex ? 2 : 0);
  const char* end = digits.data() + digits.size();
  u64 value = 0;
  const auto [rest, error] = std::from_chars(begin, end, value, hex ? 16 : 10);
  if (error != std::errc() || rest != end || begin == end) return std::nullopt;
  return value;
}

std::optional<u64> parse_size(std::string_view text) {
  if (std::optional<u64> plain = parse_number(text)) return plain;
  return parse_with_unit(text, size_units);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const std::optional<u64> nanoseconds = parse_with_unit(text, time_units);
  if (!nanoseconds) return std::nullopt;
  return std::chrono::nanoseconds(i64(*nanoseconds));
}

std::string show_size(u64 size_bytes) {
  constexpr std::pair<u64, std::string_view> steps[] = {
      {u64{1} << 30, "GiB"}, {u64{1} << 20, "MiB"}, {u64{1} << 10, "KiB"}};
  for (const auto& [factor, name] : steps) {
    if (size_bytes < factor) continue;
    if (size_bytes % factor == 0) return fmt::format("{} {}", size_bytes / factor, name);
    return fmt::format("{:.1f} {}", double(size_bytes) / double(factor), name);
  }
  return fmt::format("{} byte{}", size_bytes, size_bytes == 1 ? "" : "s");
}

std::string show_duration(std::chrono::nanoseconds duration) {
  const auto count = double(duration.count());
  if (count >= 1e9) return fmt::format("{:.3g} s", count / 1e9);
  if (count >= 1e6) return fmt::format("{:.3g} ms", count / 1e6);
  return fmt::format("{:.3g} us", count / 1e3);
}

}  // namespace wisp::cli
