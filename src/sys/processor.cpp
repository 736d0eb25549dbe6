#include "sys/processor.hpp"

#include "base/bytes.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace wisp::sys {

std::vector<u8> processor_identity() {
  std::vector<u8> identity;
#if defined(__x86_64__)
  const auto add = [&](u32 word) {
    identity.resize(identity.size() + sizeof word);
    store_le(identity.data() + identity.size() - sizeof word, word);
  };
  u32 a = 0, b = 0, c = 0, d = 0;
  bool saves_registers = false;
  // Vendor; model, features; features; saved state; keys; vectors; more features.
  constexpr std::pair<u32, u32> leaves[] = {{0, 0},    {1, 0},    {7, 0},    {7, 1},          {0xd, 1},
                                            {0x14, 0}, {0x19, 0}, {0x24, 0}, {0x80000001, 0}, {0x80000008, 0}};
  const u32 last = __get_cpuid_max(0, nullptr);
  const u32 last_extended = __get_cpuid_max(0x80000000, nullptr);
  for (const auto& [leaf, part] : leaves) {
    a = b = c = d = 0;
    if (leaf <= last || (leaf >= 0x80000000 && leaf <= last_extended)) __cpuid_count(leaf, part, a, b, c, d);
    if (leaf == 1) saves_registers = (c & bit_OSXSAVE) != 0;
    // These say which of its cores this is, or what the system set up for it by now.
    if (leaf == 1) b = 0;
    if (leaf == 0xd) b = 0;
    if (leaf == 0x80000008) a = c = d = 0;
    for (const u32 word : {a, b, c, d}) add(word);
  }
  // What the operating system saves of the registers: the instructions on the others are not to be used.
  if (saves_registers) {
    asm("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    add(a);
    add(d);
  }
#endif
  return identity;
}

Result<void> check_processor(const ProcessorSupport& support) {
  std::string missing;
  const auto check = [&](bool there, const char* name) {
    if (!there) missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
  check(support.ssse3, "SSSE3");
  check(support.sse4_1, "SSE4.1");
  check(support.sse4_2, "SSE4.2");
  check(support.popcnt, "POPCNT");
  if (missing.empty()) return {};
  return Error{ErrorCode::unsupported, 0, "this processor lacks instructions that wisp needs: " + missing,
               "an x86-64-v2 processor is needed; virtual machines can hide what theirs has (QEMU: -cpu host)"};
}

}  // namespace wisp::sys
