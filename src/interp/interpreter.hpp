#pragma once

#include <memory>

#include "runtime/tier.hpp"

namespace wisp::interp {

struct InterpreterConfig {
  /// Code counts fuel (fuel.md says what costs what); needed where `Execution::fuel_enabled` is set.
  bool fuel = false;
  /// Calls can be seen while they last (runtime::ActiveCall).
  bool linked_calls = false;
};

/// The tier that interprets slot code. It has no state of its own beyond the configuration; threads may share it.
std::unique_ptr<runtime::Tier> make_interpreter(const InterpreterConfig& config = {});

}  // namespace wisp::interp
