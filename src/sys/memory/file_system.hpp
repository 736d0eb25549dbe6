#pragma once

#include <memory>

#include "sys/directory.hpp"

namespace wisp::sys {

struct MemoryFileSystemOptions {
  /// For everything: contents in pages, names, entries.
  u64 limit_bytes = 0;
  /// What `FileStat::device` says; different for each file system that one guest can see.
  u64 device = 1;
  /// Where its timestamps come from; outlives the file system.
  Clock* clock = nullptr;
};

/// The root of a new, empty file system in memory, which behaves like one on a disk. It lives as long as anything of it
/// is open. One thread at a time.
std::unique_ptr<Directory> make_memory_file_system(const MemoryFileSystemOptions& options);

}  // namespace wisp::sys
