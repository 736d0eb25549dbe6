#include "baseline/compiler.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "baseline/hand_written_test.hpp"
#include "baseline/limits.hpp"
#include "runtime/native.hpp"

namespace wisp::baseline {
namespace {

using interp::LocalClass;
using interp::SlotOp;
using interp::variant;
using test::HandWritten;

/// Compiles code that needs no instance, and runs it.
class CompilerTest : public testing::Test {
 protected:
  NativeFunction compile(const HandWritten& code) {
    const interp::FunctionCode slot_code = code.code();
    const CodeBlock block = *space_.room(4096);
    EXPECT_TRUE(compiler_.compile(slot_code, block));
    space_.keep(compiler_.size_bytes());
    return compiler_.take(slot_code);
  }

  static void run(const NativeFunction& function, u64* frame, std::span<u8> memory = {}) {
    EXPECT_EQ(call(function, frame, memory.data(), memory.size()), runtime::Status::returned);
  }

  Compiler compiler_{true};
  CodeSpace space_{nullptr, 1};

 private:
  /// Of its own, because the callee leaves no register that a large frame could be found by.
  [[gnu::noinline]] static runtime::Status call(const NativeFunction& function, u64* frame, u8* memory,
                                                u64 size_bytes) {
    const auto entry = reinterpret_cast<runtime::NativeEntry>(const_cast<u8*>(function.code));
    return entry(frame, nullptr, memory, size_bytes, nullptr);
  }
};

/// Like `enter`, but without an instance: pins are read from their slots.
void enter(interp::Emitter& out) {
  out.append(SlotOp::copy_slots, 8, 8, 1);
}

/// The sum of all numbers below slot 0.
HandWritten sum_below() {
  HandWritten code({LocalClass::integer, LocalClass::integer, LocalClass::integer});
  interp::Emitter& out = code.out;
  enter(out);
  out.append_wide(SlotOp::const32, 1, 0, 0);
  out.append_wide(SlotOp::const32, 2, 0, 0);
  const u32 begin = out.position();
  out.append(variant(SlotOp::i32_add, interp::result_to_slot), 1, 1, 2);
  out.append_wide(variant(SlotOp::i32_add, 2 * 2 | interp::result_to_slot), 2, 2, 1);
  const u32 at = out.append_wide(variant(SlotOp::br_if_i32_ne, 1), 2, 0, 0);
  out.set_wide(at, begin - at);
  code.loops.push_back({begin, out.position()});
  out.append(SlotOp::return_slot32, 0, 1);
  return code;
}

TEST_F(CompilerTest, FillsOperandsIn) {
  HandWritten code({}, 60'001);
  code.out.append_wide(SlotOp::const32, 60'000, 0, 0xfedc'ba98);
  code.out.append(variant(SlotOp::i32_sub, interp::result_to_slot), 1, 60'000, 0);
  code.out.append(SlotOp::const64, 2);
  code.out.append_word(0x0123'4567'89ab'cdef);
  code.out.append(SlotOp::return_slot64, 0, 1);
  std::vector<u64> frame(60'001);
  frame[0] = 8;
  run(compile(code), frame.data());
  EXPECT_EQ(frame[0], 0xfedc'ba90u);
  EXPECT_EQ(frame[2], 0x0123'4567'89ab'cdefu);
  EXPECT_EQ(frame[60'000], 0xfedc'ba98u);
}

TEST_F(CompilerTest, LoopsWithAndWithoutPins) {
  HandWritten code = sum_below();
  const NativeFunction pinned = compile(code);
  EXPECT_EQ(pinned.pinned.size(), 3u);
  code.loops.clear();
  const NativeFunction plain = compile(code);
  EXPECT_TRUE(plain.pinned.empty());
  for (const NativeFunction& function : {pinned, plain}) {
    u64 frame[16] = {10};
    run(function, frame);
    EXPECT_EQ(frame[0], 45u);
  }
}

/// Where paths meet, a pin may hold what only one of them has put there.
TEST_F(CompilerTest, PinsAreStoredOnEveryPath) {
  HandWritten code({LocalClass::integer, LocalClass::integer});
  interp::Emitter& out = code.out;
  enter(out);
  out.append(variant(SlotOp::i32_add, interp::result_to_slot), 1, 1, 0);
  const u32 skip = out.append_wide(SlotOp::br_if_zero, 0, 0, 0);
  out.append(SlotOp::copy_slots, 4, 0, 2);  // pins are stored before, and read again
  out.set_wide(skip, out.position() - skip);
  out.append(SlotOp::copy_slots, 6, 0, 2);
  out.append(SlotOp::return_none);
  for (u32 i = 0; i < 8; ++i) out.append(variant(SlotOp::i32_add, interp::result_to_slot), 1, 1, 1);
  code.loops.push_back({0, out.position()});
  const NativeFunction function = compile(code);
  ASSERT_FALSE(function.pinned.empty());
  for (const u64 condition : {0, 1}) {
    u64 frame[16] = {condition, 7};
    run(function, frame);
    EXPECT_EQ(frame[7], 7 + condition);
    EXPECT_EQ(frame[5], condition * 8);
  }
}

/// The home of an operand is pinned for what computes with it; a copy may bring something else there.
TEST_F(CompilerTest, CopiesGoBetweenPinsOfDifferentKinds) {
  HandWritten code({LocalClass::floating, LocalClass::integer});
  interp::Emitter& out = code.out;
  enter(out);
  const u32 begin = out.position();
  out.append(SlotOp::copy64, 2, 0);
  out.append(SlotOp::copy64, 3, 1);
  out.append(SlotOp::copy_slots, 4, 2, 2);
  out.append(SlotOp::return_none);
  for (u32 i = 0; i < 8; ++i) {
    out.append(variant(SlotOp::f64_add, interp::result_to_slot), 0, 0, 3);
    out.append(variant(SlotOp::i64_add, interp::result_to_slot), 1, 1, 2);
  }
  code.loops.push_back({begin, out.position()});
  const NativeFunction function = compile(code);
  EXPECT_EQ(function.pinned.size(), 4u);
  u64 frame[16] = {11, 22};
  run(function, frame);
  EXPECT_EQ(frame[4], 11u);
  EXPECT_EQ(frame[5], 22u);
}

/// Vectors in pins: every way that they come there and leave.
TEST_F(CompilerTest, VectorsInPins) {
  HandWritten code({LocalClass::vector, LocalClass::none, LocalClass::vector, LocalClass::none, LocalClass::integer},
                   20);
  interp::Emitter& out = code.out;
  constexpr u32 to_slot = interp::result_to_slot;
  enter(out);
  const u32 begin = out.position();
  out.append(variant(SlotOp::i32x4_add, to_slot), 0, 0, 2);      // both pinned
  out.append(variant(SlotOp::i32x4_sub, to_slot), 6, 2, 0);      // to the home of an operand
  out.append(variant(SlotOp::i32x4_add, 2 | to_slot), 6, 6, 6);  // from the accumulator
  out.append(variant(SlotOp::i32x4_shl, to_slot), 0, 0, 5);      // shifted by a slot
  out.append(variant(SlotOp::i32x4_replace_lane, to_slot), 2, 2, 4, 3);
  out.append_wide(variant(SlotOp::i32_add, 2 * 2 | to_slot), 4, 4, ~u32{0});
  const u32 at = out.append_wide(SlotOp::br_if_nonzero, 4, 0, 0);
  out.set_wide(at, begin - at);
  code.loops.push_back({begin, out.position()});
  out.append(variant(SlotOp::i32x4_splat, to_slot), 8, 4, 0);  // of a pinned integer, to slots
  out.append_wide(variant(SlotOp::i32x4_extract_lane, to_slot), 10, 0, 1);
  out.append(SlotOp::copy128, 12, 0);
  out.append(SlotOp::copy128, 0, 2);
  out.append(variant(SlotOp::v128_bitselect, to_slot), 14, 0, 12, 2);  // not pinned: from the slots
  out.append(SlotOp::return_none);
  const NativeFunction function = compile(code);
  EXPECT_EQ(
      std::ranges::count(function.pinned, LocalClass::vector, [](const Pins::Pinned& one) { return one.pin.kind; }), 3);
  const auto lanes = [](u32 a, u32 b) { return u64{a} | u64{b} << 32; };
  u64 frame[20] = {lanes(1, 2), lanes(3, 4), lanes(10, 20), lanes(30, 40), 2, 1};
  run(function, frame);
  // (1 + 10) * 2 + 10, twice; lane 3 of the step is 2 in the second round.
  EXPECT_EQ(frame[12], lanes(64, 128));
  EXPECT_EQ(frame[13], lanes(192, 180));
  EXPECT_EQ(frame[6], lanes(u32(10 - 32) * 2, u32(20 - 64) * 2)) << "the difference and itself";
  EXPECT_EQ(frame[7], lanes(u32(30 - 96) * 2, u32(2 - 90) * 2));
  EXPECT_EQ(frame[8], 0u);
  EXPECT_EQ(frame[10], 128u);
  EXPECT_EQ(frame[0], lanes(10, 20));
  EXPECT_EQ(frame[1], lanes(30, 1));
  EXPECT_EQ(frame[14], (lanes(10, 20) & lanes(10, 20)) | (frame[12] & ~lanes(10, 20)));
  EXPECT_EQ(frame[15], (lanes(30, 1) & lanes(30, 1)) | (frame[13] & ~lanes(30, 1)));
}

/// Slots below 16 and offsets below 128 take a byte, if that goes for all of an instruction.
TEST_F(CompilerTest, SmallDisplacementsAreShort) {
  const auto add_and_load = [](u32 a, u32 b, u32 offset) {
    HandWritten code({}, 20);
    code.out.append(variant(SlotOp::i64_add, interp::result_to_slot), a, a, b);
    code.out.append_wide(variant(SlotOp::i32_load8_u, interp::result_to_slot), a, b, offset);
    code.out.append(SlotOp::return_slot64, 0, a);
    return code;
  };
  const auto size_of = [&](u32 a, u32 b, u32 offset) { return compile(add_and_load(a, b, offset)).size_bytes; };
  const u32 smallest = size_of(15, 14, 127);
  EXPECT_EQ(size_of(15, 14, 128), smallest + 3 * 3) << "the load is all long, and the addition short";
  EXPECT_EQ(size_of(14, 16, 127), smallest + 6 * 3) << "both are";
  EXPECT_EQ(size_of(16, 17, 128), size_of(1000, 1001, 100'000));
  std::array<u8, 512> memory;
  for (u32 i = 0; i < memory.size(); ++i) memory[i] = u8(i * 7);
  for (const u32 a : {2, 15, 16}) {
    for (const u32 b : {3, 14, 17}) {
      for (const u32 offset : {0, 127, 128, 300}) {
        u64 frame[20]{};
        frame[b] = 100;
        run(compile(add_and_load(a, b, offset)), frame, memory);
        EXPECT_EQ(frame[0], u8((100 + offset) * 7)) << a << " " << b << " " << offset;
        EXPECT_EQ(frame[b], 100u);
      }
    }
  }
}

/// A select between pins, with the condition in a third one, which is stored before.
TEST_F(CompilerTest, SelectsBetweenPins) {
  HandWritten code({LocalClass::integer, LocalClass::integer, LocalClass::integer});
  interp::Emitter& out = code.out;
  enter(out);
  const u32 begin = out.position();
  out.append_wide(variant(SlotOp::i32_add, 2 * 2 | interp::result_to_slot), 2, 2, ~u32{0});
  out.append(variant(SlotOp::select_i64, interp::result_to_slot), 3, 0, 1, 2);
  out.append(variant(SlotOp::select_i32, 4 | interp::result_to_slot), 4, 0, 1, 2);
  out.append_word(77);
  out.append(SlotOp::return_none);
  for (u32 i = 0; i < 4; ++i) {
    for (u32 slot = 0; slot < 3; ++slot) out.append(variant(SlotOp::i64_add, interp::result_to_slot), slot, slot, slot);
  }
  code.loops.push_back({begin, out.position()});
  const NativeFunction function = compile(code);
  EXPECT_GE(function.pinned.size(), 3u);
  for (const u64 condition : {1, 2}) {
    u64 frame[16] = {~u64{0}, u64{5} << 32 | 6, condition};
    run(function, frame);
    EXPECT_EQ(frame[3], condition == 2 ? ~u64{0} : u64{5} << 32 | 6);
    EXPECT_EQ(frame[4], condition == 2 ? 77u : 6u);
  }
}

TEST_F(CompilerTest, TablesOfTargets) {
  HandWritten code({});
  interp::Emitter& out = code.out;
  const u32 table = out.append_wide(SlotOp::br_table, 0, 0, 2);
  out.append_word(0);
  out.append_word(0);
  for (const u32 target : {0, 1, 2}) {
    out.set_half(2 * (table + 2) + target, out.position() - table);
    out.append_wide(SlotOp::const32, 1, 0, 100 + target);
    out.append(SlotOp::return_slot32, 0, 1);
  }
  const NativeFunction function = compile(code);
  for (const auto& [index, expected] : {std::pair{0, 100}, {1, 101}, {2, 102}, {1000, 102}}) {
    u64 frame[16] = {u64(index)};
    run(function, frame);
    EXPECT_EQ(frame[0], u64(expected));
  }
}

TEST_F(CompilerTest, PositionsFollowTheWords) {
  const HandWritten code = sum_below();
  const NativeFunction function = compile(code);
  EXPECT_EQ(compiler_.position_of(0), 0u);
  for (u32 word = 2; word < code.out.position(); word += 2) {
    EXPECT_GT(compiler_.position_of(word), compiler_.position_of(word - 2));
  }
  EXPECT_LE(compiler_.position_of(code.out.position()), function.size_bytes) << "what happens rarely comes last";
}

TEST_F(CompilerTest, SaysThatABlockIsTooSmall) {
  const HandWritten code = sum_below();
  CodeBlock block = *space_.room(4096);
  for (const u32 size : {0u, 40u, 64u}) {
    block.size_bytes = size;
    EXPECT_FALSE(compiler_.compile(code.code(), block)) << size;
  }
}

/// Three questions at a function's entry, of which each leaves for the second part only if the answer is a rare one.
TEST(Stencils, HaveWhatAlwaysHappensInTheFirstPart) {
  const u32 op = u32(SlotOp::enter);
  const Stencil& enter = stencils[op >> interp::family_shift][op & interp::family_mask].forms[0];
  const std::span<const Hole> holes = stencil_holes.subspan(enter.first_hole, enter.hot_hole_count);
  EXPECT_EQ(std::ranges::count(holes, HoleKind::cold, &Hole::kind), 3);
  const std::span<const Hole> cold = stencil_holes.subspan(enter.first_hole + holes.size(), enter.cold_hole_count);
  EXPECT_EQ(std::ranges::count(cold, HoleKind::hot, &Hole::kind), 3) << "each says where it left, none comes back";
}

TEST(CodeSpace, WhatIsWrittenIsWhatRuns) {
  constexpr u32 size = 3000;
  CodeSpace space(nullptr, 1);
  std::vector<CodeBlock> blocks;
  for (u32 i = 0; u64{i} * size < 3 * limits::prepared_bytes; ++i) {
    blocks.push_back(*space.room(size));
    std::memset(blocks.back().writable, u8(i), size);
    space.keep(size);
  }
  for (u32 i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(std::count(blocks[i].code, blocks[i].code + size, u8(i)), size) << i;
  }
}

}  // namespace
}  // namespace wisp::baseline
