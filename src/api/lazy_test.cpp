#include <gmock/gmock.h>

#include "api/api_test.hpp"

/// Validation that waits for the first call.
namespace wisp {
namespace {

using testing::HasSubstr;

constexpr std::string_view half_valid = R"((module $half
  (type $t (func (result i32)))
  (import "host" "call_bad" (func $call_bad (result i32)))
  (memory (export "memory") 1)
  (table 2 funcref)
  (elem (i32.const 0) $good $bad)
  (func $good (export "good") (result i32) (i32.const 42))
  (func $bad (export "bad") (result i32)
    (i32.store (i32.const 0) (i32.const 1))
    (i64.const 1))
  (func $cut (export "cut") (result i32) (br 7))
  (func (export "direct") (result i32) (call $bad))
  (func (export "tail") (result i32) (return_call $bad))
  (func (export "indirect") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))
  (func (export "nested") (result i32) (call $call_bad))
  (func (export "caught") (result i32)
    (block $out (try_table (catch_all $out) (return (call $bad)))) (i32.const 3))))";

/// Of a tier, with or without fuel.
class Lazy : public testing::TestWithParam<std::tuple<Tier, bool>> {
 protected:
  Lazy() {
    const auto module = Module::from_text(world.engine, half_valid, Validation::lazy);
    EXPECT_TRUE(module.ok());
    EXPECT_TRUE(world.linker
                    .define("host", "call_bad",
                            [](Caller& caller) -> Outcome<std::int32_t> {
                              const Func bad = *caller.instance()->func("bad");
                              return (*bad.typed<std::int32_t()>())();
                            })
                    .ok());
    auto made = world.linker.instantiate(world.store, *module);
    EXPECT_TRUE(made.ok()) << made.message();
    instance.emplace(*made);
    if (config().fuel) world.store.set_fuel(1'000'000);
  }
  static Config config() {
    Config config;
    std::tie(config.tier, config.fuel) = GetParam();
    return config;
  }
  Outcome<std::vector<Value>> call(std::string_view name, std::initializer_list<Value> arguments = {}) {
    return instance->func(name)->call(arguments);
  }

  test::World world{config()};
  std::optional<Instance> instance;
};
INSTANTIATE_TEST_SUITE_P(, Lazy,
                         testing::Combine(testing::Values(Tier::interpreter, Tier::baseline, Tier::optimizing),
                                          testing::Bool()));

TEST_P(Lazy, ValidFunctionsRun) {
  EXPECT_EQ((*call("good"))[0].i32(), 42);
  EXPECT_EQ((*call("indirect", {0}))[0].i32(), 42);
}

TEST_P(Lazy, EveryCallOfAnInvalidFunctionTraps) {
  for (int round = 0; round < 3; ++round) {
    const auto outcome = call("bad");
    ASSERT_NE(outcome.trap(), nullptr);
    EXPECT_EQ(outcome.trap()->reason, TrapReason::invalid_function);
    EXPECT_THAT(
        outcome.trap()->summary(),
        HasSubstr("invalid function: type mismatch: block requires [i32] but stack has [i64] (in function 2 $bad"));
    ASSERT_EQ(outcome.trap()->backtrace.size(), 1u);
    EXPECT_EQ(outcome.trap()->backtrace[0].function, "bad");
    EXPECT_EQ((*call("good"))[0].i32(), 42);
  }
  EXPECT_EQ(instance->memory("memory")->bytes().load<std::uint8_t>(0), 0) << "nothing of the body was executed";
}

TEST_P(Lazy, HoweverItIsCalled) {
  for (const char* name : {"cut", "direct", "tail", "caught"}) {
    EXPECT_EQ(test::World::reason(*instance, name), TrapReason::invalid_function) << name;
  }
  EXPECT_EQ(test::World::reason(*instance, "indirect", {1}), TrapReason::invalid_function);
  EXPECT_EQ(call("direct").trap()->backtrace.size(), 2u);
}

TEST_P(Lazy, HostFunctionsCanPassTheTrapOn) {
  const auto outcome = call("nested");
  ASSERT_NE(outcome.trap(), nullptr);
  EXPECT_EQ(outcome.trap()->reason, TrapReason::invalid_function);
  EXPECT_THAT(outcome.trap()->message, HasSubstr("type mismatch"));
  EXPECT_EQ(outcome.trap()->backtrace.front().function, "bad");
  EXPECT_EQ(outcome.trap()->backtrace.back().function, "nested");
}

TEST(LazyModule, CanBeValidatedLater) {
  const Engine engine;
  const auto module = Module::from_text(engine, half_valid, Validation::lazy);
  ASSERT_TRUE(module.ok());
  ASSERT_FALSE(module->validate().ok());
  EXPECT_EQ(module->validate().error().code, ErrorCode::invalid);
  EXPECT_FALSE(print_text(*module).ok());
  EXPECT_TRUE(test::parse(engine, "(module (func))").validate().ok());
}

TEST(LazyModule, EverythingButBodiesIsValidatedAtOnce) {
  const Engine engine;
  EXPECT_FALSE(Module::from_text(engine, R"((module (global i32 (i64.const 1))))", Validation::lazy).ok());
  EXPECT_FALSE(Module::from_text(engine, R"((module (memory 2 1)))", Validation::lazy).ok());
}

TEST(LazyModule, AnInvalidStartFunctionIsATrap) {
  test::World world;
  const auto module = Module::from_text(world.engine, "(module (start $s) (func $s (drop)))", Validation::lazy);
  ASSERT_TRUE(module.ok());
  const auto instance = world.linker.instantiate(world.store, *module);
  ASSERT_NE(instance.trap(), nullptr);
  EXPECT_EQ(instance.trap()->reason, TrapReason::invalid_function);
}

}  // namespace
}  // namespace wisp
