#pragma once

#include <string_view>

namespace wisp::llvm_tier {

/// What the code of this build depends on besides job and processor (runtime::code_identity).
std::string_view code_identity();

}  // namespace wisp::llvm_tier
