#include "cli/world.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "cli/input.hpp"
#include "cli/limits.hpp"

namespace wisp::cli {
namespace {

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

/// The variables in the order of their names, the last value of each.
std::map<std::string, std::string> environment_of(const RunSettings& settings, HostEnvironment host) {
  std::map<std::string, std::string> variables;
  const auto split = [](std::string_view entry) {
    const usize equals = entry.find('=');
    return std::pair(std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1)));
  };
  for (HostEnvironment at = host; settings.inherit_env && *at != nullptr; ++at) {
    if (std::string_view(*at).find('=') != std::string_view::npos)
      variables.insert_or_assign(split(*at).first, split(*at).second);
  }
  for (const auto& [name, value] : settings.env) {
    if (value) {
      variables.insert_or_assign(name, *value);
    } else if (const char* inherited = std::getenv(name.c_str()); inherited != nullptr) {
      variables.insert_or_assign(name, inherited);
    }
  }
  return variables;
}

/// The option that would grant a directory for writing too.
std::string writable(const DirGrant& grant) {
  return grant.guest == grant.host ? fmt::format("--dir {}", grant.host)
                                   : fmt::format("--dir {}::{}", grant.host, grant.guest);
}

void show_call(std::string_view line, const std::vector<std::string>& names) {
  bool wanted = names.empty();
  for (const std::string& name : names) wanted = wanted || line.starts_with(name);
  if (!wanted) return;
  const std::string text = printable(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

/// The directory of a path that exists here, or could be made here; nothing if the text does not look like one.
std::optional<std::string> folder_of(const std::string& argument) {
  if (argument.empty() || argument.starts_with('-')) return std::nullopt;
  std::error_code ignored;
  const usize slash = argument.find_last_of('/');
  const std::string parent = slash == 0 ? "/" : argument.substr(0, slash == std::string::npos ? 0 : slash);
  if (is_directory(argument)) return argument;
  const bool here = parent.empty() ? std::filesystem::exists(argument, ignored) : is_directory(parent);
  return here ? std::optional(parent.empty() ? std::string(".") : parent) : std::nullopt;
}

/// Whether a name that a program uses is below one of its directories. A relative name is looked up from `/` and from
/// the directory that is called `.`.
bool is_below(std::string_view name, std::string_view guest) {
  const auto strip = [](std::string_view path) {
    while (path.starts_with("./")) path.remove_prefix(2);
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    return path == "." ? std::string_view() : path;
  };
  if (name.starts_with('/') && !guest.starts_with('/')) return false;
  const std::string_view below = strip(name);
  const std::string_view folder = strip(guest);
  return folder.empty() || below == folder || (below.starts_with(folder) && below[folder.size()] == '/');
}

bool is_granted(const RunSettings& settings, std::string_view name) {
  for (const DirGrant& grant : settings.dirs) {
    if (is_below(name, grant.guest)) return true;
  }
  for (const TmpfsGrant& grant : settings.tmpfs) {
    if (is_below(name, grant.guest)) return true;
  }
  return false;
}

/// An option for wisp that stands where the program's arguments are.
Message after_file(const Invocation& invocation, const std::string& option) {
  Message note(MessageId::no_directories, fmt::format("{} stands after FILE, so it was given to {}", printable(option),
                                                      printable(base_name(invocation.files.front()))));
  note.severity = Severity::note;
  return std::move(note).hint("options for wisp stand before FILE");
}

/// What a program wanted to do, where the operation's name alone does not say it.
std::string in_words(const std::string& operation) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"read_at", "read"},
      {"write_at", "write"},
      {"stat", "look at"},
      {"stat_path", "look at"},
      {"open_create", "create"},
      {"open_truncate", "empty"},
      {"open_to_read", "open for reading"},
      {"open_to_write", "open for writing"},
      {"set_times", "set the times of"},
      {"set_times_path", "set the times of"},
      {"set_size", "set the size of"},
      {"link_from", "link"},
      {"link_to", "link to"},
      {"create_symlink", "create the symbolic link"},
      {"rename_from", "rename"},
      {"rename_to", "rename to"},
  };
  for (const auto& [name, text] : words) {
    if (name == operation) return std::string(text);
  }
  std::string text = printable(operation);
  std::ranges::replace(text, '_', ' ');
  return text;
}

Message swapped(const DirGrant& grant, Severity severity) {
  Message message(severity == Severity::error ? MessageId::grant : MessageId::swapped,
                  fmt::format("{}: the directory on this machine comes first", printable(grant.as_written)));
  message.severity = severity;
  return std::move(message).hint(fmt::format("did you mean --dir {}::{}{}?", printable(grant.guest),
                                             printable(grant.host), grant.read_only ? "::ro" : ""));
}

}  // namespace

void DenialLog::denied(const Denial& denial) {
  // What a handle was not opened for is between the program and its own code: no option would change it. Most are
  // programs that ask whether a stream can seek.
  if (denial.kind == "missing_right") return;
  Message message(MessageId::denied, in_words(denial.operation));
  message.severity = Severity::denied;
  if (!denial.object.empty()) message.text += fmt::format(" \"{}\"", printable(denial.object));
  std::string why = printable(denial.rule);
  if (!denial.origin.empty()) why += fmt::format("   (from {})", printable(denial.origin));
  message.details.push_back(std::move(why));
  if (!denial.hint.empty()) {
    message.hint(fmt::format("allow with {}", printable(denial.hint)));
  } else if (denial.kind == "outside") {
    message.hint("grant the directory that it leads to with --dir, and use that name");
  }

  // What is remembered is bounded: the guest decides how many there are.
  if (seen_.size() > limits::shown_denials) return;
  if (!seen_.insert(message.text + message.details.front()).second) return;
  if (seen_.size() > limits::shown_denials) {
    message = Message(MessageId::denied, "more; further refusals are not shown");
    message.severity = Severity::denied;
  }
  reporter_.report(message);
}

WasiConfig make_world(const Invocation& invocation, HostEnvironment environment, DenialLog& log) {
  const RunSettings& settings = invocation.run;
  WasiConfig world;
  world.arg(settings.argv0.value_or(base_name(invocation.files.front())));
  // With --invoke they are the function's.
  if (!settings.invoke) {
    for (const std::string& argument : invocation.arguments) world.arg(argument);
  }
  for (const auto& [name, value] : environment_of(settings, environment)) world.env(name, value);
  if (settings.inherit_stdin) world.inherit_stdin();
  if (settings.inherit_stdout) world.inherit_stdout();
  if (settings.inherit_stderr) world.inherit_stderr();
  for (const DirGrant& grant : settings.dirs) {
    world.dir(grant.host, grant.guest, {grant.read_only, grant.as_written, grant.read_only ? writable(grant) : ""});
  }
  for (const TmpfsGrant& grant : settings.tmpfs) {
    world.tmpfs(grant.guest, grant.size_bytes, {false, grant.as_written, {}});
  }
  for (const std::string& address : settings.listen) world.listen(address);
  if (settings.max_open_handles) world.max_open_handles(*settings.max_open_handles);
  if (settings.trace) {
    world.on_trace([names = settings.trace_names](std::string_view line) { show_call(line, names); });
  }
  world.on_denial([&log](const Denial& denial) { log.denied(denial); });
  return world;
}

std::optional<Message> about_missing_directory(const Invocation& invocation) {
  for (const std::string& argument : invocation.arguments) {
    if (argument == "--dir" || argument.starts_with("--dir=")) return after_file(invocation, argument);
    const std::optional<std::string> folder = folder_of(argument);
    if (!folder || is_granted(invocation.run, argument)) continue;
    Message note(MessageId::no_directories,
                 fmt::format("{} was not given the directory of {}", printable(base_name(invocation.files.front())),
                             printable(argument)));
    note.severity = Severity::note;
    return std::move(note).hint(fmt::format("grant it with --dir {}", printable(*folder)));
  }
  return std::nullopt;
}

Message about_grants(const Error& error, const RunSettings& settings) {
  for (const DirGrant& grant : settings.dirs) {
    if (is_directory(grant.host)) continue;
    if (grant.guest != grant.host && is_directory(grant.guest)) {
      Message message = swapped(grant, Severity::error);
      message.text = fmt::format("{}: there is no directory {} on this machine, but there is {}",
                                 printable(grant.as_written), printable(grant.host), printable(grant.guest));
      return message;
    }
    std::error_code ignored;
    const bool is_file = std::filesystem::exists(grant.host, ignored);
    return Message(MessageId::grant, fmt::format("{}: {} {}", printable(grant.as_written), printable(grant.host),
                                                 is_file ? "is not a directory" : "does not exist on this machine"))
        .hint("--dir HOST[::GUEST] grants a directory that exists");
  }
  Message message(MessageId::grant, printable(error.message));
  if (!error.hint.empty()) message.hint(error.hint);
  return message;
}

void check_mounts(const RunSettings& settings) {
  std::map<std::string, std::string> seen;
  const auto check = [&](const std::string& guest, const std::string& as_written) {
    const auto [first, is_new] = seen.emplace(guest, as_written);
    if (is_new) return;
    throw Failure(Message(MessageId::duplicate_mount, fmt::format("two directories are called {}", printable(guest)))
                      .detail(printable(first->second))
                      .detail(printable(as_written))
                      .hint("give one of them another name: --dir HOST::GUEST"));
  };
  for (const DirGrant& grant : settings.dirs) check(grant.guest, grant.as_written);
  for (const TmpfsGrant& grant : settings.tmpfs) check(grant.guest, grant.as_written);
}

std::vector<Message> suspicious_grants(const RunSettings& settings) {
  std::vector<Message> warnings;
  for (const DirGrant& grant : settings.dirs) {
    const bool guest_is_host_like = grant.guest.starts_with("./") || grant.guest.starts_with("../");
    // If the first one does not exist, opening it fails with a message that says the same.
    const bool suspicious = grant.guest != grant.host && grant.host.starts_with('/') && guest_is_host_like &&
                            is_directory(grant.host) && is_directory(grant.guest);
    if (suspicious) warnings.push_back(swapped(grant, Severity::warning));
  }
  return warnings;
}

}  // namespace wisp::cli
