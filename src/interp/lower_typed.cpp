#include "interp/lowering.hpp"
#include "runtime/libcall_of.hpp"

/// Lowering of globals, tables, bulk operations, references and objects.
namespace wisp::interp {

using wasm::Imm;
using wasm::Op;
using wasm::ValType;

void Lowering::typed(Op op, const Imm& imm, std::span<const ValType> operands, std::span<const ValType> results) {
  if (op == Op::ref_is_null) {
    see();
    settle();
    return lower_eqz(Op::i64_eqz);
  }
  settle();
  see();
  switch (op) {
    case Op::global_get:
      return lower_global_get(imm, results[0]);
    case Op::global_set:
      return lower_global_set(imm, operands[0]);
    case Op::ref_null:
      return stack_.push_constant(Rep::i64, runtime::null_ref);
    case Op::ref_func:
      return push_result(Rep::i64, emit_wide(SlotOp::ref_func, 0, 0, imm.func.value), SlotOp::ref_func);
    case Op::ref_eq:
      return lower_comparison(Op::i64_eq);
    case Op::any_convert_extern:
    case Op::extern_convert_any:
      return;
    case Op::ref_as_non_null:
      stack_.ensure_slot(0);
      return lower_null_check(TrapReason::null_reference);
    case Op::table_get:
    case Op::table_set:
    case Op::table_size:
      return lower_table(op, imm);
    default:
      break;
  }
  if (!lower_object(op, imm)) lower_libcall(op, imm, u32(operands.size()), results);
}

void Lowering::lower_libcall(Op op, const Imm& imm, u32 operands, std::span<const ValType> results) {
  const std::optional<runtime::LibcallUse> use = runtime::libcall_of(op, imm);
  WISP_CHECK(use);
  emit_libcall(use->id, operands, results, use->first, use->second);
}

void Lowering::lower_null_check(TrapReason reason) {
  const Operand operand = stack_.pop();
  emit_wide(SlotOp::check_non_null, operand.slot, 0, u32(reason));
  stack_.push_again(operand, locals_end_);
}

namespace {

constexpr SlotOp global_gets[] = {SlotOp::global_get_i32, SlotOp::global_get_i64, SlotOp::global_get_f32,
                                  SlotOp::global_get_f64, SlotOp::global_get_v128};
constexpr SlotOp global_sets[] = {SlotOp::global_set_i32, SlotOp::global_set_i64, SlotOp::global_set_f32,
                                  SlotOp::global_set_f64, SlotOp::global_set_v128};

}  // namespace

void Lowering::lower_global_get(const Imm& imm, ValType type) {
  const Rep rep = rep_of(type);
  const SlotOp op = global_gets[u32(rep)];
  push_result(rep, emit_wide(op, 0, 0, imm.global.value), op);
}

void Lowering::lower_global_set(const Imm& imm, ValType type) {
  if (stack_.is_constant(0)) stack_.ensure_home(0);
  const Operand value = stack_.pop();
  emit_wide(variant(global_sets[u32(rep_of(type))], value.can_be_acc() ? 1 : 0), value.slot, 0, imm.global.value);
}

void Lowering::lower_table(Op op, const Imm& imm) {
  const bool is_64 = context_.module.tables[imm.table.value].type.limits.is_64;
  if (op == Op::table_size) {
    push_result(is_64 ? Rep::i64 : Rep::i32, emit_wide(SlotOp::table_size, 0, 0, imm.table.value), SlotOp::table_size);
    return;
  }
  const bool is_get = op == Op::table_get;
  stack_.ensure_slot(0);
  if (!is_get) stack_.ensure_slot(1);
  const u32 value = is_get ? 0 : stack_.pop().slot;
  const u32 index = stack_.pop().slot;
  emit(variant(is_get ? SlotOp::table_get : SlotOp::table_set, is_64 ? 1 : 0), is_get ? stack_.next_home() : value,
       index);
  out_.append_word(imm.table.value);
  if (is_get) stack_.push_home_and_acc(Rep::i64);
}

namespace {

/// The number of a storage type in the lists of field and element instructions.
u32 get_number(const wasm::StorageType& type, bool is_signed) {
  if (type.packed == wasm::StorageType::Packed::i8) return is_signed ? 0 : 1;
  if (type.packed == wasm::StorageType::Packed::i16) return is_signed ? 2 : 3;
  return 4 + u32(rep_of(type.type));
}

u32 set_number(const wasm::StorageType& type) {
  if (type.packed == wasm::StorageType::Packed::i8) return 0;
  if (type.packed == wasm::StorageType::Packed::i16) return 1;
  return 2 + u32(rep_of(type.type));
}

/// The rows of one instruction are in the order of the numbers.
SlotOp field_get_op(u32 number) {
  return variant(SlotOp::field_get_i8_s, 2 * number);
}
SlotOp field_set_op(u32 number) {
  return variant(SlotOp::field_set_i8, number);
}
SlotOp element_get_op(u32 number) {
  return variant(SlotOp::element_get_i8_s, 2 * number);
}
SlotOp element_set_op(u32 number) {
  return variant(SlotOp::element_set_i8, number);
}
static_assert(variant(SlotOp::field_get_i8_s, 2 * 8) == SlotOp::field_get_v128);
static_assert(variant(SlotOp::field_set_i8, 6) == SlotOp::field_set_v128);
static_assert(variant(SlotOp::element_get_i8_s, 2 * 8) == SlotOp::element_get_v128);
static_assert(variant(SlotOp::element_set_i8, 6) == SlotOp::element_set_v128);

}  // namespace

bool Lowering::lower_object(Op op, const Imm& imm) {
  const wasm::DefType* type =
      imm.type.value < context_.module.types.size() ? context_.module.types[imm.type.value] : nullptr;
  switch (op) {
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u: {
      const wasm::StorageType& storage = type->fields[imm.field.value].storage;
      const SlotOp slot_op = field_get_op(get_number(storage, op == Op::struct_get_s));
      lower_get(slot_op, 1, context_.layouts.offset(imm.type, imm.field), rep_of(storage.type));
      return true;
    }
    case Op::struct_set: {
      const wasm::StorageType& storage = type->fields[imm.field.value].storage;
      lower_set(field_set_op(set_number(storage)), 2, context_.layouts.offset(imm.type, imm.field));
      return true;
    }
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u: {
      const wasm::StorageType& storage = type->fields[0].storage;
      lower_get(element_get_op(get_number(storage, op == Op::array_get_s)), 2, 0, rep_of(storage.type));
      return true;
    }
    case Op::array_set:
      lower_set(element_set_op(set_number(type->fields[0].storage)), 3, 0);
      return true;
    case Op::array_len:
    case Op::i31_get_s:
    case Op::i31_get_u:
      lower_get(form(op).op, 1, 0, Rep::i32);
      return true;
    case Op::ref_i31:
      lower_get(SlotOp::ref_i31, 1, 0, Rep::i64);
      return true;
    default:
      return false;
  }
}

/// One or two operands in fields 1 and 2, or one and a wide field.
void Lowering::lower_get(SlotOp op, u32 operands, u32 wide, Rep result) {
  for (u32 i = 0; i < operands; ++i) stack_.ensure_slot(i);
  const u32 index = operands == 2 ? stack_.pop().slot : 0;
  const u32 object = stack_.pop().slot;
  const u32 at = operands == 2 ? emit(op, 0, object, index) : emit_wide(op, 0, object, wide);
  push_result(result, at, op);
}

void Lowering::lower_set(SlotOp op, u32 operands, u32 wide) {
  for (u32 i = 0; i < operands; ++i) stack_.ensure_slot(i);
  const u32 value = stack_.pop().slot;
  const u32 index = operands == 3 ? stack_.pop().slot : 0;
  const u32 object = stack_.pop().slot;
  if (operands == 3) {
    emit(op, value, object, index);
  } else {
    emit_wide(op, value, object, wide);
  }
}

}  // namespace wisp::interp
