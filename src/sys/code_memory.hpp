#pragma once

#include "base/outcome.hpp"
#include "sys/errno.hpp"

namespace wisp::sys {

/// Memory for machine code, mapped twice: one mapping can be written, the other can be executed, none can do both.
/// Pages that nobody has written take no memory.
class CodeMemory {
 public:
  CodeMemory() = default;
  CodeMemory(CodeMemory&& other) noexcept;
  CodeMemory& operator=(CodeMemory&& other) noexcept;
  ~CodeMemory();

  static Outcome<CodeMemory> create(usize size_bytes);

  /// Where code runs.
  const u8* code() const { return code_; }
  /// Where the same bytes are written.
  u8* writable() const { return writable_; }
  usize size_bytes() const { return size_bytes_; }

  /// Bytes that are about to be written get their memory at once, which takes less time than page after page.
  void prepare(usize offset, usize size) const;

 private:
  void release();

  const u8* code_ = nullptr;
  u8* writable_ = nullptr;
  usize size_bytes_ = 0;
};

}  // namespace wisp::sys
