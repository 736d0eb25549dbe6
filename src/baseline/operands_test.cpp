#include "baseline/operands.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "baseline/pin_moves.hpp"
#include "baseline/stencils.hpp"

namespace wisp::baseline {
namespace {

using interp::SlotOp;
using interp::variant;

struct Row {
  SlotOp first;
  SlotOp last;
};
constexpr Row rows[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) {SlotOp::id, SlotOp::last_of_##id},
#include "interp/slot_ops.def"
};

template <class Each>
void for_each_op(Each each) {
  for (const Row& row : rows) {
    for (u32 op = u32(row.first); op <= u32(row.last); ++op) each(SlotOp(op), operands_of(SlotOp(op)));
  }
}

constexpr u32 places = 3 + std::max(integer_pins, vector_pins);

/// Where an operand may be: as the instruction says, or in a pin if it is in a slot.
std::vector<u32> possible_places(OperandPlace place, u8 field, ValueKind kind) {
  std::vector<u32> possible{u32(place)};
  const u32 pins = kind == ValueKind::integer ? integer_pins : vector_pins;
  for (u32 pin = 0; field != Operands::no_field && pin < pins; ++pin) possible.push_back(3 + pin);
  return possible;
}

TEST(Operands, EveryInstructionHasStencilsForItsPins) {
  for (const PinnedStencils* tables : {pinned_stencils, guarded_pinned_stencils}) {
    u32 seen = 0;
    for_each_op([&](SlotOp op, const Operands& o) {
      if (o.kind != Operands::Kind::pinnable) return;
      // Lowering writes vectors to slots.
      if (o.a_kind == ValueKind::vector && o.a == OperandPlace::immediate) return;
      const u16* const numbers = tables[u32(op) >> interp::family_shift].numbers;
      ASSERT_NE(numbers, nullptr) << interp::name_of(op);
      for (const u32 a : possible_places(o.a, o.a_field, o.a_kind)) {
        for (const u32 b : possible_places(o.b, o.b_field, o.b_kind)) {
          if (a < 3 && b < 3) continue;
          ++seen;
          const u32 place = o.takes_a && a >= 3 && b != u32(OperandPlace::acc) ? u32(OperandPlace::acc) : a;
          EXPECT_NE(numbers[o.row * places * places + place * places + b], PinnedStencils::gap)
              << interp::name_of(op) << " of variant " << u32(op) << ": " << a << ", " << b;
        }
      }
    });
    EXPECT_GT(seen, 1000u);
  }
}

/// Code takes a result's way to the slot away by going to the variant before.
TEST(Operands, VariantsWithAResultInASlotFollowThoseWithout) {
  for_each_op([](SlotOp op, const Operands& o) {
    if (!o.result_to_slot) return;
    const Operands& before = operands_of(SlotOp(u32(op) - interp::result_to_slot));
    EXPECT_TRUE(before.has_result && !before.result_to_slot) << interp::name_of(op);
    EXPECT_EQ(before.result, o.result) << interp::name_of(op);
  });
}

TEST(Operands, SaysWhereTheyAre) {
  const Operands& add = operands_of(variant(SlotOp::i32_add, 1));
  EXPECT_EQ(add.kind, Operands::Kind::pinnable);
  EXPECT_EQ(add.a_field, 1);
  EXPECT_EQ(add.b_field, 2);
  EXPECT_TRUE(add.result_to_slot);

  const Operands& store = operands_of(SlotOp::f64_store);
  EXPECT_EQ(store.a_kind, ValueKind::floating);
  EXPECT_EQ(store.b_kind, ValueKind::integer);
  EXPECT_FALSE(store.has_result);

  EXPECT_EQ(operands_of(SlotOp::f64_convert_i32_s).a_kind, ValueKind::integer);
  EXPECT_EQ(operands_of(SlotOp::f64_convert_i32_s).result, ValueKind::floating);
  EXPECT_EQ(operands_of(SlotOp::f64_lt).result, ValueKind::integer);
  EXPECT_EQ(operands_of(SlotOp::call_local).kind, Operands::Kind::barrier);
  EXPECT_EQ(operands_of(SlotOp::return_none).kind, Operands::Kind::leave);
}

}  // namespace
}  // namespace wisp::baseline
