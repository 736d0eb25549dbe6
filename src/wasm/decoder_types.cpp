#include <algorithm>

#include "wasm/module_decoder.hpp"

namespace wisp::wasm {

namespace {

/// Leading bytes. https://webassembly.github.io/spec/core/binary/types.html#recursive-types
constexpr u8 rec_code = 0x4e;
constexpr u8 sub_final_code = 0x4f;
constexpr u8 sub_code = 0x50;
constexpr u8 array_code = 0x5e;
constexpr u8 struct_code = 0x5f;
constexpr u8 func_code = 0x60;
constexpr u8 i16_code = 0x77;
constexpr u8 i8_code = 0x78;

/// Whether a value type begins with the byte. Those that it does not know are left to the reader of value types where
/// they are no storage type either.
bool is_val_type_code(int code) {
  return (code >= 0x7b && code <= 0x7f) || (code >= 0x69 && code <= 0x74) || code == 0x63 || code == 0x64 ||
         code >= 0x80;
}

}  // namespace

bool ModuleDecoder::type_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::recursion_groups)) return false;
  for (u32 i = 0; i < count; ++i) {
    if (!rec_group()) return false;
  }
  return true;
}

bool ModuleDecoder::rec_group() {
  const u64 start = reader_.offset();
  u32 count = 1;
  if (reader_.peek() == rec_code) {
    if (!reader_.require(Feature::gc, start, "malformed definition type")) return false;
    reader_.skip(1);
    if (!reader_.read_count(count, limits::types_in_group)) return false;
  }
  const u64 total = module_->types.size() + u64{count};
  if (total > limits::types.value) return reader_.exceeds(start, limits::types, total);

  drafts_.clear();
  drafted_.clear();
  reader_.set_drafted_types(count);
  for (u32 i = 0; i < count; ++i) {
    if (!sub_type(u32(module_->types.size()) + i)) return false;
  }
  reader_.set_drafted_types(0);
  RecGroupRef group = module_->registry->intern(drafts_);
  const auto types = group.types();
  module_->types.insert(module_->types.end(), types.begin(), types.end());
  module_->groups.push_back(std::move(group));
  return check_supertypes(start);
}

bool ModuleDecoder::sub_type(u32 self) {
  TypeRegistry::Draft draft;
  DraftedType drafted;
  const int code = reader_.peek();
  if (code == sub_code || code == sub_final_code) {
    if (!reader_.require(Feature::gc, reader_.offset(), "malformed definition type")) return false;
    reader_.skip(1);
    draft.type.is_final = code == sub_final_code;
    if (!supertype(self, drafted)) return false;
    if (drafted.super) draft.super = reader_.resolve(*drafted.super);
  }
  if (!composite_type(draft.type)) return false;
  drafts_.push_back(std::move(draft));
  drafted_.push_back(drafted);
  return true;
}

bool ModuleDecoder::supertype(u32 self, DraftedType& drafted) {
  const u64 start = reader_.offset();
  u32 count = 0;
  TypeIndex super;
  if (!reader_.read_count(count)) return false;
  if (count == 0) return true;
  if (count > 1) return reader_.invalid(start, "sub type " + std::to_string(self) + " has several super types");
  if (!reader_.read_type_index(super)) return false;
  if (super.value >= self) {
    return reader_.invalid(start, "forward use of type " + std::to_string(super.value) + " in sub type definition");
  }
  const u32 known = u32(module_->types.size());
  const u32 depth = super.value < known ? module_->types[super.value]->depth : drafted_[super.value - known].depth;
  if (depth >= limits::subtyping_depth.value) return reader_.exceeds(start, limits::subtyping_depth, depth + u64{1});
  drafted = {super.value, depth + 1};
  return true;
}

bool ModuleDecoder::composite_type(DefType& type) {
  const u64 start = reader_.offset();
  u8 code = 0;
  if (!reader_.read_byte(code)) return false;
  switch (code) {
    case func_code:
      type.kind = DefType::Kind::func;
      return result_types(type.func.params, limits::params) && result_types(type.func.results, limits::results) &&
             (type.func.results.size() <= 1 || reader_.require(Feature::multi_value, start, "invalid result arity"));
    case struct_code:
      type.kind = DefType::Kind::struct_;
      return reader_.require(Feature::gc, start, "malformed definition type") && struct_type(type);
    case array_code:
      type.kind = DefType::Kind::array;
      type.fields.resize(1);
      return reader_.require(Feature::gc, start, "malformed definition type") && field_type(type.fields[0]);
    default:
      return reader_.malformed(start, code < 0x80 ? "malformed definition type" : "integer representation too long");
  }
}

bool ModuleDecoder::struct_type(DefType& type) {
  u32 count = 0;
  if (!reader_.read_count(count, limits::struct_fields)) return false;
  type.fields.resize(count);
  return std::ranges::all_of(type.fields, [&](FieldType& field) { return field_type(field); });
}

bool ModuleDecoder::result_types(std::vector<ValType>& types, const ImplementationLimit& limit) {
  u32 count = 0;
  if (!reader_.read_count(count, limit)) return false;
  types.resize(count);
  return std::ranges::all_of(types, [&](ValType& type) { return reader_.read_val_type(type); });
}

bool ModuleDecoder::field_type(FieldType& field) {
  const int code = reader_.peek();
  if (code == i8_code || code == i16_code) {
    field.storage = {ValType::i32(), code == i8_code ? StorageType::Packed::i8 : StorageType::Packed::i16};
    reader_.skip(1);
  } else if (code >= 0 && !is_val_type_code(code)) {
    return reader_.malformed(reader_.offset(), "malformed storage type");
  } else if (!reader_.read_val_type(field.storage.type)) {
    return false;
  }
  return reader_.read_mutability(field.is_mutable);
}

bool ModuleDecoder::check_supertypes(u64 offset) {
  const u32 first = u32(module_->types.size() - drafted_.size());
  for (u32 i = 0; i < drafted_.size(); ++i) {
    if (!drafted_[i].super) continue;
    const u32 super_index = *drafted_[i].super;
    const DefType& super = *module_->types[super_index];
    const std::string sub_type = "sub type " + std::to_string(first + i);
    if (super.is_final) {
      return reader_.invalid(offset, sub_type + " has final super type " + std::to_string(super_index));
    }
    if (!structure_matches(*module_->types[first + i], super)) {
      return reader_.invalid(offset, sub_type + " does not match super type " + std::to_string(super_index));
    }
  }
  return true;
}

}  // namespace wisp::wasm
