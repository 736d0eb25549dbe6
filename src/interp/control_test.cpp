#include "interp/interp_test.hpp"
#include "interp/limits.hpp"

/// Locals, operands and control flow.
namespace wisp::interp::test {
namespace {

using wasm::Op;

u64 run(Code code, std::string_view type, std::initializer_list<u64> arguments, std::string_view locals = "") {
  ModuleText text;
  text.func(type, std::move(code), locals);
  World world(text);
  const Outcome outcome = world.call(0, arguments);
  EXPECT_EQ(outcome.reason(), TrapReason::none);
  return outcome.results.at(0);
}

TEST(Operands, LocalIsPreservedWhenItIsOverwritten) {
  // x++ as an expression: the old value stays on the stack.
  Code code = Code().local_get(0).local_get(0).i32(1).op(Op::i32_add).local_set(0).local_get(0).op(Op::i32_sub);
  EXPECT_EQ(u32(run(code, "i:i", {41})), u32(-1));
}

TEST(Operands, AllReferencesToALocalArePreserved) {
  Code code;
  for (int i = 0; i < 50; ++i) code.local_get(0);
  code.i32(100).local_set(0);
  for (int i = 0; i < 49; ++i) code.op(Op::i32_add);
  code.local_get(0).op(Op::i32_add);
  EXPECT_EQ(run(code, "i:i", {2}), 50u * 2 + 100);
}

TEST(Operands, ManyConstantsAndLocals) {
  Code code;
  const u32 count = 3 * limits::symbolic_operands;
  for (u32 i = 0; i < count; ++i) i % 2 == 0 ? code.i32(i32(i)) : code.local_get(0);
  for (u32 i = 0; i + 1 < count; ++i) code.op(Op::i32_add);
  u64 expected = 0;
  for (u32 i = 0; i < count; ++i) expected += i % 2 == 0 ? i : 1000;
  EXPECT_EQ(run(code, "i:i", {1000}), expected);
}

TEST(Operands, ResultIsKeptWhenTheAccumulatorIsReused) {
  // ((a + 1) * (b + 2)) - ((a + 3) * (b + 4)), each product kept while the next is made.
  auto sum = [](Code& code, u32 local, i32 by) { code.local_get(local).i32(by).op(Op::i32_add); };
  Code code;
  sum(code, 0, 1), sum(code, 1, 2), code.op(Op::i32_mul);
  sum(code, 0, 3), sum(code, 1, 4), code.op(Op::i32_mul).op(Op::i32_sub);
  EXPECT_EQ(i32(run(code, "ii:i", {10, 20})), 11 * 22 - 13 * 24);
}

TEST(Operands, TeeSwapsAndSelects) {
  // swap by tee: a = b, b = a through the stack
  Code code = Code()
                  .local_get(0)
                  .local_get(1)
                  .local_set(0)
                  .local_set(1)
                  .local_get(0)
                  .i32(10)
                  .op(Op::i32_mul)
                  .local_get(1)
                  .op(Op::i32_add);
  EXPECT_EQ(run(code, "ii:i", {3, 4}), 43u);
  Code select = Code().i32(7).i32(9).local_get(0).op(Op::select);
  EXPECT_EQ(run(select, "i:i", {1}), 7u);
  EXPECT_EQ(run(select, "i:i", {0}), 9u);
  Code tee = Code().local_get(0).i32(1).op(Op::i32_add).local_tee(1).local_get(1).op(Op::i32_mul);
  EXPECT_EQ(run(tee, "i:i", {4}, "i"), 25u);
}

TEST(Operands, LocalsStartAsZero) {
  for (u32 count = 0; count < 9; ++count) {
    Code code = Code().i32(0);
    for (u32 i = 0; i < count; ++i) code.local_get(i + 1).op(Op::i32_add);
    ModuleText text;
    const u32 dirty = text.func("i:i", Code()
                                           .i32(-1)
                                           .i32(-1)
                                           .i32(-1)
                                           .i32(-1)
                                           .i32(-1)
                                           .i32(-1)
                                           .i32(-1)
                                           .i32(-1)
                                           .i32(-1)
                                           .op(Op::i32_add)
                                           .op(Op::i32_add)
                                           .op(Op::i32_add)
                                           .op(Op::i32_add)
                                           .op(Op::i32_add)
                                           .op(Op::i32_add)
                                           .op(Op::i32_add)
                                           .op(Op::i32_add));
    const u32 clean = text.func("i:i", code, std::string(count, 'i'));
    World world(text);
    world.call(dirty, {1});
    EXPECT_EQ(world.call(clean, {5}).results[0], 0u) << count;
  }
}

TEST(Frames, FiftyThousandLocals) {
  ModuleText text;
  text.func_with_many_locals("i:i", Code().local_get(0).local_set(49'999).local_get(49'999), "i", 49'999);
  World world(text);
  EXPECT_EQ(world.call(0, {77}).results[0], 77u);
}

TEST(Frames, AFrameThatIsTooLargeTrapsWhenItIsCalled) {
  ModuleText text;
  text.func_with_many_locals("i:i", Code().local_get(0), "v", 40'000);
  World world(text);
  EXPECT_EQ(world.call(0, {1}).reason(), TrapReason::stack_overflow);
}

TEST(Control, BranchesCarryValuesToOtherHeights) {
  // (block (result i32) 1 2 3 (br_if 0 x) drop drop) with operands that stay below
  Code code = Code()
                  .i32(1000)
                  .open(Op::block, 'i')
                  .i32(1)
                  .i32(2)
                  .i32(3)
                  .local_get(0)
                  .op(Op::br_if, {0})
                  .op(Op::drop)
                  .op(Op::drop)
                  .end()
                  .op(Op::i32_add);
  EXPECT_EQ(run(code, "i:i", {1}), 1003u);
  EXPECT_EQ(run(code, "i:i", {0}), 1001u);
}

TEST(Control, IfWithAndWithoutElse) {
  Code code = Code().i32(5).local_set(1).local_get(0).open(Op::if_).i32(6).local_set(1).end().local_get(1);
  EXPECT_EQ(run(code, "i:i", {1}, "i"), 6u);
  EXPECT_EQ(run(code, "i:i", {0}, "i"), 5u);
  Code both = Code().local_get(0).open(Op::if_, 'i').local_get(0).i32(1).op(Op::i32_add).op(Op::else_).i32(-1).end();
  EXPECT_EQ(run(both, "i:i", {8}), 9u);
  EXPECT_EQ(u32(run(both, "i:i", {0})), u32(-1));
}

TEST(Control, BranchTableWithValues) {
  // Three nested blocks of one i32 each; the index says which one is left.
  Code code = Code()
                  .open(Op::block, 'i')
                  .open(Op::block, 'i')
                  .open(Op::block, 'i')
                  .i32(7)
                  .local_get(0)
                  .op(Op::br_table, {2, 0, 1, 2})
                  .end()
                  .i32(100)
                  .op(Op::i32_add)
                  .end()
                  .i32(10)
                  .op(Op::i32_add)
                  .end();
  EXPECT_EQ(run(code, "i:i", {0}), 117u);
  EXPECT_EQ(run(code, "i:i", {1}), 17u);
  EXPECT_EQ(run(code, "i:i", {2}), 7u);
  EXPECT_EQ(run(code, "i:i", {u32(-1)}), 7u);
}

TEST(Control, BranchTableThatReturnsAndRepeats) {
  ModuleText text;
  const u32 type = text.type_index("i:i");
  // loop (param v): v + 1 is carried round again until it is 10, and then out of the function.
  const Code code = Code()
                        .local_get(0)
                        .op(Op::loop)
                        .raw({u8(type)})
                        .i32(1)
                        .op(Op::i32_add)
                        .local_tee(1)
                        .local_get(1)
                        .i32(10)
                        .op(Op::i32_ge_u)
                        .op(Op::br_table, {1, 0, 1})
                        .end();
  text.func("i:i", code, "i");
  World world(text);
  EXPECT_EQ(world.call(0, {5}).results[0], 10u);
}

TEST(Control, LoopSumsWithParametersOnTheStack) {
  ModuleText text;
  const u32 type = text.type_index("II:I");
  // loop (param n acc): acc += n; n -= 1; repeat while n
  Code code = Code()
                  .local_get(0)
                  .i64(0)
                  .op(Op::loop)
                  .raw({u8(type)})
                  .local_set(1)
                  .local_set(0)
                  .local_get(0)
                  .i64(1)
                  .op(Op::i64_sub)
                  .local_get(1)
                  .local_get(0)
                  .op(Op::i64_add)
                  .local_get(0)
                  .i64(1)
                  .op(Op::i64_ne)
                  .op(Op::br_if, {0})
                  .local_set(1)
                  .op(Op::drop)
                  .local_get(1)
                  .end();
  text.func("I:I", code, "I");
  World world(text);
  EXPECT_EQ(world.call(0, {100}).results[0], 5050u);
}

TEST(Control, CountingLoops) {
  // Sums 1 + 2 + ... while a counter goes up to a constant, up to a local, and down to zero.
  auto loop = [](auto condition) {
    Code code = Code().open(Op::loop).local_get(2).local_get(1).op(Op::i32_add).local_set(2);
    condition(code);
    return code.op(Op::br_if, {0}).end().local_get(2);
  };
  ModuleText text;
  text.func("ii:i", loop([](Code& c) { c.local_get(1).i32(1).op(Op::i32_add).local_tee(1).i32(10).op(Op::i32_ne); }),
            "i");
  text.func(
      "ii:i", loop([](Code& c) {
        c.local_get(1).i32(1).op(Op::i32_add).local_set(1).local_get(0).local_get(1).op(Op::i32_eq).op(Op::i32_eqz);
      }),
      "i");
  text.func("ii:i", loop([](Code& c) { c.local_get(1).i32(-1).op(Op::i32_add).local_tee(1); }), "i");
  // Compared with itself the counter is never different: the loop runs once.
  text.func("ii:i", loop([](Code& c) {
              c.local_get(1).i32(1).op(Op::i32_add).local_set(1).local_get(1).local_get(1).op(Op::i32_ne);
            }),
            "i");
  World world(text);
  EXPECT_EQ(world.call(0, {0, 1}).results[0], 45u);
  EXPECT_EQ(world.call(1, {10, 1}).results[0], 45u);
  EXPECT_EQ(world.call(2, {0, 9}).results[0], 45u);
  EXPECT_EQ(world.call(3, {0, 5}).results[0], 5u);
}

TEST(Control, DeadCodeIsNotLowered) {
  Code code = Code()
                  .open(Op::block)
                  .op(Op::br, {0})
                  .op(Op::i32_add)
                  .op(Op::drop)
                  .open(Op::block)
                  .op(Op::unreachable)
                  .end()
                  .end()
                  .local_get(0);
  EXPECT_EQ(run(code, "i:i", {3}), 3u);
}

TEST(Control, HundredThousandNestedBlocks) {
  Code code;
  for (int i = 0; i < 100'000; ++i) code.open(Op::block);
  code.local_get(0).op(Op::br_if, {99'999});
  for (int i = 0; i < 100'000; ++i) code.end();
  code.i32(1);
  EXPECT_EQ(run(code, "i:i", {1}), 1u);
  EXPECT_EQ(run(code, "i:i", {0}), 1u);
}

TEST(Control, MultipleResultsThatSwapParameters) {
  ModuleText text;
  text.func("II:II", Code().local_get(1).local_get(0));
  text.func("II:II", Code().local_get(1).local_get(0).i32(1).op(Op::br_if, {0}));
  text.func("III:III", Code().local_get(2).i64(9).local_get(0).i32(0).op(Op::br_table, {0, 0}));
  World world(text);
  EXPECT_EQ(world.call(0, {1, 2}).results, (std::vector<u64>{2, 1}));
  EXPECT_EQ(world.call(1, {1, 2}).results, (std::vector<u64>{2, 1}));
  EXPECT_EQ(world.call(2, {1, 2, 3}).results, (std::vector<u64>{3, 9, 1}));
}

TEST(Memory, ChecksTheLastByte) {
  ModuleText text;
  text.func("i:i", Code().local_get(0).op(Op::i32_load, {2, 0}));
  text.func("i:i", Code().i32(65'532).op(Op::i32_load, {2, 0}));
  text.func("i:i", Code().i32(65'533).op(Op::i32_load, {2, 0}));
  text.func("i:i", Code().local_get(0).op(Op::i32_load, {2, ~u32{0}}));
  text.func("iI:", Code().local_get(0).local_get(1).op(Op::i64_store, {3, 0}));
  text.func("i:", Code().local_get(0).i32(7).op(Op::i32_store8, {0, 1}));
  text.func(":i", Code().i32(1).op(Op::memory_grow, {0}));
  World world(text);
  EXPECT_EQ(world.call(0, {65'532}).reason(), TrapReason::none);
  EXPECT_EQ(world.call(0, {65'533}).reason(), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(world.call(0, {~u32{0}}).reason(), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(world.call(1, {0}).reason(), TrapReason::none);
  EXPECT_EQ(world.call(2, {0}).reason(), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(world.call(3, {1}).reason(), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(world.call(3, {~u32{0}}).reason(), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(world.call(4, {65'528, 1}).reason(), TrapReason::none);
  EXPECT_EQ(world.call(4, {65'529, 1}).reason(), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(world.call(5, {65'534}).reason(), TrapReason::none);
  EXPECT_EQ(world.call(5, {65'535}).reason(), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(world.call(6).results[0], 1u);
  EXPECT_EQ(world.call(0, {65'536}).reason(), TrapReason::none);
}

TEST(Memory, AddressesThatAreSums) {
  // Each loads the byte at some sum, which wraps around in 32 bits before the offset is added.
  auto load = [](Code& code, u64 offset) { return code.op(Op::i32_load8_u, {0, offset}); };
  Code shifted = Code().local_get(0).i32(2).op(Op::i32_shl);
  Code added = Code().local_get(0).local_get(1).op(Op::i32_add);
  Code indexed = Code().local_get(0).i32(2).op(Op::i32_shl).local_get(1).op(Op::i32_add);
  Code from_left = Code().local_get(1).local_get(0).i32(1).op(Op::i32_add).i32(2).op(Op::i32_shl).op(Op::i32_add);
  Code constant = Code().local_get(0).i32(-3).op(Op::i32_add);
  Code kept = Code().local_get(1).local_get(0).i32(2).op(Op::i32_shl).op(Op::i32_add).local_tee(0);
  ModuleText text;
  text.func("ii:i", load(shifted, 5));
  text.func("ii:i", load(added, 5));
  text.func("ii:i", load(indexed, 5));
  text.func("ii:i", load(from_left, 5));
  text.func("ii:i", load(kept, 5).local_get(0).i32(16).op(Op::i32_shl).op(Op::i32_add));
  text.func("ii:", Code().local_get(0).local_get(1).op(Op::i32_store8, {0, 0}));
  text.func("ii:i", load(constant, 5));
  World world(text);
  for (u32 address = 0; address < 256; ++address) world.call(5, {address, address});
  EXPECT_EQ(world.call(0, {7, 0}).results[0], 33u);
  EXPECT_EQ(world.call(1, {7, 10}).results[0], 22u);
  EXPECT_EQ(world.call(2, {7, 10}).results[0], 43u);
  EXPECT_EQ(world.call(3, {7, 10}).results[0], 47u);
  EXPECT_EQ(world.call(4, {7, 10}).results[0], 43u + (38u << 16));
  EXPECT_EQ(world.call(6, {7, 0}).results[0], 9u);
  EXPECT_EQ(world.call(6, {2, 0}).reason(), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(world.call(1, {u32(-1), 11}).results[0], 15u) << "the sum wraps around";
  EXPECT_EQ(world.call(2, {0x40000001, 1}).results[0], 10u) << "the shift drops bits";
  EXPECT_EQ(world.call(1, {u32(-1), 0}).reason(), TrapReason::memory_out_of_bounds);
}

TEST(Memory, GrowthIsSeenByTheSameFunction) {
  ModuleText text;
  Code code = Code()
                  .i32(3)
                  .op(Op::memory_grow, {0})
                  .op(Op::drop)
                  .i32(200'000)
                  .local_get(0)
                  .op(Op::i32_store, {2, 0})
                  .i32(200'000)
                  .op(Op::i32_load, {2, 0});
  text.func("i:i", code);
  World world(text);
  EXPECT_EQ(world.call(0, {99}).results[0], 99u);
}

TEST(Wide, CarriesAndProducts) {
  ModuleText text;
  text.func("IIII:II", Code().local_get(0).local_get(1).local_get(2).local_get(3).op(Op::i64_add128));
  text.func("IIII:II", Code().local_get(0).local_get(1).local_get(2).local_get(3).op(Op::i64_sub128));
  text.func("II:II", Code().local_get(0).local_get(1).op(Op::i64_mul_wide_u));
  text.func("II:II", Code().local_get(0).local_get(1).op(Op::i64_mul_wide_s));
  World world(text);
  EXPECT_EQ(world.call(0, {~u64{0}, 1, 1, 2}).results, (std::vector<u64>{0, 4}));
  EXPECT_EQ(world.call(1, {0, 1, 1, 0}).results, (std::vector<u64>{~u64{0}, 0}));
  EXPECT_EQ(world.call(2, {~u64{0}, ~u64{0}}).results, (std::vector<u64>{1, ~u64{0} - 1}));
  EXPECT_EQ(world.call(3, {~u64{0}, ~u64{0}}).results, (std::vector<u64>{1, 0}));
}

}  // namespace
}  // namespace wisp::interp::test
