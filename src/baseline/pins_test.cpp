#include "baseline/pins.hpp"

#include <gtest/gtest.h>

#include "baseline/hand_written_test.hpp"

namespace wisp::baseline {
namespace {

using interp::LocalClass;
using interp::SlotOp;
using interp::variant;
using test::HandWritten;

constexpr LocalClass integer = LocalClass::integer;
constexpr LocalClass floating = LocalClass::floating;
constexpr LocalClass vector = LocalClass::vector;

/// a + b to a slot.
void add(HandWritten& code, u32 to, u32 a, u32 b, SlotOp op = SlotOp::i32_add) {
  code.out.append(variant(op, interp::result_to_slot), to, a, b);
}

void loop_from(HandWritten& code, u32 begin) {
  code.loops.push_back({begin, code.out.position()});
}

Pins chosen(const HandWritten& code) {
  Pins pins;
  pins.choose(code.code());
  return pins;
}

TEST(Pins, AreOnlyOfFunctionsWithLoops) {
  HandWritten code({integer, integer});
  add(code, 0, 0, 1);
  EXPECT_FALSE(chosen(code).any());
  loop_from(code, 0);
  EXPECT_TRUE(chosen(code).any());
  code.regions.push_back({0, 2, 0, 1});
  EXPECT_FALSE(chosen(code).any());
}

TEST(Pins, AreTheSlotsThatLoopsUseMost) {
  HandWritten code({integer, integer, integer, integer, integer, integer, floating});
  for (u32 i = 0; i < 2; ++i) add(code, 5, 5, 5);  // not in the loop
  const u32 begin = code.out.position();
  add(code, 0, 1, 2);
  add(code, 0, 3, 1);
  add(code, 0, 3, 2);
  add(code, 4, 0, 0);
  add(code, 6, 6, 6, SlotOp::f32_add);
  loop_from(code, begin);
  const Pins pins = chosen(code);
  for (const u32 slot : {0, 1, 2, 3}) EXPECT_TRUE(pins.of(slot)) << slot;
  EXPECT_EQ(pins.of(0).number, 0) << "the most used one comes first";
  EXPECT_FALSE(pins.of(4));
  EXPECT_FALSE(pins.of(5));
  EXPECT_EQ(pins.of(6).kind, floating);
  EXPECT_FALSE(pins.of(7));
  EXPECT_FALSE(pins.of(100'000));
  EXPECT_EQ(pins.pinned().size(), 5u);
}

TEST(Pins, InnerLoopsCountMore) {
  HandWritten code({integer, integer, integer, integer, integer});
  const u32 outer = code.out.position();
  for (u32 i = 0; i < 3; ++i) {
    add(code, 0, 1, 2);
    add(code, 0, 1, 2);
    add(code, 3, 3, 3);
  }
  const u32 inner = code.out.position();
  add(code, 4, 4, 4);
  code.loops.push_back({outer, 0});
  loop_from(code, inner);
  add(code, 3, 3, 3);
  code.loops[0].end = code.out.position();
  EXPECT_EQ(chosen(code).of(4).number, 0);
  EXPECT_EQ(chosen(code).of(3).number, 1) << "behind the inner loop";
}

TEST(Pins, LoopsBehindLoopsAreNotInThem) {
  HandWritten code({integer, integer});
  for (const u32 slot : {0, 1}) {
    const u32 begin = code.out.position();
    for (u32 i = 0; i < 4 - slot; ++i) add(code, slot, slot, slot);
    loop_from(code, begin);
  }
  EXPECT_EQ(chosen(code).of(0).number, 0);
  EXPECT_EQ(chosen(code).of(1).number, 1);
}

TEST(Pins, CallsCostMoreThanFewUses) {
  HandWritten code({integer});
  add(code, 0, 0, 0);
  loop_from(code, 0);
  EXPECT_TRUE(chosen(code).of(0));
  code.out.append(SlotOp::call_local);
  code.out.append_word(0);
  code.out.append(SlotOp::call_local);
  code.out.append_word(0);
  code.loops[0].end = code.out.position();
  EXPECT_FALSE(chosen(code).of(0));
}

TEST(Pins, HomesOfOperandsAreOfOneKind) {
  HandWritten code({});
  add(code, 0, 0, 0);
  add(code, 1, 1, 1, SlotOp::f64_add);
  add(code, 2, 2, 2);
  add(code, 2, 2, 2, SlotOp::f64_add);  // used for both
  add(code, 4, 4, 4);
  add(code, 3, 5, 5, SlotOp::i32x4_add);  // a vector in slots 3 and 4
  code.out.append(SlotOp::copy64, 6, 0);  // what bits are is not known
  loop_from(code, 0);
  const Pins pins = chosen(code);
  EXPECT_EQ(pins.of(0).kind, integer);
  EXPECT_EQ(pins.of(1).kind, floating);
  for (const u32 slot : {2, 3, 4, 6}) EXPECT_FALSE(pins.of(slot)) << slot;
}

TEST(Pins, HoldVectorsOfTwoSlots) {
  HandWritten code({vector, LocalClass::none, floating});
  add(code, 0, 0, 3, SlotOp::i32x4_add);
  add(code, 2, 2, 2, SlotOp::f32_add);
  loop_from(code, 0);
  const Pins pins = chosen(code);
  EXPECT_EQ(pins.of(0).kind, vector);
  EXPECT_EQ(pins.of(2).kind, floating);
  EXPECT_EQ(pins.of(3).kind, vector) << "the home of an operand";
  EXPECT_NE(pins.of(0).number, pins.of(2).number) << "they are in the same kind of register";
  for (const u32 slot : {1, 4}) EXPECT_FALSE(pins.of(slot)) << slot;
}

/// Storing a vector must not overwrite what is not its second half.
TEST(Pins, NeedTheWholeHomeOfAVector) {
  HandWritten code({}, 10);
  for (const u32 slot : {0, 3, 6, 8}) add(code, slot, slot, slot, SlotOp::i32x4_add);
  code.out.append_wide(SlotOp::const32, 1, 0, 1);                       // a constant in the second half
  add(code, 2, 3, 3, SlotOp::i32x4_add);                                // overlaps the next one
  code.out.append(variant(SlotOp::i32x4_extract_lane, 1), 7, 6, 0, 0);  // a result in the second half
  loop_from(code, 0);
  const Pins pins = chosen(code);
  EXPECT_EQ(pins.of(8).kind, vector);
  for (const u32 slot : {0, 1, 2, 3, 6}) EXPECT_FALSE(pins.of(slot)) << slot;
}

TEST(Pins, ForgetTheFunctionBefore) {
  HandWritten code({integer});
  add(code, 0, 0, 0);
  loop_from(code, 0);
  HandWritten other({floating});
  add(other, 0, 0, 0, SlotOp::f32_add);
  loop_from(other, 0);
  Pins pins;
  pins.choose(code.code());
  EXPECT_EQ(pins.of(0).kind, integer);
  pins.choose(other.code());
  EXPECT_EQ(pins.of(0).kind, floating);
  pins.choose(HandWritten({integer}).code());
  EXPECT_FALSE(pins.of(0));
}

}  // namespace
}  // namespace wisp::baseline
