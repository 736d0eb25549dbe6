#pragma once

#include "wisp/linker.hpp"
#include "wisp/store.hpp"

namespace wisp::cli {

/// Defines the module `spectest` that the specification's scripts import.
/// https://github.com/WebAssembly/spec/tree/main/interpreter#spectest-host-module
Result<void> define_spectest(Linker& linker, Store& store);

}  // namespace wisp::cli
