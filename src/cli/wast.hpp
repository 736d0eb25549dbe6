#pragma once

#include "cli/command_line.hpp"

namespace wisp::cli {

/// `wisp wast`: runs test scripts of the specification. The exit code: 1 if anything in them failed. Throws `Failure`.
int wast(const Invocation& invocation);

}  // namespace wisp::cli
