#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/int.hpp"

namespace wisp::cli {

/// A whole number, decimal or 0x hexadecimal; `_` may separate digits.
std::optional<u64> parse_number(std::string_view text);
/// "64M", "64MiB", "1.5G", "4096": bytes. K, M, G are powers of 1024.
std::optional<u64> parse_size(std::string_view text);
/// "100ms", "1.5s", "2m", "30" (seconds).
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// "64 MiB", "35.4 KiB", "17 bytes".
std::string show_size(u64 size_bytes);
/// "1.5 s", "20 ms", "3.2 us".
std::string show_duration(std::chrono::nanoseconds duration);

}  // namespace wisp::cli
