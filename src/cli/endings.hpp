#pragma once

#include <string>

#include "wisp/error.hpp"
#include "wisp/trap.hpp"

#include "cli/command_line.hpp"
#include "cli/message.hpp"

namespace wisp::cli {

/// How a guest ended other than by returning or exiting.
Message about_trap(const Trap& trap, const std::string& file, const Invocation& invocation);

/// Why a guest could not be started.
Message about_start(const Error& error, const std::string& file, const Invocation& invocation);

}  // namespace wisp::cli
