#pragma once

#include <memory>

#include "baseline/module_code.hpp"
#include "runtime/tier.hpp"

namespace wisp::baseline {

struct BaselineConfig {
  /// Code counts fuel (interp/fuel.md says what costs what); needed where `Execution::fuel_enabled` is set.
  bool fuel = false;
  /// Memories are made with guard pages, and faults there are traps.
  bool guard_pages = false;
  /// Code looks whether it is to stop. If not, none is kept or taken from where it is kept.
  bool interruptible = true;
  /// Code says where it is when it is asked to (runtime::Sampler); none is kept or taken either.
  bool sampled = false;
  /// When functions get to the optimizing compiler, and where that comes from. Never with fuel, which it does not
  /// count.
  Optimize optimize = Optimize::never;
  Background::MakeCompiler make_compiler;
  /// Told when a guest begins and ends to wait for the compiler; may be empty.
  std::function<void(bool begins)> on_wait;
  /// Is told of all machine code; may be empty.
  CodeObserver on_code;
  /// Where its code is kept; may be null.
  std::shared_ptr<runtime::CodeCache> cache;
};

/// The tier that compiles functions on their first call by copying and patching stencils, and hands the hot ones to the
/// optimizing compiler. Threads may share it.
std::unique_ptr<runtime::Tier> make_baseline(BaselineConfig config = {});

}  // namespace wisp::baseline
