#pragma once

#include <string_view>

#include "cli/command_line.hpp"

namespace wisp::cli {

/// "HOST", "HOST::GUEST", "HOST::GUEST::ro"; also "HOST:GUEST", "HOST:GUEST:ro" and "HOST::GUEST:ro". Throws `Failure`.
DirGrant parse_dir(std::string_view text);
/// "GUEST::HOST", as Wasmtime's `--mapdir` had it.
DirGrant parse_mapdir(std::string_view text);
/// "GUEST", "GUEST:SIZE"
TmpfsGrant parse_tmpfs(std::string_view text);
/// "NAME=FILE"
Preload parse_preload(std::string_view text);

}  // namespace wisp::cli
