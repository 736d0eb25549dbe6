#pragma once

#include <string_view>

namespace wisp::runtime {

/// Changes with every build whose code could look different or find something else in memory: wisp's version and
/// sources, LLVM's version, the build type.
std::string_view code_identity();

}  // namespace wisp::runtime
