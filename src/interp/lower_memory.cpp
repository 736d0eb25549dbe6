#include "interp/lowering.hpp"

/// Lowering of the memory instructions.
namespace wisp::interp {

using wasm::Imm;
using wasm::Op;

std::optional<u32> Lowering::constant_address(u32 from_top, const wasm::MemArg& memarg) const {
  if (!stack_.is_constant(from_top)) return std::nullopt;
  const u64 address = stack_.constant(from_top) + memarg.offset;
  if (address > limits::address_offset) return std::nullopt;
  return u32(address);
}

void Lowering::lower_load(const SlotForm& f, const Imm& imm) {
  const std::optional<u32> fixed = constant_address(0, imm.memarg);
  if (!fixed && stack_.is_constant(0)) stack_.ensure_home(0);
  const Operand address = stack_.pop();
  if (address.place == Place::acc) {
    if (const std::optional<Sum> sum = take_sum(address)) {
      const SlotOp slot_op = variant(f.indexed, (sum->x_in_acc ? 2 : 0) | (sum->y ? 0 : 4));
      const u32 at = emit(slot_op, 0, sum->x, sum->y.value_or(0), sum->shift);
      out_.append_word(imm.memarg.offset | u64(sum->constant) << 32);
      return push_result(f.result, at, slot_op);
    }
  }
  const u32 place = fixed ? 2 : address.can_be_acc() ? 1 : 0;
  const SlotOp slot_op = variant(f.op, 2 * place);
  const u32 at = emit_wide(slot_op, 0, address.slot, fixed.value_or(u32(imm.memarg.offset)));
  push_result(f.result, at, slot_op);
}

void Lowering::lower_store(const SlotForm& f, const Imm& imm) {
  const std::optional<u32> fixed = constant_address(1, imm.memarg);
  if (!fixed && stack_.is_constant(1)) stack_.ensure_home(1);
  const Operand value = stack_.pop();
  const Operand address = stack_.pop();
  // An address and an integer cannot both be in the one accumulator, unless they are the same local's value.
  u32 address_place = fixed ? 2 : address.can_be_acc() ? 1 : 0;
  const u32 value_place = value.is_immediate() ? 2 : value.can_be_acc() ? 1 : 0;
  if (address_place == 1 && value.place == Place::acc && address.in_acc && value.rep <= Rep::i64) address_place = 0;
  const SlotOp slot_op = variant(f.op, value_place + 3 * address_place);
  emit_wide(slot_op, value.slot, address.slot, fixed.value_or(u32(imm.memarg.offset)));
  if (value.is_immediate()) out_.append_word(value.bits);
}

void Lowering::lower_any(Op op, const Imm& imm) {
  if (op == Op::memory_atomic_notify || op == Op::memory_atomic_wait32 || op == Op::memory_atomic_wait64) {
    return lower_wait(op, imm);
  }
  const std::string_view signature = wasm::info(op).signature;
  const u32 operands = u32(signature.find(':'));
  const bool has_result = operands + 1 < signature.size();
  for (u32 i = 0; i < operands; ++i) stack_.ensure_slot(i);
  Operand taken[3];
  for (u32 i = operands; i-- > 0;) taken[i] = stack_.pop();

  const Shape shape = form(op).any_shape;
  const bool is_64 = context_.module.memories[imm.memarg.memory.value].limits.is_64;
  const SlotOp slot_op = variant(form(op).any, is_64 ? 1 : 0);
  const bool value_first = shape == Shape::store_any || shape == Shape::atomic_store;
  const u32 f0 = has_result ? stack_.next_home() : value_first ? taken[1].slot : 0;
  const u32 f3 = operands > 1 && !value_first ? taken[1].slot : 0;
  emit(slot_op, f0, taken[0].slot, imm.memarg.memory.value, f3);
  out_.append_word(imm.memarg.offset);
  if (shape == Shape::load_lane || shape == Shape::store_lane) out_.append_word(imm.lane);
  if (shape == Shape::atomic_cmpxchg) out_.append_word(taken[2].slot);
  if (has_result) stack_.push_home_and_acc(form(op).result);
}

void Lowering::lower_wait(Op op, const Imm& imm) {
  using runtime::LibcallId;
  const LibcallId id = op == Op::memory_atomic_notify   ? LibcallId::memory_atomic_notify
                       : op == Op::memory_atomic_wait32 ? LibcallId::memory_atomic_wait32
                                                        : LibcallId::memory_atomic_wait64;
  const wasm::ValType result = wasm::ValType::i32();
  emit_libcall(id, op == Op::memory_atomic_notify ? 2 : 3, {&result, 1}, imm.memarg.memory.value, imm.memarg.offset);
}

}  // namespace wisp::interp
