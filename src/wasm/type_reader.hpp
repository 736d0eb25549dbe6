#pragma once

#include "wasm/binary_reader.hpp"
#include "wasm/module.hpp"

namespace wisp::wasm {

/// Reads types, resolving type indices in the module.
/// https://webassembly.github.io/spec/core/binary/types.html
class TypeReader : public BinaryReader {
 public:
  TypeReader(const Module& module, Bytes bytes, u64 offset) : BinaryReader(bytes, offset), module_(&module) {}

  const Module& module() const { return *module_; }

  /// While the types of a recursive group are read, the next `count` type indices stand for the group's own types.
  void set_drafted_types(u32 count) { drafted_types_ = count; }

  bool read_val_type(ValType& type);
  bool read_ref_type(ValType& type);
  bool read_heap_type(HeapType& type);
  /// A type index that exists.
  bool read_type_index(TypeIndex& index);
  bool read_func_type_index(TypeIndex& index);
  bool read_table_type(TableType& type);
  bool read_memory_type(MemoryType& type);
  bool read_global_type(GlobalType& type);
  bool read_tag_type(TagType& type);
  bool read_mutability(bool& is_mutable);

  /// The type that an index names; null if there is none.
  const DefType* resolve(u64 index) const;

  /// True if the feature is on; otherwise fails with a message that says what needs which feature.
  bool require(Feature feature, u64 offset, std::string_view what);
  /// Fails as `invalid` with "unknown type 7" and the like.
  [[gnu::cold]] bool unknown(std::string_view space, u64 index, u64 offset);

 protected:
  bool unexpected_kind(u64 offset, std::string_view expected, TypeIndex index);

 private:
  bool read_abstract(u8 code, u64 offset, HeapType& type);
  bool read_limits(Limits& limits, u8 flags);
  bool check_limits(const Limits& limits, u64 range, u64 start, std::string_view message);
  bool read_page_size(MemoryType& type);
  bool check_memory_limits(const MemoryType& type, u64 start);

  const Module* module_;
  u32 drafted_types_ = 0;
};

}  // namespace wisp::wasm
