#pragma once

#include <string_view>

#include "base/int.hpp"
#include "wasm/features.hpp"

namespace wisp::wasm {

/// What follows an opcode in the binary format.
enum class Immediate : u8 {
  none,
  i32,
  i64,
  f32,
  f64,
  v128,
  block,          // block type
  label,          // label index
  br_table,       // vector of label indices, default label index
  call_indirect,  // type index, table index
  try_table,      // block type, vector of catch clauses
  br_on_cast,     // cast flags, label index, two heap types
  select_types,   // vector of value types
  func,
  type,
  table,
  memory,
  local,
  global,
  tag,
  data,
  elem,
  heap_type,
  memarg,       // alignment, memory index, offset
  memarg_lane,  // memarg, lane index
  lane,
  shuffle,        // 16 lane indices
  data_memory,    // data index, memory index
  memory_memory,  // destination, source
  elem_table,     // elem index, table index
  table_table,    // destination, source
  type_field,     // type index, field index
  type_count,     // type index, element count
  type_data,      // type index, data index
  type_elem,      // type index, elem index
  type_type,      // destination type index, source type index
  fence,          // a zero byte
};

/// Every instruction, in the order of opcodes.def (dense; not the binary code).
enum class Op : u16 {
#define WISP_OP(code, enumerator, text, immediate, signature, feature, flags) enumerator,
#include "wasm/opcodes.def"
#undef WISP_OP
};

inline constexpr u32 op_count = 0
#define WISP_OP(code, enumerator, text, immediate, signature, feature, flags) +1
#include "wasm/opcodes.def"
#undef WISP_OP
    ;

/// Column `flags` of opcodes.def.
struct OpFlags {
  static constexpr u8 align(u8 log2) { return u8(has_align | log2); }
  static constexpr u8 align_mask = 0x07;
  static constexpr u8 has_align = 0x08;
  static constexpr u8 atomic = 0x10;
  static constexpr u8 constant = 0x20;
  static constexpr u8 constant_extended = 0x40;
};

struct OpInfo {
  u32 code;
  std::string_view text;
  Immediate immediate;
  std::string_view signature;
  Feature feature;
  u8 flags;

  constexpr bool is_polymorphic() const { return signature == "*"; }
};

namespace opcode_rows {
inline constexpr u8 constant = OpFlags::constant;
inline constexpr u8 constant_extended = OpFlags::constant_extended;
inline constexpr u8 atomic = OpFlags::atomic;
constexpr u8 align(u8 log2) {
  return OpFlags::align(log2);
}

inline constexpr OpInfo rows[op_count] = {
#define WISP_OP(code, enumerator, text, immediate, signature, feature, flags) \
  {code, text, Immediate::immediate, signature, Feature::feature, u8(flags)},
#include "wasm/opcodes.def"
#undef WISP_OP
};
}  // namespace opcode_rows

/// Indexed by `Op`.
inline constexpr auto& op_table = opcode_rows::rows;

constexpr const OpInfo& info(Op op) {
  return op_table[u32(op)];
}

}  // namespace wisp::wasm
