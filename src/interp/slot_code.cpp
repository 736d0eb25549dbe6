#include "interp/slot_code.hpp"

namespace wisp::interp {

namespace {

/// By the letters of opcodes.def.
constexpr Rep rep_of(char letter) {
  switch (letter) {
    case 'i':
      return Rep::i32;
    case 'f':
      return Rep::f32;
    case 'F':
      return Rep::f64;
    case 'v':
      return Rep::v128;
    default:
      return Rep::i64;
  }
}

constexpr std::array<SlotForm, wasm::op_count> make_forms() {
  std::array<SlotForm, wasm::op_count> forms{};
#define WISP_SLOT_OP(family, name, row_shape)   \
  forms[u32(wasm::Op::name)].op = SlotOp::name; \
  forms[u32(wasm::Op::name)].shape = Shape::row_shape;
#define WISP_SLOT_BRANCH(name, shape) forms[u32(wasm::Op::name)].branch = SlotOp::br_if_##name;
#define WISP_SLOT_ANY(family, name, row_shape)         \
  forms[u32(wasm::Op::name)].any = SlotOp::name##_any; \
  forms[u32(wasm::Op::name)].any_shape = Shape::row_shape;
#define WISP_SLOT_INDEXED(name) forms[u32(wasm::Op::name)].indexed = SlotOp::name##_indexed;
#define WISP_SLOT_EXTRA(family, name, shape)
#include "interp/slot_ops.def"
  for (u32 op = 0; op < wasm::op_count; ++op) forms[op].result = rep_of(wasm::op_table[op].signature.back());
  return forms;
}

struct Name {
  SlotOp first;
  SlotOp last;
  std::string_view name;
};

constexpr Name names[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) {SlotOp::id, SlotOp::last_of_##id, #id},
#include "interp/slot_ops.def"
};

}  // namespace

constinit const std::array<SlotForm, wasm::op_count> slot_forms = make_forms();

std::string_view name_of(SlotOp op) {
  for (const Name& name : names) {
    if (op >= name.first && op <= name.last) return name.name;
  }
  return "?";
}

}  // namespace wisp::interp
