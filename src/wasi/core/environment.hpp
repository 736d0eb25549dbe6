#pragma once

#include <string>
#include <vector>

#include "wisp/error.hpp"

#include "sys/random.hpp"
#include "sys/time.hpp"

namespace wisp::core {

/// The guest's arguments (the first is its name) and environment variables ("NAME=value").
struct Environment {
  std::vector<std::string> arguments;
  std::vector<std::string> variables;
};

/// Refuses what no guest could be given: a NUL, a variable without a name or `=`, more than max_environment_bytes.
Result<void> check_environment(const Environment& environment);

/// The clocks that a guest was handed; null for those it was not.
struct Clocks {
  sys::Clock* realtime = nullptr;
  sys::Clock* monotonic = nullptr;
  sys::Clock* process_cpu = nullptr;
  sys::Clock* thread_cpu = nullptr;

  static Clocks of_host();
};

}  // namespace wisp::core
