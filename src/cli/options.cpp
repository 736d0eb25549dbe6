#include "cli/options.hpp"

namespace wisp::cli {
namespace {

constexpr CommandInfo command_table[] = {
    {CommandKind::run, "run", 'r', "wisp [run] [OPTIONS] FILE [ARGS…]", "run a program (the command may be left out)"},
    {CommandKind::compile, "compile", 'o', "wisp compile [OPTIONS] FILE -o OUT",
     "compile a program ahead of time, for `wisp run --precompiled`"},
    {CommandKind::validate, "validate", 'v', "wisp validate [OPTIONS] FILE…", "check that modules are valid"},
    {CommandKind::inspect, "inspect", 'i', "wisp inspect [OPTIONS] FILE",
     "show a module's sections, types, imports, exports and producers"},
    {CommandKind::wat, "wat", 'w', "wisp wat [OPTIONS] FILE", "print a module in the text format"},
    {CommandKind::wast, "wast", 't', "wisp wast [OPTIONS] FILE|FOLDER…",
     "run test scripts of the WebAssembly specification"},
    {CommandKind::cache, "cache", 'c', "wisp cache [OPTIONS] stats|clean", "show or empty the cache of compiled code"},
    {CommandKind::help, "help", '-', "wisp help [COMMAND|TOPIC|CODE]", "explain a command, a topic or a message"},
    {CommandKind::version, "version", '-', "wisp version", "show the version"},
};

constexpr OptionInfo option_table[] = {
#define WISP_OPTION(enumerator, commands, short_name, name, value, group, help) \
  {Option::enumerator, commands, short_name, name, value, OptionGroup::group, help},
#include "cli/options.def"
#undef WISP_OPTION
};

constexpr KeyInfo key_table[] = {
#define WISP_KEY(group, key, action, option, help) {group, key, KeyAction::action, Option::option, help},
#include "cli/wasmtime.def"
#undef WISP_KEY
};

}  // namespace

std::span<const CommandInfo> commands() {
  return command_table;
}

const CommandInfo& info(CommandKind command) {
  return command_table[usize(command)];
}

const CommandInfo* find_command(std::string_view name) {
  for (const CommandInfo& command : command_table) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

bool OptionInfo::belongs_to(CommandKind command) const {
  return commands == "*" || commands.find(info(command).letter) != commands.npos;
}

std::span<const OptionInfo> options() {
  return option_table;
}

const OptionInfo& info(Option option) {
  return option_table[usize(option)];
}

const OptionInfo* find_option(std::string_view name) {
  for (const OptionInfo& option : option_table) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

const OptionInfo* find_short_option(char name) {
  for (const OptionInfo& option : option_table) {
    if (option.short_name == std::string_view(&name, 1)) return &option;
  }
  return nullptr;
}

std::span<const KeyInfo> wasmtime_keys() {
  return key_table;
}

}  // namespace wisp::cli
