#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "wasm/features.hpp"

namespace wisp::text {

/// Like the public `assemble`, for a module of a script: `(module definition …)` is allowed too.
Result<std::vector<u8>> assemble_script_module(std::string_view source, const wasm::Features& features);

}  // namespace wisp::text
