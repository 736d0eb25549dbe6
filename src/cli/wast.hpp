#pragma once

#include "cli/command_line.hpp"

namespace wisp::cli {

/// `wisp wast`: the exit code. Throws `Failure`.
int wast(const Invocation& invocation);

}  // namespace wisp::cli
