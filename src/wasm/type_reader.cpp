#include "wasm/type_reader.hpp"

namespace wisp::wasm {

namespace {

/// Leading bytes of types. https://webassembly.github.io/spec/core/binary/types.html
constexpr u8 nullable_ref = 0x63;
constexpr u8 non_null_ref = 0x64;

bool is_abstract_code(u8 code) {
  return code >= u8(HeapKind::exn) && code <= u8(HeapKind::noexn);
}

/// https://webassembly.github.io/spec/core/binary/types.html#limits
namespace limits_flag {
constexpr u8 has_max = 1;
constexpr u8 shared = 2;
constexpr u8 is_64 = 4;
constexpr u8 page_size = 8;
constexpr u8 all = has_max | shared | is_64 | page_size;
}  // namespace limits_flag

/// The feature that an abstract heap type belongs to.
Feature feature_of(HeapKind kind) {
  switch (kind) {
    case HeapKind::func:
    case HeapKind::extern_:
      return Feature::reference_types;
    case HeapKind::exn:
    case HeapKind::noexn:
      return Feature::exceptions;
    default:
      return Feature::gc;
  }
}

}  // namespace

bool TypeReader::require(Feature feature, u64 offset, std::string_view what) {
  if (module_->features.has(feature)) return true;
  std::string name;
  for (const FeatureInfo& row : feature_table) {
    if (row.feature == feature) name = row.name;
  }
  return fail(ErrorCode::unsupported, offset, std::string(what) + ": needs the feature " + name + ", which is off",
              "switch the feature " + name + " on");
}

bool TypeReader::unknown(std::string_view space, u64 index, u64 offset) {
  return invalid(offset, "unknown " + std::string(space) + " " + std::to_string(index));
}

bool TypeReader::unexpected_kind(u64 offset, std::string_view expected, TypeIndex index) {
  return invalid(offset, "non-" + std::string(expected) + " type " + std::to_string(index.value));
}

const DefType* TypeReader::resolve(u64 index) const {
  const u64 known = module_->types.size();
  if (index < known) return module_->types[index];
  if (index - known < drafted_types_) return TypeRegistry::recursive(u32(index - known));
  return nullptr;
}

bool TypeReader::read_type_index(TypeIndex& index) {
  const u64 start = offset();
  if (!read_u32(index.value)) return false;
  return resolve(index.value) != nullptr || unknown("type", index.value, start);
}

bool TypeReader::read_func_type_index(TypeIndex& index) {
  const u64 start = offset();
  if (!read_type_index(index)) return false;
  return resolve(index.value)->kind == DefType::Kind::func || unexpected_kind(start, "function", index);
}

bool TypeReader::read_abstract(u8 code, u64 offset, HeapType& type) {
  const HeapKind kind = HeapKind(code);
  type = kind;
  return require(feature_of(kind), offset, "malformed reference type");
}

bool TypeReader::read_heap_type(HeapType& type) {
  const u64 start = offset();
  const int code = peek();
  if (code >= 0 && is_abstract_code(u8(code))) {
    skip(1);
    return read_abstract(u8(code), start, type);
  }
  i64 index = 0;
  if (!read_s33(index)) return false;
  if (index < 0) {
    const bool long_form = offset() > start + 1;
    return malformed(start, long_form ? "integer representation too long" : "malformed heap type");
  }
  const DefType* const found = resolve(u64(index));
  if (found == nullptr) return unknown("type", u64(index), start);
  type = HeapType(found);
  return true;
}

bool TypeReader::read_ref_type(ValType& type) {
  const u64 start = offset();
  u8 code = 0;
  HeapType heap = HeapKind::any;
  if (!read_byte(code)) return false;
  if (code == nullable_ref || code == non_null_ref) {
    if (!require(Feature::function_references, start, "malformed reference type") || !read_heap_type(heap)) {
      return false;
    }
    type = ValType::ref(code == nullable_ref, heap);
    return true;
  }
  if (!is_abstract_code(code)) {
    return malformed(start, code < 0x80 ? "malformed reference type" : "integer representation too long");
  }
  // funcref stands in tables since the first version.
  if (HeapKind(code) == HeapKind::func) {
    type = ValType::funcref();
    return true;
  }
  if (!read_abstract(code, start, heap)) return false;
  type = ValType::ref(true, heap);
  return true;
}

bool TypeReader::read_val_type(ValType& type) {
  constexpr int i32_code = 0x7f, i64_code = 0x7e, f32_code = 0x7d, f64_code = 0x7c, v128_code = 0x7b;
  const u64 start = offset();
  switch (peek()) {
    case i32_code:
      type = ValType::i32();
      break;
    case i64_code:
      type = ValType::i64();
      break;
    case f32_code:
      type = ValType::f32();
      break;
    case f64_code:
      type = ValType::f64();
      break;
    case v128_code:
      if (!require(Feature::simd, start, "malformed reference type")) return false;
      type = ValType::v128();
      break;
    case int(HeapKind::func):
      if (!require(Feature::reference_types, start, "malformed reference type")) return false;
      return read_ref_type(type);
    default:
      return read_ref_type(type);
  }
  skip(1);
  return true;
}

bool TypeReader::read_limits(Limits& limits, u8 flags) {
  limits = {};
  limits.has_max = (flags & limits_flag::has_max) != 0;
  limits.is_64 = (flags & limits_flag::is_64) != 0;
  return read_u64(limits.min) && (!limits.has_max || read_u64(limits.max));
}

bool TypeReader::check_limits(const Limits& limits, u64 range, u64 start, std::string_view message) {
  if (limits.min > range || (limits.has_max && limits.max > range)) return invalid(start, std::string(message));
  if (!limits.has_max || limits.min <= limits.max) return true;
  return invalid(start, "size minimum must not be greater than maximum");
}

bool TypeReader::read_table_type(TableType& type) {
  if (!read_ref_type(type.element)) return false;
  const u64 start = offset();
  u8 flags = 0;
  if (!read_byte(flags)) return false;
  if ((flags & ~(limits_flag::has_max | limits_flag::is_64)) != 0) return malformed(start, "malformed limits flags");
  if ((flags & limits_flag::is_64) != 0 && !require(Feature::memory64, start, "malformed limits flags")) return false;
  if (!read_limits(type.limits, flags)) return false;
  if (type.limits.is_64) return check_limits(type.limits, ~u64{0}, start, "table size must be at most 2^64-1 for i64");
  return check_limits(type.limits, ~u32{0}, start, "table size must be at most 2^32-1 for i32");
}

bool TypeReader::read_page_size(MemoryType& type) {
  const u64 start = offset();
  u32 log2 = 0;
  if (!read_u32(log2)) return false;
  if (log2 >= 64) return malformed(start, "invalid custom page size");
  if (log2 != 0 && log2 != 16) return invalid(start, "invalid custom page size");
  type.page_size_log2 = u8(log2);
  return true;
}

bool TypeReader::read_memory_type(MemoryType& type) {
  const u64 start = offset();
  u8 flags = 0;
  if (!read_byte(flags)) return false;
  constexpr std::string_view what = "malformed limits flags";
  if ((flags & ~limits_flag::all) != 0) return malformed(start, std::string(what));
  type.shared = (flags & limits_flag::shared) != 0;
  const bool has_page_size = (flags & limits_flag::page_size) != 0;
  if (type.shared && !require(Feature::threads, start, what)) return false;
  if ((flags & limits_flag::is_64) != 0 && !require(Feature::memory64, start, what)) return false;
  if (has_page_size && !require(Feature::custom_page_sizes, start, what)) return false;
  if (!read_limits(type.limits, flags) || (has_page_size && !read_page_size(type))) return false;
  if (type.shared && !type.limits.has_max) return invalid(start, "shared memory must have maximum");
  return check_memory_limits(type, start);
}

bool TypeReader::check_memory_limits(const MemoryType& type, u64 start) {
  if (type.limits.is_64) {
    const u64 range = ~u64{0} >> type.page_size_log2;
    const bool whole_pages = type.page_size_log2 != 0;
    return check_limits(type.limits, range + u64{whole_pages}, start,
                        whole_pages ? "memory size must be at most 2^48 pages (256TiB) for i64"
                                    : "memory size must be at most 2^64-1 pages for i64");
  }
  if (type.page_size_log2 == 0) {
    return check_limits(type.limits, ~u32{0}, start, "memory size must be at most 2^32-1 pages for i32");
  }
  return check_limits(type.limits, 1u << 16, start, "memory size must be at most 65536 pages (4GiB) for i32");
}

bool TypeReader::read_mutability(bool& is_mutable) {
  const u64 start = offset();
  u8 mutability = 0;
  if (!read_byte(mutability)) return false;
  is_mutable = mutability == 1;
  return mutability <= 1 || malformed(start, "malformed mutability");
}

bool TypeReader::read_global_type(GlobalType& type) {
  return read_val_type(type.type) && read_mutability(type.is_mutable);
}

bool TypeReader::read_tag_type(TagType& type) {
  u64 start = offset();
  u8 attribute = 0;
  if (!read_byte(attribute)) return false;
  if (attribute != 0) return malformed(start, "zero byte expected");
  start = offset();
  TypeIndex index;
  if (!read_func_type_index(index)) return false;
  type.type = resolve(index.value);
  return type.type->func.results.empty() || invalid(start, "non-empty tag result type");
}

}  // namespace wisp::wasm
