#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wisp/config.hpp"
#include "wisp/limits.hpp"
#include "wisp/linker.hpp"

#include "base/int.hpp"
#include "cli/message.hpp"
#include "cli/options.hpp"

namespace wisp::cli {

/// `--dir HOST[::GUEST][::ro]`
struct DirGrant {
  std::string host;
  std::string guest;
  bool read_only = false;
  std::string as_written;  // "--dir ./data::/data::ro"
};

struct TmpfsGrant {
  std::string guest;
  u64 size_bytes = 0;
  std::string as_written;
};

struct Preload {
  std::string name;
  std::string file;
};

/// `--profile`
struct ProfileSettings {
  enum class Kind : u8 { none, perf_map, jit_dump, guest };

  Kind kind = Kind::none;
  // Of the guest's profile.
  std::string file = "wisp-profile.json";
  std::chrono::nanoseconds interval = std::chrono::milliseconds(1);
};

/// What `wisp run` gives a program.
struct RunSettings {
  std::vector<DirGrant> dirs;
  std::vector<TmpfsGrant> tmpfs;
  std::vector<std::string> listen;
  std::vector<std::pair<std::string, std::optional<std::string>>> env;  // without a value: the host's
  bool inherit_env = false;
  bool inherit_stdin = true;
  bool inherit_stdout = true;
  bool inherit_stderr = true;
  std::optional<u64> max_open_handles;
  std::optional<std::string> argv0;
  std::optional<std::string> invoke;
  std::vector<Preload> preloads;
  UnknownImports unknown_imports = UnknownImports::refuse;
  StoreLimits limits;
  std::optional<u64> fuel;
  bool trace = false;
  std::vector<std::string> trace_names;  // empty: all
  bool stats = false;
  ProfileSettings profile;
};

/// When messages are coloured.
enum class ColorWhen : u8 { automatic, always, never };

/// A command line, understood.
struct Invocation {
  CommandKind command = CommandKind::run;
  Config config;
  RunSettings run;
  std::optional<std::chrono::nanoseconds> timeout;
  ColorWhen color = ColorWhen::automatic;
  bool json_messages = false;
  bool wants_help = false;
  bool use_cache = true;
  std::string cache_directory;   // empty: the default one
  bool precompiled = false;      // run
  bool run_was_named = false;    // `wisp run`, not only `wisp`
  bool json = false;             // inspect
  std::string output;            // wat, compile; empty: standard output
  bool summary = false;          // wast
  bool strict_messages = false;  // wast
  u64 max_failures = 5;          // wast
  /// FILE for `run`, all of them for the others, topics for `help`.
  std::vector<std::string> files;
  /// Of the program.
  std::vector<std::string> arguments;
  /// Shown before anything else.
  std::vector<Message> warnings;
};

/// Understands the arguments (without the command's own name). Throws `Failure`.
Invocation parse_command_line(std::span<const std::string_view> arguments);

/// How messages about a command line that cannot be understood are to be written: what `--error-format` and `--color`
/// say before FILE, as far as they say anything.
std::pair<bool, ColorWhen> message_style(std::span<const std::string_view> arguments);

}  // namespace wisp::cli
