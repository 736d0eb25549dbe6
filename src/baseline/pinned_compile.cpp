#include <algorithm>

#include "base/check.hpp"
#include "baseline/compiler.hpp"

/// Code of functions that have locals in registers. A pin is the local's truth; its slot is written where somebody else
/// may look there, and read again where somebody else may have written it.
namespace wisp::baseline {

using interp::SlotOp;
using interp::Word;

namespace {

constexpr u32 place_count = 3 + std::max(integer_pins, vector_pins);
constexpr u32 pair_count = place_count * place_count;

}  // namespace

bool Compiler::emit_hot_with_pins(const interp::FunctionCode& slot_code) {
  const Word* const words = slot_code.words.data();
  const u32 count = u32(slot_code.words.size());
  dirty_ = 0;
  labels_.assign(count + 1, 0);
  for (const interp::LoopRange& loop : slot_code.loop_ranges) mark_label(loop.begin);
  for (u32 word = 0; word < count; word += words_of(words[word])) {
    positions_[word] = size_;
    if (!emit_with_pins({words + word, word})) return false;
  }
  positions_[count] = size_;
  return true;
}

inline bool Compiler::emit_with_pins(const Instruction& instruction) {
  if (labels_[instruction.word] != 0) dirty_ = (1u << all_pins) - 1;
  const Operands& operands = operands_of(instruction.op());
  if (operands.kind == Operands::Kind::pinnable) return emit_pinnable(instruction, operands);
  switch (operands.kind) {
    case Operands::Kind::pinnable:
      break;
    case Operands::Kind::plain:
      return emit_plain(instruction, operands);
    case Operands::Kind::move:
      return emit_move(instruction);
    case Operands::Kind::leave:
      return store_pins() && emit(stencil_of(instruction.op()), instruction);
    case Operands::Kind::barrier:
      // At a function's entry nothing is in the pins yet.
      return (instruction.word == 0 || store_pins()) && emit(stencil_of(instruction.op()), instruction) && load_pins();
  }
  WISP_UNREACHABLE();
}

/// The number of an operand's place in the rows of pinned stencils (pinned/pinned_rows.hpp).
inline u32 Compiler::place_number(const Instruction& instruction, OperandPlace place, u8 field) const {
  if (field == Operands::no_field) return u32(place);
  const Pin pin = pins_.of(instruction.field(field));
  return pin ? 3 + pin.number : u32(place);
}

inline bool Compiler::emit_pinnable(const Instruction& instruction, const Operands& operands) {
  u32 a = place_number(instruction, operands.a, operands.a_field);
  const u32 b = place_number(instruction, operands.b, operands.b_field);
  const bool from_pins = a >= 3 || b >= 3;
  const SlotOp op = instruction.op();
  const StencilPair* stencil = nullptr;
  if (operands.reads != 0 && !store_read_pins(instruction, operands.reads)) return false;
  if (from_pins) {
    if (operands.takes_a && a >= 3 && operands.b != OperandPlace::acc) {
      if (!emit_pin_move(PinMove::take_vector, pins_.of(instruction.field(operands.a_field)), 0)) return false;
      a = u32(OperandPlace::acc);
    }
    const PinnedStencils& table = pinned_tables_[u32(op) >> interp::family_shift];
    WISP_CHECK(table.numbers != nullptr);
    const u16 number = table.numbers[operands.row * pair_count + a * place_count + b];
    WISP_CHECK(number != PinnedStencils::gap);
    stencil = &table.stencils[number];
    if (operands.updates_a) {
      const Pin pin = pins_.of(instruction.field(0));
      if (pin) mark_dirty(pin);
    }
  } else {
    const bool to_pin = operands.result_to_slot && pins_.of(instruction.field(0));
    // Without the result's way to the slot.
    stencil = &stencil_of(to_pin ? SlotOp(u32(op) - interp::result_to_slot) : op);
  }
  if (!emit(*stencil, instruction)) return false;
  return !operands.result_to_slot || emit_result(instruction, operands, from_pins);
}

/// Brings a result from the accumulator to where it belongs besides; stencils with pins leave that to others.
bool Compiler::emit_result(const Instruction& instruction, const Operands& operands, bool from_pins) {
  if (!operands.result_to_slot) return true;
  const u32 slot = instruction.field(0);
  if (const Pin pin = pins_.of(slot)) {
    mark_dirty(pin);
    return emit_pin_move(pin.is_integer() ? PinMove::set : PinMove::set_vector, pin, slot);
  }
  if (!from_pins) return true;
  const SlotOp set = operands.result == ValueKind::integer  ? SlotOp::set_acc
                     : operands.result == ValueKind::vector ? SlotOp::set_vacc128
                                                            : SlotOp::set_vacc64;
  return emit(stencil_of(set), instruction);
}

bool Compiler::emit_plain(const Instruction& instruction, const Operands& operands) {
  if (!store_read_pins(instruction, operands.reads)) return false;
  const Pin result_pin = operands.result_to_slot ? pins_.of(instruction.field(0)) : Pin{};
  const SlotOp op = instruction.op();
  const SlotOp kept = result_pin ? SlotOp(u32(op) - interp::result_to_slot) : op;
  if (!emit(stencil_of(kept), instruction)) return false;
  if (result_pin) return emit_result(instruction, operands, false);
  if (!operands.writes_field_0) return true;
  const Pin written = pins_.of(instruction.field(0));
  if (!written) return true;
  dirty_ &= ~(1u << written.index());
  return load_pin(written, instruction.field(0));
}

bool Compiler::emit_move(const Instruction& instruction) {
  const SlotOp op = instruction.op();
  if (op == SlotOp::copy32 || op == SlotOp::copy64 || op == SlotOp::copy128) return emit_copy(instruction);
  const u32 slot = instruction.field(0);
  const Pin pin = pins_.of(slot);
  if (!pin) return emit(stencil_of(op), instruction);
  mark_dirty(pin);
  const bool integer = pin.is_integer();
  if (op == SlotOp::const32) {
    return emit_pin_move(integer ? PinMove::constant32 : PinMove::constant32_vector, pin, slot, instruction.wide());
  }
  if (op == SlotOp::const64) {
    return emit_pin_move(integer ? PinMove::constant64 : PinMove::constant64_vector, pin, slot, instruction.words[2]);
  }
  return emit_pin_move(integer ? PinMove::set : PinMove::set_vector, pin, slot);
}

bool Compiler::emit_copy(const Instruction& instruction) {
  const u32 to_slot = instruction.field(0);
  const u32 from_slot = instruction.field(1);
  const Pin to = pins_.of(to_slot);
  const Pin from = pins_.of(from_slot);
  if (to) mark_dirty(to);
  if (to && from) {
    if (to.is_integer() == from.is_integer()) {
      return emit_pin_move(copy_from(from.number, to.is_integer()), to, to_slot);
    }
    // What the home of an operand is otherwise used for says nothing of what is copied to it.
    return store_pin(from, to_slot) && load_pin(to, to_slot);
  }
  if (to) return load_pin(to, from_slot);
  if (from) return store_pin(from, to_slot);
  return emit(stencil_of(instruction.op()), instruction);
}

bool Compiler::emit_pin_move(PinMove move, Pin pin, u32 slot, u64 constant) {
  const Word words[] = {0, Word{slot} | constant << 32, constant};
  return emit(pin_move(move, pin.number), {words, 0});
}

bool Compiler::load_pin(Pin pin, u32 slot) {
  constexpr PinMove moves[] = {PinMove::load, PinMove::load64, PinMove::load128};
  return emit_pin_move(moves[u32(pin.kind) - u32(interp::LocalClass::integer)], pin, slot);
}

bool Compiler::store_pin(Pin pin, u32 slot) {
  constexpr PinMove moves[] = {PinMove::store, PinMove::store64, PinMove::store128};
  return emit_pin_move(moves[u32(pin.kind) - u32(interp::LocalClass::integer)], pin, slot);
}

bool Compiler::store_pin_if_dirty(Pin pin, u32 slot) {
  const u32 bit = 1u << pin.index();
  if ((dirty_ & bit) == 0) return true;
  dirty_ &= ~bit;
  return store_pin(pin, slot);
}

bool Compiler::store_read_pins(const Instruction& instruction, u8 fields) {
  for (u32 i = 0; i < 4; ++i) {
    if ((fields >> i & 1) == 0) continue;
    const u32 slot = instruction.field(i);
    if (const Pin pin = pins_.of(slot); pin && !store_pin_if_dirty(pin, slot)) return false;
  }
  return true;
}

bool Compiler::store_pins() {
  for (const Pins::Pinned& one : pins_.pinned()) {
    if (!store_pin_if_dirty(one.pin, one.slot)) return false;
  }
  return true;
}

bool Compiler::load_pins() {
  dirty_ = 0;
  for (const Pins::Pinned& one : pins_.pinned()) {
    if (!load_pin(one.pin, one.slot)) return false;
  }
  return true;
}

}  // namespace wisp::baseline
