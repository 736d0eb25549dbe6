#pragma once

#include <string>

#include "wisp/module.hpp"

#include "api/file_bytes.hpp"
#include "cli/message.hpp"

namespace wisp::cli {

/// A whole file; "-" is standard input. Throws `Failure`.
FileBytes read_file(const std::string& path);

/// A module in either format. Throws `Failure` with what is wrong with the file.
Module load_module(const Engine& engine, const std::string& path);

/// What the library says about a file. `source` is the file's text if the error's offset is one in it, else empty.
Message about_file(const Error& error, const std::string& path, std::string_view source = {});

/// Whether imports from this module are WASI's.
bool is_wasi(std::string_view module);

/// The last part of a path: what a program is called.
std::string base_name(std::string_view path);

}  // namespace wisp::cli
