#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/int.hpp"
#include "base/result.hpp"
#include "wasm/features.hpp"

namespace wisp::text {

/// Assembles one module in the text format into the binary format. Identifiers go into the `name` custom section.
/// The module is well-formed but not validated. `Error::offset` is a byte offset in `source`.
/// https://webassembly.github.io/spec/core/text/modules.html
Result<std::vector<u8>> assemble(std::string_view source, const wasm::Features& features);

/// A place in a text, counted from 1. The column counts characters, not bytes.
struct Position {
  u32 line = 1;
  u32 column = 1;
};

Position position(std::string_view source, u64 offset);

/// The message with `file:line:column`, the source line and a caret under `error.offset`; ends in a newline.
std::string render(std::string_view source, std::string_view file, const Error& error);

}  // namespace wisp::text
