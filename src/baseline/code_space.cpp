#include "baseline/code_space.hpp"

#include <algorithm>
#include <cstring>

#include "base/bytes.hpp"
#include "baseline/limits.hpp"
#include "baseline/stencils.hpp"

namespace wisp::baseline {
namespace {

constexpr u32 alignment = 16;

u32 aligned(u64 value) {
  return u32((value + alignment - 1) & ~u64{alignment - 1});
}

/// jmp *0(%rip), and the address.
void write_stub(u8* at, const void* target) {
  constexpr u8 jump[] = {0xff, 0x25, 0, 0, 0, 0};
  std::memcpy(at, jump, sizeof jump);
  store_le<u64>(at + sizeof jump, reinterpret_cast<u64>(target));
}

}  // namespace

bool CodeSpace::add_region(u32 wanted_bytes) {
  const u64 head = aligned(stencil_constants.size()) + stencil_externals.size() * stub_bytes;
  const u64 wanted = head + wanted_bytes + alignment;
  const usize size = std::max<usize>(region_bytes_, wanted);
  if (size > limits::region_bytes) return false;
  auto memory = sys::CodeMemory::create(size);
  if (!memory.ok()) return false;
  region_bytes_ = std::min<usize>(size * 2, limits::region_bytes);
  Region region{.memory = std::move(memory).value(), .range = {}};
  region.range = sys::CodeRange(region.memory.code(), region.memory.size_bytes(), landing_);
  std::memcpy(region.memory.writable(), stencil_constants.data(), stencil_constants.size());
  region.stubs = aligned(stencil_constants.size());
  for (usize i = 0; i < stencil_externals.size(); ++i) {
    write_stub(region.memory.writable() + region.stubs + i * stub_bytes, stencil_externals[i]);
  }
  region.used = u32(head);
  regions_.push_back(std::move(region));
  return true;
}

std::optional<CodeBlock> CodeSpace::room(u32 size_bytes) {
  const bool fits =
      !regions_.empty() && regions_.back().memory.size_bytes() - aligned(regions_.back().used) >= size_bytes;
  if (!fits && !add_region(size_bytes)) return std::nullopt;
  Region& region = regions_.back();
  region.used = aligned(region.used);
  if (region.used >= limits::prepared_bytes && region.used + size_bytes > region.prepared) {
    region.prepared = region.used + size_bytes + limits::prepared_bytes;
    region.memory.prepare(region.used, region.prepared - region.used);
  }
  return CodeBlock{.writable = region.memory.writable() + region.used,
                   .code = region.memory.code() + region.used,
                   .size_bytes = u32(region.memory.size_bytes() - region.used),
                   .constants = region.memory.code(),
                   .stubs = region.memory.code() + region.stubs};
}

void CodeSpace::keep(u32 used_bytes) {
  regions_.back().used += used_bytes;
  used_bytes_ += used_bytes;
}

}  // namespace wisp::baseline
