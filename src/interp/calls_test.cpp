#include <chrono>
#include <thread>

#include "interp/interp_test.hpp"
#include "interp/limits.hpp"

/// Calls, traps, exceptions, fuel and interruption.
namespace wisp::interp::test {
namespace {

using std::chrono::steady_clock;
using wasm::Op;

/// f(n) = n == 0 ? 0 : f(n - 1) + 1, by a call or a tail call with an accumulator.
Code recursive(u32 self) {
  return Code()
      .local_get(0)
      .op(Op::i32_eqz)
      .open(Op::if_)
      .i32(0)
      .op(Op::return_)
      .end()
      .local_get(0)
      .i32(1)
      .op(Op::i32_sub)
      .op(Op::call, {self})
      .i32(1)
      .op(Op::i32_add);
}

Code tail_recursive(Op how, u32 operand) {
  Code code = Code()
                  .local_get(0)
                  .op(Op::i32_eqz)
                  .open(Op::if_)
                  .local_get(1)
                  .op(Op::return_)
                  .end()
                  .local_get(0)
                  .i32(1)
                  .op(Op::i32_sub)
                  .local_get(1)
                  .i32(1)
                  .op(Op::i32_add);
  if (how == Op::return_call) return code.op(how, {operand});
  return code.i32(0).op(how, {operand, 0});
}

TEST(Calls, DeepRecursionEnds) {
  ModuleText text;
  text.func("i:i", recursive(0));
  World world(text);
  EXPECT_EQ(world.call(0, {1000}).results[0], 1000u);
  const Outcome outcome = world.call(0, {100'000'000});
  EXPECT_EQ(outcome.reason(), TrapReason::stack_overflow);
  EXPECT_EQ(outcome.trap->backtrace.size(), limits::backtrace_frames);
  EXPECT_EQ(world.call(0, {1000}).results[0], 1000u) << "the store still works";
}

TEST(Calls, NativeStackIsWatched) {
  // A large value stack: the native stack is the one that ends.
  ModuleText text;
  text.func("i:i", recursive(0));
  runtime::StoreSettings settings;
  settings.stack_bytes = u64{256} << 20;
  World world(text, {}, settings);
  EXPECT_EQ(world.call(0, {100'000'000}).reason(), TrapReason::stack_overflow);
}

TEST(Calls, ValueStackIsWatched) {
  ModuleText text;
  text.func("i:i", recursive(0));
  runtime::StoreSettings settings;
  settings.stack_bytes = 64 * 1024;
  World world(text, {}, settings);
  EXPECT_EQ(world.call(0, {100}).results[0], 100u);
  EXPECT_EQ(world.call(0, {100'000}).reason(), TrapReason::stack_overflow);
}

TEST(Calls, TailCallsTakeNoStack) {
  ModuleText text;
  text.func("ii:i", tail_recursive(Op::return_call, 0));
  World world(text);
  EXPECT_EQ(world.call(0, {3'000'000, 0}).results[0], 3'000'000u);
}

TEST(Calls, IndirectTailCallsTakeNoStack) {
  ModuleText text;
  text.func("ii:i", tail_recursive(Op::return_call_indirect, 0));
  World world(text);
  EXPECT_EQ(world.call(0, {3'000'000, 0}).results[0], 3'000'000u);
}

TEST(Calls, IndirectCallsAreChecked) {
  ModuleText text;
  const u32 wanted = text.type_index("i:i");
  text.func("i:i", Code().local_get(0).i32(1).op(Op::i32_add));
  text.func("I:I", Code().local_get(0));
  const u32 caller = text.func("ii:i", Code().local_get(0).local_get(1).op(Op::call_indirect, {wanted, 0}));
  World world(text);
  EXPECT_EQ(world.call(caller, {41, 0}).results[0], 42u);
  EXPECT_EQ(world.call(caller, {41, 1}).reason(), TrapReason::indirect_call_type_mismatch);
  EXPECT_EQ(world.call(caller, {41, 3}).reason(), TrapReason::uninitialized_element);
  EXPECT_EQ(world.call(caller, {41, 5}).reason(), TrapReason::undefined_element);
  EXPECT_EQ(world.call(caller, {41, ~u32{0}}).reason(), TrapReason::undefined_element);
}

abi::HostResult triple_or_exit(void*, abi::CallingInstance& instance, u64* slots) {
  if (u32(slots[0]) == 13) return abi::Caller(instance).exit(4);
  slots[0] = u32(slots[0]) * 3;
  return abi::HostResult::returned;
}

TEST(Calls, HostFunctions) {
  ModuleText text;
  const u32 host = text.import("i:i");
  const u32 type = text.type_index("i:i");
  const u32 direct = text.func("i:i", Code().local_get(0).op(Op::call, {host}).i32(1).op(Op::i32_add));
  const u32 tail = text.func("i:i", Code().local_get(0).op(Op::return_call, {host}));
  const u32 indirect = text.func("i:i", Code().local_get(0).i32(0).op(Op::call_indirect, {type, 0}));
  World world(text, {}, {}, triple_or_exit);
  EXPECT_EQ(world.call(direct, {5}).results[0], 16u);
  EXPECT_EQ(world.call(tail, {5}).results[0], 15u);
  EXPECT_EQ(world.call(indirect, {5}).results[0], 15u);
  for (const u32 function : {direct, tail, indirect}) {
    const Outcome outcome = world.call(function, {13});
    EXPECT_EQ(outcome.reason(), TrapReason::exit);
    EXPECT_EQ(outcome.trap->exit_code, 4u);
  }
}

TEST(Traps, BacktraceNamesInstructions) {
  ModuleText text;
  const Code inner = Code().i32(1).local_get(0).op(Op::i32_div_u);
  const Code outer = Code().op(Op::nop).local_get(0).op(Op::call, {0}).i32(1).op(Op::i32_add);
  text.func("i:i", inner);
  text.func("i:i", outer);
  World world(text);
  const Outcome outcome = world.call(1, {0});
  ASSERT_EQ(outcome.reason(), TrapReason::integer_divide_by_zero);
  ASSERT_EQ(outcome.trap->backtrace.size(), 2u);
  const wasm::Module& module = world.instance().module();
  const auto [innermost, outermost] = std::tie(outcome.trap->backtrace[0], outcome.trap->backtrace[1]);
  EXPECT_EQ(innermost.function, FuncIndex(0));
  EXPECT_EQ(innermost.offset, module.bodies[0].offset + 5);  // after the locals, i32.const 1 and local.get 0
  EXPECT_EQ(outermost.function, FuncIndex(1));
  EXPECT_EQ(outermost.offset, module.bodies[1].offset + 4);  // after the locals, nop and local.get 0
}

/// block $outer (result i32): try_table (catch tag 0 -> $outer): call thrower; ...
TEST(Exceptions, AreCaughtByTagAcrossCalls) {
  ModuleText text;
  const u32 caught = text.tag("i");
  const u32 other = text.tag("i");
  const u32 thrower = text.func("i:i", Code().local_get(0).op(Op::throw_, {caught}));
  const u32 other_thrower = text.func("i:i", Code().local_get(0).op(Op::throw_, {other}));
  auto catching = [&](u32 callee) {
    return Code()
        .open(Op::block, 'i')
        .op(Op::try_table)
        .raw({0x7f, 1, 0, u8(caught), 0})
        .local_get(0)
        .op(Op::call, {callee})
        .i32(1000)
        .op(Op::i32_add)
        .end()
        .end()
        .i32(1)
        .op(Op::i32_add);
  };
  const u32 catches = text.func("i:i", catching(thrower));
  const u32 misses = text.func("i:i", catching(other_thrower));
  World world(text);
  EXPECT_EQ(world.call(catches, {41}).results[0], 42u);
  EXPECT_EQ(world.call(misses, {41}).reason(), TrapReason::uncaught_exception);
}

TEST(Exceptions, TheInnermostHandlerWinsAndReferencesRethrow) {
  ModuleText text;
  const u32 tag = text.tag("i");
  // inner catches all with a reference and throws it again; outer catches by tag
  Code code = Code()
                  .open(Op::block, 'i')
                  .op(Op::try_table)
                  .raw({0x7f, 1, 0, u8(tag), 0})
                  .op(Op::block)
                  .raw({0x69})
                  .op(Op::try_table)
                  .raw({0x7f, 1, 3, 0})
                  .local_get(0)
                  .op(Op::throw_, {tag})
                  .end()
                  .op(Op::return_)
                  .end()
                  .op(Op::throw_ref)
                  .end()
                  .end()
                  .i32(5)
                  .op(Op::i32_add);
  text.func("i:i", code);
  World world(text);
  EXPECT_EQ(world.call(0, {37}).results[0], 42u);
}

TEST(Fuel, IsTakenExactly) {
  ModuleText text;
  // One segment of 4, then per round: local.get, i32.const, i32.sub, local.tee, br_if; then 1 for local.get.
  const Code code = Code()
                        .op(Op::nop)
                        .i32(1)
                        .i32(2)
                        .op(Op::i32_add)
                        .op(Op::drop)
                        .open(Op::loop)
                        .local_get(0)
                        .i32(1)
                        .op(Op::i32_sub)
                        .local_tee(0)
                        .op(Op::br_if, {0})
                        .end()
                        .local_get(0);
  text.func("i:i", code);
  runtime::StoreSettings settings;
  settings.fuel = true;
  World world(text, {.fuel = true}, settings);
  runtime::Execution& execution = world.store().execution();
  for (const u32 rounds : {1u, 2u, 10u}) {
    const i64 cost = 4 + 5 * i64(rounds) + 1;
    execution.fuel = cost;
    EXPECT_EQ(world.call(0, {rounds}).reason(), TrapReason::none);
    EXPECT_EQ(execution.fuel, 0);
    execution.fuel = cost - 1;
    EXPECT_EQ(world.call(0, {rounds}).reason(), TrapReason::out_of_fuel);
    EXPECT_EQ(execution.fuel, -1);
  }
}

TEST(Fuel, LengthsCost) {
  ModuleText text;
  text.func("i:", Code().i32(0).i32(7).local_get(0).op(Op::memory_fill, {0}));
  runtime::StoreSettings settings;
  settings.fuel = true;
  World world(text, {.fuel = true}, settings);
  runtime::Execution& execution = world.store().execution();
  execution.fuel = 4 + 10;
  EXPECT_EQ(world.call(0, {640 + 63}).reason(), TrapReason::none);
  EXPECT_EQ(execution.fuel, 0);
  execution.fuel = 4 + 9;
  EXPECT_EQ(world.call(0, {640}).reason(), TrapReason::out_of_fuel);
}

Code endless_loop() {
  return Code().open(Op::loop).op(Op::br, {0}).end();
}

/// Interrupts from another thread; how long the guest went on then.
steady_clock::duration stop_from_elsewhere(World& world, u32 function, TrapReason expected) {
  steady_clock::time_point asked;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    asked = steady_clock::now();
    world.store().control()->interrupt(runtime::Interruption::requested);
  });
  EXPECT_EQ(world.call(function).reason(), expected);
  const steady_clock::time_point stopped = steady_clock::now();
  other.join();
  world.store().control()->clear_interrupt();
  return stopped - asked;
}

TEST(Interruption, StopsLoopsAndRecursion) {
  ModuleText text;
  text.func(":", endless_loop());
  text.func(":", Code().open(Op::loop).i32(1).op(Op::br_if, {0}).end());
  text.func(":", Code().open(Op::loop).i32(1).i32(2).op(Op::i32_lt_s).op(Op::br_if, {0}).end());
  text.func(":", Code().open(Op::loop).i32(0).op(Op::br_table, {1, 0, 0}).end());
  text.func(":", Code().op(Op::return_call, {4}));
  World world(text);
  for (u32 function = 0; function < 5; ++function) {
    // Not the millisecond of the design: a loaded machine takes its time to run this thread again, and a test is no
    // benchmark. A guest that reacts only now and then takes longer than this.
    EXPECT_LE(stop_from_elsewhere(world, function, TrapReason::interrupted), std::chrono::seconds(1)) << function;
  }
}

TEST(Sharing, TwoStoresLowerTheSameModuleAtTheSameTime) {
  ModuleText text;
  for (u32 i = 0; i < 200; ++i) text.func("i:i", Code().local_get(0).i32(i32(i)).op(Op::i32_add));
  const auto tier = make_interpreter();
  const auto registry = std::make_shared<wasm::TypeRegistry>();
  const auto loaded =
      std::make_shared<runtime::LoadedModule>(std::move(wasm::decode(text.bytes(), registry, {})).value(), *tier);
  auto work = [&] {
    auto store = std::move(runtime::Store::create(*tier, {})).value();
    auto made = store->instantiate(loaded, {});
    auto* instance = std::get<runtime::Instance*>(made);
    for (u32 i = 0; i < 200; ++i) {
      u64 argument = 1;
      u64 result = 0;
      EXPECT_FALSE(store->call(instance->function(FuncIndex(i)), {&argument, 1}, {&result, 1}));
      EXPECT_EQ(result, i + 1);
    }
  };
  std::thread other(work);
  work();
  other.join();
}

}  // namespace
}  // namespace wisp::interp::test
