#pragma once

#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/int.hpp"

namespace wisp {

using Bytes = std::span<const u8>;
using MutableBytes = std::span<u8>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const u8*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads a little-endian value at any alignment. The caller has checked the bounds.
template <class T>
  requires std::is_trivially_copyable_v<T>
inline T load_le(const void* from) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Writes a little-endian value at any alignment. The caller has checked the bounds.
template <class T>
  requires std::is_trivially_copyable_v<T>
inline void store_le(void* to, T value) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace wisp
