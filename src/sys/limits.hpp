#pragma once

#include "base/int.hpp"

namespace wisp::sys {

/// Longest path, longest component, most symbolic links in one resolution: those of Linux, on every file system.
inline constexpr usize max_path_bytes = 4095;
inline constexpr usize max_name_bytes = 255;
inline constexpr int max_symlinks = 40;

/// Most buffers that one read or write takes; those beyond it are left out, which makes the transfer a short one.
inline constexpr usize max_io_buffers = 1024;

/// How often a resolution that a concurrent rename disturbed is tried again before the guest is told.
inline constexpr int max_resolve_attempts = 64;

/// Buffer of one directory that is being read.
inline constexpr usize directory_buffer_bytes = 16 * 1024;

/// How often a wait looks at an interruption that has no descriptor to wake it.
inline constexpr u64 interrupt_check_ns = 10'000'000;

/// What is kept of the name of a piece of machine code for tools of the host.
inline constexpr usize max_symbol_bytes = 1024;

/// Waiting connections of a listening socket.
inline constexpr int listen_backlog = 128;

}  // namespace wisp::sys
