#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/bytes.hpp"
#include "wasm/module.hpp"
#include "wasm/names.hpp"

namespace wisp::text {

/// A string literal with its quotes. Names are UTF-8 and keep their letters; bytes are all escaped beyond ASCII.
std::string quote_name(std::string_view name);
std::string quote_bytes(Bytes bytes);
/// The name as an identifier: `$name`, or `$"a name"` where it has other characters than identifiers may have.
std::string identifier(std::string_view name);

/// How the entities of one index space are written. The name section may give one name twice, or an empty one: then
/// the entity is written by its index, and a name becomes an annotation.
class NamedSpace {
 public:
  NamedSpace() = default;
  explicit NamedSpace(const wasm::NameMap& names);

  /// In a reference: `$name` or `7`.
  std::string ref(u32 index) const;
  /// In the definition, with a space in front: ` $name (;7;)`, ` (;7;)` or ` (;7;) (@name "again")`.
  std::string definition(u32 index) const;
  /// The part of the definition that is not a comment: ` $name`, ` (@name "again")` or nothing.
  std::string binding(u32 index) const;

 private:
  std::unordered_map<u32, std::string> ids_;
  std::unordered_map<u32, std::string> annotations_;
};

/// The names of everything in a module, and its types as the text format writes them.
class PrintNames {
 public:
  explicit PrintNames(const wasm::Module& module);

  std::string module_name;  // as it stands behind `(module`, with a space in front
  NamedSpace funcs, types, tables, memories, globals, elems, datas, tags;

  NamedSpace locals(FuncIndex function) const;
  /// The fields of a struct type; null if none has a name.
  const NamedSpace* fields(u32 type) const;
  /// Names of the labels of a function, by order of their constructs.
  const wasm::NameMap* labels(FuncIndex function) const;

  /// From here on, types are written as inside the recursive group whose first type has this index.
  void enter_group(u32 first, std::span<const wasm::DefType* const> group);
  void leave_group() { group_count_ = 0; }

  /// The first index of a type of the module.
  u32 index_of(const wasm::DefType* type) const;
  std::string ref(const wasm::DefType* type) const { return types.ref(index_of(type)); }
  std::string text(wasm::HeapType type) const;
  std::string text(wasm::ValType type) const;
  std::string text(const wasm::FieldType& field) const;
  /// ` (param i32 i64) (result f32)`, with a space in front of each part.
  std::string text(std::span<const wasm::ValType> params, std::span<const wasm::ValType> results) const;
  std::string text(const wasm::Limits& limits) const;
  std::string text(const wasm::TableType& type) const;
  std::string text(const wasm::MemoryType& type) const;
  std::string text(const wasm::GlobalType& type) const;

 private:
  wasm::Names names_;
  std::unordered_map<const wasm::DefType*, u32> first_index_;
  std::unordered_map<u32, NamedSpace> fields_;
  u32 group_first_ = 0;      // the group's own index
  u32 group_canonical_ = 0;  // the first index of an equal group
  u32 group_count_ = 0;
};

}  // namespace wisp::text
