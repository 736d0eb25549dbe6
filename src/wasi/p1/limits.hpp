#pragma once

#include "base/int.hpp"

namespace wisp::wasi::p1 {

/// Buffers in one call that reads or writes; more is `inval`, as POSIX does with IOV_MAX.
inline constexpr u32 max_iovecs = 1024;

/// Subscriptions in one `poll_oneoff`; more is `inval`.
inline constexpr u32 max_subscriptions = 8192;

/// Directory entries that `fd_readdir` stores between two looks at whether the guest must stop.
inline constexpr u32 entries_between_checks = 1024;

}  // namespace wisp::wasi::p1
