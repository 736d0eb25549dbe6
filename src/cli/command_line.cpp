#include "cli/command_line.hpp"

#include <fmt/format.h>

#include "wisp/sample.hpp"

#include "cli/grants.hpp"
#include "cli/nearest.hpp"
#include "cli/scanner.hpp"
#include "cli/units.hpp"
#include "cli/wasmtime.hpp"

namespace wisp::cli {
namespace {

[[noreturn]] void bad_value(Option option, std::string_view value, std::string_view why) {
  const OptionInfo& about = info(option);
  throw Failure(Message(MessageId::bad_value, fmt::format("--{} {}: {}", about.name, printable(value), why))
                    .hint(fmt::format("--{} {}", about.name, about.value)));
}

u64 number(Option option, std::string_view value) {
  if (const std::optional<u64> parsed = parse_number(value)) return *parsed;
  bad_value(option, value, "not a whole number");
}

u64 size(Option option, std::string_view value) {
  const std::optional<u64> parsed = parse_size(value);
  if (parsed && *parsed > 0) return *parsed;
  bad_value(option, value, "not a size; 64M, 1G and 4096 are sizes");
}

std::chrono::nanoseconds duration(Option option, std::string_view value) {
  const std::optional<std::chrono::nanoseconds> parsed = parse_duration(value);
  if (parsed && parsed->count() > 0) return *parsed;
  bad_value(option, value, "not a duration; 500ms, 10s and 2m are durations");
}

/// What is between commas, also where that is nothing.
std::vector<std::string> fields(std::string_view list) {
  std::vector<std::string> words;
  while (true) {
    const usize comma = std::min(list.find(','), list.size());
    words.emplace_back(list.substr(0, comma));
    if (comma == list.size()) return words;
    list.remove_prefix(comma + 1);
  }
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> words = fields(list);
  std::erase(words, std::string());
  return words;
}

void set_features(Config& config, Option option, std::string_view list, bool on) {
  for (const std::string& name : split(list)) {
    if (config.set_feature(name, on)) continue;
    std::vector<std::string_view> names;
    for (const FeatureInfo& feature : features()) names.push_back(feature.name);
    Message message(MessageId::unknown_feature,
                    fmt::format("--{}: there is no feature {}", info(option).name, printable(name)));
    const std::string_view near = nearest(name, names);
    if (!near.empty()) message.hint(fmt::format("did you mean {}?", near));
    throw Failure(message.hint("`wisp help features` lists the features"));
  }
}

void set_env(RunSettings& run, std::string_view value) {
  const usize equals = value.find('=');
  if (value.empty() || equals == 0) bad_value(Option::env, value, "the variable's name is missing");
  std::optional<std::string> text;
  if (equals != value.npos) text = std::string(value.substr(equals + 1));
  run.env.emplace_back(std::string(value.substr(0, equals)), std::move(text));
}

UnknownImports unknown_imports(std::string_view value) {
  if (value == "trap") return UnknownImports::trap;
  if (value == "default") return UnknownImports::default_values;
  bad_value(Option::unknown_imports, value, "neither `trap` nor `default`");
}

Tier tier(std::string_view value) {
  constexpr std::pair<std::string_view, Tier> names[] = {{"auto", Tier::automatic},
                                                         {"interpreter", Tier::interpreter},
                                                         {"baseline", Tier::baseline},
                                                         {"optimizing", Tier::optimizing}};
  for (const auto& [name, tier] : names) {
    if (name == value) return tier;
  }
  bad_value(Option::tier, value, "none of `auto`, `interpreter`, `baseline`, `optimizing`");
}

MemoryMode memory_mode(std::string_view value) {
  if (value == "guard") return MemoryMode::guard_pages;
  if (value == "checks") return MemoryMode::explicit_checks;
  bad_value(Option::memory_mode, value, "neither `guard` nor `checks`");
}

/// As Wasmtime has it: KIND[,FILE[,INTERVAL]], the last two of a guest's profile; one that is empty is not given.
ProfileSettings profile(std::string_view value) {
  using Kind = ProfileSettings::Kind;
  ProfileSettings settings{.kind = Kind::guest};
  if (value.empty()) return settings;
  const std::vector<std::string> words = fields(value);
  if (words[0] != "guest") {
    settings.kind = words[0] == "perfmap" ? Kind::perf_map : words[0] == "jitdump" ? Kind::jit_dump : Kind::none;
    if (settings.kind == Kind::none) bad_value(Option::profile, value, "none of `perfmap`, `jitdump`, `guest`");
    if (words.size() > 1) bad_value(Option::profile, value, "only `guest` takes a file and an interval");
    return settings;
  }
  if (words.size() > 1 && !words[1].empty()) settings.file = words[1];
  if (words.size() > 2 && !words[2].empty()) settings.interval = duration(Option::profile, words[2]);
  if (settings.interval < shortest_sample_interval) bad_value(Option::profile, words[2], "an interval below 10us");
  if (words.size() > 3) bad_value(Option::profile, value, "more than a file and an interval");
  return settings;
}

/// What is asked for and cannot be had.
void check_profile(Invocation& invocation) {
  using Kind = ProfileSettings::Kind;
  const Kind kind = invocation.run.profile.kind;
  if (kind == Kind::guest && !invocation.config.interruptible) {
    throw Failure(Message(MessageId::bad_value,
                          "--profile=guest and --uninterruptible: code that never looks up cannot say where it is")
                      .hint("--profile=jitdump lets perf watch it from outside"));
  }
  if (kind != Kind::perf_map && kind != Kind::jit_dump) return;
  if (invocation.config.tier != Tier::interpreter) return;
  Message message(MessageId::profile, "the interpreter makes no machine code for perf to know by name");
  message.severity = Severity::warning;
  invocation.warnings.push_back(std::move(message).hint("--profile=guest works with every tier"));
}

bool json_format(std::string_view value) {
  if (value == "json" || value == "text") return value == "json";
  bad_value(Option::error_format, value, "neither `text` nor `json`");
}

ColorWhen color_when(std::string_view value) {
  if (value == "auto") return ColorWhen::automatic;
  if (value == "always") return ColorWhen::always;
  if (value == "never") return ColorWhen::never;
  bad_value(Option::color, value, "none of `auto`, `always`, `never`");
}

void apply_grant(Invocation& to, Option option, const std::string& value) {
  switch (option) {
    case Option::dir:
      to.run.dirs.push_back(parse_dir(value));
      return;
    case Option::mapdir:
      to.run.dirs.push_back(parse_mapdir(value));
      return;
    case Option::tmpfs:
      to.run.tmpfs.push_back(parse_tmpfs(value));
      return;
    case Option::env:
      set_env(to.run, value);
      return;
    case Option::inherit_env:
      to.run.inherit_env = true;
      return;
    default:
      to.run.listen.push_back(value);
      return;
  }
}

void apply_program(Invocation& to, Option option, const std::string& value) {
  switch (option) {
    case Option::argv0:
      to.run.argv0 = value;
      return;
    case Option::invoke:
      to.run.invoke = value;
      return;
    case Option::preload:
      to.run.preloads.push_back(parse_preload(value));
      return;
    case Option::trace:
      to.run.trace = true;
      for (std::string& name : split(value)) to.run.trace_names.push_back(std::move(name));
      return;
    case Option::stats:
      to.run.stats = true;
      return;
    case Option::profile:
      to.run.profile = profile(value);
      return;
    default:
      to.run.unknown_imports = unknown_imports(value);
      return;
  }
}

void apply_limit(Invocation& to, Option option, const std::string& value) {
  switch (option) {
    case Option::timeout:
      to.timeout = duration(option, value);
      return;
    case Option::fuel:
      to.config.fuel = true;
      to.run.fuel = number(option, value);
      return;
    case Option::max_memory:
      to.run.limits.memory_bytes = size(option, value);
      to.run.limits.trap_on_memory_limit = true;
      return;
    default:
      to.config.stack_bytes = size(option, value);
      return;
  }
}

void apply_other(Invocation& to, Option option, const std::string& value) {
  switch (option) {
    case Option::json:
      to.json = true;
      return;
    case Option::output:
      to.output = value;
      return;
    case Option::summary:
      to.summary = true;
      return;
    case Option::strict_messages:
      to.strict_messages = true;
      return;
    case Option::max_failures:
      to.max_failures = number(option, value);
      return;
    case Option::error_format:
      to.json_messages = json_format(value);
      return;
    case Option::color:
      to.color = color_when(value);
      return;
    case Option::enable:
    case Option::disable:
      set_features(to.config, option, value, option == Option::enable);
      return;
    case Option::tier:
      to.config.tier = tier(value);
      return;
    case Option::memory_mode:
      to.config.memory_mode = memory_mode(value);
      return;
    case Option::cache:
      if (value.empty()) bad_value(option, value, "the directory's name is missing");
      to.cache_directory = value;
      return;
    case Option::uninterruptible:
      to.config.interruptible = false;
      return;
    case Option::no_cache:
      to.use_cache = false;
      return;
    case Option::precompiled:
      to.precompiled = true;
      return;
    case Option::help:
      to.wants_help = true;
      return;
    case Option::version:
      to.command = CommandKind::version;
      return;
    default:
      apply_wasmtime_keys(to, info(option), value);
      return;
  }
}

}  // namespace

void apply(Invocation& to, Option option, const std::string& value) {
  switch (option) {
    case Option::dir:
    case Option::mapdir:
    case Option::tmpfs:
    case Option::listen:
    case Option::tcplisten:
    case Option::env:
    case Option::inherit_env:
      return apply_grant(to, option, value);
    case Option::argv0:
    case Option::invoke:
    case Option::preload:
    case Option::unknown_imports:
    case Option::trace:
    case Option::stats:
    case Option::profile:
      return apply_program(to, option, value);
    case Option::timeout:
    case Option::fuel:
    case Option::max_memory:
    case Option::stack:
      return apply_limit(to, option, value);
    default:
      return apply_other(to, option, value);
  }
}

Invocation parse_command_line(std::span<const std::string_view> arguments) {
  Scanned scanned = scan(arguments);
  Invocation result;
  result.command = scanned.command;
  result.run_was_named = scanned.command_was_named;
  result.files = std::move(scanned.files);
  result.arguments = std::move(scanned.arguments);
  for (const Given& given : scanned.options) apply(result, given.option->option, given.value);
  check_profile(result);

  const bool needs_file = result.command != CommandKind::help && result.command != CommandKind::version &&
                          result.command != CommandKind::cache;
  if (needs_file && !result.wants_help && result.files.empty()) {
    Message message(MessageId::no_file, fmt::format("`wisp {}` needs a file", info(result.command).name));
    const bool may_have_eaten_it = !scanned.options.empty() && !scanned.options.back().option->is_switch() &&
                                   scanned.options.back().value.find(".wa") != std::string::npos;
    if (may_have_eaten_it) {
      message.hint(fmt::format("{} was taken as the value of --{}", printable(scanned.options.back().value),
                               scanned.options.back().option->name));
    }
    throw Failure(message.hint(std::string(info(result.command).usage)));
  }
  const bool one_file = result.command == CommandKind::inspect || result.command == CommandKind::wat ||
                        result.command == CommandKind::compile;
  if (one_file && result.files.size() > 1) {
    throw Failure(Message(MessageId::bad_value, fmt::format("`wisp {}` takes one file", info(result.command).name))
                      .hint(std::string(info(result.command).usage)));
  }
  return result;
}

std::pair<bool, ColorWhen> message_style(std::span<const std::string_view> arguments) {
  std::pair<bool, ColorWhen> style{false, ColorWhen::automatic};
  for (usize i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (find_command(argument) != nullptr) continue;
    if (!argument.starts_with('-') || argument == "--") break;
    const usize equals = std::min(argument.find('='), argument.size());
    const bool is_long = argument.starts_with("--");
    const OptionInfo* option = is_long ? find_option(argument.substr(2, equals - 2)) : nullptr;
    if (!is_long && argument.size() == 2) option = find_short_option(argument[1]);
    if (option == nullptr || option->is_switch() || option->value_is_optional()) continue;
    const bool is_next = equals == argument.size();
    if (is_next && ++i == arguments.size()) break;
    const std::string_view value = is_next ? arguments[i] : argument.substr(equals + 1);
    if (option->option == Option::error_format) style.first = value == "json";
    if (option->option == Option::color && value == "always") style.second = ColorWhen::always;
    if (option->option == Option::color && value == "never") style.second = ColorWhen::never;
  }
  return style;
}

}  // namespace wisp::cli
