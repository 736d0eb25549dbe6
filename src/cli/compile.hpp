#pragma once

#include "cli/command_line.hpp"
#include "cli/message.hpp"

namespace wisp::cli {

/// `wisp compile`: the exit code. Throws `Failure`.
int compile(const Invocation& invocation, const Reporter& reporter);

}  // namespace wisp::cli
