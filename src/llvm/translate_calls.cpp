#include "llvm/translator.hpp"
#include "runtime/native.hpp"

/// Translation of calls, throws, and of everything that goes to the runtime.
namespace wisp::llvm_tier {

using runtime::Status;
using wasm::FuncType;
using wasm::ValType;

namespace {

u32 larger_side(const FuncType& type) {
  return std::max(runtime::slot_count(type.params), runtime::slot_count(type.results));
}

/// Whether functions of the host of that type may have an abi::DirectEntry.
bool has_direct_entry(const FuncType& type) {
  return type.results.size() <= 1 && std::ranges::all_of(type.params, &ValType::is_numeric) &&
         std::ranges::all_of(type.results, &ValType::is_numeric);
}

}  // namespace

std::vector<ir::Value*> Translator::pop_arguments(const FuncType& type) {
  std::vector<Value> values;
  const u32 count = u32(type.params.size());
  values.reserve(count);
  for (u32 i = 0; i < count; ++i) values.push_back(peek(count - 1 - i));
  truncate(u32(stack_.size()) - count);
  return values;
}

/// After a call: leaves if it did not return, to a handler or to the caller.
void Translator::check_status(Value status) {
  Block failed = new_block("failed");
  Block returned = new_block();
  branch_unlikely(b_.CreateICmpNE(status, out_.constant32(u32(Status::returned))), failed, returned);
  b_.SetInsertPoint(failed);
  leave_noted(status);
  b_.SetInsertPoint(returned);
}

/// Notes the frame and leaves, to a handler if the status is an exception.
void Translator::leave_noted(Value status) {
  const auto note = out_.helper("note_frame", ir::Type::getVoidTy(out_.context()), {out_.pointer()});
  ir::CallInst* call = b_.CreateCall(note, {vm_});
  call->addFnAttr(ir::Attribute::NoMerge);
  if (try_label_ != none) {
    Block away = new_block();
    Value is_exception = b_.CreateICmpEQ(status, out_.constant32(u32(Status::exception)));
    b_.CreateCondBr(is_exception, labels_[try_label_].handlers, away);
    b_.SetInsertPoint(away);
  }
  leave_with(status);
}

/// Results that a callee has left in the slots from `base` on.
void Translator::push_results(const FuncType& type, u32 base) {
  for (const ValType result : type.results) {
    push(out_.load_slot(b_, result, slot(base)), result);
    base += result.slots();
  }
}

/// After a call that gives its status, and its result if it has one.
void Translator::finish_call(Value outcome, const FuncType& type, u32 base) {
  if (type.results.size() == 1) {
    check_status(b_.CreateExtractValue(outcome, 0));
    push(b_.CreateExtractValue(outcome, 1), type.results[0]);
  } else {
    check_status(outcome);
    push_results(type, base);
  }
}

void Translator::call(FuncIndex function, const FuncType& type) {
  see();
  if (out_.wasm().is_imported(function)) return call_import(function_at(function), type);
  const std::vector<Value> arguments = pop_arguments(type);
  const u32 base = settle_refs();
  if (type.results.size() > 1) need_slots(base + runtime::slot_count(type.results));
  finish_call(call_guest(function, arguments, base), type, base);
}

/// A function of the module.
ir::Value* Translator::call_guest(FuncIndex function, std::span<const Value> arguments, u32 base) {
  std::vector<Value> operands{slot(base), vm_, memory_};
  operands.insert(operands.end(), arguments.begin(), arguments.end());
  ir::CallInst* call = b_.CreateCall(out_.entry(Entry::registers, function), operands);
  call->setCallingConv(ir::CallingConv::PreserveNone);
  return call;
}

/// Any function, by its address: with its arguments in registers if optimized code of it is there, else in slots.
ir::Value* Translator::call_any(Value function, const FuncType& type, std::span<const Value> arguments, u32 base) {
  need_slots(base + larger_side(type));
  ir::Function* by_slots = out_.call_by_slots(type, larger_side(type));
  Value code = code_of(function, by_slots);
  std::vector<Value> operands{slot(base), vm_, memory_};
  operands.insert(operands.end(), arguments.begin(), arguments.end());
  // One more than a function takes does not disturb it.
  operands.push_back(function);
  ir::CallInst* call = b_.CreateCall(by_slots->getFunctionType(), code, operands);
  call->setCallingConv(ir::CallingConv::PreserveNone);
  return call;
}

void Translator::call_function(Value function, const FuncType& type) {
  const std::vector<Value> arguments = pop_arguments(type);
  const u32 base = settle_refs();
  finish_call(call_any(function, type, arguments, base), type, base);
}

/// Most imports are of the host and have a direct entry; others are called as if they had one. It is not asked whether
/// there is native stack for it: this function has been, and takes less than what is kept free for functions of the
/// host.
void Translator::call_import(Value function, const FuncType& type) {
  if (out_.job().sampled || !has_direct_entry(type)) return call_function(function, type);
  const std::vector<Value> arguments = pop_arguments(type);
  const u32 base = settle_refs();
  need_slots(base + larger_side(type));
  set_stack_top(base);
  constexpr u64 direct_at = offsetof(runtime::Function, host) + offsetof(abi::HostCode, direct);
  Value direct = out_.fixed(b_, out_.pointer(), function, direct_at);
  Value context = out_.fixed(b_, out_.pointer(), function, offsetof(runtime::Function, host_context));
  Value is_direct = b_.CreateIsNotNull(direct);
  ir::Function* other = out_.import_by_slots(type, larger_side(type));
  std::vector<Value> operands{b_.CreateSelect(is_direct, context, function), vm_};
  operands.insert(operands.end(), arguments.begin(), arguments.end());
  Value outcome = b_.CreateCall(other->getFunctionType(), b_.CreateSelect(is_direct, direct, other), operands);

  const bool has_result = !type.results.empty();
  Value how = has_result ? b_.CreateExtractValue(outcome, 0) : outcome;
  Block left = new_block("left");
  Block returned = new_block();
  branch_unlikely(b_.CreateICmpNE(how, out_.constant64(u64(abi::HostResult::returned))), left, returned);
  b_.SetInsertPoint(left);
  const auto import_left = out_.helper("import_left", out_.i32(), {out_.pointer(), out_.i64()});
  leave_noted(b_.CreateCall(import_left, {vm_, how}));
  b_.SetInsertPoint(returned);
  if (has_result) push(b_.CreateExtractValue(outcome, 1), type.results[0]);
}

/// What to call with parameters in registers to call a function: its optimized code, if there is such and it runs in
/// this context.
ir::Value* Translator::code_of(Value function, Value otherwise) {
  Value cell = out_.fixed(b_, out_.pointer(), function, offsetof(runtime::Function, code));
  Block guest = new_block();
  Block compiled = new_block();
  Block call = new_block();
  Block from = b_.GetInsertBlock();
  // Only functions of the host have none.
  branch_unlikely(b_.CreateIsNull(cell), call, guest);

  b_.SetInsertPoint(guest);
  Value code =
      out_.load(b_, out_.pointer(), out_.at(b_, cell, offsetof(runtime::NativeCell, registers)), Touches::runtime);
  branch_unlikely(b_.CreateIsNull(code), call, compiled);

  b_.SetInsertPoint(compiled);
  Value vm = out_.fixed_pointer(b_, function, offsetof(runtime::Function, context), sizeof(runtime::VmContext));
  Value usual = b_.CreateSelect(b_.CreateICmpEQ(vm, vm_), code, otherwise);
  b_.CreateBr(call);

  b_.SetInsertPoint(call);
  ir::PHINode* phi = b_.CreatePHI(out_.pointer(), 3);
  phi->addIncoming(otherwise, from);
  phi->addIncoming(otherwise, guest);
  phi->addIncoming(usual, compiled);
  return phi;
}

/// The Function that an element of a table is, which may be null; a trap if there is no such element.
ir::Value* Translator::table_element(TableIndex table) {
  Value element = pop();
  if (element->getType() == out_.i32()) element = b_.CreateZExt(element, out_.i64());
  Value view = table_view(table);
  trap_if(b_.CreateICmpUGE(element, table_size(view, table)), TrapReason::undefined_element);
  Value address = b_.CreateInBoundsGEP(out_.i64(), table_elements(view, table), element);
  return out_.load(b_, out_.pointer(), address, Touches::table);
}

/// The same; a trap if it is null or not of the type.
ir::Value* Translator::checked(Value function, TypeIndex index) {
  trap_if(b_.CreateIsNull(function), TrapReason::uninitialized_element);
  Value actual = out_.fixed(b_, out_.pointer(), function, offsetof(runtime::Function, type));
  Value expected = type_at(index);
  Value differs = b_.CreateICmpNE(actual, expected);
  if (out_.wasm().types[index.value]->is_final) {
    trap_if(differs, TrapReason::indirect_call_type_mismatch);
    return function;
  }
  Block compare = new_block();
  Block matched = new_block();
  branch_unlikely(differs, compare, matched);
  b_.SetInsertPoint(compare);
  const auto is_subtype =
      out_.helper("is_subtype", ir::Type::getInt1Ty(out_.context()), {out_.pointer(), out_.pointer()});
  ir::CallInst* is_sub = b_.CreateCall(is_subtype, {actual, expected});
  is_sub->addRetAttr(ir::Attribute::ZExt);
  trap_if(b_.CreateNot(is_sub), TrapReason::indirect_call_type_mismatch);
  b_.CreateBr(matched);
  b_.SetInsertPoint(matched);
  return function;
}

void Translator::call_indirect(TableIndex table, TypeIndex index, const FuncType& type) {
  see();
  Value function = table_element(table);
  const std::vector<FuncIndex> likely = out_.likely_callees(index, state_->offset());
  if (likely.empty()) return call_function(checked(function, index), type);

  const std::vector<Value> arguments = pop_arguments(type);
  const u32 base = settle_refs();
  const bool has_result = !type.results.empty();
  Block done = new_block();
  std::vector<std::pair<Value, Block>> results;
  const auto finish = [&](Value outcome) {
    finish_call(outcome, type, base);
    results.emplace_back(has_result ? pop() : nullptr, b_.GetInsertBlock());
    b_.CreateBr(done);
  };
  for (const FuncIndex callee : likely) {
    Block same = new_block("likely");
    Block other = new_block();
    b_.CreateCondBr(b_.CreateICmpEQ(function, function_at(callee)), same, other);
    b_.SetInsertPoint(same);
    finish(call_guest(callee, arguments, base));
    b_.SetInsertPoint(other);
  }
  finish(call_any(checked(function, index), type, arguments, base));
  b_.SetInsertPoint(done);
  if (!has_result) return;
  ir::PHINode* result = b_.CreatePHI(out_.type_of(type.results[0]), u32(results.size()));
  for (const auto& [value, from] : results) result->addIncoming(value, from);
  push(result, type.results[0]);
}

void Translator::call_ref(TypeIndex, const FuncType& type) {
  see();
  call_function(address_of(null_checked(pop(), TrapReason::null_function_reference)), type);
}

void Translator::return_call(FuncIndex function, const FuncType& type) {
  see();
  if (out_.wasm().is_imported(function)) return tail_call_function(function_at(function), type);
  const std::vector<Value> arguments = pop_arguments(type);
  if (function == state_->function()) {
    for (usize i = 0; i < arguments.size(); ++i) b_.CreateStore(arguments[i], locals_[i].variable);
    b_.CreateBr(start_);
    return;
  }
  need_slots(larger_side(type));
  out_.store_slots(b_, arguments, frame_);
  Value address = out_.at(b_, out_.cell(function), offsetof(runtime::NativeCell, entry));
  Value code = out_.load(b_, out_.pointer(), address, Touches::runtime);
  ir::CallInst* call =
      b_.CreateCall(out_.slots_type(), code, {frame_, vm_, memory_, memory_bytes(MemoryIndex(0)), out_.cell(function)});
  call->setCallingConv(ir::CallingConv::PreserveNone);
  call->setTailCallKind(ir::CallInst::TCK_MustTail);
  b_.CreateRet(call);
}

void Translator::tail_call_function(Value function, const FuncType& type) {
  const std::vector<Value> arguments = pop_arguments(type);
  need_slots(larger_side(type));
  out_.store_slots(b_, arguments, frame_);
  Value top = b_.CreatePtrToInt(slot(larger_side(type)), out_.i64());
  Value no_cell = ir::PoisonValue::get(out_.pointer());
  ir::CallInst* call = b_.CreateCall(out_.call_any(), {frame_, vm_, function, top, no_cell});
  call->setCallingConv(ir::CallingConv::PreserveNone);
  call->setTailCallKind(ir::CallInst::TCK_MustTail);
  b_.CreateRet(call);
}

void Translator::return_call_indirect(TableIndex table, TypeIndex index, const FuncType& type) {
  see();
  tail_call_function(checked(table_element(table), index), type);
}

void Translator::return_call_ref(TypeIndex, const FuncType& type) {
  see();
  tail_call_function(address_of(null_checked(pop(), TrapReason::null_function_reference)), type);
}

void Translator::throw_(TagIndex tag, const FuncType& type) {
  see();
  const ValType result = ValType::ref(false, wasm::HeapKind::exn);
  emit_libcall(runtime::LibcallId::exception_new, u32(type.params.size()), {&result, 1}, out_.constant64(tag.value));
  throw_reference(pop());
}

void Translator::throw_ref() {
  see();
  throw_reference(null_checked(pop(), TrapReason::null_exception_reference));
}

void Translator::throw_reference(Value exception) {
  out_.store(b_, exception, out_.at(b_, execution(), offsetof(runtime::Execution, exception)), Touches::runtime);
  leave_noted(out_.constant32(u32(Status::exception)));
}

void Translator::emit_libcall(runtime::LibcallId id, u32 operands, std::span<const ValType> results, Value first,
                              Value second) {
  std::vector<Value> values;
  u32 slots = 0;
  for (u32 i = 0; i < operands; ++i) {
    values.push_back(peek(operands - 1 - i));
    slots += values.back()->getType()->isVectorTy() ? 2 : 1;
  }
  truncate(u32(stack_.size()) - operands);
  const u32 base = settle_refs();
  out_.store_slots(b_, values, slot(base));
  set_stack_top(base + std::max(slots, runtime::slot_count(results)));
  Value zero = out_.constant64(0);
  Value reason = b_.CreateCall(out_.libcall(id),
                               {vm_, slot(base), first != nullptr ? first : zero, second != nullptr ? second : zero});
  Block failed = new_block();
  Block done = new_block();
  branch_unlikely(b_.CreateICmpNE(reason, out_.constant32(u32(TrapReason::none))), failed, done);
  b_.SetInsertPoint(failed);
  trap_with(reason);
  b_.SetInsertPoint(done);
  for (u32 at = base; const ValType result : results) {
    push(out_.load_slot(b_, result, slot(at)), result);
    at += result.slots();
  }
}

}  // namespace wisp::llvm_tier
