#pragma once

#include "llvm/object_module.hpp"

namespace llvm {
class PassBuilder;
}

namespace wisp::llvm_tier {

/// Adds a pass before the vectorizer. A loop whose accesses to a guarded memory go forward or back evenly is written
/// twice: where all of them turn out to be inside of the memory before its first turn, in a form that cannot fault,
/// whose accesses are plain, and which LLVM may make vectors of; else as it was.
void register_bounded_loops(::llvm::PassBuilder& builder, ObjectModule& out);

}  // namespace wisp::llvm_tier
