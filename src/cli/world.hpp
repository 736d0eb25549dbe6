#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wisp/wasi.hpp"

#include "cli/command_line.hpp"
#include "cli/message.hpp"
#include "cli/run.hpp"

namespace wisp::cli {

/// Shows every different refusal once.
class DenialLog {
 public:
  explicit DenialLog(const Reporter& reporter) : reporter_(reporter) {}
  void denied(const Denial& denial);

 private:
  const Reporter& reporter_;
  std::set<std::string> seen_;
};

/// What a program is given of the world. `log` must outlive the guest.
WasiConfig make_world(const Invocation& invocation, HostEnvironment environment, DenialLog& log);

/// For a program that failed: whether one of its arguments names something on this machine that it was not given.
std::optional<Message> about_missing_directory(const Invocation& invocation);

/// Why what was granted is not there: names the grant, and says so if its two sides look swapped.
Message about_grants(const Error& error, const RunSettings& settings);

/// Throws `Failure` if two directories have one name.
void check_mounts(const RunSettings& settings);

/// Warnings about grants that look swapped although both sides exist.
std::vector<Message> suspicious_grants(const RunSettings& settings);

}  // namespace wisp::cli
