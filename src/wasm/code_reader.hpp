#pragma once

#include <array>
#include <cstring>
#include <vector>

#include "wasm/immediates.hpp"
#include "wasm/opcodes.hpp"
#include "wasm/type_reader.hpp"

namespace wisp::wasm {

/// A run of declared locals of one type.
struct LocalRun {
  u32 count;
  ValType type;
};

/// Reads instructions one after the other: opcode, then immediates. It checks the format and that type indices exist,
/// nothing else; the validator is built on it, and whoever only wants to look at code (a printer) can use it alone:
///
///     CodeReader reader(module, body.code, body.offset);
///     std::vector<LocalRun> locals;
///     Op op;
///     bool ok = reader.read_locals(0, locals);
///     while (ok && !reader.at_end()) {
///       ok = reader.next(op);
///       if (ok) print(op, reader.imm());
///     }
///     if (!ok) return reader.take_error();
class CodeReader : public TypeReader {
 public:
  using TypeReader::TypeReader;

  /// A body's local declarations, which come before its instructions. The parameters count towards the limit.
  bool read_locals(u64 params, std::vector<LocalRun>& runs);

  /// Reads one instruction with its immediates.
  bool next(Op& op) { return read_op(op) && read_immediates(op); }

  /// Reads an opcode. One whose feature is off is an error.
  bool read_op(Op& op) {
    if (at_end()) [[unlikely]]
      return unexpected_end();
    const u16 found = mvp_ops[u8(peek())];
    if (found == none) [[unlikely]]
      return read_gated_op(op);
    op = Op(found);
    skip(1);
    return true;
  }
  /// Reads the immediates of an instruction into `imm()`.
  bool read_immediates(Op op);
  /// The same, where the caller knows their kind; not for heap_type.
  template <Immediate kind>
  bool read();

  const Imm& imm() const { return imm_; }

  /// The instruction of a byte that needs no feature and no second byte.
  static Op mvp_op(u8 byte) { return Op(mvp_ops[byte]); }

 protected:
  Imm imm_;

 private:
  static constexpr u16 none = 0xffff;
  /// By first byte: the instructions that need no feature and no second byte.
  static const std::array<u16, 256> mvp_ops;

  bool read_immediates(Immediate kind);
  [[gnu::noinline]] bool read_gated_op(Op& op);
  [[gnu::noinline]] bool read_block_type(BlockType& type);
  [[gnu::noinline]] bool read_memarg_slow(u64 start);
  bool read_memory_index(MemoryIndex& index);
  bool read_table_index(TableIndex& index);
  bool read_br_table();
  bool read_catches();
  bool read_catch(CatchClause& clause);
  bool read_select_types();
  bool read_br_on_cast();
  bool read_v128();
  bool read_zero_byte();
  template <class T>
  bool read_fixed();
  bool read_memarg();

  std::vector<u32> labels_;
  std::vector<CatchClause> catches_;
  std::vector<ValType> types_;
};

template <class T>
inline bool CodeReader::read_fixed() {
  if (remaining() < sizeof(T)) return unexpected_end();
  imm_.bits = load_le<T>(position());
  skip(sizeof(T));
  return true;
}

inline bool CodeReader::read_memarg() {
  // Nearly always: flags without a memory index, and a short offset.
  const u64 start = offset();
  if (remaining() >= 2 && position()[0] < 0x40 && position()[1] < 0x80) [[likely]] {
    imm_.memarg = {position()[0], MemoryIndex(0), position()[1]};
    skip(2);
    return true;
  }
  return read_memarg_slow(start);
}

/// Instantiated for every kind, so that a caller who knows the kind pays for nothing else.
template <Immediate kind>
inline bool CodeReader::read() {
  if constexpr (kind == Immediate::none) return true;
  if constexpr (kind == Immediate::i32) {
    i32 value = 0;
    if (!read_s32(value)) return false;
    imm_.bits = u64(i64(value));
    return true;
  }
  if constexpr (kind == Immediate::i64) {
    i64 value = 0;
    if (!read_s64(value)) return false;
    imm_.bits = u64(value);
    return true;
  }
  if constexpr (kind == Immediate::f32) return read_fixed<u32>();
  if constexpr (kind == Immediate::f64) return read_fixed<u64>();
  if constexpr (kind == Immediate::v128 || kind == Immediate::shuffle) return read_v128();
  if constexpr (kind == Immediate::block) return read_block_type(imm_.block);
  if constexpr (kind == Immediate::label) return read_u32(imm_.label);
  if constexpr (kind == Immediate::br_table) return read_br_table();
  if constexpr (kind == Immediate::call_indirect) return read_type_index(imm_.type) && read_table_index(imm_.table);
  if constexpr (kind == Immediate::try_table) return read_block_type(imm_.block) && read_catches();
  if constexpr (kind == Immediate::br_on_cast) return read_br_on_cast();
  if constexpr (kind == Immediate::select_types) return read_select_types();
  if constexpr (kind == Immediate::func) return read_u32(imm_.func.value);
  if constexpr (kind == Immediate::type) return read_type_index(imm_.type);
  if constexpr (kind == Immediate::table) return read_u32(imm_.table.value);
  if constexpr (kind == Immediate::memory) return read_memory_index(imm_.memory);
  if constexpr (kind == Immediate::local) return read_u32(imm_.local.value);
  if constexpr (kind == Immediate::global) return read_u32(imm_.global.value);
  if constexpr (kind == Immediate::tag) return read_u32(imm_.tag.value);
  if constexpr (kind == Immediate::data) return read_u32(imm_.data.value);
  if constexpr (kind == Immediate::elem) return read_u32(imm_.elem.value);
  if constexpr (kind == Immediate::heap_type) {
    HeapType heap = HeapKind::any;
    if (!read_heap_type(heap)) return false;
    imm_.ref = ValType::ref(true, heap);
    return true;
  }
  if constexpr (kind == Immediate::memarg) return read_memarg();
  if constexpr (kind == Immediate::memarg_lane) return read_memarg() && read_byte(imm_.lane);
  if constexpr (kind == Immediate::lane) return read_byte(imm_.lane);
  if constexpr (kind == Immediate::data_memory) return read_u32(imm_.data.value) && read_memory_index(imm_.memory);
  if constexpr (kind == Immediate::memory_memory) {
    return read_memory_index(imm_.memory) && read_memory_index(imm_.source_memory);
  }
  if constexpr (kind == Immediate::elem_table) return read_u32(imm_.elem.value) && read_table_index(imm_.table);
  if constexpr (kind == Immediate::table_table) {
    return read_table_index(imm_.table) && read_table_index(imm_.source_table);
  }
  if constexpr (kind == Immediate::type_field) return read_type_index(imm_.type) && read_u32(imm_.field.value);
  if constexpr (kind == Immediate::type_count) return read_type_index(imm_.type) && read_u32(imm_.count);
  if constexpr (kind == Immediate::type_data) return read_type_index(imm_.type) && read_u32(imm_.data.value);
  if constexpr (kind == Immediate::type_elem) return read_type_index(imm_.type) && read_u32(imm_.elem.value);
  if constexpr (kind == Immediate::type_type) return read_type_index(imm_.type) && read_type_index(imm_.source_type);
  if constexpr (kind == Immediate::fence) return read_zero_byte();
}

}  // namespace wisp::wasm
