#include "runtime/objects.hpp"

#include <cstring>

namespace wisp::runtime {
namespace {

u32 round_up(u32 value, u32 alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace

FieldPlace place_field(u32 end, const wasm::StorageType& type) {
  const u32 size_bytes = type.size_bytes();
  const u32 offset = round_up(end, size_bytes);
  return {offset, offset + size_bytes};
}

StructLayout::StructLayout(const wasm::DefType& type) {
  for (const wasm::FieldType& field : type.fields) {
    const FieldPlace place = place_field(size_bytes_, field.storage);
    offsets_.push_back(place.offset);
    size_bytes_ = place.end;
  }
}

StructLayouts::StructLayouts(const wasm::Module& module) {
  for (const wasm::DefType* type : module.types) {
    first_.push_back(u32(offsets_.size()));
    u32 end = object_header_bytes;
    if (type->kind == wasm::DefType::Kind::struct_) {
      for (const wasm::FieldType& field : type->fields) {
        const FieldPlace place = place_field(end, field.storage);
        offsets_.push_back(place.offset);
        end = place.end;
      }
    }
    size_bytes_.push_back(end);
  }
}

void load_field(const wasm::StorageType& type, const u8* from, u64* slot, bool is_signed) {
  using Packed = wasm::StorageType::Packed;
  switch (type.packed) {
    case Packed::i8:
      *slot = is_signed ? u32(i32(load_le<i8>(from))) : u32(*from);
      return;
    case Packed::i16:
      *slot = is_signed ? u32(i32(load_le<i16>(from))) : u32(load_le<u16>(from));
      return;
    case Packed::none:
      break;
  }
  const u32 size_bytes = type.size_bytes();
  if (size_bytes == 4) {
    *slot = load_le<u32>(from);
  } else {
    std::memcpy(slot, from, size_bytes);
  }
}

void store_field(const wasm::StorageType& type, u8* to, const u64* slot) {
  // The value is little-endian in its slot: a narrower field takes the low bytes.
  std::memcpy(to, slot, type.size_bytes());
}

}  // namespace wisp::runtime
