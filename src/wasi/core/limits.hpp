#pragma once

#include "base/int.hpp"

namespace wisp::core {

/// What one guest may make the host keep. Part of the embedder's configuration.
struct Limits {
  u64 open_handles = 4096;
  /// Buffers of directories that are being read, together.
  u64 directory_buffer_bytes = 8 * 1024 * 1024;
};

/// Arguments, respectively environment variables, of one guest together, terminators included.
inline constexpr u64 max_environment_bytes = 8 * 1024 * 1024;

/// Size of an in-memory file system for which the embedder names none.
inline constexpr u64 default_tmpfs_bytes = 256 * 1024 * 1024;

/// Longest guest path that a handle remembers for messages.
inline constexpr usize max_remembered_path_bytes = 1024;

/// Random bytes to ask for at once, so that a large request can be interrupted.
inline constexpr usize random_chunk_bytes = 1024 * 1024;

}  // namespace wisp::core
