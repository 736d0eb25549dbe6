#include <algorithm>

#include "wasm/body_checker.hpp"
#include "wasm/format.hpp"

namespace wisp::wasm {

namespace {

ValType null_ref(HeapType heap) {
  return ValType::ref(true, heap);
}
ValType non_null_ref(HeapType heap) {
  return ValType::ref(false, heap);
}

/// The address type of a copy's length: the smaller of the two.
ValType common_address(const Limits& a, const Limits& b) {
  return a.is_64 && b.is_64 ? ValType::i64() : ValType::i32();
}

}  // namespace

bool BodyChecker::typed_effect(Op op, Effect& effect) {
  if (!reader_.read_immediates(op)) return false;
  switch (op) {
    case Op::global_get:
    case Op::global_set:
      return global_effect(op, effect);
    case Op::table_get:
    case Op::table_set:
    case Op::table_size:
    case Op::table_grow:
    case Op::table_fill:
      return table_effect(op, effect);
    case Op::table_copy:
    case Op::table_init:
      return table_pair_effect(op, effect);
    case Op::memory_init:
    case Op::memory_copy:
    case Op::memory_fill:
      return memory_effect(op, effect);
    case Op::struct_new:
    case Op::struct_new_default:
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u:
    case Op::struct_set:
      return struct_effect(op, effect);
    case Op::array_new:
    case Op::array_new_default:
    case Op::array_new_fixed:
    case Op::array_new_data:
    case Op::array_new_elem:
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
    case Op::array_set:
    case Op::array_len:
    case Op::array_fill:
    case Op::array_copy:
    case Op::array_init_data:
    case Op::array_init_elem:
      return array_effect(op, effect);
    default:
      return ref_effect(op, effect);
  }
}

bool BodyChecker::global_effect(Op op, Effect& effect) {
  const u32 index = reader_.imm().global.value;
  if (!check_index(index, module().globals.size(), "global")) return false;
  const GlobalType& global = module().globals[index].type;
  if (op == Op::global_get) {
    if (is_constant_ && global.is_mutable) return invalid("constant expression required: global is mutable");
    // Before garbage collection, constant expressions could only name imports.
    if (is_constant_ && !module().features.has(Feature::gc) && index >= module().imported_globals) {
      return unknown_index(index, "global");
    }
    effect.set({}, {global.type});
    return true;
  }
  if (!global.is_mutable) return invalid("immutable global " + std::to_string(index));
  effect.set({global.type}, {});
  return true;
}

bool BodyChecker::table_effect(Op op, Effect& effect) {
  const u32 index = reader_.imm().table.value;
  if (!check_index(index, module().tables.size(), "table")) return false;
  const TableType& table = module().tables[index].type;
  const ValType address = table.limits.address_type();
  switch (op) {
    case Op::table_get:
      effect.set({address}, {table.element});
      return true;
    case Op::table_set:
      effect.set({address, table.element}, {});
      return true;
    case Op::table_size:
      effect.set({}, {address});
      return true;
    case Op::table_grow:
      effect.set({table.element, address}, {address});
      return true;
    default:
      effect.set({address, table.element, address}, {});
      return true;
  }
}

bool BodyChecker::table_pair_effect(Op op, Effect& effect) {
  const Imm& imm = reader_.imm();
  const std::vector<Table>& tables = module().tables;
  if (!check_index(imm.table.value, tables.size(), "table")) return false;
  const TableType& target = tables[imm.table.value].type;
  const ValType address = target.limits.address_type();
  if (op == Op::table_init) {
    if (!check_index(imm.elem.value, module().elems.size(), "elem segment")) return false;
    const ValType type = module().elems[imm.elem.value].type;
    if (!matches(type, target.element)) return does_not_match("element segment and table", type, target.element);
    effect.set({address, ValType::i32(), ValType::i32()}, {});
    return true;
  }
  if (!check_index(imm.source_table.value, tables.size(), "table")) return false;
  const TableType& source = tables[imm.source_table.value].type;
  if (!matches(source.element, target.element)) {
    return does_not_match("source and destination table", source.element, target.element);
  }
  effect.set({address, source.limits.address_type(), common_address(target.limits, source.limits)}, {});
  return true;
}

bool BodyChecker::memory_effect(Op op, Effect& effect) {
  const Imm& imm = reader_.imm();
  const std::vector<MemoryType>& memories = module().memories;
  if (!check_index(imm.memory.value, memories.size(), "memory")) return false;
  const Limits& target = memories[imm.memory.value].limits;
  const ValType address = target.address_type();
  if (op == Op::memory_fill) {
    effect.set({address, ValType::i32(), address}, {});
    return true;
  }
  if (op == Op::memory_init) {
    effect.set({address, ValType::i32(), ValType::i32()}, {});
    return check_data_segment();
  }
  if (!check_index(imm.source_memory.value, memories.size(), "memory")) return false;
  const Limits& source = memories[imm.source_memory.value].limits;
  effect.set({address, source.address_type(), common_address(target, source)}, {});
  return true;
}

bool BodyChecker::ref_effect(Op op, Effect& effect) {
  const Imm& imm = reader_.imm();
  ValType operand;
  switch (op) {
    case Op::ref_null:
      effect.set({}, {imm.ref});
      return true;
    case Op::ref_func:
      if (!check_index(imm.func.value, module().functions.size(), "function")) return false;
      effect.set({}, {non_null_ref(HeapType(module().functions[imm.func.value]))});
      return is_constant_ || module().declared_functions[imm.func.value] ||
             invalid("undeclared function reference " + std::to_string(imm.func.value));
    case Op::ref_is_null:
      if (!peek_ref(operand)) return false;
      effect.set({operand}, {ValType::i32()});
      return true;
    case Op::ref_as_non_null:
      if (!peek_ref(operand)) return false;
      effect.set({operand}, {non_null_ref(operand.heap())});
      return true;
    case Op::ref_eq:
      effect.set({null_ref(HeapKind::eq), null_ref(HeapKind::eq)}, {ValType::i32()});
      return true;
    case Op::ref_test:
    case Op::ref_test_null:
      effect.set({null_ref(top_of(imm.ref.heap()))}, {ValType::i32()});
      return true;
    case Op::ref_cast:
    case Op::ref_cast_null:
      effect.set({null_ref(top_of(imm.ref.heap()))}, {imm.ref});
      return true;
    case Op::ref_i31:
      effect.set({ValType::i32()}, {non_null_ref(HeapKind::i31)});
      return true;
    case Op::i31_get_s:
    case Op::i31_get_u:
      effect.set({null_ref(HeapKind::i31)}, {ValType::i32()});
      return true;
    case Op::any_convert_extern:
    case Op::extern_convert_any: {
      if (!peek_ref(operand)) return false;
      const bool to_any = op == Op::any_convert_extern;
      const HeapKind from = to_any ? HeapKind::extern_ : HeapKind::any;
      const HeapKind to = to_any ? HeapKind::any : HeapKind::extern_;
      effect.set({ValType::ref(operand.nullable(), from)}, {ValType::ref(operand.nullable(), to)});
      return true;
    }
    default:
      WISP_UNREACHABLE();
  }
}

void BodyChecker::field_operands(Effect& effect, const DefType& type, u64 count) {
  // In unreachable code operands may be missing, however many there should be: only those that are there are looked at.
  const u64 looked_at = frames_.back().unreachable ? std::min<u64>(count, available()) : count;
  effect.operands.clear();
  for (u64 i = count - looked_at; i < count; ++i) {
    effect.operands.push_back(type.fields[type.kind == DefType::Kind::array ? 0 : i].storage.type);
  }
}

bool BodyChecker::struct_effect(Op op, Effect& effect) {
  const Imm& imm = reader_.imm();
  const DefType* const type = module().types[imm.type.value];
  if (type->kind != DefType::Kind::struct_) {
    return invalid("non-structure type " + std::to_string(imm.type.value));
  }
  if (op == Op::struct_new || op == Op::struct_new_default) {
    if (op == Op::struct_new_default && !type->is_defaultable) return invalid("field type is not defaultable");
    effect.set({}, {non_null_ref(HeapType(type))});
    if (op == Op::struct_new) field_operands(effect, *type, type->fields.size());
    return true;
  }
  if (!check_index(imm.field.value, type->fields.size(), "field")) return false;
  const FieldType& field = type->fields[imm.field.value];
  const ValType object = null_ref(HeapType(type));
  if (op == Op::struct_set) {
    effect.set({object, field.storage.type}, {});
    return field.is_mutable || invalid("immutable field " + std::to_string(imm.field.value));
  }
  const bool is_packed = field.storage.packed != StorageType::Packed::none;
  effect.set({object}, {field.storage.type});
  return is_packed == (op != Op::struct_get) || invalid(is_packed ? "field is packed" : "field is unpacked");
}

bool BodyChecker::array_effect(Op op, Effect& effect) {
  const Imm& imm = reader_.imm();
  if (op == Op::array_len) {
    effect.set({null_ref(HeapKind::array)}, {ValType::i32()});
    return true;
  }
  const DefType* const type = module().types[imm.type.value];
  if (type->kind != DefType::Kind::array) return invalid("non-array type " + std::to_string(imm.type.value));
  const FieldType& field = type->fields[0];
  const ValType array = null_ref(HeapType(type));
  const ValType element = field.storage.type;
  const bool is_packed = field.storage.packed != StorageType::Packed::none;
  switch (op) {
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
      effect.set({array, ValType::i32()}, {element});
      return is_packed == (op != Op::array_get) || invalid(is_packed ? "array is packed" : "array is unpacked");
    case Op::array_set:
    case Op::array_fill:
    case Op::array_copy:
    case Op::array_init_data:
    case Op::array_init_elem:
      if (!field.is_mutable) return invalid("immutable array");
      return array_write_effect(op, effect, *type);
    default:
      return array_new_effect(op, effect, *type);
  }
}

bool BodyChecker::array_new_effect(Op op, Effect& effect, const DefType& type) {
  const u32 count = reader_.imm().count;
  const ValType element = type.fields[0].storage.type;
  effect.set({}, {non_null_ref(HeapType(&type))});
  switch (op) {
    case Op::array_new:
      effect.operands.assign({element, ValType::i32()});
      return true;
    case Op::array_new_default:
      effect.operands.assign({ValType::i32()});
      return type.is_defaultable || invalid("array type is not defaultable");
    case Op::array_new_fixed:
      if (count > limits::array_new_fixed.value) return reader_.exceeds(offset(), limits::array_new_fixed, count);
      field_operands(effect, type, count);
      return true;
    default:
      effect.operands.assign({ValType::i32(), ValType::i32()});
      return check_array_segment(op, element);
  }
}

bool BodyChecker::array_write_effect(Op op, Effect& effect, const DefType& type) {
  const StorageType& storage = type.fields[0].storage;
  const ValType array = null_ref(HeapType(&type));
  const ValType i32 = ValType::i32();
  if (op == Op::array_set) {
    effect.set({array, i32, storage.type}, {});
    return true;
  }
  if (op == Op::array_fill) {
    effect.set({array, i32, storage.type, i32}, {});
    return true;
  }
  if (op != Op::array_copy) {
    effect.set({array, i32, i32, i32}, {});
    return check_array_segment(op, storage.type);
  }
  const TypeIndex source_index = reader_.imm().source_type;
  const DefType* const source = module().types[source_index.value];
  if (source->kind != DefType::Kind::array) return invalid("non-array type " + std::to_string(source_index.value));
  const StorageType& from = source->fields[0].storage;
  effect.set({array, i32, null_ref(HeapType(source)), i32, i32}, {});
  return (from.packed == storage.packed && matches(from.type, storage.type)) || invalid("array types do not match");
}

bool BodyChecker::check_array_segment(Op op, ValType element) {
  if (op == Op::array_new_data || op == Op::array_init_data) {
    if (!check_data_segment()) return false;
    return !element.is_ref() || invalid("array type is not numeric or vector");
  }
  const u32 index = reader_.imm().elem.value;
  if (!check_index(index, module().elems.size(), "elem segment")) return false;
  const ValType type = module().elems[index].type;
  return matches(type, element) || does_not_match("element segment and array", type, element);
}

}  // namespace wisp::wasm
