#include "sys/processor.hpp"

#if defined(__x86_64__)
#define _Bool bool  // the C library's header is written in C
#include <sys/platform/x86.h>
#undef _Bool
#endif

namespace wisp::sys {

// The C library has asked the processor already. To ask again takes tens of microseconds in a virtual machine, where
// each question goes to the host.
ProcessorSupport processor_support() {
  ProcessorSupport support;
#if defined(__x86_64__)
  support.ssse3 = CPU_FEATURE_ACTIVE(SSSE3);
  support.sse4_1 = CPU_FEATURE_ACTIVE(SSE4_1);
  support.sse4_2 = CPU_FEATURE_ACTIVE(SSE4_2);
  support.popcnt = CPU_FEATURE_ACTIVE(POPCNT);
#endif
  return support;
}

}  // namespace wisp::sys
