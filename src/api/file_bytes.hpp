#pragma once

#include <cstdio>
#include <memory>

#include "wisp/module.hpp"

#include "base/bytes.hpp"
#include "wasm/module.hpp"

namespace wisp {

/// What was in a file when it was read.
struct FileBytes {
  Bytes bytes;
  std::shared_ptr<const void> owner;
  std::shared_ptr<wasm::UnreadBytes> unread = nullptr;  // null if all is read
};

enum class ReadStatus : u8 { ok, too_large, failed };

/// Reads what is left of a file into memory that was not cleared before. `failed` leaves the reason in `errno`. The
/// file is not to be read otherwise.
ReadStatus read_all(std::FILE* file, u64 limit_bytes, FileBytes& into);

/// The same, but if it is a module, the contents of large custom sections are left for when they are asked for: most
/// runs of a program never do, and they may be the larger part of it. The file stays open as long as it is needed.
ReadStatus read_module(const std::shared_ptr<std::FILE>& file, u64 limit_bytes, FileBytes& into);

/// The module in a file that was read.
Result<Module> load_file(const Engine& engine, const FileBytes& file);

}  // namespace wisp
