#pragma once

#include "base/result.hpp"
#include "llvm/translator.hpp"

namespace wisp::llvm_tier {

/// Fills an ObjectModule with what a job asks for: the function's entries, and the bodies of what it calls for the
/// inliner to take. False if that is beyond a limit.
bool build_object(ObjectModule& out);

/// After optimization: the adapters for what is still called and not in the object.
void add_adapters(ObjectModule& out);

}  // namespace wisp::llvm_tier
