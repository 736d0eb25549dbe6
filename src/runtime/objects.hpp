#pragma once

#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "runtime/vm.hpp"
#include "wasm/module.hpp"

/// The layout of objects in the garbage-collected heap. Tiers read and write their fields in place.
namespace wisp::runtime {

/// The head of every object. Objects are aligned to 16 bytes and never move.
struct GcObject {
  enum class Kind : u32 { struct_, array, exception, host };

  const wasm::DefType* type = nullptr;  // of structs and arrays
  Kind kind = Kind::struct_;
  u32 length = 0;  // of arrays: elements
};
static_assert(sizeof(GcObject) == 16);

/// Where fields and elements begin, in bytes from the object.
inline constexpr u32 object_header_bytes = sizeof(GcObject);

inline GcObject* object_of(Ref ref) {
  return reinterpret_cast<GcObject*>(ref);
}
inline Ref ref_of(const GcObject* object) {
  return reinterpret_cast<Ref>(object);
}
inline u8* payload(GcObject* object) {
  return reinterpret_cast<u8*>(object) + object_header_bytes;
}
inline const u8* payload(const GcObject* object) {
  return reinterpret_cast<const u8*>(object) + object_header_bytes;
}

/// An i31 reference. https://webassembly.github.io/spec/core/syntax/values.html#references
constexpr bool is_i31(Ref ref) {
  return (ref & 1) != 0;
}
constexpr Ref i31_ref(u32 value) {
  return Ref(value << 1) | 1;
}
constexpr i32 i31_signed(Ref ref) {
  return i32(u32(ref)) >> 1;
}
constexpr u32 i31_unsigned(Ref ref) {
  return u32(ref) >> 1;
}

/// What `exnref` refers to. Its payload follows: the tag's parameters, in slots (a v128 takes two).
struct ExceptionObject : GcObject {
  Tag* tag = nullptr;
  u64 padding = 0;
  u64* slots() { return reinterpret_cast<u64*>(this + 1); }
  const u64* slots() const { return reinterpret_cast<const u64*>(this + 1); }
};
static_assert(sizeof(ExceptionObject) == 32);

/// A value of the host that guests hold as `externref`.
struct HostObject : GcObject {
  u64 value = 0;
  u64 padding = 0;
};

/// Where the next field goes in a struct of which `end` bytes are taken, header included.
struct FieldPlace {
  u32 offset;
  u32 end;
};
FieldPlace place_field(u32 end, const wasm::StorageType& type);

/// Byte offsets of a struct type's fields from the object's start: each at its natural alignment, in declaration
/// order, so that a subtype begins like its supertype.
class StructLayout {
 public:
  explicit StructLayout(const wasm::DefType& type);
  u32 offset(FieldIndex field) const { return offsets_[field.value]; }
  /// The object's size, header included.
  u32 size_bytes() const { return size_bytes_; }

 private:
  std::vector<u32> offsets_;
  u32 size_bytes_ = object_header_bytes;
};

/// The layouts of a module's struct types; linear in the size of its type section.
class StructLayouts {
 public:
  explicit StructLayouts(const wasm::Module& module);
  /// Byte offset of a field from the object's start. The type is a struct.
  u32 offset(TypeIndex type, FieldIndex field) const { return offsets_[first_[type.value] + field.value]; }
  u32 size_bytes(TypeIndex type) const { return size_bytes_[type.value]; }

 private:
  std::vector<u32> first_;       // by TypeIndex, into offsets_
  std::vector<u32> size_bytes_;  // by TypeIndex
  std::vector<u32> offsets_;
};

/// Slots that values of these types take.
inline u32 slot_count(std::span<const wasm::ValType> types) {
  u32 slots = 0;
  for (const wasm::ValType type : types) slots += type.slots();
  return slots;
}

/// Copies a field between an object and its slot; packed integers are zero-extended, or sign-extended if `is_signed`.
void load_field(const wasm::StorageType& type, const u8* from, u64* slot, bool is_signed = false);
void store_field(const wasm::StorageType& type, u8* to, const u64* slot);

}  // namespace wisp::runtime
