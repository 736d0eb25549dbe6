#pragma once

#include "base/result.hpp"
#include "wasm/body_validator.hpp"
#include "wasm/module.hpp"
#include "wasm/sink.hpp"

namespace wisp::wasm {

/// Validates one body and forwards each instruction to the sink (sink.hpp) in the same pass. Bodies are independent:
/// different ones may be validated at the same time. To validate many, keep a `BodyValidator`: it keeps its buffers.
/// The error's offset is the instruction's in the module; its message names the function.
/// https://webassembly.github.io/spec/core/appendix/algorithm.html
template <class Sink>
Result<void> validate_body(const Module& module, FuncIndex function, Sink& sink) {
  BodyValidator<Sink> validator(module);
  return validator.run(function, sink);
}

extern template class BodyValidator<NullSink>;

/// Validates all bodies in order; the error is the first one's.
Result<void> validate(const Module& module);

}  // namespace wisp::wasm
