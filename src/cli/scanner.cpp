#include "cli/scanner.hpp"

#include <fmt/format.h>

#include "cli/message.hpp"
#include "cli/nearest.hpp"

namespace wisp::cli {
namespace {

[[noreturn]] void unknown_option(std::string_view given, CommandKind command) {
  const std::string_view name = given.substr(0, given.find('='));
  Message message(MessageId::unknown_option, fmt::format("there is no option {}", printable(name)));
  std::vector<std::string_view> names;
  for (const OptionInfo& option : options()) {
    if (!option.help.empty()) names.push_back(option.name);
  }
  const std::string_view near = nearest(name.substr(std::min(name.find_first_not_of('-'), name.size())), names);
  if (!near.empty()) message.hint(fmt::format("did you mean --{}?", near));
  message.hint(fmt::format("`wisp help {}` lists the options; what is meant for the program stands after FILE",
                           info(command).name));
  throw Failure(message);
}

void check_belongs(const OptionInfo& option, CommandKind command) {
  if (option.belongs_to(command) || info(command).letter == '-') return;
  Message message(MessageId::wrong_command,
                  fmt::format("`wisp {}` has no option --{}", info(command).name, option.name));
  for (const CommandInfo& other : commands()) {
    if (option.belongs_to(other.kind)) message.hint(fmt::format("it belongs to `wisp {}`", other.name));
  }
  throw Failure(message);
}

/// Wasmtime's line has the value behind the option: `--profile guest app.wasm`. What can be nothing else is taken so.
bool is_profile(std::string_view word) {
  return word == "perfmap" || word == "jitdump" || word == "guest" || word.starts_with("guest,");
}

class Scanner {
 public:
  explicit Scanner(std::span<const std::string_view> arguments) : arguments_(arguments) {}

  Scanned scan() {
    while (next_ < arguments_.size()) {
      const std::string_view argument = arguments_[next_++];
      if (argument == "--" && !only_files_) {
        only_files_ = true;
      } else if (!only_files_ && argument.starts_with("--")) {
        long_option(argument);
      } else if (!only_files_ && argument.size() > 1 && argument.starts_with('-')) {
        short_option(argument);
      } else {
        word(argument);
      }
    }
    for (const Given& given : result_.options) check_belongs(*given.option, result_.command);
    return std::move(result_);
  }

 private:
  void word(std::string_view argument) {
    const CommandInfo* command = find_command(argument);
    if (command != nullptr && !result_.command_was_named && !only_files_ && result_.files.empty()) {
      result_.command = command->kind;
      result_.command_was_named = true;
      return;
    }
    result_.files.emplace_back(argument);
    if (result_.command != CommandKind::run) return;
    for (; next_ < arguments_.size(); ++next_) result_.arguments.emplace_back(arguments_[next_]);
  }

  void long_option(std::string_view argument) {
    const usize equals = argument.find('=');
    const OptionInfo* option = find_option(argument.substr(2, equals == argument.npos ? equals : equals - 2));
    if (option == nullptr) unknown_option(argument, result_.command);
    if (equals == argument.npos) {
      add(*option, {}, false);
    } else {
      add(*option, argument.substr(equals + 1), true);
    }
  }

  /// `-Wkey`, `-W key`, `-W=key`, `-h`
  void short_option(std::string_view argument) {
    const OptionInfo* option = find_short_option(argument[1]);
    if (option == nullptr) unknown_option(argument, result_.command);
    std::string_view rest = argument.substr(2);
    if (rest.starts_with('=')) rest.remove_prefix(1);
    if (option->is_switch() && !rest.empty()) unknown_option(argument, result_.command);
    add(*option, rest, argument.size() > 2);
  }

  void add(const OptionInfo& option, std::string_view value, bool has_value) {
    if (option.is_switch() && has_value) {
      throw Failure(Message(MessageId::missing_value, fmt::format("--{} takes no value", option.name)));
    }
    if (!option.is_switch() && !option.value_is_optional() && !has_value) {
      if (next_ == arguments_.size()) {
        const std::string name =
            option.short_name.empty() ? fmt::format("--{}", option.name) : fmt::format("-{}", option.short_name);
        throw Failure(Message(MessageId::missing_value, fmt::format("{} needs a value", name))
                          .hint(fmt::format("{} {}", name, option.value)));
      }
      value = arguments_[next_++];
      has_value = true;
    }
    if (option.option == Option::profile && !has_value && next_ < arguments_.size() && is_profile(arguments_[next_])) {
      value = arguments_[next_++];
      has_value = true;
    }
    result_.options.push_back({&option, std::string(value), has_value});
  }

  std::span<const std::string_view> arguments_;
  usize next_ = 0;
  bool only_files_ = false;
  Scanned result_;
};

}  // namespace

Scanned scan(std::span<const std::string_view> arguments) {
  return Scanner(arguments).scan();
}

}  // namespace wisp::cli
