#pragma once

namespace llvm {
class PassBuilder;
}

namespace wisp::llvm_tier {

/// Adds our own passes over loops to the pipeline:
/// - at its start: makes addresses count in 64 bits where they never begin anew in 32;
/// - before the vectorizer: keeps it away from loops that store here and there, which it would take apart lane by lane;
/// - at the end: unrolls short loops of one block that read no memory and whose number of turns nobody knows, so that
///   the check of each turn (checks.hpp) is that of several.
void register_loop_passes(::llvm::PassBuilder& builder);

}  // namespace wisp::llvm_tier
