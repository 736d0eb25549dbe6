#pragma once

#include <vector>

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

  const Stencil& stencil_of(interp::SlotOp op) const {
    return tables_[u32(op) >> interp::family_shift][u32(op) & interp::family_mask];
  }
  bool emit_hot(const interp::FunctionCode& slot_code);
  bool emit(const Stencil& stencil, const Instruction& instruction);

  // pinned_compile.cpp
  bool emit_with_pins(const Instruction& instruction);
  bool emit_pinnable(const Instruction& instruction, const Operands& operands);
  bool emit_plain(const Instruction& instruction, const Operands& operands);
  bool emit_move(const Instruction& instruction);
  bool emit_copy(const Instruction& instruction);
  bool emit_result(const Instruction& instruction, const Operands& operands, bool from_pins);
  bool emit_pin_move(PinMove move, Pin pin, u32 slot, u64 constant = 0);
  bool store_pin(Pin pin, u32 slot);
  bool store_pins();
  bool load_pins();
  u32 place_number(const Instruction& instruction, OperandPlace place, u8 field) const;
  void mark_dirty(Pin pin) { dirty_ |= 1u << pin.index(); }

  bool emit_cold(const interp::FunctionCode& slot_code);
  bool emit_tables(const interp::FunctionCode& slot_code);
  void fix_branches();
  void fill(const Hole& hole, const Instruction& instruction, u32 part_position, u32 hot_position);
  u64 operand(HoleKind kind, const Instruction& instruction) const;
  void store_distance(u32 at, i64 distance);

  const Stencil* const* tables_;
  const Stencil* const* pinned_tables_;
  Pins pins_;
  u32 dirty_ = 0;  // pins, by index, that may hold something else than their slots
  CodeBlock block_;
  u32 size_ = 0;
  std::vector<u32> positions_;  // by word
  std::vector<Fixup> branches_;
  std::vector<Fixup> cold_references_;
  std::vector<Fixup> table_references_;
  std::vector<Cold> colds_;
};

}  // namespace wisp::baseline
