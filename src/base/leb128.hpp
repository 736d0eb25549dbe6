#pragma once

#include <vector>

#include "base/bytes.hpp"

namespace wisp {

/// What a LEB128 read found. https://webassembly.github.io/spec/core/binary/values.html#integers
enum class LebStatus : u8 { ok, unexpected_end, too_long, too_large };

/// Reads an unsigned LEB128 of `Bits` bits at `*cursor`; moves the cursor past it on success only.
template <int Bits>
inline LebStatus read_uleb(const u8*& cursor, const u8* end, u64& value) {
  constexpr int max_bytes = (Bits + 6) / 7;
  constexpr int last_bits = Bits - 7 * (max_bytes - 1);
  const u8* at = cursor;
  u64 result = 0;
  for (int i = 0; i < max_bytes; ++i) {
    if (at == end) return LebStatus::unexpected_end;
    const u8 byte = *at++;
    if (i == max_bytes - 1) {
      if ((byte & 0x80) != 0) return LebStatus::too_long;
      if ((byte >> last_bits) != 0) return LebStatus::too_large;
    }
    result |= u64(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      value = result;
      cursor = at;
      return LebStatus::ok;
    }
  }
  return LebStatus::too_long;
}

/// Reads a signed LEB128 of `Bits` bits at `*cursor`; moves the cursor past it on success only.
template <int Bits>
inline LebStatus read_sleb(const u8*& cursor, const u8* end, i64& value) {
  constexpr int max_bytes = (Bits + 6) / 7;
  constexpr int last_bits = Bits - 7 * (max_bytes - 1);
  const u8* at = cursor;
  u64 result = 0;
  for (int i = 0; i < max_bytes; ++i) {
    if (at == end) return LebStatus::unexpected_end;
    const u8 byte = *at++;
    if (i == max_bytes - 1) {
      if ((byte & 0x80) != 0) return LebStatus::too_long;
      // The unused bits must repeat the sign bit.
      const i8 sign_extended = i8(u8(byte << 1)) >> last_bits;
      if (sign_extended != 0 && sign_extended != -1) return LebStatus::too_large;
    }
    const int shift = 7 * i;
    result |= u64(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      if (shift + 7 < 64 && (byte & 0x40) != 0) result |= ~u64{0} << (shift + 7);
      value = i64(result);
      cursor = at;
      return LebStatus::ok;
    }
  }
  return LebStatus::too_long;
}

inline void write_uleb(std::vector<u8>& out, u64 value) {
  while (value >= 0x80) {
    out.push_back(u8(value) | 0x80);
    value >>= 7;
  }
  out.push_back(u8(value));
}

inline void write_sleb(std::vector<u8>& out, i64 value) {
  while (true) {
    const u8 byte = u8(value) & 0x7f;
    value >>= 7;
    const bool last = (value == 0 && (byte & 0x40) == 0) || (value == -1 && (byte & 0x40) != 0);
    out.push_back(last ? byte : byte | 0x80);
    if (last) return;
  }
}

}  // namespace wisp
