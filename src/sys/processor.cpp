#include "sys/processor.hpp"

namespace wisp::sys {

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
