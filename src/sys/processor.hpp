#pragma once

#include <vector>

#include "wisp/error.hpp"

#include "base/int.hpp"

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

/// All that this processor says of its model and its instructions, for telling it apart from others: code that was made
/// for the one does not run on the other. Empty where it is not known.
std::vector<u8> processor_identity();

/// An error that names what is missing.
Result<void> check_processor(const ProcessorSupport& support);

}  // namespace wisp::sys
