#pragma once

#include <array>
#include <string_view>

#include "base/int.hpp"
#include "wasm/opcodes.hpp"

/// Slot code: what function bodies are lowered to. An instruction is two or more words:
///
///     word 0   the handler's address
///     word 1   four 16-bit fields 0..3; `wide` is the 32 bits of fields 2 and 3
///     word 2…  64-bit immediates, addresses and tables
///
/// Fields name 8-byte slots of the frame: first the locals (parameters first), then the operand stack; a v128 takes
/// two. The home of an operand is the slot at its height. A function's results go to its slots from 0 on.
namespace wisp::interp {

using Word = u64;

/// What the variants of a slot instruction mean. In variant lists, s: slot, r: accumulator, i: immediate.
enum class Shape : u8 {
  unary,   // bit 0: result also to slot field 0; then operand {s, r}: field 1
  binary,  // bit 0 as above; then {ss, sr, si, rs, ri, is, ir}: field 1, field 2 (field 1 if the first is immediate)
  commutative,           // bit 0 as above; then {ss, rs, si, ri}
  compare,               // the same; the others follow by swapping operands and comparison
  branch_compare,        // bit 0: backward; then {ss, rs, si, ri}: field 0, field 1 or word 2; target: wide
  branch_compare_float,  // bit 0: backward, bit 1: branch if false; then {ss, rs, si, ri}
  load,                  // bit 0: result also to slot; then address {s, r, constant}: field 1; offset: wide
  load_indexed,  // bit 0 as above; bit 1: x in the accumulator; bit 2: y in the high half of word 2. x field 1, y field
                 // 2; address: (x << field 3) + y in 32 bits, plus the low half of word 2
  store,      // value {s, r, i} + 3 * address {s, r, constant}: value field 0 or word 2, address field 1; offset: wide
  load_any,   // bit 0: 64-bit addresses; result field 0, address field 1, memory field 2, offset word 2
  store_any,  // the same; value field 0
  load_lane,  // the same as load_any; vector slot field 3, lane word 3
  store_lane,
  vector_binary,       // bit 0: result also to slot; bit 1: first operand in the accumulator; field 1, field 2
  vector_commutative,  // the same
  vector_shift,        // bit 0, bit 1 as above; bit 2: count in wide instead of field 2
  vector_ternary,      // bit 0 as above; fields 1, 2, 3
  extract_lane,        // bit 0, bit 1 as above; lane: wide
  replace_lane,        // bit 0 as above; vector field 1, scalar field 2, lane field 3
  atomic_load,         // bit 0: 64-bit addresses; result field 0, address field 1, memory field 2, offset word 2
  atomic_store,        // the same; value field 0
  atomic_rmw,          // the same; result field 0, operand field 3
  atomic_cmpxchg,      // the same; expected field 3, replacement: word 3
  handlers_1,          // as many handlers as the number says; their comments say what they are
  handlers_2,
  handlers_4,
  handlers_8,
  handlers_12,
  handlers_16,
};

constexpr u32 variant_count(Shape shape) {
  constexpr u8 counts[] = {4, 14, 8, 8, 8, 16, 6, 8, 9, 2, 2, 2, 2, 4, 4, 8, 2, 4, 2, 2, 2, 2, 2, 1, 2, 4, 8, 12, 16};
  static_assert(sizeof counts == u32(Shape::handlers_16) + 1);
  return counts[u32(shape)];
}

/// Result bit of the shapes that have one.
inline constexpr u32 result_to_slot = 1;

/// Counted from 1, so that ids of a family are `family << family_shift` plus a number.
enum class SlotFamily : u8 {
  none,
#define WISP_SLOT_FAMILY(family) family,
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
  count_,
};
inline constexpr u32 family_shift = 12;
inline constexpr u32 family_mask = (u32{1} << family_shift) - 1;

/// A handler: the first variant of a row, plus the number of the variant.
enum class SlotOp : u16 {
  none = 0,
#define WISP_SLOT_FAMILY(family) before_##family = (u32(SlotFamily::family) << family_shift) - 1,
#define WISP_SLOT_ROW(family, id, semantics, shape) id, last_of_##id = id + variant_count(Shape::shape) - 1,
#include "interp/slot_ops.def"
};

constexpr SlotOp variant(SlotOp op, u32 number) {
  return SlotOp(u32(op) + number);
}

/// How a value is represented in a slot; references are like i64.
enum class Rep : u8 { i32, i64, f32, f64, v128 };

/// How a WebAssembly instruction appears in slot code.
struct SlotForm {
  SlotOp op = SlotOp::none;
  Shape shape = Shape::handlers_1;
  Rep result = Rep::i64;          // if it has a result that opcodes.def says, and that is no address
  SlotOp indexed = SlotOp::none;  // of a load: the form for an address that is a sum
  SlotOp branch = SlotOp::none;   // of a comparison: the conditional branch
  SlotOp any = SlotOp::none;      // of a memory instruction: the form for any memory
  Shape any_shape = Shape::handlers_1;
};

/// Indexed by `wasm::Op`.
extern const std::array<SlotForm, wasm::op_count> slot_forms;

inline const SlotForm& form(wasm::Op op) {
  return slot_forms[u32(op)];
}

/// The row's name; for tests and listings.
std::string_view name_of(SlotOp op);

}  // namespace wisp::interp
