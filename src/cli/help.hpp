#pragma once

#include <string>
#include <string_view>

#include "cli/options.hpp"

namespace wisp::cli {

/// What the command says when it is called without arguments.
std::string short_usage();
/// `wisp help`
std::string general_help();
/// `wisp help COMMAND`
std::string command_help(CommandKind command);
/// `wisp help TOPIC`, or of a message's code, or of a command. Throws `Failure`.
std::string help_about(std::string_view topic);

}  // namespace wisp::cli
