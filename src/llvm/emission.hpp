#pragma once

#include "base/result.hpp"
#include "llvm/object_module.hpp"

namespace llvm {
class TargetMachine;
}

namespace wisp::llvm_tier {

/// The module as an object, with the table of locations. An error: a frame is larger than the limit.
Result<runtime::ObjectCode> emit_object(ObjectModule& out, ir::TargetMachine& target);

}  // namespace wisp::llvm_tier
