#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wisp/config.hpp"

#include "base/int.hpp"

namespace wisp::cli {

struct ScriptSettings {
  Config config;
  /// Messages must say what the script says, not only failures be of the right kind.
  bool strict_messages = false;
  /// For each action.
  std::optional<std::chrono::nanoseconds> timeout = std::nullopt;
};

struct ScriptFailure {
  u32 line = 0;
  std::string message;
};

/// How a script went. Every `assert_…` command is one assertion, in threads too.
struct ScriptReport {
  u64 passed = 0;
  u64 total = 0;
  /// Assertions that failed, and other commands that did.
  std::vector<ScriptFailure> failures;

  void add(const ScriptReport& other);
  /// Of commands that are no assertions.
  u64 other_failures() const { return failures.size() - (total - passed); }
};

/// Runs a script of the specification's test suite.
/// https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
ScriptReport run_script(std::string_view source, const ScriptSettings& settings);

}  // namespace wisp::cli
