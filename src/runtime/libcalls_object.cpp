#include <bit>
#include <cstring>

#include "runtime/libcalls.hpp"
#include "runtime/slices.hpp"
#include "runtime/store.hpp"

/// https://webassembly.github.io/spec/core/exec/instructions.html#aggregate-instructions
namespace wisp::runtime::libcall {
namespace {

using wasm::DefType;
using wasm::StorageType;

const DefType& type_at(VmContext& vm, u64 index) {
  return *vm.types[index];
}
const StorageType& element_type(const DefType& array) {
  return array.fields[0].storage;
}

/// A new object, its memory zero. Everything that is referred to must be in slots.
TrapReason new_object(VmContext& vm, GcObject::Kind kind, const DefType* type, u64 size_bytes, GcObject*& object) {
  const auto allocated = vm.execution->store->heap().allocate(size_bytes);
  if (!allocated.ok()) return allocated.error();
  object = *allocated;
  object->kind = kind;
  object->type = type;
  return TrapReason::none;
}

TrapReason new_array(VmContext& vm, const DefType& type, u32 length, GcObject*& array) {
  const u64 bytes = u64{length} * element_type(type).size_bytes();
  if (bytes > limits::array_bytes) return TrapReason::allocation_failed;
  // Arrays can be large: what it costs to zero them counts.
  const TrapReason no_fuel = take_bulk_fuel(*vm.execution, bytes, limits::bytes_per_fuel);
  if (no_fuel != TrapReason::none) return no_fuel;
  const TrapReason failed = new_object(vm, GcObject::Kind::array, &type, object_header_bytes + bytes, array);
  if (failed != TrapReason::none) return failed;
  array->length = length;
  return TrapReason::none;
}

u8* element_at(GcObject* array, const StorageType& type, u64 index) {
  return payload(array) + index * type.size_bytes();
}

/// Fills [from, from + length) with the value in `slot`.
TrapReason fill(Execution& execution, GcObject* array, u64 from, u64 length, const u64* slot) {
  const StorageType& type = element_type(*array->type);
  return in_element_slices(execution, length, false, [&](u64 begin, u64 count) {
    for (u64 i = from + begin; i < from + begin + count; ++i) store_field(type, element_at(array, type, i), slot);
  });
}

bool contains(u64 size, u64 from, u64 length) {
  return length <= size && from <= size - length;
}

/// The bytes of a data segment for `length` elements; nothing if they are not all there.
std::optional<Bytes> data_for(VmContext& vm, u64 data_index, u64 from, u64 bytes) {
  const Bytes data = vm.instance->data(DataIndex(u32(data_index)));
  if (!contains(data.size(), from, bytes)) return std::nullopt;
  return data.subspan(from, bytes);
}

TrapReason copy_bytes(Execution& execution, u8* to, Bytes from) {
  return in_byte_slices(execution, from.size(), false,
                        [&](u64 begin, u64 count) { std::memcpy(to + begin, from.data() + begin, count); });
}

}  // namespace

TrapReason struct_new(VmContext& vm, u64* operands, u64 first, u64) {
  const DefType& type = type_at(vm, first);
  u32 end = object_header_bytes;
  for (const wasm::FieldType& field : type.fields) end = place_field(end, field.storage).end;
  GcObject* object = nullptr;
  const TrapReason failed = new_object(vm, GcObject::Kind::struct_, &type, end, object);
  if (failed != TrapReason::none) return failed;
  end = object_header_bytes;
  const u64* slot = operands;
  for (const wasm::FieldType& field : type.fields) {
    const FieldPlace place = place_field(end, field.storage);
    store_field(field.storage, reinterpret_cast<u8*>(object) + place.offset, slot);
    slot += field.storage.type.slots();
    end = place.end;
  }
  operands[0] = ref_of(object);
  return TrapReason::none;
}

TrapReason struct_new_default(VmContext& vm, u64* operands, u64 first, u64) {
  const DefType& type = type_at(vm, first);
  u32 end = object_header_bytes;
  for (const wasm::FieldType& field : type.fields) end = place_field(end, field.storage).end;
  GcObject* object = nullptr;
  const TrapReason failed = new_object(vm, GcObject::Kind::struct_, &type, end, object);
  operands[0] = ref_of(object);
  return failed;
}

TrapReason array_new(VmContext& vm, u64* operands, u64 first, u64) {
  const DefType& type = type_at(vm, first);
  const u32 length = u32(operands[element_type(type).type.slots()]);
  GcObject* array = nullptr;
  TrapReason reason = new_array(vm, type, length, array);
  if (reason == TrapReason::none) reason = fill(*vm.execution, array, 0, length, operands);
  operands[0] = ref_of(array);
  return reason;
}

TrapReason array_new_default(VmContext& vm, u64* operands, u64 first, u64) {
  GcObject* array = nullptr;
  const TrapReason reason = new_array(vm, type_at(vm, first), u32(operands[0]), array);
  operands[0] = ref_of(array);
  return reason;
}

TrapReason array_new_fixed(VmContext& vm, u64* operands, u64 first, u64 second) {
  const DefType& type = type_at(vm, first);
  const StorageType& element = element_type(type);
  GcObject* array = nullptr;
  const TrapReason reason = new_array(vm, type, u32(second), array);
  if (reason != TrapReason::none) return reason;
  for (u64 i = 0; i < second; ++i) {
    store_field(element, element_at(array, element, i), operands + i * element.type.slots());
  }
  operands[0] = ref_of(array);
  return TrapReason::none;
}

TrapReason array_new_data(VmContext& vm, u64* operands, u64 first, u64 second) {
  const DefType& type = type_at(vm, first);
  const u32 length = u32(operands[1]);
  const auto data = data_for(vm, second, u32(operands[0]), u64{length} * element_type(type).size_bytes());
  if (!data) return TrapReason::memory_out_of_bounds;
  GcObject* array = nullptr;
  TrapReason reason = new_array(vm, type, length, array);
  if (reason == TrapReason::none) reason = copy_bytes(*vm.execution, payload(array), *data);
  operands[0] = ref_of(array);
  return reason;
}

TrapReason array_new_elem(VmContext& vm, u64* operands, u64 first, u64 second) {
  const std::span<const Ref> elem = vm.instance->elem(ElemIndex(u32(second)));
  const u64 from = u32(operands[0]);
  const u32 length = u32(operands[1]);
  if (!contains(elem.size(), from, length)) return TrapReason::table_out_of_bounds;
  GcObject* array = nullptr;
  TrapReason reason = new_array(vm, type_at(vm, first), length, array);
  if (reason != TrapReason::none) return reason;
  const Bytes bytes(reinterpret_cast<const u8*>(elem.data() + from), u64{length} * sizeof(Ref));
  reason = copy_bytes(*vm.execution, payload(array), bytes);
  operands[0] = ref_of(array);
  return reason;
}

TrapReason array_fill(VmContext& vm, u64* operands, u64 first, u64) {
  if (operands[0] == null_ref) return TrapReason::null_array_reference;
  GcObject* array = object_of(operands[0]);
  const u64 from = u32(operands[1]);
  const u64 length = u32(operands[2 + element_type(type_at(vm, first)).type.slots()]);
  if (!contains(array->length, from, length)) return TrapReason::array_out_of_bounds;
  return fill(*vm.execution, array, from, length, operands + 2);
}

TrapReason array_copy(VmContext& vm, u64* operands, u64, u64) {
  if (operands[0] == null_ref || operands[2] == null_ref) return TrapReason::null_array_reference;
  GcObject* to = object_of(operands[0]);
  GcObject* from = object_of(operands[2]);
  const u64 target = u32(operands[1]);
  const u64 source = u32(operands[3]);
  const u64 length = u32(operands[4]);
  if (!contains(to->length, target, length) || !contains(from->length, source, length)) {
    return TrapReason::array_out_of_bounds;
  }
  const StorageType& type = element_type(*to->type);
  u8* target_bytes = element_at(to, type, target);
  const u8* source_bytes = element_at(from, type, source);
  return in_byte_slices(*vm.execution, length * type.size_bytes(), target > source,
                        [&](u64 begin, u64 count) { std::memmove(target_bytes + begin, source_bytes + begin, count); });
}

TrapReason array_init_data(VmContext& vm, u64* operands, u64, u64 second) {
  if (operands[0] == null_ref) return TrapReason::null_array_reference;
  GcObject* array = object_of(operands[0]);
  const StorageType& type = element_type(*array->type);
  const u64 to = u32(operands[1]);
  const u64 length = u32(operands[3]);
  if (!contains(array->length, to, length)) return TrapReason::array_out_of_bounds;
  const auto data = data_for(vm, second, u32(operands[2]), length * type.size_bytes());
  if (!data) return TrapReason::memory_out_of_bounds;
  return copy_bytes(*vm.execution, element_at(array, type, to), *data);
}

TrapReason array_init_elem(VmContext& vm, u64* operands, u64, u64 second) {
  if (operands[0] == null_ref) return TrapReason::null_array_reference;
  GcObject* array = object_of(operands[0]);
  const u64 to = u32(operands[1]);
  const u64 from = u32(operands[2]);
  const u64 length = u32(operands[3]);
  if (!contains(array->length, to, length)) return TrapReason::array_out_of_bounds;
  const std::span<const Ref> elem = vm.instance->elem(ElemIndex(u32(second)));
  if (!contains(elem.size(), from, length)) return TrapReason::table_out_of_bounds;
  const Bytes bytes(reinterpret_cast<const u8*>(elem.data() + from), length * sizeof(Ref));
  return copy_bytes(*vm.execution, payload(array) + to * sizeof(Ref), bytes);
}

TrapReason exception_new(VmContext& vm, u64* operands, u64 first, u64) {
  Tag* tag = vm.tags[first];
  const u64 slots = slot_count(tag->type->func.params);
  GcObject* object = nullptr;
  const TrapReason failed =
      new_object(vm, GcObject::Kind::exception, nullptr, sizeof(ExceptionObject) + slots * sizeof(u64), object);
  if (failed != TrapReason::none) return failed;
  auto* exception = static_cast<ExceptionObject*>(object);
  exception->tag = tag;
  std::memcpy(exception->slots(), operands, slots * sizeof(u64));
  operands[0] = ref_of(object);
  return TrapReason::none;
}

TrapReason ref_test(VmContext&, u64* operands, u64 first, u64) {
  operands[0] = ref_matches(operands[0], std::bit_cast<wasm::ValType>(first)) ? 1 : 0;
  return TrapReason::none;
}

TrapReason ref_cast(VmContext&, u64* operands, u64 first, u64) {
  return ref_matches(operands[0], std::bit_cast<wasm::ValType>(first)) ? TrapReason::none : TrapReason::cast_failure;
}

}  // namespace wisp::runtime::libcall
