#pragma once

#include <optional>
#include <string_view>

#include "wasm/opcodes.hpp"
#include "wasm/types.hpp"

/// The words of the text format.
namespace wisp::text {

/// The instruction of that name; of several (`select`, `ref.test`, `ref.cast`) the first in opcodes.def.
std::optional<wasm::Op> find_op(std::string_view text);

/// Whether the word means something somewhere in a module: an instruction, a type or the name of a construct.
bool is_keyword(std::string_view text);

/// https://webassembly.github.io/spec/core/text/types.html#heap-types
struct HeapTypeName {
  wasm::HeapKind kind;
  std::string_view name;       // "func"
  std::string_view reference;  // "funcref": the nullable reference
};

inline constexpr HeapTypeName heap_type_names[] = {
    {wasm::HeapKind::any, "any", "anyref"},           {wasm::HeapKind::eq, "eq", "eqref"},
    {wasm::HeapKind::i31, "i31", "i31ref"},           {wasm::HeapKind::struct_, "struct", "structref"},
    {wasm::HeapKind::array, "array", "arrayref"},     {wasm::HeapKind::none, "none", "nullref"},
    {wasm::HeapKind::func, "func", "funcref"},        {wasm::HeapKind::nofunc, "nofunc", "nullfuncref"},
    {wasm::HeapKind::extern_, "extern", "externref"}, {wasm::HeapKind::noextern, "noextern", "nullexternref"},
    {wasm::HeapKind::exn, "exn", "exnref"},           {wasm::HeapKind::noexn, "noexn", "nullexnref"},
};

/// The types that are one word and one byte of the binary format, packed ones included.
struct ScalarTypeName {
  std::string_view name;
  u8 code;
  bool packed;
};

inline constexpr ScalarTypeName scalar_type_names[] = {
    {"i32", 0x7f, false},  {"i64", 0x7e, false}, {"f32", 0x7d, false}, {"f64", 0x7c, false},
    {"v128", 0x7b, false}, {"i8", 0x78, true},   {"i16", 0x77, true},
};

/// The shapes of a v128 literal: the lanes' kind and number.
struct ShapeName {
  std::string_view name;
  bool is_float;
  int lane_bits;
  int lanes() const { return 128 / lane_bits; }
};

inline constexpr ShapeName shape_names[] = {
    {"i8x16", false, 8},  {"i16x8", false, 16}, {"i32x4", false, 32},
    {"i64x2", false, 64}, {"f32x4", true, 32},  {"f64x2", true, 64},
};

}  // namespace wisp::text
