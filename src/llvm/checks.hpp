#pragma once

#include "llvm/object_module.hpp"

namespace wisp::llvm_tier {

/// Puts the bodies that the object has for that in the place of their calls, as far as that is worth it; what is still
/// called is not in the object.
void inline_bodies(ObjectModule& out);

/// After optimization: adds to every body the checks that would have been in its way. Where it begins, that there is
/// native stack, and there and where loops repeat, that nobody wants the guest to stop.
void add_checks(ObjectModule& out);

}  // namespace wisp::llvm_tier
