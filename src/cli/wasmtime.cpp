#include "cli/wasmtime.hpp"

#include <vector>

#include <fmt/format.h>

#include "cli/nearest.hpp"
#include "cli/units.hpp"

namespace wisp::cli {
namespace {

/// One "KEY[=VAL]" of a group, for messages too.
struct Setting {
  char group;
  std::string_view key;
  std::string_view value;
  bool has_value;

  std::string as_written() const {
    return fmt::format("-{} {}{}{}", group, printable(key), has_value ? "=" : "", printable(value));
  }
};

[[noreturn]] void bad_setting(const Setting& setting, std::string_view why) {
  throw Failure(Message(MessageId::bad_value, fmt::format("{}: {}", setting.as_written(), why)));
}

bool is_off(const Setting& setting) {
  return setting.value == "n" || setting.value == "no" || setting.value == "false" || setting.value == "0";
}

bool is_on(const Setting& setting) {
  if (!setting.has_value) return true;
  for (std::string_view yes : {"y", "yes", "true", "1"}) {
    if (setting.value == yes) return true;
  }
  if (!is_off(setting)) bad_setting(setting, "neither y nor n");
  return false;
}

u64 amount(const Setting& setting) {
  if (const std::optional<u64> parsed = parse_size(setting.value)) return *parsed;
  bad_setting(setting, "not a number");
}

void apply_limit(Invocation& to, const Setting& setting) {
  StoreLimits& limits = to.run.limits;
  if (setting.key == "max-memory-size") limits.memory_bytes = amount(setting);
  if (setting.key == "trap-on-grow-failure") limits.trap_on_memory_limit = is_on(setting);
  if (setting.key == "max-table-elements") limits.table_entries = amount(setting);
  if (setting.key == "max-instances") limits.instances = amount(setting);
  if (setting.key == "max-memories") limits.memories = amount(setting);
  if (setting.key == "max-tables") limits.tables = amount(setting);
  if (setting.key == "max-resources") to.run.max_open_handles = amount(setting);
}

void apply_special(Invocation& to, const Setting& setting) {
  if (setting.key.starts_with("max-") || setting.key == "trap-on-grow-failure") return apply_limit(to, setting);
  const bool on = is_on(setting);
  if (setting.key == "unknown-imports-trap")
    to.run.unknown_imports = on ? UnknownImports::trap : UnknownImports::refuse;
  if (setting.key == "unknown-imports-default") {
    to.run.unknown_imports = on ? UnknownImports::default_values : UnknownImports::refuse;
  }
  if (setting.key == "all-proposals") {
    for (const FeatureInfo& feature : features()) to.config.set_feature(feature.name, on);
  }
  if (setting.key == "inherit-stdin") to.run.inherit_stdin = on;
  if (setting.key == "inherit-stdout") to.run.inherit_stdout = on;
  if (setting.key == "inherit-stderr") to.run.inherit_stderr = on;
  if (setting.key == "cache") to.use_cache = on;
  if (setting.key == "signals-based-traps") {
    to.config.memory_mode = on ? MemoryMode::guard_pages : MemoryMode::explicit_checks;
  }
}

void apply_key(Invocation& to, const KeyInfo& key, const Setting& setting) {
  switch (key.action) {
    case KeyAction::forward:
      if (!setting.has_value) bad_setting(setting, "a value is missing");
      return apply(to, key.option, std::string(setting.value));
    case KeyAction::turn_on:
      if (is_on(setting)) apply(to, key.option, {});
      return;
    case KeyAction::accept:
      return;
    case KeyAction::refuse:
      if (is_off(setting)) return;
      throw Failure(Message(MessageId::unknown_key, fmt::format("{}: {}", setting.as_written(), key.help)));
    case KeyAction::special:
      return apply_special(to, setting);
  }
}

/// Wasmtime's names of features that have another one here.
std::string_view feature_name(std::string_view key) {
  if (key == "nontrapping-float-to-int") return "saturating-float-to-int";
  if (key == "sign-ext") return "sign-extension";
  return key;
}

[[noreturn]] void unknown_key(const Setting& setting) {
  std::vector<std::string_view> names;
  for (const KeyInfo& key : wasmtime_keys()) {
    if (key.group == setting.group) names.push_back(key.key);
  }
  if (setting.group == 'W') {
    for (const FeatureInfo& feature : features()) names.push_back(feature.name);
  }
  Message message(MessageId::unknown_key, fmt::format("-{} has no key {}", setting.group, printable(setting.key)));
  const std::string_view near = nearest(setting.key, names);
  if (!near.empty()) message.hint(fmt::format("did you mean -{} {}?", setting.group, near));
  throw Failure(message.hint("`wisp help wasmtime` lists the keys"));
}

void apply_setting(Invocation& to, const Setting& setting) {
  for (const KeyInfo& key : wasmtime_keys()) {
    if (key.group == setting.group && key.key == setting.key) return apply_key(to, key, setting);
  }
  if (setting.group != 'W') unknown_key(setting);
  const std::string_view name = feature_name(setting.key);
  for (const FeatureInfo& feature : features()) {
    if (feature.name != name) continue;
    to.config.set_feature(name, is_on(setting));
    return;
  }
  unknown_key(setting);
}

}  // namespace

void apply_wasmtime_keys(Invocation& to, const OptionInfo& option, std::string_view list) {
  if (list.empty() || list == "help") {
    throw Failure(Message(MessageId::missing_value, fmt::format("-{} needs KEY[=VAL]", option.short_name))
                      .hint("`wisp help wasmtime` lists the keys"));
  }
  while (!list.empty()) {
    const usize comma = std::min(list.find(','), list.size());
    const std::string_view item = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    const usize equals = std::min(item.find('='), item.size());
    const bool has_value = equals < item.size();
    const std::string_view value = has_value ? item.substr(equals + 1) : std::string_view();
    if (!item.empty()) apply_setting(to, {option.short_name[0], item.substr(0, equals), value, has_value});
  }
}

}  // namespace wisp::cli
