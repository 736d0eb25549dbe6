#include "text/type_parser.hpp"

#include <algorithm>
#include <bit>

#include "base/leb128.hpp"
#include "text/keywords.hpp"
#include "text/literals.hpp"

namespace wisp::text {
namespace {

/// Codes of the binary format that no table has. https://webassembly.github.io/spec/core/binary/types.html
enum TypeCode : u8 {
  ref_code = 0x64,
  ref_null_code = 0x63,
  func_code = 0x60,
  struct_code = 0x5f,
  array_code = 0x5e,
  sub_code = 0x50,
  sub_final_code = 0x4f,
  rec_code = 0x4e,
};

const ScalarTypeName* find_scalar(std::string_view word) {
  const auto* found = std::ranges::find(scalar_type_names, word, &ScalarTypeName::name);
  return found == std::end(scalar_type_names) ? nullptr : found;
}

const HeapTypeName* find_heap_type(std::string_view word, std::string_view HeapTypeName::* column) {
  const auto* found = std::ranges::find(heap_type_names, word, column);
  return found == std::end(heap_type_names) ? nullptr : found;
}

/// An abstract heap type as s33: its byte, sign-extended from seven bits.
i64 abstract(wasm::HeapKind kind) {
  return i64(kind) - 0x80;
}

void storage_type(Assembly& a, ByteBuffer& out) {
  const ScalarTypeName* scalar = find_scalar(a.in.word());
  if (scalar == nullptr || !scalar->packed) return value_type(a, out);
  out.push_back(scalar->code);
  a.in.advance();
}

/// A field's or element's type: `t` or `(mut t)`.
void field_type(Assembly& a, ByteBuffer& out) {
  const bool is_mutable = a.in.take_open("mut");
  storage_type(a, out);
  out.push_back(is_mutable ? 1 : 0);
  if (is_mutable) a.in.expect_close();
}

/// At the identifier or the name annotation of a parameter, which then has exactly one type.
void named_param(Assembly& a, TypeUse& use, ParamIds ids) {
  if (ids == ParamIds::bound) {
    const u32 index = bind(a, a.locals);
    if (!a.in.failed()) name_annotation(a, a.locals.names[index]);
  } else {
    a.in.take_id();
  }
  value_type(a, use.params);
  ++use.param_count;
}

void params(Assembly& a, TypeUse& use, ParamIds ids) {
  while (a.in.take_open("param")) {
    use.is_inline = true;
    if (ids != ParamIds::refused && (a.in.at(TokenKind::id) || a.in.has_annotations())) {
      named_param(a, use, ids);
    } else {
      for (; a.in.more(); ++use.param_count) {
        if (ids == ParamIds::bound) a.locals.names.emplace_back();
        value_type(a, use.params);
      }
    }
    a.in.expect_close();
  }
}

void results(Assembly& a, TypeUse& use) {
  while (a.in.take_open("result")) {
    use.is_inline = true;
    for (; a.in.more(); ++use.result_count) value_type(a, use.results);
    a.in.expect_close();
  }
  if (a.in.at_open("param") || a.in.at_open("type")) {
    a.in.advance();
    a.in.unexpected("results behind parameters behind the type");
  }
}

ByteBuffer signature(const TypeUse& use) {
  ByteBuffer out;
  write_uleb(out, use.param_count);
  out.insert(out.end(), use.params.begin(), use.params.end());
  write_uleb(out, use.result_count);
  out.insert(out.end(), use.results.begin(), use.results.end());
  return out;
}

void struct_fields(Assembly& a, TypeInfo& info, u32 type_index, ByteBuffer& out) {
  ByteBuffer fields;
  u32 count = 0;
  while (a.in.more()) {
    a.in.expect_open("field");
    if (a.in.at(TokenKind::id) || a.in.has_annotations()) {
      const u32 offset = a.in.offset();
      const std::string_view id = a.in.take_id();
      if (!id.empty() && !info.fields.emplace(id, count).second) {
        a.in.fail(offset, "duplicate field $" + excerpt(id));
      }
      std::string name(id);
      name_annotation(a, name);
      if (!name.empty()) a.field_names[type_index].emplace_back(count, name);
      field_type(a, fields);
      ++count;
    } else {
      for (; a.in.more(); ++count) field_type(a, fields);
    }
    a.in.expect_close();
  }
  write_uleb(out, count);
  out.insert(out.end(), fields.begin(), fields.end());
}

/// `(func …)`, `(struct …)` or `(array …)`.
void composite_type(Assembly& a, TypeInfo& info, u32 type_index, ByteBuffer& out) {
  if (a.in.take_open("func")) {
    TypeUse use;
    params(a, use, ParamIds::ignored);
    results(a, use);
    const ByteBuffer bytes = signature(use);
    info.signature = as_text(bytes);
    info.param_count = use.param_count;
    out.push_back(func_code);
    append(out, info.signature);
  } else if (a.in.take_open("struct")) {
    info.kind = TypeInfo::Kind::struct_;
    out.push_back(struct_code);
    struct_fields(a, info, type_index, out);
  } else if (a.in.take_open("array")) {
    info.kind = TypeInfo::Kind::array;
    out.push_back(array_code);
    field_type(a, out);
  } else {
    return a.in.unexpected("`(func`, `(struct`, `(array` or `(sub`");
  }
  a.in.expect_close();
}

/// `(sub final? super* composite)` or a composite type; whether it is final and has no supertype.
bool sub_type(Assembly& a, TypeInfo& info, u32 type_index, ByteBuffer& out) {
  if (!a.in.take_open("sub")) {
    composite_type(a, info, type_index, out);
    return true;
  }
  const bool is_final = a.in.take_word("final");
  ByteBuffer supers;
  u32 super_count = 0;
  for (; a.in.at_index(); ++super_count) write_uleb(supers, index_of(a, a.types));
  const bool plain = is_final && super_count == 0;
  if (!plain) {
    out.push_back(is_final ? sub_final_code : sub_code);
    write_uleb(out, super_count);
    out.insert(out.end(), supers.begin(), supers.end());
  }
  composite_type(a, info, type_index, out);
  a.in.expect_close();
  return plain;
}

/// `(type $id? …)`; whether it is a plain type, which implicit function types may share.
bool type_definition(Assembly& a, ByteBuffer& out) {
  a.in.expect_open("type");
  const u32 index = u32(a.type_infos.size());
  a.in.take_id();
  if (index < a.types.size()) name_annotation(a, a.types.names[index]);
  TypeInfo& info = a.type_infos.emplace_back();
  const bool plain = sub_type(a, info, index, out);
  a.in.expect_close();
  return plain;
}

}  // namespace

bool at_ref_type(const Cursor& in) {
  return in.at_open("ref") || find_heap_type(in.word(), &HeapTypeName::reference) != nullptr;
}

bool at_value_type(const Cursor& in) {
  const ScalarTypeName* scalar = find_scalar(in.word());
  return scalar != nullptr ? !scalar->packed : at_ref_type(in);
}

i64 heap_type(Assembly& a) {
  if (a.in.at_index()) return index_of(a, a.types);
  const HeapTypeName* row = find_heap_type(a.in.word(), &HeapTypeName::name);
  if (row == nullptr) {
    a.in.unexpected("a heap type");
    return 0;
  }
  a.in.advance();
  return abstract(row->kind);
}

RefType ref_type(Assembly& a) {
  if (const HeapTypeName* row = find_heap_type(a.in.word(), &HeapTypeName::reference)) {
    a.in.advance();
    return {true, abstract(row->kind)};
  }
  if (!a.in.take_open("ref")) {
    a.in.unexpected("a reference type");
    return {};
  }
  RefType type;
  type.nullable = a.in.take_word("null");
  type.heap = heap_type(a);
  a.in.expect_close();
  return type;
}

void write(ByteBuffer& out, const RefType& type) {
  if (!type.nullable) out.push_back(ref_code);
  if (type.nullable && type.heap >= 0) out.push_back(ref_null_code);
  write_sleb(out, type.heap);
}

void value_type(Assembly& a, ByteBuffer& out) {
  const ScalarTypeName* scalar = find_scalar(a.in.word());
  if (scalar != nullptr && !scalar->packed) {
    out.push_back(scalar->code);
    return a.in.advance();
  }
  if (!at_ref_type(a.in)) return a.in.unexpected("a value type");
  write(out, ref_type(a));
}

void global_type(Assembly& a, ByteBuffer& out) {
  const bool is_mutable = a.in.take_open("mut");
  value_type(a, out);
  out.push_back(is_mutable ? 1 : 0);
  if (is_mutable) a.in.expect_close();
}

bool take_address_type(Assembly& a) {
  if (a.in.take_word("i64")) return true;
  a.in.take_word("i32");
  return false;
}

void limits(Assembly& a, LimitsText& out) {
  // With 64-bit memories in the language, all limits are 64-bit numbers, and validation says which are too large.
  const int bits = out.is_64 || a.features.has(wasm::Feature::memory64) ? 64 : 32;
  out.min = number(a, bits, "a minimum size");
  out.has_max = a.in.at_index();
  if (out.has_max) out.max = number(a, bits, "a maximum size");
}

void page_size(Assembly& a, LimitsText& out) {
  const u32 offset = a.in.offset();
  if (!a.in.take_open("pagesize")) return;
  if (!a.features.has(wasm::Feature::custom_page_sizes)) {
    return a.in.fail(
        {ErrorCode::unsupported, offset, "custom page sizes need the feature custom-page-sizes, which is off", {}});
  }
  const u32 number_offset = a.in.offset();
  const u64 size = number(a, 64, "a page size");
  if (a.in.failed()) return;
  if (!std::has_single_bit(size)) {
    return a.in.fail(number_offset, "invalid custom page size: " + std::to_string(size) + " is not a power of two");
  }
  out.page_size_log2 = u32(std::countr_zero(size));
  a.in.expect_close();
}

void write(ByteBuffer& out, const LimitsText& limits) {
  out.push_back(u8((limits.has_max ? 1 : 0) | (limits.shared ? 2 : 0) | (limits.is_64 ? 4 : 0) |
                   (limits.page_size_log2 ? 8 : 0)));
  write_uleb(out, limits.min);
  if (limits.has_max) write_uleb(out, limits.max);
  if (limits.page_size_log2) write_uleb(out, *limits.page_size_log2);
}

TypeUse type_use(Assembly& a, ParamIds ids) {
  TypeUse use;
  use.offset = a.in.offset();
  if (a.in.take_open("type")) {
    use.index = index_of(a, a.types);
    a.in.expect_close();
  }
  params(a, use, ids);
  results(a, use);
  if (ids == ParamIds::bound && use.index && !use.is_inline) a.locals.names.resize(param_count(a, *use.index));
  return use;
}

u32 param_count(const Assembly& a, u32 type_index) {
  return type_index < a.type_infos.size() ? a.type_infos[type_index].param_count : 0;
}

u32 resolve(Assembly& a, const TypeUse& use) {
  if (use.index && !use.is_inline) return *use.index;
  const ByteBuffer bytes = signature(use);
  const std::string key(as_text(bytes));
  if (use.index) {
    if (*use.index >= a.type_infos.size()) {
      if (!a.lenient) a.in.fail(use.offset, "unknown type " + std::to_string(*use.index));
    } else if (const TypeInfo& info = a.type_infos[*use.index];
               info.kind != TypeInfo::Kind::func || info.signature != key) {
      a.in.fail(use.offset, "inline function type is not the one of type " + std::to_string(*use.index));
    }
    return *use.index;
  }
  const auto [found, added] = a.plain_signatures.emplace(key, u32(a.type_infos.size()));
  if (added) {
    TypeInfo& info = a.type_infos.emplace_back();
    info.signature = key;
    info.param_count = use.param_count;
    a.types.names.emplace_back();
    Section& section = a.section(SectionId::type);
    section.bytes.push_back(func_code);
    append(section.bytes, key);
    ++section.count;
  }
  return found->second;
}

void type_field(Assembly& a) {
  Section& section = a.section(SectionId::type);
  ++section.count;
  const u32 first = u32(a.type_infos.size());
  if (!a.in.take_open("rec")) {
    const bool plain = type_definition(a, section.bytes);
    const TypeInfo& info = a.type_infos.back();
    if (plain && info.kind == TypeInfo::Kind::func) a.plain_signatures.emplace(info.signature, first);
    return;
  }
  ByteBuffer members;
  bool plain = true;
  while (a.in.more()) plain &= type_definition(a, members);
  a.in.expect_close();
  const u32 count = u32(a.type_infos.size()) - first;
  if (count != 1) {
    section.bytes.push_back(rec_code);
    write_uleb(section.bytes, count);
  } else if (plain && a.type_infos[first].kind == TypeInfo::Kind::func) {
    a.plain_signatures.emplace(a.type_infos[first].signature, first);
  }
  section.bytes.insert(section.bytes.end(), members.begin(), members.end());
}

}  // namespace wisp::text
