#pragma once

#include "llvm/object_module.hpp"

namespace wisp::llvm_tier {

/// After optimization: adds to every body the checks that would have been in its way. Where it begins, that there is
/// native stack, and there and where loops repeat, that nobody wants the guest to stop.
void add_checks(ObjectModule& out);

}  // namespace wisp::llvm_tier
