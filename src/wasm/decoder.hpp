#pragma once

#include <memory>

#include "base/result.hpp"
#include "wasm/module.hpp"

namespace wisp::wasm {

/// Reads a binary module and validates everything except function bodies (see validator.hpp).
/// The error is the first by byte offset: where a section after the code is wrong, the bodies before it are validated
/// too. Its message begins with the words of the specification's tests; `malformed` and `invalid` are told apart as
/// there. A construct whose feature is off is `unsupported`.
/// https://webassembly.github.io/spec/core/binary/modules.html
Result<std::shared_ptr<const Module>> decode(ModuleBytes bytes, std::shared_ptr<TypeRegistry> registry,
                                             Features features);

/// Whether the bytes begin like a binary module or component, well-formed or not.
bool looks_like_wasm(Bytes bytes);

}  // namespace wisp::wasm
