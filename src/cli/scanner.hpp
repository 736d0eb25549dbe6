#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.hpp"

namespace wisp::cli {

/// An option of the command line with its value.
struct Given {
  const OptionInfo* option = nullptr;
  std::string value;
  bool has_value = false;
};

/// A command line taken apart, its values not looked at.
struct Scanned {
  CommandKind command = CommandKind::run;
  bool command_was_named = false;
  std::vector<Given> options;
  std::vector<std::string> files;
  std::vector<std::string> arguments;  // of the program
};

/// Throws `Failure`.
Scanned scan(std::span<const std::string_view> arguments);

}  // namespace wisp::cli
