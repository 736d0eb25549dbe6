#pragma once

#include <span>
#include <string_view>

#include "cli/run.hpp"

namespace wisp::cli {

/// The whole command: its exit code.
int app(std::span<const std::string_view> arguments, HostEnvironment environment);

}  // namespace wisp::cli
