#include "text/keywords.hpp"

#include <algorithm>
#include <array>

#include "text/literals.hpp"

namespace wisp::text {
namespace {

constexpr std::string_view op_texts[wasm::op_count] = {
#define WISP_OP(code, enumerator, text, immediate, signature, feature, flags) text,
#include "wasm/opcodes.def"
#undef WISP_OP
};

constexpr u32 hash(std::string_view text) {
  u32 value = 2166136261u;
  for (char c : text) value = (value ^ u8(c)) * 16777619u;
  return value ^ (value >> 15);
}

constexpr u32 slot_count = 2048;
static_assert(wasm::op_count * 2 < slot_count);

/// Open addressing; a slot holds an index into opcodes.def plus 1, or 0. Made by the compiler.
constexpr auto op_slots = [] {
  std::array<u16, slot_count> slots{};
  for (u32 op = 0; op < wasm::op_count; ++op) {
    u32 slot = hash(op_texts[op]) % slot_count;
    while (slots[slot] != 0 && op_texts[slots[slot] - 1] != op_texts[op]) slot = (slot + 1) % slot_count;
    if (slots[slot] == 0) slots[slot] = u16(op + 1);
  }
  return slots;
}();

constexpr std::string_view structural_words[] = {
    "module",   "type",   "rec",    "sub",        "final",     "func",          "struct",
    "array",    "field",  "mut",    "param",      "result",    "local",         "import",
    "export",   "table",  "memory", "global",     "tag",       "elem",          "data",
    "start",    "offset", "item",   "declare",    "shared",    "ref",           "null",
    "then",     "catch",  "else",   "end",        "catch_ref", "catch_all",     "catch_all_ref",
    "pagesize", "binary", "quote",  "definition", "instance",  "nan:canonical", "nan:arithmetic",
};

/// `offset=` or `align=` with an unsigned number.
bool is_memarg_field(std::string_view text) {
  const usize equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = text.substr(0, equals);
  return (key == "offset" || key == "align") &&
         parse_unsigned(text.substr(equals + 1), 64).status != LiteralStatus::not_a_number;
}

}  // namespace

std::optional<wasm::Op> find_op(std::string_view text) {
  for (u32 slot = hash(text) % slot_count; op_slots[slot] != 0; slot = (slot + 1) % slot_count) {
    if (op_texts[op_slots[slot] - 1] == text) return wasm::Op(op_slots[slot] - 1);
  }
  return std::nullopt;
}

bool is_keyword(std::string_view text) {
  if (find_op(text).has_value() || std::ranges::find(structural_words, text) != std::end(structural_words)) return true;
  const auto named = [text](const auto& row) { return row.name == text; };
  return std::ranges::any_of(scalar_type_names, named) || std::ranges::any_of(shape_names, named) ||
         std::ranges::any_of(heap_type_names,
                             [&](const auto& row) { return row.name == text || row.reference == text; }) ||
         is_memarg_field(text);
}

}  // namespace wisp::text
