#pragma once

#include <array>

#include "interp/slot_code.hpp"

namespace wisp::baseline {

/// Where an operand is that may also be in a pin; the order is that of interp::Place.
enum class OperandPlace : u8 { slot, acc, immediate };

/// What a slot holds: values that are computed in one kind of register, bits for any of them that fit one slot, or the
/// second half of a vector.
enum class ValueKind : u8 { integer, floating, vector, bits, second_half };
/// A set of kinds.
constexpr u8 kind_bit(ValueKind kind) {
  return u8(1 << u32(kind));
}

/// What an instruction does with the slots that its fields name.
struct Operands {
  enum class Kind : u8 {
    pinnable,  // has stencils for operands in pins
    plain,     // reads and writes single slots
    move,      // copies between slots, accumulators and constants
    barrier,   // may read and write any slot
    leave,     // may read any slot, and does not go on
  };
  static constexpr u8 no_field = 4;

  Kind kind = Kind::barrier;
  /// Of a pinnable one: its operands, and the row of stencils among the family's.
  OperandPlace a = OperandPlace::slot;
  OperandPlace b = OperandPlace::slot;
  u8 a_field = no_field;  // if in a slot
  u8 b_field = no_field;
  u16 row = 0;
  /// Fields that are read from their slots, by bit.
  u8 reads = 0;
  /// The result is in the accumulator; if `result_to_slot`, also in field 0, but not in the variant before this one.
  bool has_result = false;
  bool result_to_slot = false;
  ValueKind result = ValueKind::integer;
  /// Of a pinnable one, what its operands are.
  ValueKind a_kind = ValueKind::integer;
  ValueKind b_kind = ValueKind::integer;
  /// If a is in a pin and b not in the accumulator, a is brought to the accumulator before.
  bool takes_a = false;
  /// Field 0 is written without being in the accumulator, or besides; it may be two slots.
  bool writes_field_0 = false;
  /// Field 0 is read and written, and may be in a pin: increment_br_if_ne.
  bool updates_a = false;
};

/// The slots that an instruction uses, where a pin would help, and for what. Said so that no decision is left: there
/// are always three.
struct SlotUses {
  static constexpr u32 count = 3;
  struct Use {
    u8 shift = 0;  // of the field in the second word
    bool no_use = true;
    u8 kinds = 0;       // by bit
    u8 next_kinds = 0;  // of the slot behind it, if a vector takes two
  };
  std::array<Use, count> uses;
  bool is_barrier = false;
};

/// By family and `SlotOp & family_mask`, like the tables of stencils.
extern const Operands* const operand_tables[];
extern const SlotUses* const slot_use_tables[];

inline const SlotUses& slot_uses_of(interp::SlotOp op) {
  return slot_use_tables[u32(op) >> interp::family_shift][u32(op) & interp::family_mask];
}

inline const Operands& operands_of(interp::SlotOp op) {
  return operand_tables[u32(op) >> interp::family_shift][u32(op) & interp::family_mask];
}

}  // namespace wisp::baseline
