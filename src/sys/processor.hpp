#pragma once

#include "wisp/error.hpp"

namespace wisp::sys {

/// What the code that executes guests uses of x86-64-v2, the instructions of processors since about 2009.
/// https://gitlab.com/x86-psABIs/x86-64-ABI
struct ProcessorSupport {
  bool ssse3 = true;
  bool sse4_1 = true;
  bool sse4_2 = true;
  bool popcnt = true;
};

/// Of the processor that this runs on. Other architectures than x86-64 have all that is asked of them.
ProcessorSupport processor_support();

/// An error that names what is missing.
Result<void> check_processor(const ProcessorSupport& support);

}  // namespace wisp::sys
