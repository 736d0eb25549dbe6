#include "llvm/translator.hpp"
#include "runtime/libcall_of.hpp"

/// Translation of globals, tables, bulk operations, references and objects.
namespace wisp::llvm_tier {

using runtime::GcObject;
using wasm::Imm;
using wasm::Op;
using wasm::StorageType;
using wasm::ValType;

void Translator::typed(Op op, const Imm& imm, std::span<const ValType> operands, std::span<const ValType> results) {
  see();
  switch (op) {
    case Op::global_get:
      return global_get(imm.global, results[0]);
    case Op::global_set:
      return global_set(imm.global);
    case Op::ref_null:
      return push(out_.constant64(runtime::null_ref), true);
    case Op::ref_func:
      return push(b_.CreatePtrToInt(function_at(imm.func), out_.i64()), true);
    case Op::ref_is_null:
      return push_bool(b_.CreateICmpEQ(pop(), out_.constant64(runtime::null_ref)));
    case Op::ref_eq: {
      Value b = pop();
      return push_bool(b_.CreateICmpEQ(pop(), b));
    }
    case Op::any_convert_extern:
    case Op::extern_convert_any:
      return;
    case Op::ref_as_non_null:
      return push(null_checked(pop(), TrapReason::null_reference), true);
    case Op::memory_fill:
    case Op::memory_copy:
      return move_bytes(op, imm);
    default:
      break;
  }
  if (!table(op, imm) && !object(op, imm)) libcall(op, imm, u32(operands.size()), results);
}

ir::Value* Translator::function_at(FuncIndex function) {
  Value functions =
      out_.fixed_pointer(b_, vm_, offsetof(runtime::VmContext, functions), out_.wasm().functions.size() * 8);
  return out_.fixed_pointer(b_, functions, u64(function.value) * 8, sizeof(runtime::Function));
}

ir::Value* Translator::type_at(TypeIndex type) {
  Value types = out_.fixed_pointer(b_, vm_, offsetof(runtime::VmContext, types), out_.wasm().types.size() * 8);
  return out_.fixed_pointer(b_, types, u64(type.value) * 8, sizeof(wasm::DefType));
}

ir::Value* Translator::null_checked(Value ref, TrapReason reason) {
  trap_if(b_.CreateICmpEQ(ref, out_.constant64(runtime::null_ref)), reason);
  return ref;
}

/// The number tells globals apart that cannot be the same: those that this module defines. Imported ones may be any.
ir::Value* Translator::global_cell(GlobalIndex global, u32& number) {
  const wasm::Module& module = out_.wasm();
  Value globals = out_.fixed_pointer(b_, vm_, offsetof(runtime::VmContext, globals), module.globals.size() * 8);
  number = global.value >= module.imported_globals ? global.value + 1 : 0;
  return out_.fixed_pointer(b_, globals, u64(global.value) * 8, sizeof(runtime::GlobalCell));
}

void Translator::global_get(GlobalIndex global, ValType type) {
  u32 number = 0;
  Value cell = global_cell(global, number);
  if (!out_.wasm().globals[global.value].type.is_mutable && !type.is_ref() && type.kind() != ValType::Kind::v128) {
    return push(out_.fixed(b_, out_.type_of(type), cell, 0), type);
  }
  ir::LoadInst* load = out_.load(b_, out_.type_of(type), cell, Touches::global);
  push(out_.tag(load, Touches::global, number), type);
}

void Translator::global_set(GlobalIndex global) {
  u32 number = 0;
  Value value = pop();
  Value cell = global_cell(global, number);
  if (value->getType() == out_.i32()) value = b_.CreateZExt(value, out_.i64());
  out_.tag(out_.store(b_, value, cell, Touches::global), Touches::global, number);
}

ir::Value* Translator::table_view(TableIndex table) {
  Value tables = out_.fixed_pointer(b_, vm_, offsetof(runtime::VmContext, tables), out_.wasm().tables.size() * 8);
  return out_.fixed_pointer(b_, tables, u64(table.value) * 8, sizeof(runtime::TableView));
}

namespace {

bool is_fixed(const wasm::Limits& limits) {
  return limits.has_max && limits.min == limits.max;
}

}  // namespace

ir::Value* Translator::table_size(Value view, TableIndex table) {
  const wasm::Limits& limits = out_.wasm().tables[table.value].type.limits;
  if (is_fixed(limits)) return out_.constant64(limits.min);
  return out_.load(b_, out_.i64(), out_.at(b_, view, offsetof(runtime::TableView, size)), Touches::runtime);
}

ir::Value* Translator::table_elements(Value view, TableIndex table) {
  if (is_fixed(out_.wasm().tables[table.value].type.limits)) {
    return out_.fixed(b_, out_.pointer(), view, offsetof(runtime::TableView, elements));
  }
  return out_.load(b_, out_.pointer(), out_.at(b_, view, offsetof(runtime::TableView, elements)), Touches::runtime);
}

bool Translator::table(Op op, const Imm& imm) {
  if (op != Op::table_get && op != Op::table_set && op != Op::table_size) return false;
  Value value = op == Op::table_set ? pop() : nullptr;
  Value view = table_view(imm.table);
  const bool is_64 = out_.wasm().tables[imm.table.value].type.limits.is_64;
  Value size = table_size(view, imm.table);
  if (op == Op::table_size) {
    push(is_64 ? size : b_.CreateTrunc(size, out_.i32()));
    return true;
  }
  Value index = pop();
  if (!is_64) index = b_.CreateZExt(index, out_.i64());
  trap_if(b_.CreateICmpUGE(index, size), TrapReason::table_out_of_bounds);
  Value address = b_.CreateInBoundsGEP(out_.i64(), table_elements(view, imm.table), index);
  if (op == Op::table_get) {
    push(out_.load(b_, out_.i64(), address, Touches::table), true);
  } else {
    out_.store(b_, value, address, Touches::table);
  }
  return true;
}

void Translator::libcall(Op op, const Imm& imm, u32 operands, std::span<const ValType> results) {
  const std::optional<runtime::LibcallUse> use = runtime::libcall_of(op, imm);
  WISP_CHECK(use);
  emit_libcall(use->id, operands, results, out_.constant64(use->first), out_.constant64(use->second));
}

void Translator::field_get(Value address, const StorageType& type, bool is_signed) {
  if (type.packed == StorageType::Packed::none) {
    return push(out_.load(b_, out_.type_of(type.type), address, Touches::object), type.type);
  }
  ir::Type* packed = b_.getIntNTy(type.packed == StorageType::Packed::i8 ? 8 : 16);
  Value value = out_.load(b_, packed, address, Touches::object);
  push(is_signed ? b_.CreateSExt(value, out_.i32()) : b_.CreateZExt(value, out_.i32()));
}

void Translator::field_set(Value address, const StorageType& type, Value value) {
  if (type.packed != StorageType::Packed::none) {
    value = b_.CreateTrunc(value, b_.getIntNTy(type.packed == StorageType::Packed::i8 ? 8 : 16));
  }
  out_.tag(b_.CreateAlignedStore(value, address, ir::Align(type.size_bytes() > 8 ? 8 : type.size_bytes())),
           Touches::object);
}

/// The address of an array's element.
ir::Value* Translator::element(TypeIndex type, Value array, Value index) {
  Value object = address_of(null_checked(array, TrapReason::null_array_reference));
  Value length = out_.load(b_, out_.i32(), out_.at(b_, object, offsetof(GcObject, length)), Touches::runtime);
  trap_if(b_.CreateICmpUGE(index, length), TrapReason::array_out_of_bounds);
  const u64 bytes = out_.wasm().types[type.value]->fields[0].storage.size_bytes();
  Value offset = b_.CreateMul(b_.CreateZExt(index, out_.i64()), out_.constant64(bytes));
  return b_.CreateInBoundsGEP(out_.i8(), out_.at(b_, object, runtime::object_header_bytes), offset);
}

bool Translator::object(Op op, const Imm& imm) {
  switch (op) {
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u: {
      Value object = address_of(null_checked(pop(), TrapReason::null_structure_reference));
      const StorageType& storage = out_.wasm().types[imm.type.value]->fields[imm.field.value].storage;
      const u32 offset = out_.job().layouts.offset(imm.type, imm.field);
      field_get(out_.at(b_, object, offset), storage, op == Op::struct_get_s);
      return true;
    }
    case Op::struct_set: {
      Value value = pop();
      Value object = address_of(null_checked(pop(), TrapReason::null_structure_reference));
      const StorageType& storage = out_.wasm().types[imm.type.value]->fields[imm.field.value].storage;
      field_set(out_.at(b_, object, out_.job().layouts.offset(imm.type, imm.field)), storage, value);
      return true;
    }
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u: {
      Value index = pop();
      Value address = element(imm.type, pop(), index);
      field_get(address, out_.wasm().types[imm.type.value]->fields[0].storage, op == Op::array_get_s);
      return true;
    }
    case Op::array_set: {
      Value value = pop();
      Value index = pop();
      field_set(element(imm.type, pop(), index), out_.wasm().types[imm.type.value]->fields[0].storage, value);
      return true;
    }
    case Op::array_len: {
      Value array = address_of(null_checked(pop(), TrapReason::null_array_reference));
      push(out_.load(b_, out_.i32(), out_.at(b_, array, offsetof(GcObject, length)), Touches::runtime));
      return true;
    }
    case Op::ref_i31:
      push(b_.CreateZExt(b_.CreateOr(b_.CreateShl(pop(), 1), 1), out_.i64()), true);
      return true;
    case Op::i31_get_s:
    case Op::i31_get_u: {
      Value value = b_.CreateTrunc(null_checked(pop(), TrapReason::null_i31_reference), out_.i32());
      push(op == Op::i31_get_s ? b_.CreateAShr(value, 1) : b_.CreateLShr(value, 1));
      return true;
    }
    case Op::ref_test:
    case Op::ref_test_null:
      push(b_.CreateZExt(is_of_type(pop(), imm.ref), out_.i32()));
      return true;
    case Op::ref_cast:
    case Op::ref_cast_null: {
      Value ref = pop();
      Value matches = is_of_type(ref, imm.ref);
      trap_if(b_.CreateNot(matches), TrapReason::cast_failure);
      push(ref, true);
      return true;
    }
    default:
      return false;
  }
}

ir::Value* Translator::type_bits(ValType type) {
  const wasm::DefType* defined = type.heap().type();
  if (defined == nullptr) return out_.constant64(type.bits());
  const auto& types = out_.wasm().types;
  const u32 index = u32(std::ranges::find(types, defined) - types.begin());
  WISP_CHECK(index < types.size());
  Value address = b_.CreatePtrToInt(type_at(TypeIndex(index)), out_.i64());
  return b_.CreateOr(b_.CreateShl(address, 2), type.nullable() ? 3 : 1);
}

/// Whether a reference has a type. An object of the very type is found at once.
ir::Value* Translator::is_of_type(Value ref, ValType type) {
  settle_refs();  // on all ways
  const wasm::DefType* defined = type.heap().type();
  Block done = new_block();
  std::vector<std::pair<Value, Block>> ways;
  if (defined != nullptr) {
    Block look = new_block();
    Value is_none = b_.CreateICmpEQ(ref, out_.constant64(runtime::null_ref));
    ways.emplace_back(b_.getInt1(type.nullable()), b_.GetInsertBlock());
    b_.CreateCondBr(is_none, done, look);
    b_.SetInsertPoint(look);
    Block compare = new_block();
    Block ask = new_block();
    b_.CreateCondBr(b_.CreateIsNull(b_.CreateAnd(ref, 1)), compare, ask);
    b_.SetInsertPoint(compare);
    const auto& types = out_.wasm().types;
    Value wanted = type_at(TypeIndex(u32(std::ranges::find(types, defined) - types.begin())));
    // Functions and objects both begin with their type.
    static_assert(offsetof(runtime::Function, type) == offsetof(GcObject, type));
    Value actual = out_.load(b_, out_.pointer(), address_of(ref), Touches::runtime);
    ways.emplace_back(b_.getTrue(), compare);
    b_.CreateCondBr(b_.CreateICmpEQ(actual, wanted), done, ask);
    b_.SetInsertPoint(ask);
  }
  push(ref, true);
  const ValType result = ValType::i32();
  emit_libcall(runtime::LibcallId::ref_test, 1, {&result, 1}, type_bits(type));
  ways.emplace_back(b_.CreateICmpNE(pop(), out_.constant32(0)), b_.GetInsertBlock());
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  ir::PHINode* matches = b_.CreatePHI(b_.getInt1Ty(), unsigned(ways.size()));
  for (const auto& [value, block] : ways) matches->addIncoming(value, block);
  return matches;
}

}  // namespace wisp::llvm_tier
