#pragma once

#include "cli/command_line.hpp"

namespace wisp::cli {

/// `wisp compile`: the exit code. Throws `Failure`.
int compile(const Invocation& invocation);

}  // namespace wisp::cli
