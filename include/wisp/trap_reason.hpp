#pragma once

#include <cstdint>
#include <string_view>

namespace wisp {

/// Why a guest stopped. `none` means that it goes on.
enum class TrapReason : std::uint32_t {
  none,
#define WISP_TRAP(enumerator, text) enumerator,
#include "wisp/traps.def"
#undef WISP_TRAP
};

/// The text of the specification's tests for the reason, or ours where it has none.
constexpr std::string_view text_of(TrapReason reason) {
  switch (reason) {
    case TrapReason::none:
      break;
#define WISP_TRAP(enumerator, text) \
  case TrapReason::enumerator:      \
    return text;
#include "wisp/traps.def"
#undef WISP_TRAP
  }
  return {};
}

}  // namespace wisp
