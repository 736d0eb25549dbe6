#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/int.hpp"

namespace wisp::cli {

enum class CommandKind : u8 { run, compile, validate, inspect, wat, wast, cache, help, version };

struct CommandInfo {
  CommandKind kind;
  std::string_view name;
  char letter;  // in options.def
  std::string_view usage;
  std::string_view help;
};

std::span<const CommandInfo> commands();
const CommandInfo& info(CommandKind command);
/// Null if there is none.
const CommandInfo* find_command(std::string_view name);

enum class OptionGroup : u8 { files, program, limits, diagnostics, engine };

enum class Option : u8 {
#define WISP_OPTION(enumerator, commands, short_name, name, value, group, help) enumerator,
#include "cli/options.def"
#undef WISP_OPTION
  none,
};

struct OptionInfo {
  Option option;
  std::string_view commands;
  std::string_view short_name;
  std::string_view name;
  std::string_view value;
  OptionGroup group;
  std::string_view help;

  bool is_switch() const { return value.empty(); }
  bool value_is_optional() const { return value.starts_with('['); }
  bool belongs_to(CommandKind command) const;
};

std::span<const OptionInfo> options();
const OptionInfo& info(Option option);
/// By long name; null if there is none.
const OptionInfo* find_option(std::string_view name);
/// By short name; null if there is none.
const OptionInfo* find_short_option(char name);

/// What becomes of a key of Wasmtime's.
enum class KeyAction : u8 { forward, turn_on, accept, refuse, special };

struct KeyInfo {
  char group;
  std::string_view key;
  KeyAction action;
  Option option;
  std::string_view help;
};

std::span<const KeyInfo> wasmtime_keys();

}  // namespace wisp::cli
