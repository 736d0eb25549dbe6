#pragma once

#include "cli/command_line.hpp"
#include "cli/message.hpp"

namespace wisp::cli {

/// The host's environment variables, as `main` gets them.
using HostEnvironment = const char* const*;

/// `wisp run`: the exit code. Throws `Failure`.
int run(const Invocation& invocation, const Reporter& reporter, HostEnvironment environment);

}  // namespace wisp::cli
