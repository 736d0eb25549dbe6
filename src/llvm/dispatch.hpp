#pragma once

namespace llvm {
class MachineFunctionPass;
}

namespace wisp::llvm_tier {

/// The last pass over machine code. Where a loop begins with a jump through a table, as an interpreter's does, every
/// turn gets that jump at its end, in the place of one back to it: the processor predicts each by what came before it,
/// and a jump is saved. The caller owns it.
::llvm::MachineFunctionPass* make_dispatch_pass();

}  // namespace wisp::llvm_tier
