#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/index.hpp"
#include "base/int.hpp"

namespace wisp::wasm {

struct DefType;
struct RecGroup;

/// Abstract heap types, by their binary code. https://webassembly.github.io/spec/core/binary/types.html#heap-types
enum class HeapKind : u8 {
  bottom = 0,  // below all; only of operands in unreachable code
  none = 0x71,
  extern_ = 0x6f,
  any = 0x6e,
  eq = 0x6d,
  i31 = 0x6c,
  struct_ = 0x6b,
  array = 0x6a,
  exn = 0x69,
  func = 0x70,
  noextern = 0x72,
  nofunc = 0x73,
  noexn = 0x74,
};

/// An abstract heap type or a defined type. A defined type is one object in the whole engine, so two heap types are
/// equal exactly if their bits are.
class HeapType {
 public:
  constexpr HeapType(HeapKind kind) : bits_(u64(kind)) {}
  explicit HeapType(const DefType* type) : bits_(reinterpret_cast<u64>(type)) {}

  bool is_abstract() const { return bits_ < 256; }
  HeapKind kind() const { return HeapKind(bits_); }
  /// The defined type; null for an abstract one.
  const DefType* type() const { return is_abstract() ? nullptr : reinterpret_cast<const DefType*>(bits_); }

  constexpr bool operator==(const HeapType&) const = default;

 private:
  friend class ValType;
  constexpr explicit HeapType(u64 bits) : bits_(bits) {}
  u64 bits_;
};

/// A value type. `bottom` is the type of operands in unreachable code.
/// https://webassembly.github.io/spec/core/syntax/types.html#value-types
class ValType {
 public:
  enum class Kind : u8 { i32, i64, f32, f64, v128, ref, bottom };

  constexpr ValType() : bits_(scalar_bits(Kind::bottom)) {}
  static constexpr ValType i32() { return ValType(scalar_bits(Kind::i32)); }
  static constexpr ValType i64() { return ValType(scalar_bits(Kind::i64)); }
  static constexpr ValType f32() { return ValType(scalar_bits(Kind::f32)); }
  static constexpr ValType f64() { return ValType(scalar_bits(Kind::f64)); }
  static constexpr ValType v128() { return ValType(scalar_bits(Kind::v128)); }
  static constexpr ValType bottom() { return ValType(); }
  static constexpr ValType ref(bool nullable, HeapType heap) {
    return ValType((heap.bits_ << 2) | (nullable ? 2 : 0) | 1);
  }
  static constexpr ValType funcref() { return ref(true, HeapKind::func); }
  static constexpr ValType externref() { return ref(true, HeapKind::extern_); }

  constexpr bool is_ref() const { return (bits_ & 1) != 0; }
  constexpr Kind kind() const { return is_ref() ? Kind::ref : Kind(bits_ >> 1); }
  constexpr bool is_bottom() const { return *this == ValType(); }
  constexpr bool is_numeric() const { return !is_ref() && kind() <= Kind::f64; }
  /// Only for reference types.
  constexpr bool nullable() const { return (bits_ & 2) != 0; }
  constexpr HeapType heap() const { return HeapType(bits_ >> 2); }
  /// Whether a local of this type starts with a value.
  /// https://webassembly.github.io/spec/core/valid/types.html#defaultable-types
  constexpr bool is_defaultable() const { return !is_ref() || nullable(); }
  /// 8-byte slots that a value of this type takes on the value stack.
  constexpr u32 slots() const { return kind() == Kind::v128 ? 2 : 1; }

  constexpr bool operator==(const ValType&) const = default;
  /// Equal types have equal bits, for hashing; they mean nothing else.
  constexpr u64 bits() const { return bits_; }

 private:
  static constexpr u64 scalar_bits(Kind kind) { return u64(kind) << 1; }
  constexpr explicit ValType(u64 bits) : bits_(bits) {}
  u64 bits_;
};

/// A field's or element's type: a value type or a packed integer.
struct StorageType {
  enum class Packed : u8 { none, i8, i16 };
  ValType type;  // i32 for packed integers: what they are unpacked to
  Packed packed = Packed::none;
  /// Bytes that the value takes in an object: 1, 2, 4, 8 or 16.
  u32 size_bytes() const;
  bool operator==(const StorageType&) const = default;
};

struct FieldType {
  StorageType storage;
  bool is_mutable = false;
  bool operator==(const FieldType&) const = default;
};

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  bool operator==(const FuncType&) const = default;
};

/// A type defined by a module (or by the host), canonical in its registry: equal types are the same object.
/// https://webassembly.github.io/spec/core/valid/conventions.html#rolled-and-unrolled-defined-types
struct DefType {
  enum class Kind : u8 { func, struct_, array };

  Kind kind = Kind::func;
  bool is_final = true;
  FuncType func;                  // of a func
  std::vector<FieldType> fields;  // of a struct; an array has exactly one
  bool is_defaultable = false;    // all fields have a default value; set by the registry
  /// The declared supertype; null for none.
  const DefType* super = nullptr;
  /// Some supertype further up, chosen so that any can be found in a logarithmic number of steps; of a root, itself.
  const DefType* jump = nullptr;
  /// Number of supertypes.
  u32 depth = 0;
  RecGroup* group = nullptr;  // the registry's

  bool is_subtype_of(const DefType* other) const {
    const DefType* at = this;
    while (at->depth > other->depth) at = at->jump->depth >= other->depth ? at->jump : at->super;
    return at == other;
  }
};

/// https://webassembly.github.io/spec/core/valid/matching.html
bool matches(HeapType sub, HeapType super);
bool matches(ValType sub, ValType super);
/// The top of the hierarchy that the heap type belongs to: any, func, extern_ or exn.
HeapKind top_of(HeapType heap);

/// https://webassembly.github.io/spec/core/syntax/types.html#limits
struct Limits {
  u64 min = 0;
  u64 max = 0;
  bool has_max = false;
  bool is_64 = false;  // addresses are i64
  ValType address_type() const { return is_64 ? ValType::i64() : ValType::i32(); }
  bool operator==(const Limits&) const = default;
};

struct MemoryType {
  Limits limits;  // in pages
  bool shared = false;
  u8 page_size_log2 = 16;
  u64 page_size_bytes() const { return u64{1} << page_size_log2; }
  bool operator==(const MemoryType&) const = default;
};

struct TableType {
  ValType element = ValType::funcref();
  Limits limits;  // in elements
  bool operator==(const TableType&) const = default;
};

struct GlobalType {
  ValType type;
  bool is_mutable = false;
  bool operator==(const GlobalType&) const = default;
};

struct TagType {
  const DefType* type = nullptr;
  bool operator==(const TagType&) const = default;
};

}  // namespace wisp::wasm
