#include "base/utf8.hpp"

namespace wisp {

namespace {

bool is_ascii_block(const u8* at) {
  return (load_le<u64>(at) & 0x8080808080808080u) == 0;
}

/// Length of the well-formed sequence at `at`, or 0.
usize sequence_length(Bytes rest) {
  auto continues = [&](usize i, u8 low = 0x80, u8 high = 0xbf) {
    return i < rest.size() && rest[i] >= low && rest[i] <= high;
  };
  const u8 lead = rest[0];
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return continues(1) ? 2 : 0;
  if (lead < 0xf0) {
    const u8 low = lead == 0xe0 ? 0xa0 : 0x80;
    const u8 high = lead == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead < 0xf5) {
    const u8 low = lead == 0xf0 ? 0x90 : 0x80;
    const u8 high = lead == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(Bytes bytes) {
  usize i = 0;
  while (i < bytes.size()) {
    if (bytes.size() - i >= 8 && is_ascii_block(bytes.data() + i)) {
      i += 8;
      continue;
    }
    const usize length = sequence_length(bytes.subspan(i));
    if (length == 0) return false;
    i += length;
  }
  return true;
}

}  // namespace wisp
