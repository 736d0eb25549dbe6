#pragma once

#include "runtime/instance.hpp"

namespace wisp::runtime {

/// The type of an external value as it is now: the size of a memory or table is its type's minimum.
wasm::ExternType type_of(const Extern& value);

/// https://webassembly.github.io/spec/core/valid/matching.html#external-types
bool matches(const wasm::ExternType& sub, const wasm::ExternType& super);

}  // namespace wisp::runtime
