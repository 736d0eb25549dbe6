#pragma once

#include "llvm/object_module.hpp"

namespace llvm {
class PassBuilder;
}

namespace wisp::llvm_tier {

/// Marks loads of guest memory until it is known whether their values are used.
inline constexpr const char* guest_load_metadata = "wisp.guest";

/// Turns locals into values and makes loads of guest memory whose values nobody uses happen all the same, since they
/// may trap. `is_inlined`: the function is there to become part of others.
void keep_dead_loads(ir::Function& function, bool is_inlined);

/// Adds the second half of it to the pipeline, where it is known what has been inlined.
void register_load_passes(::llvm::PassBuilder& builder);

}  // namespace wisp::llvm_tier
