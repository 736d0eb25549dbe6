#pragma once

#include <string>
#include <string_view>

#include "cli/command_line.hpp"

namespace wisp::cli {

/// The settings "KEY[=VAL],…" of one of Wasmtime's option groups. Throws `Failure`.
void apply_wasmtime_keys(Invocation& to, const OptionInfo& option, std::string_view list);

/// One option of ours, as if it stood on the command line. Throws `Failure`.
void apply(Invocation& to, Option option, const std::string& value);

}  // namespace wisp::cli
