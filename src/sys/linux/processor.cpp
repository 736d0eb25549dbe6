#include "sys/processor.hpp"

#include "base/bytes.hpp"

#if defined(__x86_64__)
#include <cpuid.h>

#define _Bool bool  // NOLINT(bugprone-reserved-identifier): the C library's header is written in C
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

std::vector<u8> processor_identity() {
  std::vector<u8> identity;
#if defined(__x86_64__)
  const auto add = [&](u32 word) {
    identity.resize(identity.size() + sizeof word);
    store_le(identity.data() + identity.size() - sizeof word, word);
  };
  const auto ask = [&](u32 leaf) {
    u32 a = 0, b = 0, c = 0, d = 0;
    __cpuid_count(leaf, 0, a, b, c, d);
    for (const u32 word : {a, b, c, d}) add(word);
    return a;
  };
  // What the C library does not hand out: the vendor, and which vectors AVX10 has.
  constexpr u32 avx10 = 0x24;
  if (ask(0) >= avx10) ask(avx10);
  for (const unsigned leaf : {CPUID_INDEX_1, CPUID_INDEX_7, CPUID_INDEX_7_ECX_1, CPUID_INDEX_D_ECX_1,
                              CPUID_INDEX_14_ECX_0, CPUID_INDEX_19, CPUID_INDEX_80000001, CPUID_INDEX_80000008}) {
    cpuid_feature said = *__x86_get_cpuid_feature_leaf(leaf);
    u32(&words)[4] = said.cpuid_array;
    // These say which of its cores this is, or what the system set up for it by now.
    if (leaf == CPUID_INDEX_1 || leaf == CPUID_INDEX_D_ECX_1) words[1] = 0;
    if (leaf == CPUID_INDEX_80000008) words[0] = words[2] = words[3] = 0;
    for (const u32 word : words) add(word);
    // What may be used of it: the operating system has to save the registers.
    for (const u32 word : said.active_array) add(word);
  }
#endif
  return identity;
}

}  // namespace wisp::sys
