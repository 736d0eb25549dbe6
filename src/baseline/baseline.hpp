#pragma once

#include <memory>

#include "runtime/tier.hpp"

namespace wisp::baseline {

struct BaselineConfig {
  /// Code counts fuel (interp/fuel.md says what costs what); needed where `Execution::fuel_enabled` is set.
  bool fuel = false;
  /// Memories are made with guard pages, and faults there are traps.
  bool guard_pages = false;
};

/// The tier that compiles functions on their first call by copying and patching stencils. It has no state of its own
/// beyond the configuration; threads may share it.
std::unique_ptr<runtime::Tier> make_baseline(const BaselineConfig& config = {});

}  // namespace wisp::baseline
