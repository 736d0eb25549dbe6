#pragma once

#include <string>

#include "base/result.hpp"
#include "wasm/module.hpp"

namespace wisp::text {

struct PrintOptions {
  /// Writes the byte offset of every instruction as a comment.
  bool offsets = false;
  /// Writes custom sections that have no text of their own as `(@custom …)`, not only as comments with their size.
  bool custom_sections = false;
};

/// The module in the text format, with the names of its name section. Assembling the text gives an equivalent module.
/// Fails only with `ErrorCode::malformed` or `invalid` if a body that has not been validated yet cannot be read.
Result<std::string> print(const wasm::Module& module, const PrintOptions& options = {});

}  // namespace wisp::text
