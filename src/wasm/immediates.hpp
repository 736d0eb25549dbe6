#pragma once

#include <array>
#include <span>

#include "base/index.hpp"
#include "base/int.hpp"
#include "wasm/types.hpp"

namespace wisp::wasm {

/// Alignment, memory and offset of a memory instruction.
/// https://webassembly.github.io/spec/core/syntax/instructions.html#memory-instructions
struct MemArg {
  u32 align_log2 = 0;
  MemoryIndex memory;
  u64 offset = 0;
};

/// What a block, loop, if or try_table takes and leaves. The spans are valid as long as this object is.
/// https://webassembly.github.io/spec/core/syntax/instructions.html#control-instructions
class BlockType {
 public:
  /// [] -> []
  BlockType() = default;
  /// [] -> [result]
  explicit BlockType(ValType result) : result_(result) {}
  /// The function type of a module's type index.
  explicit BlockType(const DefType* type) : type_(type) {}

  std::span<const ValType> params() const {
    if (type_ == nullptr) return {};
    return type_->func.params;
  }
  std::span<const ValType> results() const {
    if (type_ != nullptr) return type_->func.results;
    return {&result_, result_.is_bottom() ? 0u : 1u};
  }
  /// The defined type that the block names; null for the short forms.
  const DefType* type() const { return type_; }

 private:
  const DefType* type_ = nullptr;
  ValType result_;  // bottom: no result
};

/// A clause of a try_table. Its label counts from outside of the try_table.
struct CatchClause {
  enum class Kind : u8 { catch_ = 0, catch_ref = 1, catch_all = 2, catch_all_ref = 3 };
  Kind kind = Kind::catch_;
  TagIndex tag;  // of catch_ and catch_ref
  u32 label = 0;

  bool has_tag() const { return kind == Kind::catch_ || kind == Kind::catch_ref; }
  bool has_ref() const { return kind == Kind::catch_ref || kind == Kind::catch_all_ref; }
};

/// The decoded immediates of one instruction. Which members hold something follows from `info(op).immediate`; the
/// others are left over from earlier instructions. Spans are valid until the next instruction is read.
struct Imm {
  u64 bits = 0;   // i32 (sign-extended), i64, f32 and f64 constants
  MemArg memarg;  // of memarg and memarg_lane
  FuncIndex func;
  LocalIndex local;
  GlobalIndex global;
  TagIndex tag;
  DataIndex data;  // of data, data_memory and type_data
  ElemIndex elem;  // of elem, elem_table and type_elem
  FieldIndex field;
  TypeIndex type;             // of every immediate with a type index; the destination of type_type
  TypeIndex source_type;      // of type_type
  TableIndex table;           // of table, elem_table and call_indirect; the destination of table_table
  TableIndex source_table;    // of table_table
  MemoryIndex memory;         // of memory and data_memory; the destination of memory_memory; not of memarg
  MemoryIndex source_memory;  // of memory_memory
  u32 label = 0;              // of label and br_on_cast
  u32 count = 0;              // of type_count
  u8 lane = 0;                // of lane and memarg_lane
  std::array<u8, 16> v128{};  // of v128, and the lanes of shuffle
  BlockType block;            // of block and try_table
  ValType ref;         // heap_type: the reference type, nullable where the instruction says so; br_on_cast: source
  ValType target_ref;  // br_on_cast: the target
  std::span<const u32> labels;           // of br_table; the last one is the default
  std::span<const CatchClause> catches;  // of try_table
  std::span<const ValType> types;        // of select_types

  i32 i32_value() const { return i32(u32(bits)); }
  i64 i64_value() const { return i64(bits); }
};

}  // namespace wisp::wasm
