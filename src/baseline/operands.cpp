#include "baseline/operands.hpp"

#include <array>

namespace wisp::baseline {
namespace {

using interp::Shape;
using interp::SlotFamily;
using interp::SlotOp;
using enum OperandPlace;

/// A row of the slot instructions, and one of its variants.
struct Variant {
  SlotOp row;
  std::string_view name;
  SlotFamily family;
  Shape shape;
  u16 row_number;  // in its family
  u8 number;
};

constexpr Operands with_places(Operands operands, OperandPlace a, u8 a_field, OperandPlace b, u8 b_field) {
  operands.a = a;
  operands.b = b;
  if (a == slot) operands.a_field = a_field;
  if (b == slot) operands.b_field = b_field;
  return operands;
}

struct Pair {
  OperandPlace a, b;
};
constexpr Pair binary_places[] = {{slot, slot},     {slot, acc},       {slot, immediate}, {acc, slot},
                                  {acc, immediate}, {immediate, slot}, {immediate, acc}};
constexpr Pair commutative_places[] = {{slot, slot}, {acc, slot}, {slot, immediate}, {acc, immediate}};

constexpr Operands pinnable(const Variant& variant) {
  const u32 number = variant.number;
  const u16 row = variant.row_number;
  Operands out{.kind = Operands::Kind::pinnable, .row = row};
  switch (variant.shape) {
    case Shape::unary:
      out.has_result = true;
      return with_places(out, number >> 1 == 0 ? slot : acc, 1, slot, Operands::no_field);
    case Shape::binary: {
      const Pair pair = binary_places[number >> 1];
      out.has_result = true;
      return with_places(out, pair.a, 1, pair.b, pair.a == immediate ? 1 : 2);
    }
    case Shape::commutative:
    case Shape::compare: {
      const Pair pair = commutative_places[number >> 1];
      out.has_result = true;
      return with_places(out, pair.a, 1, pair.b, 2);
    }
    case Shape::branch_compare: {
      const Pair pair = commutative_places[number >> 1];
      out.row = u16(2 * row);
      return with_places(out, pair.a, 0, pair.b, 1);
    }
    case Shape::branch_compare_float: {
      const Pair pair = commutative_places[number >> 2];
      out.row = u16(2 * row + (number >> 1 & 1));
      return with_places(out, pair.a, 0, pair.b, 1);
    }
    case Shape::load:
      out.has_result = true;
      return with_places(out, OperandPlace(number >> 1), 1, slot, Operands::no_field);
    case Shape::load_indexed:
      out.has_result = true;
      return with_places(out, (number & 2) != 0 ? acc : slot, 1, (number & 4) != 0 ? immediate : slot, 2);
    case Shape::store:
      return with_places(out, OperandPlace(number % 3), 0, OperandPlace(number / 3), 1);
    case Shape::vector_binary:
    case Shape::vector_commutative:
      out.has_result = true;
      return with_places(out, (number & 2) != 0 ? acc : slot, 1, slot, 2);
    case Shape::vector_shift:
      out.has_result = true;
      return with_places(out, (number & 2) != 0 ? acc : slot, 1, (number & 4) != 0 ? immediate : slot, 2);
    case Shape::extract_lane:
      out.has_result = true;
      return with_places(out, (number & 2) != 0 ? acc : slot, 1, slot, Operands::no_field);
    case Shape::replace_lane:
      out.has_result = true;
      return with_places(out, slot, 1, slot, 2);
    default:
      break;
  }
  switch (variant.row) {
    case SlotOp::i8x16_shuffle:
      out.has_result = true;
      return with_places(out, slot, 1, slot, 2);
    case SlotOp::i32_shl_add:
      out.has_result = true;
      return with_places(out, (number & 2) != 0 ? acc : slot, 1, slot, 2);
    case SlotOp::br_if_nonzero:
    case SlotOp::br_if_zero:
      out.row = u16(2 * row);
      return with_places(out, (number & 2) != 0 ? acc : slot, 0, slot, Operands::no_field);
    case SlotOp::select_i32:
    case SlotOp::select_i64:
      out.row = u16(2 * row + ((number & 2) != 0 ? 0 : 1));
      out.reads = (number & 2) != 0 ? 0 : 0b1000;
      out.has_result = true;
      return with_places(out, (number & 4) != 0 ? immediate : slot, 1, (number & 8) != 0 ? immediate : slot, 2);
    case SlotOp::increment_br_if_ne:
      out.row = u16(2 * row);
      out.updates_a = true;
      return with_places(out, slot, 0, number != 0 ? slot : immediate, 1);
    default:
      return {};
  }
}

constexpr Operands plain(u8 reads, bool has_result = false) {
  return {.kind = Operands::Kind::plain, .reads = reads, .has_result = has_result};
}
constexpr Operands writing(u8 reads) {
  Operands out = plain(reads);
  out.writes_field_0 = true;
  return out;
}
constexpr Operands of_kind(Operands::Kind kind) {
  return {.kind = kind};
}

constexpr Operands control_operands(const Variant& variant) {
  const u32 number = variant.number;
  switch (variant.row) {
    case SlotOp::loop_check:
    case SlotOp::trap:
    case SlotOp::consume_fuel:
    case SlotOp::count_use:
    case SlotOp::return_acc:
    case SlotOp::return_vacc32:
    case SlotOp::return_vacc64:
    case SlotOp::return_vacc128:
    case SlotOp::return_const:
      return plain(0);
    case SlotOp::return_slot32:
    case SlotOp::return_slot64:
    case SlotOp::return_slot128:
      return plain(0b10);
    case SlotOp::return_none:
      return of_kind(Operands::Kind::leave);
    case SlotOp::copy32:
    case SlotOp::copy64:
    case SlotOp::copy128:
    case SlotOp::const32:
    case SlotOp::const64:
    case SlotOp::set_acc:
    case SlotOp::set_vacc32:
    case SlotOp::set_vacc64:
    case SlotOp::set_vacc128:
      return of_kind(Operands::Kind::move);
    case SlotOp::select_f32:
    case SlotOp::select_f64:
    case SlotOp::select_v128:
      return plain(u8((number & 2) != 0 ? 0b110 : 0b1110), true);
    case SlotOp::global_get_i32:
    case SlotOp::global_get_i64:
    case SlotOp::global_get_f32:
    case SlotOp::global_get_f64:
    case SlotOp::global_get_v128:
    case SlotOp::v128_const:
      return plain(0, true);
    case SlotOp::global_set_i32:
    case SlotOp::global_set_i64:
    case SlotOp::global_set_f32:
    case SlotOp::global_set_f64:
    case SlotOp::global_set_v128:
      return plain((number & 1) != 0 ? 0 : 1);
    default:
      return {};
  }
}

constexpr Operands other_operands(const Variant& variant) {
  switch (variant.shape) {
    case Shape::load_any:
      return writing(0b10);
    case Shape::store_any:
      return plain(0b11);
    case Shape::load_lane:
      return writing(0b1010);
    case Shape::store_lane:
      return plain(0b1010);
    case Shape::vector_ternary:
      return plain(0b1110, true);
    default:
      break;
  }
  switch (variant.row) {
    case SlotOp::jump:
      return plain(0);
    case SlotOp::br_table:
      return plain((variant.number & 2) != 0 ? 0 : 1);
    case SlotOp::check_non_null:
      return plain(1);
    case SlotOp::memory_size:
    case SlotOp::table_size:
    case SlotOp::ref_func:
      return plain(0, true);
    default:
      return {};
  }
}

constexpr bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}
constexpr bool names_float(std::string_view text) {
  return contains(text, "f32") || contains(text, "f64");
}

/// Of what becomes a vector of lanes, or comes from one.
constexpr ValueKind lane_kind_of(const Variant& variant) {
  return variant.name.starts_with("f") ? ValueKind::floating : ValueKind::integer;
}
constexpr bool is_of_vectors(const Variant& variant) {
  return variant.family == SlotFamily::vector_integer || variant.family == SlotFamily::vector_float;
}

/// By the names of the instructions: i32_trunc_f64_s, f64_load, br_if_f32_lt, select_v128, …
constexpr ValueKind result_of(const Variant& variant) {
  if (is_of_vectors(variant)) {
    if (variant.shape == Shape::extract_lane) return lane_kind_of(variant);
    const bool asks = variant.name.ends_with("_true") || variant.name.ends_with("_bitmask");
    return asks ? ValueKind::integer : ValueKind::vector;
  }
  if (variant.shape == Shape::compare) return ValueKind::integer;
  if (variant.name.starts_with("v128") || variant.name.ends_with("v128")) return ValueKind::vector;
  const bool is_control = variant.family == SlotFamily::control;
  return names_float(is_control ? variant.name : variant.name.substr(0, 3)) ? ValueKind::floating : ValueKind::integer;
}

constexpr ValueKind operand_kind_of(const Variant& variant) {
  const std::string_view name = variant.name;
  if (is_of_vectors(variant)) return name.ends_with("_splat") ? lane_kind_of(variant) : ValueKind::vector;
  if (variant.family == SlotFamily::memory) {
    if (variant.shape != Shape::store) return ValueKind::integer;
    return name.starts_with("v128") ? ValueKind::vector : names_float(name) ? ValueKind::floating : ValueKind::integer;
  }
  // A conversion names what it converts last.
  const std::string_view rest = name.size() > 3 ? name.substr(3) : name;
  if (names_float(rest)) return ValueKind::floating;
  if (contains(rest, "_i32") || contains(rest, "_i64")) return ValueKind::integer;
  return names_float(name.substr(0, 3)) ? ValueKind::floating : ValueKind::integer;
}

/// The families of pinned/.
constexpr bool has_pinned_stencils(SlotFamily family) {
  return family == SlotFamily::integer || family == SlotFamily::floating || family == SlotFamily::branch ||
         family == SlotFamily::memory || family == SlotFamily::control || family == SlotFamily::vector_integer ||
         family == SlotFamily::vector_float;
}

/// In a vector register.
constexpr bool is_float_or_vector(ValueKind kind) {
  return kind == ValueKind::floating || kind == ValueKind::vector;
}

constexpr Operands make_operands(const Variant& variant) {
  Operands out = has_pinned_stencils(variant.family) ? pinnable(variant) : Operands{};
  if (out.kind == Operands::Kind::barrier) {
    out = variant.family == SlotFamily::control ? control_operands(variant) : other_operands(variant);
  }
  out.result_to_slot = out.has_result && (variant.number & interp::result_to_slot) != 0;
  out.result = result_of(variant);
  out.a_kind = out.b_kind = operand_kind_of(variant);
  if (variant.shape == Shape::store || variant.shape == Shape::vector_shift) out.b_kind = ValueKind::integer;
  if (variant.shape == Shape::replace_lane) out.b_kind = lane_kind_of(variant);
  out.takes_a = out.has_result && is_float_or_vector(out.a_kind) && is_float_or_vector(out.result);
  return out;
}

/// Copies and constants are bits: their slots are what others use them for.
constexpr ValueKind moved_kind(SlotOp row) {
  if (row == SlotOp::set_acc) return ValueKind::integer;
  if (row == SlotOp::copy128 || row == SlotOp::set_vacc128) return ValueKind::vector;
  return row == SlotOp::set_vacc32 || row == SlotOp::set_vacc64 ? ValueKind::floating : ValueKind::bits;
}

constexpr SlotUses make_slot_uses(const Variant& variant) {
  const Operands operands = make_operands(variant);
  SlotUses out{.uses = {}, .is_barrier = operands.kind == Operands::Kind::barrier};
  u32 count = 0;
  const auto add = [&](u8 field, ValueKind kind) {
    if (field == Operands::no_field) return;
    const u8 next_kinds = kind == ValueKind::vector ? kind_bit(ValueKind::second_half) : 0;
    out.uses[count++] = {u8(16 * field), false, kind_bit(kind), next_kinds};
  };
  if (operands.kind == Operands::Kind::move) {
    const ValueKind kind = moved_kind(variant.row);
    const bool is_copy =
        variant.row == SlotOp::copy32 || variant.row == SlotOp::copy64 || variant.row == SlotOp::copy128;
    add(0, kind);
    if (is_copy) add(1, kind);
  } else {
    add(operands.a_field, operands.a_kind);
    add(operands.b_field, operands.b_kind);
    if (operands.result_to_slot) add(0, operands.result);
    // Perhaps a vector.
    if (operands.writes_field_0) add(0, ValueKind::vector);
  }
  return out;
}

struct Row {
  SlotOp first;
  std::string_view name;
  SlotFamily family;
  Shape shape;
};

constexpr Row rows[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) {SlotOp::id, #id, SlotFamily::family, Shape::shape},
#include "interp/slot_ops.def"
};

constexpr usize handlers_of(SlotFamily family) {
  usize count = 0;
  for (const Row& row : rows) count += row.family == family ? interp::variant_count(row.shape) : 0;
  return count;
}

template <class T, SlotFamily family, T (*make)(const Variant&)>
constexpr auto make_table() {
  std::array<T, handlers_of(family)> table{};
  usize at = 0;
  u16 row_number = 0;
  for (const Row& row : rows) {
    if (row.family != family) continue;
    for (u32 number = 0; number < interp::variant_count(row.shape); ++number) {
      table[at++] = make({row.first, row.name, family, row.shape, row_number, u8(number)});
    }
    ++row_number;
  }
  return table;
}

template <SlotFamily family>
constexpr auto family_table = make_table<Operands, family, make_operands>();
template <SlotFamily family>
constexpr auto slot_use_table = make_table<SlotUses, family, make_slot_uses>();

}  // namespace

constinit const SlotUses* const slot_use_tables[] = {
    nullptr,
#define WISP_SLOT_FAMILY(family) slot_use_table<SlotFamily::family>.data(),
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
};

constinit const Operands* const operand_tables[] = {
    nullptr,
#define WISP_SLOT_FAMILY(family) family_table<SlotFamily::family>.data(),
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::baseline
