#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include "llvm/limits.hpp"
#include "runtime/optimizer.hpp"
#include "wasm/test_module.hpp"

/// What comes out of the compiler. What its code does is asked by the official suites, which run on this tier as well.
extern "C" wisp::runtime::OptimizingCompiler* wisp_make_optimizing_compiler();

namespace wisp::llvm_tier {
namespace {

using runtime::CodeOrigin;
using runtime::CompileJob;
using runtime::ObjectCode;
using wasm::test::Buffer;
using wasm::test::operator+;

const Buffer binary_type{0x60, 2, 0x7f, 0x7f, 1, 0x7f};

/// Functions of type [i32 i32] -> [i32], from their instructions. Of the first ones, so many are in a table.
std::shared_ptr<const wasm::Module> module_of(const std::vector<Buffer>& bodies, u8 in_table = 0) {
  wasm::test::Parts parts;
  parts.types = {binary_type};
  if (in_table != 0) {
    parts.tables = {{0x70, 0, in_table}};
    Buffer segment{0, 0x41, 0, 0x0b, in_table};
    for (u8 i = 0; i < in_table; ++i) segment.push_back(i);
    parts.elems = {segment};
  }
  for (const Buffer& body : bodies) {
    parts.functions.push_back({0});
    parts.bodies.push_back(Buffer{0} + body + Buffer{0x0b});
  }
  return wasm::test::load(parts.build()).value();
}

const Buffer divide{0x20, 0, 0x20, 1, 0x6d};                    // local.get 0, local.get 1, i32.div_s
const Buffer call_first{0x20, 0, 0x20, 1, 0x10, 0};             // ..., call 0
const Buffer count_down{0x03, 0x40, 0x20, 0, 0x41, 1,    0x6b,  // loop, local.get 0, i32.const 1, i32.sub
                        0x22, 0,    0x0d, 0, 0x0b, 0x20, 1};    // local.tee 0, br_if 0, end, local.get 1
const Buffer endless{0x03, 0x40, 0x0c, 0, 0x0b, 0x41, 0};       // loop, br 0, end, i32.const 0

class Compiler : public testing::Test {
 protected:
  Result<ObjectCode> compile(const wasm::Module& module, u32 function, std::optional<u64> osr_loop = std::nullopt,
                             const std::atomic<bool>* cancel = nullptr) {
    const runtime::StructLayouts layouts(module);
    return compiler_->compile({.module = module,
                               .layouts = layouts,
                               .function = FuncIndex(function),
                               .is_guarded = true,
                               .osr_loop = osr_loop,
                               .cancel = cancel});
  }
  static bool names(const ObjectCode& code, std::string_view symbol) {
    const std::string terminated = '\0' + std::string(symbol) + '\0';
    return as_text(code.object).find(terminated) != std::string_view::npos;
  }

  std::unique_ptr<runtime::OptimizingCompiler> compiler_{wisp_make_optimizing_compiler()};
};

// LLVM's list of targets, which nothing guards, became a circle; it took hundreds of processes.
TEST(Compilers, AreMadeByManyThreadsAtOnce) {
  std::atomic<u32> waiting = 4;
  std::vector<std::jthread> threads;
  for (u32 i = waiting; i > 0; --i) {
    threads.emplace_back([&] {
      for (--waiting; waiting != 0;) {
      }
      const std::unique_ptr<runtime::OptimizingCompiler> made(wisp_make_optimizing_compiler());
      EXPECT_NE(made, nullptr);
    });
  }
}

TEST_F(Compiler, MakesBothEntries) {
  const auto module = module_of({divide});
  const auto code = compile(*module, 0);
  ASSERT_TRUE(code.ok());
  EXPECT_TRUE(names(*code, "slots_0"));
  EXPECT_TRUE(names(*code, "regs_0"));
  EXPECT_TRUE(names(*code, "trap"));
}

TEST_F(Compiler, SaysWhereCodeComesFrom) {
  const auto module = module_of({divide});
  const auto code = compile(*module, 0);
  ASSERT_TRUE(code.ok());
  const u64 division = module->bodies[0].offset + 1 + 4;
  bool found = false;
  for (const runtime::LocationTable::Row& row : code->locations.rows) {
    if (row.origin == CodeOrigin::none) continue;
    const CodeOrigin& origin = code->locations.origins[row.origin];
    EXPECT_EQ(origin.function, FuncIndex(0));
    EXPECT_EQ(code->locations.find(row.code_offset), row.origin);
    found = found || origin.offset == division;
  }
  EXPECT_TRUE(found);
}

TEST_F(Compiler, NamesTheCallsThatCodeIsInlinedInto) {
  const auto module = module_of({divide, call_first});
  const auto code = compile(*module, 1);
  ASSERT_TRUE(code.ok());
  bool found = false;
  for (const CodeOrigin& origin : code->locations.origins) {
    if (origin.function != FuncIndex(0)) continue;
    ASSERT_NE(origin.inlined_into, CodeOrigin::none);
    const CodeOrigin& outer = code->locations.origins[origin.inlined_into];
    EXPECT_EQ(outer.function, FuncIndex(1));
    EXPECT_EQ(outer.offset, module->bodies[1].offset + 1 + 4);
    found = true;
  }
  EXPECT_TRUE(found);
  EXPECT_FALSE(names(*code, "regs_0")) << "nothing is left to call";
}

TEST_F(Compiler, TakesInWhatFewFunctionsATableMayMean) {
  const Buffer call_through_table{0x20, 0, 0x20, 1, 0x41, 0, 0x11, 0, 0};
  const auto takes_in_first = [&](u8 in_table) {
    std::vector<Buffer> bodies(in_table, divide);
    bodies.push_back(call_through_table);
    const auto module = module_of(bodies, in_table);
    const auto code = compile(*module, in_table);
    return code.ok() && std::ranges::count(code->bodies, FuncIndex(0)) == 1;
  };
  EXPECT_TRUE(takes_in_first(1));
  EXPECT_TRUE(takes_in_first(limits::likely_callees));
  EXPECT_FALSE(takes_in_first(limits::likely_callees + 1));
}

TEST_F(Compiler, TakesInWhereACallHasLed) {
  std::vector<Buffer> bodies(limits::likely_callees + 2, divide);
  const u32 caller = u32(bodies.size());
  bodies.push_back({0x20, 0, 0x20, 1, 0x41, 0, 0x11, 0, 0});
  const auto module = module_of(bodies, u8(caller));
  const runtime::StructLayouts layouts(*module);
  runtime::CallSites sites;
  const auto taken_in = [&] {
    auto code = compiler_->compile(
        {.module = *module, .layouts = layouts, .function = FuncIndex(caller), .call_sites = &sites});
    return code.ok() ? code->bodies : std::vector<FuncIndex>();
  };
  runtime::CallSite& site = sites.at(module->bodies[caller].offset + 1 + 6);
  EXPECT_EQ(taken_in(), (std::vector{FuncIndex(caller)}));
  site.note(FuncIndex(3));
  // What is no function of the module, or of another type, was one of another module.
  site.note(FuncIndex(1000));
  EXPECT_EQ(taken_in(), (std::vector{FuncIndex(caller), FuncIndex(3)}));
  for (u32 i = 0; i <= limits::likely_callees; ++i) site.note(FuncIndex(i));
  EXPECT_EQ(taken_in(), (std::vector{FuncIndex(caller)}));
}

TEST_F(Compiler, KeepsToWhatMayBeInlined) {
  const auto module = module_of({divide, call_first});
  const runtime::StructLayouts layouts(*module);
  const std::vector<bool> nothing{false, false};
  const auto code =
      compiler_->compile({.module = *module, .layouts = layouts, .function = FuncIndex(1), .may_inline = &nothing});
  ASSERT_TRUE(code.ok());
  EXPECT_TRUE(names(*code, "regs_0"));
  EXPECT_TRUE(names(*code, "adapt_0"));
  EXPECT_TRUE(names(*code, "cell_0"));
}

TEST_F(Compiler, EntersALoop) {
  const auto module = module_of({count_down});
  const auto code = compile(*module, 0, module->bodies[0].offset + 1);
  ASSERT_TRUE(code.ok());
  EXPECT_TRUE(names(*code, "osr_0"));
  EXPECT_FALSE(names(*code, "slots_0"));
}

/// A loop of so many steps, each of which makes four vectors (locals 2 to 5) of those before, and goes by what they
/// are.
std::shared_ptr<const wasm::Module> vector_loop(u32 steps) {
  Buffer step;
  for (u8 local = 2; local < 6; ++local) {
    step = step + Buffer{0x20, local, 0x20, 0, 0xfd, 0x11, 0xfd, 0xb5, 0x01, 0x22, local};  // i32x4.mul by local 0
  }
  for (u32 i = 0; i < 3; ++i) step = step + Buffer{0xfd, 0x51};  // v128.xor
  // if any_true: what is too long to be done in any case
  step = step + Buffer{0xfd, 0x53, 0x04, 0x40, 0x20, 0, 0x20, 1, 0x6c, 0x20, 1, 0x73, 0x20, 1, 0x6c};
  step = step + Buffer{0x20, 0, 0x77, 0x20, 1, 0x6c, 0x21, 0, 0x0b};
  const Buffer body = Buffer{1, 4, 0x7b, 0x03, 0x40} + wasm::test::repeat(step, steps);  // four locals v128; loop
  wasm::test::Parts parts;
  parts.types = {binary_type};
  parts.functions = {{0}};
  parts.bodies = {body + Buffer{0x20, 0, 0x0d, 0, 0x0b, 0x20, 0, 0x0b}};
  return wasm::test::load(parts.build()).value();
}

TEST_F(Compiler, EntersALoopOfALargeFunctionInHaste) {
  const auto module = vector_loop(500);
  ASSERT_TRUE(runtime::is_large(*module, FuncIndex(0)));
  const auto hasty = compile(*module, 0, module->bodies[0].offset + 3);
  const auto thorough = compile(*module, 0);
  ASSERT_TRUE(hasty.ok());
  ASSERT_TRUE(thorough.ok());
  EXPECT_TRUE(names(*hasty, "osr_0"));
  EXPECT_GT(hasty->object.size(), thorough->object.size());
}

// In hasty code, every value that another block uses has a place of its own.
TEST_F(Compiler, TakesItsTimeWhereHasteNeedsTooLargeAFrame) {
  const auto module = vector_loop(limits::native_frame_bytes / 64);
  const auto code = compile(*module, 0, module->bodies[0].offset + 3);
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_TRUE(names(*code, "osr_0"));
}

TEST_F(Compiler, LoopsAskWhetherToStopOnlyWhereNoFaultStopsThem) {
  const auto module = module_of({endless});
  const runtime::StructLayouts layouts(*module);
  const auto asks = [&](bool is_guarded, bool sampled) {
    const auto code = compiler_->compile({.module = *module,
                                          .layouts = layouts,
                                          .function = FuncIndex(0),
                                          .is_guarded = is_guarded,
                                          .sampled = sampled});
    return code.ok() && names(*code, "interrupted");
  };
  EXPECT_FALSE(asks(true, false));
  EXPECT_TRUE(asks(false, false));
  EXPECT_TRUE(asks(true, true));
}

/// A loop that goes on, by the lowest bits of local 0, to one of eight places, which do `operators` to local 0 and 1.
Buffer dispatch_loop(const std::array<u8, 8>& operators) {
  Buffer body{0x03, 0x40, 0x02, 0x40};                                                // loop, block: the way out
  for (usize i = 0; i < 8; ++i) body = body + Buffer{0x02, 0x40};                     // block
  body = body + Buffer{0x20, 0, 0x41, 15, 0x71, 0x0e, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8};  // br_table
  for (u8 i = 0; i < 8; ++i) {
    const u8 to_loop = u8(8 - i);
    body = body + Buffer{0x0b, 0x20, 0, 0x20, 1, operators[i], 0x21, 0, 0x20, 1, 0x41, u8(i + 1), 0x6a, 0x21, 1};
    body = body + Buffer{0x0c, to_loop};  // local 1 becomes more; once more
  }
  return body + Buffer{0x0b, 0x0b, 0x20, 0};
}

TEST_F(Compiler, EveryTurnOfADispatchLoopJumpsByItself) {
  // i32.add, sub, mul, div_u, xor, shl, rotl, rem_u
  const auto module = module_of({dispatch_loop({0x6a, 0x6b, 0x6c, 0x6e, 0x73, 0x74, 0x77, 0x70})});
  const auto code = compile(*module, 0);
  ASSERT_TRUE(code.ok());
  usize jumps = 0;  // jmp *%register
  for (usize i = 0; i + 1 < code->object.size(); ++i) {
    jumps += code->object[i] == 0xff && code->object[i + 1] >= 0xe0 && code->object[i + 1] <= 0xe7;
  }
  EXPECT_GE(jumps, 8u);
}

TEST_F(Compiler, MakesVectorsOfALoopThatMayFault) {
  // loop: local 2 += i32.load local 0; local 0 += 4; again while local 0 != local 1
  const Buffer body{1, 1,    0x7f, 0x03, 0x40, 0x20, 2,    0x20, 0,    0x28, 2, 0,    0x6a, 0x21, 2,   0x20,
                    0, 0x41, 4,    0x6a, 0x22, 0,    0x20, 1,    0x47, 0x0d, 0, 0x0b, 0x20, 2,    0x0b};
  const auto adds_vectors = [&](u8 flags) {
    wasm::test::Parts parts;
    parts.types = {binary_type};
    parts.functions = {{0}};
    parts.memories = {{flags, 1, 1}};
    parts.bodies = {body};
    const auto code = compile(*wasm::test::load(parts.build()).value(), 0);
    if (!code.ok()) return false;
    for (usize i = 2; i < code->object.size(); ++i) {  // paddd, vpaddd
      const bool is_packed =
          code->object[i - 2] == 0xc5 || (code->object[i - 2] == 0x66 && code->object[i - 1] == 0x0f);
      if (code->object[i] == 0xfe && is_packed) return true;
    }
    return false;
  };
  EXPECT_TRUE(adds_vectors(1));
  EXPECT_FALSE(adds_vectors(3));  // shared
}

TEST_F(Compiler, MakesTheSameAgain) {
  const auto module = module_of({divide, call_first});
  EXPECT_EQ(compile(*module, 1)->object, compile(*module, 1)->object);
}

TEST_F(Compiler, CanBeCancelled) {
  const auto module = module_of({divide});
  const std::atomic<bool> cancel = true;
  const auto code = compile(*module, 0, std::nullopt, &cancel);
  ASSERT_FALSE(code.ok());
  EXPECT_EQ(code.error().code, ErrorCode::limit);
}

TEST_F(Compiler, RefusesWhatIsTooLarge) {
  const Buffer step{0x41, 1, 0x1a};  // i32.const 1, drop
  for (const u32 steps : {limits::body_instructions - 10, limits::body_instructions}) {
    const auto module = module_of({wasm::test::repeat(step, steps) + divide});
    const auto code = compile(*module, 0);
    ASSERT_EQ(code.ok(), steps < limits::body_instructions);
    if (!code.ok()) EXPECT_EQ(code.error().code, ErrorCode::limit);
  }
}

/// A function with so many locals beside its parameters.
std::shared_ptr<const wasm::Module> with_locals(u32 locals, const Buffer& body) {
  wasm::test::Parts parts;
  parts.types = {binary_type};
  parts.functions = {{0}};
  parts.bodies = {Buffer{1} + wasm::test::uleb(locals) + Buffer{0x7f} + body + Buffer{0x0b}};
  return wasm::test::load(parts.build()).value();
}

TEST_F(Compiler, RefusesWhereTooMuchMayMeet) {
  constexpr u32 locals = 10'000;
  constexpr u32 most = limits::merged_values / locals;
  for (const u32 ways : {most - 20, most + 20}) {
    const Buffer table = Buffer{0x02, 0x40, 0x20, 0, 0x0e} + wasm::test::uleb(ways) + Buffer(ways + 1) + Buffer{0x0b};
    const auto module = with_locals(locals, table + Buffer{0x20, 1});
    EXPECT_EQ(compile(*module, 0).ok(), ways < most) << ways;
  }
}

/// So many ways out of a block, each of which brings another value of a local.
std::shared_ptr<const wasm::Module> ways_out(u32 ways, u32 locals) {
  const auto local = [&](u8 op, u32 i) { return Buffer{op} + wasm::test::uleb(2 + i % locals); };
  Buffer body{0x02, 0x40};
  for (u32 i = 0; i < ways; ++i) {
    body = body + local(0x20, i) + Buffer{0x20, 1, 0x6c, 0x20, 0, 0x6a} + local(0x21, i * 7 + 1);  // a * y + x
    body = body + Buffer{0x20, 1, 0x41} + wasm::test::sleb(i) + Buffer{0x46, 0x0d, 0};             // br_if y == i
  }
  body = body + Buffer{0x0b, 0x20, 0};
  for (u32 i = 0; i < locals; ++i) body = body + local(0x20, i) + Buffer{0x73};  // i32.xor
  return with_locals(locals, body);
}

// In hasty code, each way stores what it brings.
TEST_F(Compiler, GeneratesCodeInHasteWhereMuchMeets) {
  const auto code = compile(*ways_out(400, 400), 0);
  ASSERT_TRUE(code.ok());
  constexpr u64 store_bytes = 8;
  EXPECT_GT(code->object.size(), limits::coalesced_values * store_bytes);
}

}  // namespace
}  // namespace wisp::llvm_tier
