#pragma once

#include <bit>
#include <cstring>
#include <vector>

#include "base/buffer.hpp"
#include "base/bytes.hpp"
#include "baseline/code_space.hpp"
#include "baseline/operands.hpp"
#include "baseline/pins.hpp"
#include "baseline/stencils.hpp"
#include "interp/function_code.hpp"

namespace wisp::baseline {

/// The machine code of one function. Positions in it are byte offsets.
struct NativeFunction {
  FuncIndex function;
  const u8* code = nullptr;
  u32 size_bytes = 0;
  std::vector<interp::TryRegion> regions;
  std::vector<interp::CatchHandler> handlers;
  std::vector<interp::Origin> loops;  // where their iterations are counted: positions, not words
  std::vector<Pins::Pinned> pinned;
};

inline constexpr u32 slot_scale = 3;  // slots are eight bytes

/// Words of the instruction that begins with this one.
constexpr u32 words_of(interp::Word first) {
  return u32(first >> 16);
}

/// Copies and patches stencils, one function after the other. Its buffers stay.
class Compiler {
 public:
  /// `guarded`: accesses to memory 0 need no checks.
  explicit Compiler(bool guarded)
      : tables_(guarded ? guarded_stencils : stencils),
        pinned_tables_(guarded ? guarded_pinned_stencils : pinned_stencils) {}

  /// Compiles slot code, in which instructions are numbers (interp::Encoding), into a block. False if the block is too
  /// small.
  bool compile(const interp::FunctionCode& slot_code, const CodeBlock& block);
  /// What has been compiled last.
  NativeFunction take(const interp::FunctionCode& slot_code) const;
  u32 size_bytes() const { return size_; }
  /// Byte offset of an instruction, by its first word.
  u32 position_of(u32 word) const { return positions_[word]; }
  /// Bytes that are room enough for most functions of that many words.
  static u32 estimate(u32 words) { return words * 16 + 256; }

 private:
  /// Words of the instruction that is being compiled.
  struct Instruction {
    const interp::Word* words;
    u32 word;  // its first one's number
    interp::SlotOp op() const { return interp::SlotOp(u16(words[0])); }
    u16 field(u32 index) const { return u16(words[1] >> (16 * index)); }
    u32 wide() const { return u32(words[1] >> 32); }
    /// Of a br_table, whose distances follow two to a word.
    u32 table_target(u32 index) const {
      return word + load_le<u32>(reinterpret_cast<const u8*>(words + 2) + u64{4} * index);
    }
  };
  /// A distance that is not known yet.
  struct Fixup {
    u32 at;    // of the four bytes
    u32 to;    // a word, or a position
    u32 from;  // position that the distance counts from
  };
  /// A stencil's second part, which is to be placed behind the function's first parts.
  struct Cold {
    const Stencil* stencil;
    u32 word;
    u32 hot_position;
    u32 first_fixup;  // of the first part's references to it
  };

  const StencilPair& stencil_of(interp::SlotOp op) const {
    return tables_[u32(op) >> interp::family_shift][u32(op) & interp::family_mask];
  }
  bool emit_hot(const interp::FunctionCode& slot_code);
  bool emit_hot_with_pins(const interp::FunctionCode& slot_code);
  bool emit(const StencilPair& pair, const Instruction& instruction);
  [[gnu::noinline]] void finish(const Stencil& stencil, const Instruction& instruction, u32 position);
  void mark_label(u32 word);

  // pinned_compile.cpp
  bool emit_with_pins(const Instruction& instruction);
  bool emit_pinnable(const Instruction& instruction, const Operands& operands);
  [[gnu::noinline]] bool emit_plain(const Instruction& instruction, const Operands& operands);
  [[gnu::noinline]] bool emit_move(const Instruction& instruction);
  bool emit_copy(const Instruction& instruction);
  [[gnu::noinline]] bool emit_result(const Instruction& instruction, const Operands& operands, bool from_pins);
  [[gnu::noinline]] bool emit_pin_move(PinMove move, Pin pin, u32 slot, u64 constant = 0);
  bool load_pin(Pin pin, u32 slot);
  bool store_pin(Pin pin, u32 slot);
  bool store_pin_if_dirty(Pin pin, u32 slot);
  [[gnu::noinline]] bool store_read_pins(const Instruction& instruction, u8 fields);
  bool store_pins();
  bool load_pins();
  u32 place_number(const Instruction& instruction, OperandPlace place, u8 field) const;
  void mark_dirty(Pin pin) { dirty_ |= 1u << pin.index(); }

  bool emit_cold(const interp::FunctionCode& slot_code);
  bool emit_tables(const interp::FunctionCode& slot_code);
  void fix_branches();
  bool copy(u32 from, u32 count);
  static void patch(const Stencil& stencil, interp::Word second_word, u8* code);
  void fill(std::span<const Hole> holes, const Instruction& instruction, u32 part_position, u32 hot_position);
  void fill_distance(const Hole& hole, const Instruction& instruction, u32 at, u32 hot_position);
  void store_distance(u32 at, i64 distance);

  const StencilPair* const* tables_;
  const PinnedStencils* pinned_tables_;
  Pins pins_;
  u32 dirty_ = 0;  // pins, by index, that may hold something else than their slots
  CodeBlock block_;
  u32 size_ = 0;
  Buffer<u32> positions_;  // by word
  Buffer<u8> labels_;      // by word, of a function with pins: whether a branch that has been seen goes there
  Buffer<Fixup> branches_;
  Buffer<Fixup> cold_references_;
  Buffer<Fixup> table_references_;
  Buffer<Cold> colds_;
};

/// Bytes of a stencil to the end of the code.
inline bool Compiler::copy(u32 from, u32 count) {
  // A few more than wanted are copied at once, and overwritten by what comes next.
  constexpr u32 at_once = stencil_padding_bytes;
  if (count + at_once > block_.size_bytes - size_) return false;
  u8* const to = block_.writable + size_;
  const u8* const bytes = stencil_code.data() + from;
  std::memcpy(to, bytes, at_once);
  for (u32 done = at_once; done < count; done += at_once) std::memcpy(to + done, bytes + done, at_once);
  size_ += count;
  return true;
}

/// The values of the kinds of holes that the second word alone decides.
inline void Compiler::patch(const Stencil& stencil, interp::Word second_word, u8* code) {
  using Halves [[gnu::vector_size(8)]] = u16;
  using Values [[gnu::vector_size(16)]] = u32;
  const Values fields = __builtin_convertvector(std::bit_cast<Halves>(second_word), Values);
  const Values slots = fields << slot_scale;
  u32 values[second_word_kinds];
  std::memcpy(values + u32(HoleKind::slot_0), &slots, sizeof slots);
  std::memcpy(values + u32(HoleKind::field_0), &fields, sizeof fields);
  values[u32(HoleKind::wide)] = u32(second_word >> 32);
  for (u32 i = 0; i < Stencil::patch_count; ++i) {
    u8* const at = code + stencil.patch_at[i];
    store_le<u32>(at, load_le<u32>(at) + values[stencil.patch_kind[i]]);
  }
}

inline constexpr auto narrow_masks = [] {
  std::array<u64, 2 << narrow_offset_bit> masks;
  for (u32 fields = 0; fields < masks.size(); ++fields) masks[fields] = narrow_mask(fields);
  return masks;
}();

/// The stencil's first part.
[[gnu::always_inline]] inline bool Compiler::emit(const StencilPair& pair, const Instruction& instruction) {
  const bool is_narrow = (instruction.words[1] & narrow_masks[pair.forms[0].narrow_fields]) == 0;
  const Stencil& stencil = pair.forms[is_narrow];
  const u32 position = size_;
  if (!copy(stencil.code, stencil.hot_bytes)) return false;
  patch(stencil, instruction.words[1], block_.writable + position);
  if ((stencil.hot_hole_count | stencil.cold_bytes) != 0) finish(stencil, instruction, position);
  return true;
}

}  // namespace wisp::baseline
