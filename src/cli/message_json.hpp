#pragma once

#include <string>

#include "cli/message.hpp"

namespace wisp::cli {

/// The message as one line of JSON with the fields that it has: level, code, message, file, offset, line, column,
/// exit_code, details, items, backtrace, hints.
std::string render_json(const Message& message);

}  // namespace wisp::cli
