#pragma once

#include <array>
#include <string_view>

#include "wasm/types.hpp"

namespace wisp::wasm {

/// The operands and results of a row of opcodes.def, as types where they are known before the code is.
struct Signature {
  std::array<ValType, 4> operands{};
  std::array<ValType, 2> results{};
  u32 operand_count = 0;
  u32 result_count = 0;
  bool has_address = false;  // the first operand, or the result, is an address
  bool is_polymorphic = false;

  static constexpr ValType type_of(char letter) {
    switch (letter) {
      case 'i':
        return ValType::i32();
      case 'I':
        return ValType::i64();
      case 'f':
        return ValType::f32();
      case 'F':
        return ValType::f64();
      case 'v':
        return ValType::v128();
      default:
        return ValType::bottom();  // an address
    }
  }

  constexpr explicit Signature(std::string_view text) : is_polymorphic(text == "*") {
    bool after_colon = false;
    for (const char letter : text) {
      if (letter == ':') {
        after_colon = true;
      } else if (letter != '*') {
        has_address = has_address || letter == 'a';
        if (after_colon) {
          results[result_count++] = type_of(letter);
        } else {
          operands[operand_count++] = type_of(letter);
        }
      }
    }
  }

  constexpr u32 operand_slots() const {
    u32 slots = 0;
    for (u32 i = 0; i < operand_count; ++i) slots += operands[i].slots();
    return slots;
  }
  constexpr u32 result_slots() const {
    u32 slots = 0;
    for (u32 i = 0; i < result_count; ++i) slots += results[i].slots();
    return slots;
  }
};

}  // namespace wisp::wasm
