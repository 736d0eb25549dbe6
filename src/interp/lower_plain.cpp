#include <algorithm>

#include "interp/lowering.hpp"

/// Lowering of the instructions whose operands and results opcodes.def says.
namespace wisp::interp {

using wasm::Imm;
using wasm::Op;

namespace {

/// Comparisons come in the same order for each type; these are their numbers in it.
struct ComparisonKind {
  Op first;
  u8 count;
};

ComparisonKind kind_of(Op op) {
  if (op >= Op::i32_eq && op <= Op::i32_ge_u) return {Op::i32_eq, 10};
  if (op >= Op::i64_eq && op <= Op::i64_ge_u) return {Op::i64_eq, 10};
  if (op >= Op::f32_eq && op <= Op::f32_ge) return {Op::f32_eq, 6};
  return {Op::f64_eq, 6};
}

/// The comparison that gives the same for swapped operands.
Op swapped(Op op) {
  // eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u, and eq ne lt gt le ge.
  constexpr u8 integer[] = {0, 1, 4, 5, 2, 3, 8, 9, 6, 7};
  constexpr u8 floating[] = {0, 1, 3, 2, 5, 4};
  const ComparisonKind kind = kind_of(op);
  const u32 number = u32(op) - u32(kind.first);
  return Op(u32(kind.first) + (kind.count == 10 ? integer : floating)[number]);
}

}  // namespace

Op opposite(Op op) {
  constexpr u8 table[] = {1, 0, 8, 9, 6, 7, 4, 5, 2, 3};
  const Op first = kind_of(op).first;
  return Op(u32(first) + table[u32(op) - u32(first)]);
}

void Lowering::lower(Op op, const Imm& imm) {
  if (op == Op::i32_eqz || op == Op::i64_eqz) {
    see();
    lower_eqz(op);
    return;
  }
  settle();
  see(op == Op::nop ? 0 : 1);
  const SlotForm& f = form(op);
  switch (f.shape) {
    case Shape::unary:
      return lower_unary(op, f.result);
    case Shape::binary:
      return lower_binary(op, f.result, false);
    case Shape::commutative:
      return lower_binary(op, f.result, true);
    case Shape::compare:
      return lower_comparison(op);
    case Shape::vector_binary:
    case Shape::vector_commutative:
    case Shape::vector_shift:
    case Shape::vector_ternary:
    case Shape::extract_lane:
    case Shape::replace_lane:
      return lower_vector(op, imm, f.result);
    default:
      break;
  }
  lower_other(op, imm);
}

void Lowering::lower_other(Op op, const Imm& imm) {
  switch (op) {
    case Op::nop:
      return;
    case Op::v128_const:
    case Op::i8x16_shuffle:
      return lower_vector(op, imm, Rep::v128);
    case Op::i64_add128:
    case Op::i64_sub128:
    case Op::i64_mul_wide_s:
    case Op::i64_mul_wide_u:
      return lower_wide(op);
    case Op::memory_size: {
      const wasm::MemoryType& type = context_.module.memories[imm.memory.value];
      const u32 at = emit(SlotOp::memory_size, 0, 0, imm.memory.value, type.page_size_log2);
      return push_result(rep_of(type.limits.address_type()), at, SlotOp::memory_size);
    }
    case Op::memory_grow: {
      const wasm::ValType address = context_.module.memories[imm.memory.value].limits.address_type();
      return emit_libcall(runtime::LibcallId::memory_grow, 1, {&address, 1}, imm.memory.value);
    }
    case Op::data_drop:
    case Op::elem_drop:
      return lower_libcall(op, imm, 0, {});
    case Op::atomic_fence:
      emit(SlotOp::atomic_fence);
      return;
    default:
      WISP_UNREACHABLE();
  }
}

void Lowering::lower_unary(Op op, Rep result) {
  if (stack_.is_constant(0)) stack_.ensure_home(0);
  const Operand a = stack_.pop();
  const SlotOp slot_op = variant(form(op).op, a.can_be_acc() ? 2 : 0);
  push_result(result, emit(slot_op, 0, a.slot), slot_op);
}

void Lowering::lower_binary(Op op, Rep result, bool commutative) {
  if (stack_.is_constant(0) && stack_.is_constant(1)) stack_.ensure_home(1);
  Operand b = stack_.pop();
  Operand a = stack_.pop();
  if (op == Op::i32_add && (lower_shifted_add(a, b) || lower_shifted_add(b, a))) return;
  if (commutative) {
    if (a.is_immediate() || (b.can_be_acc() && a.place != Place::acc)) std::swap(a, b);
    emit_binary(form(op).op, (a.can_be_acc() ? 1 : 0) + (b.is_immediate() ? 2 : 0), a, b, result);
    return;
  }
  u32 number = 0;
  if (a.is_immediate()) {
    number = b.can_be_acc() ? 6 : 5;
  } else if (b.is_immediate()) {
    number = a.can_be_acc() ? 4 : 2;
  } else if (b.place == Place::acc || !a.can_be_acc()) {
    number = b.can_be_acc() ? 1 : 0;
  } else {
    number = 3;
  }
  emit_binary(form(op).op, number, a, b, result);
}

/// An addition to what the last instruction shifted to the left by a constant: an index into an array.
bool Lowering::lower_shifted_add(const Operand& shifted, const Operand& base) {
  if (base.place != Place::slot) return false;
  const std::optional<OperandStack::Producer> producer = stack_.last_producer(shifted);
  const bool is_shift =
      producer && (producer->op == variant(SlotOp::i32_shl, 2 * 2) || producer->op == variant(SlotOp::i32_shl, 2 * 4));
  if (!is_shift) return false;
  const Sum sum = *take_sum(shifted);
  const SlotOp op = variant(SlotOp::i32_shl_add, sum.x_in_acc ? 2 : 0);
  push_result(Rep::i32, emit(op, 0, sum.x, base.slot, sum.shift), op);
  return true;
}

/// `number` is the case in the list of the op's shape.
void Lowering::emit_binary(SlotOp op, u32 number, const Operand& a, const Operand& b, Rep result) {
  const SlotOp slot_op = variant(op, 2 * number);
  const Operand* immediate = a.is_immediate() ? &a : b.is_immediate() ? &b : nullptr;
  u32 at = 0;
  if (immediate == nullptr) {
    at = emit(slot_op, 0, a.slot, b.slot);
  } else {
    const u32 other = immediate == &a ? b.slot : a.slot;
    const bool is_wide = immediate->rep == Rep::i64 || immediate->rep == Rep::f64;
    at = emit_wide(slot_op, 0, other, is_wide ? 0 : u32(immediate->bits));
    if (is_wide) out_.append_word(immediate->bits);
  }
  push_result(result, at, slot_op);
}

void Lowering::lower_comparison(Op op) {
  if (stack_.is_constant(0) && stack_.is_constant(1)) stack_.ensure_home(1);
  Operand b = stack_.pop();
  Operand a = stack_.pop();
  if (a.is_immediate() || (b.can_be_acc() && a.place != Place::acc && !b.is_immediate())) {
    std::swap(a, b);
    op = swapped(op);
  }
  comparison_ = Comparison{.op = op, .a = a, .b = b};
}

void Lowering::lower_eqz(Op op) {
  if (comparison_) {
    comparison_->negate = !comparison_->negate;
    return;
  }
  if (stack_.is_constant(0)) stack_.ensure_home(0);
  const Operand a = stack_.pop();
  const Operand zero{.place = Place::immediate, .rep = a.rep};
  comparison_ = Comparison{.op = op == Op::i32_eqz ? Op::i32_eq : Op::i64_eq, .a = a, .b = zero};
}

void Lowering::lower_wide(Op op) {
  const u32 operands = op == Op::i64_add128 || op == Op::i64_sub128 ? 4 : 2;
  stack_.ensure_homes(operands);
  emit(form(op).op, stack_.home(operands - 1));
  stack_.drop(operands);
  stack_.push_home(Rep::i64);
  stack_.push_home(Rep::i64);
}

void Lowering::lower_vector(Op op, const Imm& imm, Rep result) {
  const SlotForm& f = form(op);
  SlotOp slot_op = f.op;
  u32 at = 0;
  if (op == Op::v128_const) {
    at = emit(slot_op);
  } else if (f.shape == Shape::extract_lane) {
    const Operand a = stack_.pop();
    slot_op = variant(slot_op, a.can_be_acc() ? 2 : 0);
    at = emit_wide(slot_op, 0, a.slot, imm.lane);
  } else if (f.shape == Shape::vector_ternary) {
    for (u32 i = 0; i < 3; ++i) stack_.ensure_slot(i);
    const Operand c = stack_.pop();
    const Operand b = stack_.pop();
    const Operand a = stack_.pop();
    at = emit(slot_op, 0, a.slot, b.slot, c.slot);
  } else if (f.shape == Shape::vector_shift && stack_.is_constant(0)) {
    const Operand count = stack_.pop();
    const Operand a = stack_.pop();
    slot_op = variant(slot_op, 4 | (a.can_be_acc() ? 2 : 0));
    at = emit_wide(slot_op, 0, a.slot, u32(count.bits));
  } else {
    // What the accumulator has becomes the first operand, if that is the same.
    const bool swaps =
        f.shape == Shape::vector_commutative && stack_.peek(0).can_be_acc() && !stack_.peek(1).can_be_acc();
    stack_.ensure_slot(swaps ? 1 : 0);
    const bool takes_acc = swaps || f.shape == Shape::vector_binary || f.shape == Shape::vector_commutative ||
                           f.shape == Shape::vector_shift;
    if (!takes_acc) stack_.ensure_slot(1);
    Operand b = stack_.pop();
    Operand a = stack_.pop();
    if (swaps) std::swap(a, b);
    slot_op = variant(slot_op, takes_acc && a.can_be_acc() ? 2 : 0);
    at = emit(slot_op, 0, a.slot, b.slot, f.shape == Shape::replace_lane ? imm.lane : 0);
  }
  if (op == Op::v128_const || op == Op::i8x16_shuffle) {
    u64 halves[2];
    std::memcpy(halves, imm.v128.data(), sizeof halves);
    out_.append_word(halves[0]);
    out_.append_word(halves[1]);
  }
  push_result(result, at, slot_op);
}

}  // namespace wisp::interp
