#pragma once

#include <string>
#include <string_view>

namespace wisp::cli {

/// Writes to standard output. Throws `Failure` if it cannot.
void print_out(std::string_view text);
/// Replaces a file's contents; an empty path is standard output. Throws `Failure`.
void write_file(const std::string& path, std::string_view text);

}  // namespace wisp::cli
