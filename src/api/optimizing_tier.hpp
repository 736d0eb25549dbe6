#pragma once

#include <memory>

#include "runtime/memory.hpp"
#include "runtime/tier.hpp"

namespace wisp {

/// A tier that compiles every function with the optimizing compiler when it is first called; null if there is none.
/// For tests and measurements of the compiler.
std::unique_ptr<runtime::Tier> make_optimizing_tier(runtime::MemoryMode mode);

}  // namespace wisp
