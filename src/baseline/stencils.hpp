#pragma once

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
  target,    // the branch's target
  table,     // the br_table's distances, 32 bits each, counted from the table's start
  hot,       // a place in the stencil's first part
  cold,      // a place in its second part
  constant,  // a place in the constants
  external,  // a function of the runtime, by number
};

/// Bytes of a stencil's code that are to be filled in.
struct Hole {
  u16 at;  // byte offset; those of the second part follow those of the first
  HoleKind kind;
  u8 size_bytes;  // 1, 4 or 8
  i32 addend;     // of `hot`, `cold`, `constant`: the place; of `external`: the number; else added to the value
};

/// The machine code of one handler. Control enters at the start of the first part and goes on behind it; the second
/// part is what happens rarely.
struct Stencil {
  u32 code;  // in stencil_code
  u32 first_hole;
  u16 hot_bytes;
  u16 cold_bytes;
  u16 hole_count;
  /// Of these, in the first part.
  u16 hot_hole_count;
};

/// `Stencil::code` where a table has a gap.
inline constexpr u32 no_stencil = ~u32{0};

extern const std::span<const u8> stencil_code;
extern const std::span<const Hole> stencil_holes;
/// What stencils read, aligned to 16 bytes.
extern const std::span<const u8> stencil_constants;
/// The functions that stencils call or leave to, by number.
extern const std::span<const void* const> stencil_externals;

/// By family (interp/slot_code.hpp) and `SlotOp & family_mask`. `guarded` stencils rely on guard pages.
extern const Stencil* const stencils[];
extern const Stencil* const guarded_stencils[];

/// Stencils with operands in pins (pinned/pinned_rows.hpp), by family; null where a family has none.
extern const Stencil* const pinned_stencils[];
extern const Stencil* const guarded_pinned_stencils[];

/// Moves of pins (pin_moves.hpp).
extern const Stencil* const pin_move_stencils;

}  // namespace wisp::baseline
