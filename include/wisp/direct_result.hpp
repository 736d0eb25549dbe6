#pragma once

#include <cstdint>

namespace wisp::detail {

/// How a function of the host returns that native code of a guest calls directly. A register each: the first is as wide
/// as the second may be, so that no C++ ABI puts both into one.
template <class R>
struct DirectResult {
  std::uint64_t how;  // 0: to the guest
  R value;
};
template <>
struct DirectResult<void> {
  std::uint64_t how;
};

/// A direct entry, whatever its type: `DirectResult<R>(void* context, CallingInstance&, Params...)`.
using AnyDirectEntry = void (*)();

}  // namespace wisp::detail
