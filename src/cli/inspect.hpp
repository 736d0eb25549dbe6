#pragma once

#include "cli/command_line.hpp"

namespace wisp::cli {

/// `wisp inspect`: the exit code. Throws `Failure`.
int inspect(const Invocation& invocation);

}  // namespace wisp::cli
