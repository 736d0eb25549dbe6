#pragma once

#include <string>
#include <string_view>

namespace wisp::cli {

/// Writes to standard output. Throws `Failure` if it cannot.
void print_out(std::string_view text);
/// Replaces a file, in whole or not at all; an empty path is standard output. What is no regular file is written to,
/// and so is one beside which none can be made. Throws `Failure`.
void write_file(const std::string& path, std::string_view text);
/// Throws `Failure` if `write_file` would find no place to write to. Leaves everything as it is.
void check_place(const std::string& path);

}  // namespace wisp::cli
