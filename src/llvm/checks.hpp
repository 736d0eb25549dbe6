#pragma once

#include "llvm/object_module.hpp"

namespace wisp::llvm_tier {

/// Marks loads of guest memory until `release_loads`.
inline constexpr const char* guest_load_metadata = "wisp.guest";

/// Turns locals into values, and keeps every load of guest memory as it is: it may trap, whether its value is wanted or
/// not.
void hold_loads(ir::Function& function);

/// Puts the bodies that the object has for that in the place of their calls, as far as that is worth it; what is still
/// called is not in the object.
void inline_bodies(ObjectModule& out);

/// Once all that goes into a function is there: gives those loads free whose values are wanted by something that
/// happens.
void release_loads(ir::Function& function);

/// After optimization: adds to every body the checks that would have been in its way. Where it begins, that there is
/// native stack, and there and where loops repeat, that nobody wants the guest to stop.
void add_checks(ObjectModule& out);

}  // namespace wisp::llvm_tier
