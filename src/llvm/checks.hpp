#pragma once

#include "llvm/object_module.hpp"

namespace wisp::llvm_tier {

/// Marks loads of guest memory until `keep_dead_loads`.
inline constexpr const char* guest_load_metadata = "wisp.guest";

/// Turns locals into values and makes loads of guest memory whose values nobody wants happen all the same, since they may trap.
void keep_dead_loads(ir::Function& function);

/// After optimization: adds to every body the checks that would have been in its way. Where it begins, that there is
/// native stack, and there and where loops repeat, that nobody wants the guest to stop.
void add_checks(ObjectModule& out);

}  // namespace wisp::llvm_tier
