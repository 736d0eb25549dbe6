#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wisp {

/// Abstract heap types. https://webassembly.github.io/spec/core/syntax/types.html#heap-types
enum class HeapType : std::uint8_t {
  func,
  nofunc,
  extern_,
  noextern,
  any,
  eq,
  i31,
  struct_,
  array,
  none,
  exn,
  noexn,
};

/// A value type. One that names a type defined by a module is valid as long as the module is.
/// https://webassembly.github.io/spec/core/syntax/types.html#value-types
class ValType {
 public:
  enum class Kind : std::uint8_t { i32, i64, f32, f64, v128, ref };

  static ValType i32();
  static ValType i64();
  static ValType f32();
  static ValType f64();
  static ValType v128();
  static ValType ref(HeapType heap, bool nullable = true);
  static ValType funcref() { return ref(HeapType::func); }
  static ValType externref() { return ref(HeapType::extern_); }

  Kind kind() const;
  bool is_ref() const { return kind() == Kind::ref; }
  /// Of reference types.
  bool nullable() const;
  /// Of reference types: the abstract heap type; for a defined type `func`, `struct_` or `array`.
  HeapType heap() const;
  /// As the text format writes it.
  std::string to_string() const;

  bool operator==(const ValType&) const = default;

 private:
  friend struct Access;
  explicit ValType(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_;
};

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  bool operator==(const FuncType&) const = default;
};

struct Limits {
  std::uint64_t min = 0;
  std::optional<std::uint64_t> max;
  /// Addresses are i64.
  bool is_64 = false;
  bool operator==(const Limits&) const = default;
};

struct MemoryType {
  Limits limits;  // in pages
  bool shared = false;
  std::uint8_t page_size_log2 = 16;
  bool operator==(const MemoryType&) const = default;
};

struct TableType {
  ValType element = ValType::funcref();
  Limits limits;  // in elements
  bool operator==(const TableType&) const = default;
};

struct GlobalType {
  ValType type = ValType::i32();
  bool is_mutable = false;
  bool operator==(const GlobalType&) const = default;
};

struct TagType {
  std::vector<ValType> params;
  bool operator==(const TagType&) const = default;
};

/// The kinds of import and export.
enum class ExternKind : std::uint8_t { func, table, memory, global, tag };

/// The alternatives are in the order of ExternKind.
using ExternType = std::variant<FuncType, TableType, MemoryType, GlobalType, TagType>;

/// As the text format writes it: "(func (param i32) (result i32))".
std::string to_string(const FuncType& type);
std::string to_string(const ExternType& type);
std::string_view to_string(ExternKind kind);

struct ImportType {
  std::string module;
  std::string name;
  ExternType type;
  ExternKind kind() const { return ExternKind(type.index()); }
};

struct ExportType {
  std::string name;
  ExternType type;
  ExternKind kind() const { return ExternKind(type.index()); }
};

}  // namespace wisp
