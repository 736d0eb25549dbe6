#pragma once

#include <bit>
#include <optional>

#include "runtime/libcalls.hpp"
#include "wasm/immediates.hpp"
#include "wasm/opcodes.hpp"

namespace wisp::runtime {

/// A libcall and its immediates.
struct LibcallUse {
  LibcallId id;
  u64 first = 0;
  u64 second = 0;
};

/// What to call for an instruction, with its operands and results; nothing if there is no libcall that does all of it.
/// Tiers may do better.
inline std::optional<LibcallUse> libcall_of(wasm::Op op, const wasm::Imm& imm) {
  using wasm::Op;
  switch (op) {
    case Op::memory_fill:
      return LibcallUse{LibcallId::memory_fill, imm.memory.value};
    case Op::memory_copy:
      return LibcallUse{LibcallId::memory_copy, imm.memory.value, imm.source_memory.value};
    case Op::memory_init:
      return LibcallUse{LibcallId::memory_init, imm.data.value, imm.memory.value};
    case Op::data_drop:
      return LibcallUse{LibcallId::data_drop, imm.data.value};
    case Op::table_grow:
      return LibcallUse{LibcallId::table_grow, imm.table.value};
    case Op::table_fill:
      return LibcallUse{LibcallId::table_fill, imm.table.value};
    case Op::table_copy:
      return LibcallUse{LibcallId::table_copy, imm.table.value, imm.source_table.value};
    case Op::table_init:
      return LibcallUse{LibcallId::table_init, imm.elem.value, imm.table.value};
    case Op::elem_drop:
      return LibcallUse{LibcallId::elem_drop, imm.elem.value};
    case Op::struct_new:
      return LibcallUse{LibcallId::struct_new, imm.type.value};
    case Op::struct_new_default:
      return LibcallUse{LibcallId::struct_new_default, imm.type.value};
    case Op::array_new:
      return LibcallUse{LibcallId::array_new, imm.type.value};
    case Op::array_new_default:
      return LibcallUse{LibcallId::array_new_default, imm.type.value};
    case Op::array_new_fixed:
      return LibcallUse{LibcallId::array_new_fixed, imm.type.value, imm.count};
    case Op::array_new_data:
      return LibcallUse{LibcallId::array_new_data, imm.type.value, imm.data.value};
    case Op::array_new_elem:
      return LibcallUse{LibcallId::array_new_elem, imm.type.value, imm.elem.value};
    case Op::array_fill:
      return LibcallUse{LibcallId::array_fill, imm.type.value};
    case Op::array_copy:
      return LibcallUse{LibcallId::array_copy, imm.type.value, imm.source_type.value};
    case Op::array_init_data:
      return LibcallUse{LibcallId::array_init_data, imm.type.value, imm.data.value};
    case Op::array_init_elem:
      return LibcallUse{LibcallId::array_init_elem, imm.type.value, imm.elem.value};
    case Op::ref_test:
    case Op::ref_test_null:
      return LibcallUse{LibcallId::ref_test, std::bit_cast<u64>(imm.ref)};
    case Op::ref_cast:
    case Op::ref_cast_null:
      return LibcallUse{LibcallId::ref_cast, std::bit_cast<u64>(imm.ref)};
    default:
      return std::nullopt;
  }
}

}  // namespace wisp::runtime
