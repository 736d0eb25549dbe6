#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/int.hpp"
#include "sys/code_memory.hpp"
#include "sys/signals.hpp"

namespace wisp::baseline {

/// A stretch of code memory: where the bytes are written, and the address that they will run at.
struct CodeBlock {
  u8* writable = nullptr;
  const u8* code = nullptr;
  u32 size_bytes = 0;
  /// Where, in its region, the constants of the stencils are, and the stubs that jump to functions of the runtime.
  const u8* constants = nullptr;
  const u8* stubs = nullptr;
};

/// Code memory of one module. Not thread-safe.
class CodeSpace {
 public:
  /// Of code that is left by faults, `landing` is where it goes on.
  CodeSpace(const void* landing, usize first_region_bytes) : landing_(landing), region_bytes_(first_region_bytes) {}

  /// Room for at most `size_bytes`; taken by `keep`. Nothing if the host has no memory left.
  std::optional<CodeBlock> room(u32 size_bytes);
  /// The first `used_bytes` of the last room are code now.
  void keep(u32 used_bytes);

  u64 used_bytes() const { return used_bytes_; }

 private:
  struct Region {
    sys::CodeMemory memory;
    sys::CodeRange range;
    u32 used = 0;
    u32 stubs = 0;
    u64 prepared = 0;  // memory has been got up to there
  };
  bool add_region(u32 wanted_bytes);

  const void* landing_;
  usize region_bytes_;
  u64 used_bytes_ = 0;
  std::vector<Region> regions_;
};

/// Bytes of a stub; stubs are numbered like stencil_externals.
inline constexpr u32 stub_bytes = 16;

}  // namespace wisp::baseline
