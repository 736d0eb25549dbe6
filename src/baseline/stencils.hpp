#pragma once

#include <array>
#include <span>

#include "interp/slot_code.hpp"

/// The table of stencils that the generator makes from the op bodies (generator/make_stencils.cpp).
namespace wisp::baseline {

/// What goes into a hole.
enum class HoleKind : u8 {
  slot_0,  // eight times field 0: the slot's distance from the frame, in bytes
  slot_1,
  slot_2,
  slot_3,
  field_0,
  field_1,
  field_2,
  field_3,
  wide,
  word_2,
  word_3,
  word_4,
  low_1,  // the low half of word 1
  low_2,
  high_2,
  slot_word_3,  // eight times word 3
  // Distances from the end of the hole
  target,  // the branch's target
  table,   // the br_table's distances, 32 bits each, counted from the table's start
  cold,    // a place in the stencil's second part
  // The same, from places that are known already
  hot,       // a place in its first part
  constant,  // a place in the constants
  external,  // a function of the runtime, by number
};

/// The kinds before this one are 32 bits of the instruction's second word, or eight times as much.
inline constexpr u32 second_word_kinds = u32(HoleKind::wide) + 1;

/// Bytes of a stencil's code that are to be filled in.
struct Hole {
  u16 at;  // byte offset; those of the second part follow those of the first
  HoleKind kind;
  u8 size_bytes;  // 1, 4 or 8
  i32 addend;     // of `hot`, `cold`, `constant`: the place; of `external`: the number; else added to the value
};

/// The machine code of one handler. Control enters at the start of the first part and goes on behind it; the second
/// part is what happens rarely.
struct alignas(32) Stencil {
  static constexpr u32 patch_count = 3;

  u32 code;  // in stencil_code
  u32 first_hole;
  u16 hot_bytes;
  u16 cold_bytes;
  /// Holes in the first part that are not among the patches, and those in the second part.
  u16 hot_hole_count;
  u16 cold_hole_count;
  /// The most usual holes, always as many: in the first part, for a kind of the second word, without an addend. Those
  /// that a stencil does not need are behind its first part. The value is added to four bytes, the lowest of which may
  /// be all that the hole has.
  std::array<u16, patch_count> patch_at;
  std::array<u8, patch_count> patch_kind;
  /// What has to be small for the narrow form, by bit: slots of fields 0 to 3, an offset in the wide field.
  u8 narrow_fields;
};

/// A stencil in two forms: as it is, and with displacements of one byte where it has four.
struct alignas(64) StencilPair {
  std::array<Stencil, 2> forms;
};

constexpr u32 narrow_offset_bit = 4;

/// Bits of the second word that are zero if all of these fields are small.
constexpr u64 narrow_mask(u32 fields) {
  u64 mask = 0;
  for (u32 field = 0; field < 4; ++field) mask |= u64{(fields >> field & 1) != 0 ? 0xfff0u : 0u} << (16 * field);
  return mask | u64{(fields >> narrow_offset_bit & 1) != 0 ? 0xffff'ff80u : 0u} << 32;
}

/// Stencils are copied in steps of so many bytes; as many may be read behind the last one.
inline constexpr u32 stencil_padding_bytes = 32;

extern const std::span<const u8> stencil_code;
extern const std::span<const Hole> stencil_holes;
/// What stencils read, aligned to 16 bytes.
extern const std::span<const u8> stencil_constants;
/// The functions that stencils call or leave to, by number.
extern const std::span<const void* const> stencil_externals;

/// By family (interp/slot_code.hpp) and `SlotOp & family_mask`. `guarded` stencils rely on guard pages.
extern const StencilPair* const stencils[];
extern const StencilPair* const guarded_stencils[];

/// Stencils with operands in pins, by family; null where a family has none. `numbers` is by place in the table of
/// handlers (pinned/pinned_rows.hpp), most of which is gaps.
struct PinnedStencils {
  static constexpr u16 gap = 0xffff;

  const u16* numbers;
  const StencilPair* stencils;
};
extern const PinnedStencils pinned_stencils[];
extern const PinnedStencils guarded_pinned_stencils[];

/// Moves of pins (pin_moves.hpp).
extern const StencilPair* const pin_move_stencils;

}  // namespace wisp::baseline
