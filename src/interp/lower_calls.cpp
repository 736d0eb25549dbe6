#include <algorithm>

#include "interp/lowering.hpp"

/// Lowering of calls and throws. Arguments are in their homes, which become the callee's first slots.
namespace wisp::interp {

using wasm::FuncType;

namespace {

u32 larger_side(const FuncType& type) {
  return std::max(runtime::slot_count(type.params), runtime::slot_count(type.results));
}

}  // namespace

/// The slot of the first argument.
u32 Lowering::prepare_call(const FuncType& type) {
  const u32 count = u32(type.params.size());
  stack_.ensure_homes(count);
  stack_.spill_accumulators();
  return count == 0 ? stack_.next_home() : stack_.home(count - 1);
}

void Lowering::finish_call(const FuncType& type) {
  stack_.forget_accumulators();
  stack_.drop(u32(type.params.size()));
  push_homes(type.results);
}

void Lowering::call(FuncIndex function, const FuncType& type) {
  settle();
  see();
  const u32 arguments = prepare_call(type);
  const u32 linked = context_.linked_calls ? 1 : 0;
  if (context_.module.is_imported(function)) {
    emit_wide(variant(SlotOp::call_import, linked), arguments, arguments + larger_side(type), function.value);
  } else {
    emit(variant(SlotOp::call_local, linked), arguments);
    out_.append_word(context_.cell_address(function));
  }
  finish_call(type);
}

void Lowering::call_indirect(TableIndex table, TypeIndex index, const FuncType& type) {
  settle();
  see();
  if (stack_.is_constant(0)) stack_.ensure_home(0);
  const Operand element = stack_.pop();
  const u32 arguments = prepare_call(type);
  const bool is_64 = context_.module.tables[table.value].type.limits.is_64;
  const u32 linked = context_.linked_calls ? 4 : 0;
  const u32 noted = context_.call_sites != nullptr ? 8 : 0;
  emit(variant(SlotOp::call_indirect, (element.can_be_acc() ? 1 : 0) | (is_64 ? 2 : 0) | linked | noted), arguments,
       arguments + larger_side(type), element.slot);
  out_.append_word(u64(index.value) << 32 | table.value);
  if (noted != 0) out_.append_word(reinterpret_cast<Word>(&context_.call_sites->at(state_->offset())));
  finish_call(type);
}

void Lowering::call_ref(TypeIndex, const FuncType& type) {
  settle();
  see();
  stack_.ensure_slot(0);
  const Operand reference = stack_.pop();
  const u32 arguments = prepare_call(type);
  emit(variant(SlotOp::call_ref, context_.linked_calls ? 1 : 0), arguments, arguments + larger_side(type),
       reference.slot);
  finish_call(type);
}

void Lowering::return_call(FuncIndex function, const FuncType& type) {
  settle();
  see();
  const u32 arguments = prepare_call(type);
  const u32 count = runtime::slot_count(type.params);
  if (context_.module.is_imported(function)) {
    emit(SlotOp::return_call_import, arguments, larger_side(type), 0, count);
    out_.append_word(function.value);
  } else {
    emit(SlotOp::return_call_local, arguments, 0, 0, count);
    out_.append_word(context_.cell_address(function));
  }
}

void Lowering::return_call_indirect(TableIndex table, TypeIndex index, const FuncType& type) {
  settle();
  see();
  if (stack_.is_constant(0)) stack_.ensure_home(0);
  const Operand element = stack_.pop();
  const u32 arguments = prepare_call(type);
  const bool is_64 = context_.module.tables[table.value].type.limits.is_64;
  emit(variant(SlotOp::return_call_indirect, (element.can_be_acc() ? 1 : 0) | (is_64 ? 2 : 0)), arguments,
       larger_side(type), element.slot, runtime::slot_count(type.params));
  out_.append_word(u64(index.value) << 32 | table.value);
}

void Lowering::return_call_ref(TypeIndex, const FuncType& type) {
  settle();
  see();
  stack_.ensure_slot(0);
  const Operand reference = stack_.pop();
  const u32 arguments = prepare_call(type);
  emit(SlotOp::return_call_ref, arguments, larger_side(type), reference.slot, runtime::slot_count(type.params));
}

void Lowering::throw_(TagIndex tag, const FuncType& type) {
  settle();
  see();
  const wasm::ValType result = wasm::ValType::ref(false, wasm::HeapKind::exn);
  emit_libcall(runtime::LibcallId::exception_new, u32(type.params.size()), {&result, 1}, tag.value);
  emit(SlotOp::throw_reference, stack_.home(0));
}

void Lowering::throw_ref() {
  settle();
  see();
  stack_.ensure_slot(0);
  emit(SlotOp::throw_reference, stack_.pop().slot);
}

}  // namespace wisp::interp
