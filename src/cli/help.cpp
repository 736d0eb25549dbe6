#include "cli/help.hpp"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "wisp/config.hpp"

#include "cli/message.hpp"
#include "cli/nearest.hpp"
#include "cli/units.hpp"

namespace wisp::cli {
namespace {

constexpr std::string_view group_titles[] = {"Files and sockets", "The program", "Limits", "Output and messages",
                                             "The engine"};

std::string show_option(const OptionInfo& option) {
  std::string head = option.short_name.empty() ? "    " : fmt::format("-{}, ", option.short_name);
  head += fmt::format("--{}", option.name);
  if (option.value_is_optional()) {
    head += fmt::format("[={}]", option.value.substr(1, option.value.size() - 2));
  } else if (!option.is_switch()) {
    head += fmt::format(" {}", option.value);
  }
  return fmt::format("  {:<35} {}\n", head, option.help);
}

std::string show_options(CommandKind command) {
  std::string out;
  for (usize group = 0; group < std::size(group_titles); ++group) {
    std::string lines;
    for (const OptionInfo& option : options()) {
      const bool shown = usize(option.group) == group && option.belongs_to(command) && !option.help.empty();
      if (shown) lines += show_option(option);
    }
    if (!lines.empty()) out += fmt::format("\n{}:\n{}", group_titles[group], lines);
  }
  return out;
}

std::string exit_codes_help() {
  return R"(Exit codes of `wisp run`. Those below 256 that a program exits with are passed on as they are, so they can be the same
as one of wisp's own; the message, or --error-format=json, tells them apart.

  0-255  the program's own
  64     the command line is wrong
  65     the file cannot be read, or is no valid WebAssembly module
  66     an import is missing
  70     wisp or its host failed
  74     the output cannot be written
  124    out of time (--timeout)
  130    interrupted (Ctrl-C)
  134    the program trapped
  137    out of memory (--max-memory)
  152    out of fuel (--fuel)

`wisp validate` ends with 65 if a module is not valid, `wisp wast` with 1 if an assertion fails.
)";
}

std::string sandbox_help() {
  return R"(A program sees nothing of this machine but what the command line grants it.

  standard input, output, error   always; -S inherit-stdin=n takes one away
  arguments                       what stands after FILE
  environment                     --env NAME=VALUE, --env NAME (the host's value), --inherit-env
  directories                     --dir HOST[::GUEST][::ro]
  directories in memory           --tmpfs GUEST[:SIZE]
  sockets                         --listen HOST:PORT: the program accepts connections, and opens none
  clocks and random numbers       always

  wisp --dir . app.wasm                        the current directory, as the program's current directory
  wisp --dir ./data::/data::ro app.wasm        ./data as /data, for reading only
  wisp --dir /srv/in::/in --tmpfs /tmp app.wasm

Names are looked up below the granted directory only: neither `..` nor a symbolic link leads out. What is refused is shown
once, with the option that would allow it.
)";
}

std::string features_help() {
  std::string out =
      "Features of WebAssembly, in the order of their introduction. --disable NAME switches one off, --enable NAME "
      "on.\n\n";
  for (const FeatureInfo& feature : features()) {
    out += fmt::format("  {:<24} {:<4} {}\n", feature.name, feature.on_by_default ? "on" : "off", feature.link);
  }
  return out;
}

std::string wasmtime_help() {
  std::string out =
      "Wasmtime's settings: -W KEY[=VAL], -S KEY[=VAL], ...; several are separated by commas. VAL is y or n where "
      "nothing\n"
      "else is said. The features of `wisp help features` are keys of -W.\n\n";
  for (const KeyInfo& key : wasmtime_keys()) {
    const std::string_view prefix = key.action == KeyAction::accept   ? "no effect: "
                                    : key.action == KeyAction::refuse ? "refused: "
                                                                      : "";
    out += fmt::format("  -{} {:<30} {}{}\n", key.group, key.key, prefix, key.help);
  }
  return out;
}

std::string messages_help() {
  std::string out = "Messages; `wisp help CODE` explains one.\n\n";
  for (const MessageInfo& message : messages()) out += fmt::format("  {}  {}\n", message.code, message.title);
  return out;
}

std::string message_help(const MessageInfo& message) {
  std::string out = fmt::format("{}: {}\n\n{}\n", message.code, message.title, message.help);
  if (message.exit_code != 0) out += fmt::format("\nExit code {}.\n", message.exit_code);
  return out;
}

/// "W0012", "w12"; null if there is none.
const MessageInfo* message_of_code(std::string_view code) {
  if (!code.starts_with('W') && !code.starts_with('w')) return nullptr;
  const std::optional<u64> number = parse_number(code.substr(1));
  for (const MessageInfo& message : messages()) {
    if (number && number == parse_number(message.code.substr(1))) return &message;
  }
  return nullptr;
}

struct Topic {
  std::string_view name;
  std::string_view help;
  std::string (*text)();
};

constexpr Topic topics[] = {
    {"sandbox", "what a program sees, and how to grant more", sandbox_help},
    {"exit-codes", "what the exit code means", exit_codes_help},
    {"features", "features of WebAssembly and how to switch them", features_help},
    {"messages", "all messages and their codes", messages_help},
    {"wasmtime", "Wasmtime's settings that work here", wasmtime_help},
};

}  // namespace

std::string short_usage() {
  return "usage: wisp [OPTIONS] FILE [ARGS…]    run a WebAssembly program\n"
         "       wisp help                       show commands and topics\n";
}

std::string general_help() {
  std::string out =
      "wisp runs WebAssembly programs against WASI.\n\nusage: wisp [run] [OPTIONS] FILE [ARGS…]\n\nCommands:\n";
  for (const CommandInfo& command : commands()) out += fmt::format("  {:<12} {}\n", command.name, command.help);
  out += "\nTopics (`wisp help TOPIC`):\n";
  for (const Topic& topic : topics) out += fmt::format("  {:<12} {}\n", topic.name, topic.help);
  out +=
      "\n`wisp help run` lists the options for running a program. Everything after FILE belongs to the program.\n\n"
      "  wisp app.wasm                      run it; it sees no files\n"
      "  wisp --dir . app.wasm in.txt       run it in the current directory\n"
      "  wisp --invoke add math.wasm 1 2    call a function\n";
  return out;
}

std::string command_help(CommandKind command) {
  const CommandInfo& about = info(command);
  const std::string_view help = command == CommandKind::run ? "run a program" : about.help;
  return fmt::format("{}\n\nusage: {}\n{}", help, about.usage, show_options(command));
}

std::string help_about(std::string_view topic) {
  if (const CommandInfo* command = find_command(topic)) return command_help(command->kind);
  if (const MessageInfo* message = message_of_code(topic)) return message_help(*message);
  std::vector<std::string_view> names;
  for (const Topic& known : topics) {
    if (known.name == topic) return known.text();
    names.push_back(known.name);
  }
  for (const CommandInfo& command : commands()) names.push_back(command.name);
  Message message(MessageId::unknown_topic, fmt::format("there is no help about {}", printable(topic)));
  const std::string_view near = nearest(topic, names);
  if (!near.empty()) message.hint(fmt::format("did you mean `wisp help {}`?", near));
  throw Failure(message.hint("`wisp help` lists commands and topics"));
}

}  // namespace wisp::cli
