#pragma once

#include <cstdio>
#include <memory>

#include "base/bytes.hpp"

namespace wisp {

/// What was in a file when it was read.
struct FileBytes {
  Bytes bytes;
  std::shared_ptr<const void> owner;
};

enum class ReadStatus : u8 { ok, too_large, failed };

/// Reads what is left of a file into memory that was not cleared before. `failed` leaves the reason in `errno`. The
/// file is not to be read otherwise.
ReadStatus read_all(std::FILE* file, u64 limit_bytes, FileBytes& into);

}  // namespace wisp
