#pragma once

#include <string>

#include "sys/node.hpp"

/// Streams without an operating system behind them, for embedders.
namespace wisp::sys {

/// A stream that reads `text` and then ends.
std::unique_ptr<Node> make_text_input(std::string text);

/// A stream whose output is appended to `*sink`, which outlives it. Beyond `limit_bytes` it reports `nospc`.
std::unique_ptr<Node> make_text_output(std::string* sink, usize limit_bytes);

/// A stream that ends at once when read and swallows what is written.
std::unique_ptr<Node> make_null_stream();

}  // namespace wisp::sys
