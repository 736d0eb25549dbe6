#include <gmock/gmock.h>

#include "api/api_test.hpp"

namespace wisp {
namespace {

using test::World;
using testing::HasSubstr;

TEST(HostFunctions, BySignature) {
  World world;
  ASSERT_TRUE(
      world.linker.define("h", "add", [](std::int32_t a, std::uint32_t b) { return a + std::int32_t(b); }).ok());
  ASSERT_TRUE(world.linker.define("h", "mul", [](double a, float b) -> double { return a * double(b); }).ok());
  ASSERT_TRUE(world.linker
                  .define("h", "pair",
                          [](std::int64_t v) -> std::tuple<std::int64_t, std::int32_t> { return {v, std::int32_t(v)}; })
                  .ok());
  const Instance instance = world.instantiate(R"((module
    (import "h" "add" (func $add (param i32 i32) (result i32)))
    (import "h" "mul" (func $mul (param f64 f32) (result f64)))
    (import "h" "pair" (func $pair (param i64) (result i64 i32)))
    (func (export "run") (param i32) (result i32 f64 i64 i32)
      (call $add (local.get 0) (i32.const -1))
      (call $mul (f64.const 1.5) (f32.const 4))
      (call $pair (i64.const -3)))))");
  const auto results = instance.func("run")->call({8});
  ASSERT_TRUE(results.ok()) << results.message();
  EXPECT_EQ((*results)[0].i32(), 7);
  EXPECT_EQ((*results)[1].f64(), 6.0);
  EXPECT_EQ((*results)[2].i64(), -3);
  EXPECT_EQ((*results)[3].i32(), -3);
}

/// More arguments than an ABI has registers for, and a result of each kind; it imports what it exports.
constexpr std::string_view passing_on = R"((module
  (type $many (func (param i32 f32 i64 f64 i32 f32 i64 f64 i32 f32 i64 f64 i32 f32 i64 f64 f64 f64 f64) (result i32)))
  (import "host" "many" (func $many (type $many)))
  (import "host" "i64" (func $i64 (param i64) (result i64)))
  (import "host" "f32" (func $f32 (param f32) (result f32)))
  (import "host" "f64" (func $f64 (param f64) (result f64)))
  (import "host" "none" (func $none (param i32)))
  (import "host" "pair" (func $pair (param i32 f64) (result f64 i32)))
  (func (export "many") (type $many)
    (call $many (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)
      (local.get 7) (local.get 8) (local.get 9) (local.get 10) (local.get 11) (local.get 12) (local.get 13)
      (local.get 14) (local.get 15) (local.get 16) (local.get 17) (local.get 18)))
  (func (export "i64") (param i64) (result i64) (call $i64 (local.get 0)))
  (func (export "f32") (param f32) (result f32) (call $f32 (local.get 0)))
  (func (export "f64") (param f64) (result f64) (call $f64 (local.get 0)))
  (func (export "none") (param i32) (call $none (local.get 0)))
  (func (export "pair") (param i32 f64) (result f64 i32) (call $pair (local.get 0) (local.get 1)))))";

using Many = std::int32_t(std::int32_t, float, std::int64_t, double, std::int32_t, float, std::int64_t, double,
                          std::int32_t, float, std::int64_t, double, std::int32_t, float, std::int64_t, double, double,
                          double, double);

void expect_passed_on(const Instance& through, const int& sum) {
  const auto many = through.func("many")->typed<Many>();
  EXPECT_EQ(*(*many)(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19), 2470);
  EXPECT_EQ(*(*through.func("i64")->typed<std::int64_t(std::int64_t)>())(-(std::int64_t{3} << 40)),
            -(std::int64_t{3} << 40) - 1);
  EXPECT_EQ(*(*through.func("f32")->typed<float(float)>())(1.5f), -1.5f);
  EXPECT_EQ(*(*through.func("f64")->typed<double(double)>())(1e300), -1e300);
  const int before = sum;
  EXPECT_TRUE((*through.func("none")->typed<void(std::int32_t)>())(7).ok());
  EXPECT_EQ(sum, before + 7);
  const auto pair = through.func("pair")->typed<std::tuple<double, std::int32_t>(std::int32_t, double)>();
  EXPECT_EQ(*(*pair)(3, 0.5), std::tuple(0.5, 3));
}

TEST(HostFunctions, TakeArgumentsFromEveryPlace) {
  World world;
  int sum = 0;
  const auto define = [&](std::string_view name, auto function) {
    ASSERT_TRUE(world.linker.define("host", name, function).ok());
  };
  define("many", [](std::int32_t a, float b, std::int64_t c, double d, std::int32_t e, float f, std::int64_t g,
                    double h, std::int32_t i, float j, std::int64_t k, double l, std::int32_t m, float n,
                    std::int64_t o, double p, double q, double r, double s) {
    const double all[] = {double(a), b, double(c), d, double(e), f, double(g), h, double(i), j,
                          double(k), l, double(m), n, double(o), p, q,         r, s};
    double weighted = 0;
    for (std::size_t at = 0; at < std::size(all); ++at) weighted += double(at + 1) * all[at];
    return std::int32_t(weighted);
  });
  define("i64", [](std::int64_t value) { return value - 1; });
  define("f32", [](float value) { return -value; });
  define("f64", [](double value) { return -value; });
  define("none", [&sum](std::int32_t value) { sum += value; });
  define("pair", [](std::int32_t first, double second) { return std::tuple(second, first); });
  const Instance instance = world.instantiate(passing_on);
  expect_passed_on(instance, sum);
  // The same through a guest that is imported by another.
  Linker to_guest(world.engine);
  ASSERT_TRUE(to_guest.define_instance("host", instance).ok());
  const auto outer = to_guest.instantiate(world.store, test::parse(world.engine, passing_on));
  ASSERT_TRUE(outer.ok()) << outer.message();
  expect_passed_on(*outer, sum);
}

TEST(Linker, WhatEndsAnImportedGuestReachesItsCaller) {
  World world;
  ASSERT_TRUE(world.linker.define("host", "exit", [](Caller& caller) { return caller.exit(7); }).ok());
  const Instance inner = world.instantiate(R"((module
    (import "host" "exit" (func $exit))
    (tag (export "tag") (param i32))
    (func (export "trap") (param i32) unreachable)
    (func (export "exit") (param i32) (call $exit))
    (func (export "throw") (param i32) (throw 0 (local.get 0)))))");
  ASSERT_TRUE(world.linker.define_instance("inner", inner).ok());
  const Instance outer = world.instantiate(R"((module
    (import "inner" "tag" (tag $t (param i32)))
    (import "inner" "trap" (func $trap (param i32)))
    (import "inner" "exit" (func $exit (param i32)))
    (import "inner" "throw" (func $throw (param i32)))
    (func (export "trap") (call $trap (i32.const 0)))
    (func (export "exit") (call $exit (i32.const 0)))
    (func (export "throw") (call $throw (i32.const 0)))
    (func (export "catch") (result i32)
      (block $caught (result i32)
        (try_table (catch $t $caught) (call $throw (i32.const 31)))
        (i32.const 0)))))");
  // Twice: what ended one call is no part of the next.
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(World::reason(outer, "trap"), TrapReason::unreachable);
    EXPECT_EQ(World::reason(outer, "exit"), TrapReason::exit);
    EXPECT_EQ(World::reason(outer, "throw"), TrapReason::uncaught_exception);
    EXPECT_EQ((*outer.func("catch")->call())[0].i32(), 31);
  }
}

TEST(HostFunctions, EndTheirGuest) {
  World world;
  ASSERT_TRUE(
      world.linker.define("h", "exit", [](Caller& caller, std::uint32_t code) { return caller.exit(code); }).ok());
  ASSERT_TRUE(world.linker.define("h", "trap", [](Caller& caller) { return caller.trap("no way"); }).ok());
  ASSERT_TRUE(world.linker.define("h", "stop", [](Caller& caller) { return caller.stop(); }).ok());
  ASSERT_TRUE(
      world.linker.define("h", "error", []() -> Result<std::int32_t> { return Error{ErrorCode::io, 0, "broken", ""}; })
          .ok());
  const Instance instance = world.instantiate(R"((module
    (import "h" "exit" (func $exit (param i32)))
    (import "h" "trap" (func $trap))
    (import "h" "stop" (func $stop))
    (import "h" "error" (func $error (result i32)))
    (func (export "exit") (call $exit (i32.const 3)) (unreachable))
    (func (export "trap") (call $trap))
    (func (export "stop") (call $stop))
    (func (export "error") (drop (call $error)))))");
  const auto exited = instance.func("exit")->call();
  ASSERT_NE(exited.trap(), nullptr);
  EXPECT_TRUE(exited.trap()->is_exit());
  EXPECT_EQ(exited.trap()->exit_code, 3u);
  const auto trapped = instance.func("trap")->call();
  ASSERT_NE(trapped.trap(), nullptr);
  EXPECT_EQ(trapped.trap()->reason, TrapReason::host);
  EXPECT_EQ(trapped.trap()->message, "no way");
  EXPECT_EQ(World::reason(instance, "stop"), TrapReason::interrupted);
  EXPECT_EQ(instance.func("error")->call().trap()->message, "broken");
}

TEST(HostFunctions, CallBackAndPassTheEndOn) {
  World world;
  ASSERT_TRUE(world.linker
                  .define("h", "again",
                          [](Caller& caller, std::int32_t depth) -> Outcome<std::int32_t> {
                            const auto inner = caller.instance()->func("run")->typed<std::int32_t(std::int32_t)>();
                            return (*inner)(depth - 1);
                          })
                  .ok());
  const Instance instance = world.instantiate(R"((module
    (import "h" "again" (func $again (param i32) (result i32)))
    (func $run (export "run") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (unreachable)))
      (if (i32.eq (local.get 0) (i32.const -1)) (then (return (i32.const 42))))
      (i32.add (i32.const 1) (call $again (local.get 0))))))");
  const auto trapped = instance.func("run")->call({2});
  ASSERT_NE(trapped.trap(), nullptr);
  EXPECT_EQ(trapped.trap()->reason, TrapReason::unreachable);
  EXPECT_EQ(trapped.trap()->backtrace.size(), 3u);
  // Nothing of it is left for the next one.
  EXPECT_EQ(instance.func("run")->call({0}).trap()->backtrace.size(), 1u);
  // Without an end, the host is called until the depth is exceeded.
  EXPECT_EQ(World::reason(instance, "run", {100'000}), TrapReason::stack_overflow);
  EXPECT_EQ((*instance.func("run")->call({-1}))[0].i32(), 42);
}

TEST(HostFunctions, AnExceptionPassesThrough) {
  World world;
  ASSERT_TRUE(world.linker
                  .define("h", "indirect",
                          [](Caller& caller) -> Outcome<void> {
                            auto outcome = caller.instance()->func("throw")->call();
                            if (outcome.trap() != nullptr) return std::move(*outcome.trap());
                            return {};
                          })
                  .ok());
  const Instance instance = world.instantiate(R"((module
    (import "h" "indirect" (func $indirect))
    (tag $t (param i32))
    (func (export "throw") (throw $t (i32.const 31)))
    (func (export "run") (result i32)
      (block $caught (result i32)
        (try_table (catch $t $caught) (call $indirect))
        (i32.const 0)))))");
  const auto results = instance.func("run")->call();
  ASSERT_TRUE(results.ok()) << results.message();
  EXPECT_EQ((*results)[0].i32(), 31);
}

TEST(HostFunctions, ByTypeAtRunTime) {
  World world;
  const FuncType type{{ValType::externref(), ValType::v128()}, {ValType::i32(), ValType::externref()}};
  ASSERT_TRUE(world.linker
                  .define("h", "f", type,
                          [](Caller& caller, std::span<const Value> arguments) -> Outcome<std::vector<Value>> {
                            const std::int32_t byte = arguments[1].v128().bytes[3];
                            return std::vector<Value>{byte, *caller.store().host_ref(*arguments[0].host_value() + 1)};
                          })
                  .ok());
  ASSERT_TRUE(world.linker
                  .define("h", "wrong", FuncType{{}, {ValType::i32()}},
                          [](Caller&, std::span<const Value>) -> Outcome<std::vector<Value>> {
                            return std::vector<Value>{std::int64_t{1}};
                          })
                  .ok());
  world.store.set_collect_always(true);
  const Instance instance = world.instantiate(R"((module
    (import "h" "f" (func $f (param externref v128) (result i32 externref)))
    (import "h" "wrong" (func $wrong (result i32)))
    (export "wrong" (func $wrong))
    (func (export "run") (param externref) (result i32 externref)
      (call $f (local.get 0) (v128.const i8x16 0 0 0 9 0 0 0 0 0 0 0 0 0 0 0 0)))))");
  const auto results = instance.func("run")->call({*world.store.host_ref(10)});
  ASSERT_TRUE(results.ok()) << results.message();
  EXPECT_EQ((*results)[0].i32(), 9);
  EXPECT_EQ((*results)[1].host_value(), 11u);
  EXPECT_EQ(World::reason(instance, "wrong"), TrapReason::host);
}

TEST(HostFunctions, SeeTheCallersMemory) {
  World world;
  std::string seen;
  ASSERT_TRUE(world.linker
                  .define("h", "log",
                          [&seen](Caller& caller, std::uint32_t at, std::uint32_t size) -> Outcome<void> {
                            auto text = caller.memory().text(at, size);
                            if (!text) return caller.trap("out of bounds");
                            seen = *text;
                            EXPECT_TRUE(caller.get("memory"));
                            EXPECT_FALSE(caller.get("nothing"));
                            EXPECT_FALSE(caller.interrupted());
                            return {};
                          })
                  .ok());
  const Instance instance = world.instantiate(R"((module
    (import "h" "log" (func $log (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "abc")
    (func (export "run") (param i32) (call $log (i32.const 8) (local.get 0)))))");
  ASSERT_TRUE(instance.func("run")->call({3}).ok());
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(World::reason(instance, "run", {65529}), TrapReason::host);
}

TEST(Linker, ListsAllImportsThatAreMissing) {
  World world;
  ASSERT_TRUE(world.linker.define("env", "there", [] {}).ok());
  const auto module = test::parse(world.engine, R"((module
    (import "env" "there" (func (param i32)))
    (import "env" "emscripten_resize_heap" (func (param i32) (result i32)))
    (import "other" "g" (global i64))))");
  const auto missing = world.linker.unsatisfied(module);
  ASSERT_EQ(missing.size(), 3u);
  EXPECT_EQ(missing[0].name, "there");
  EXPECT_THAT(missing[0].found, HasSubstr("func"));
  EXPECT_THAT(missing[1].hint, HasSubstr("Emscripten"));
  EXPECT_EQ(missing[1].found, "");
  EXPECT_THAT(missing[2].wanted, HasSubstr("i64"));
  const auto outcome = world.linker.instantiate(world.store, module);
  ASSERT_NE(outcome.error(), nullptr);
  EXPECT_EQ(outcome.error()->code, ErrorCode::link);
  for (const char* part : {"env.there", "env.emscripten_resize_heap", "other.g"}) {
    EXPECT_THAT(outcome.error()->message, HasSubstr(part));
  }
}

TEST(Linker, UnknownImportsCanTrapOrHaveDefaults) {
  World world;
  constexpr std::string_view text = R"((module
    (import "a" "f" (func $f (result i32 externref)))
    (func (export "run") (result i32 externref) (call $f))))";
  world.linker.set_unknown_imports(UnknownImports::trap);
  const Instance trapping = world.instantiate(text);
  const auto trapped = trapping.func("run")->call();
  ASSERT_NE(trapped.trap(), nullptr);
  EXPECT_THAT(trapped.trap()->message, HasSubstr("a.f"));
  EXPECT_NE(world.try_instantiate(R"((module (import "a" "g" (global i32))))").error(), nullptr);
  world.linker.set_unknown_imports(UnknownImports::default_values);
  const auto results = world.instantiate(text).func("run")->call();
  ASSERT_TRUE(results.ok());
  EXPECT_EQ((*results)[0].i32(), 0);
  EXPECT_TRUE((*results)[1].is_null());
  EXPECT_TRUE(world
                  .try_instantiate(R"((module (import "a" "g" (global i32)) (import "a" "m" (memory 1))
    (import "a" "t" (table 2 funcref)) (import "a" "e" (tag (param i32)))))")
                  .ok());
}

TEST(Linker, ConnectsInstances) {
  World world;
  const Instance first = world.instantiate(R"((module $first
    (memory (export "m") 1) (table (export "t") 2 funcref) (global (export "g") (mut i32) (i32.const 5))
    (tag (export "e") (param i64))
    (func (export "f") (result i32) (i32.load (i32.const 0)))))");
  ASSERT_TRUE(world.linker.define_instance("first", first).ok());
  const Instance second = world.instantiate(R"((module
    (import "first" "m" (memory 1)) (import "first" "t" (table 1 funcref)) (import "first" "g" (global $g (mut i32)))
    (import "first" "e" (tag (param i64))) (import "first" "f" (func $f (result i32)))
    (elem (table 0) (i32.const 0) func $f)
    (data (i32.const 0) "\07")
    (func (export "run") (result i32) (global.set $g (i32.const 9)) (call_indirect (result i32) (i32.const 0)))))");
  EXPECT_EQ((*second.func("run")->call())[0].i32(), 7);
  EXPECT_EQ(first.global("g")->get().i32(), 9);
  EXPECT_EQ(first.table("t")->get(0)->func(), first.func("f"));
  EXPECT_EQ(second.store(), world.store);
}

TEST(Linker, DefinitionsAreUniqueUnlessShadowed) {
  World world;
  ASSERT_TRUE(world.linker.define("a", "b", [] {}).ok());
  EXPECT_FALSE(world.linker.define("a", "b", [] {}).ok());
  world.linker.allow_shadowing(true);
  EXPECT_TRUE(world.linker.define("a", "b", [] {}).ok());
}

TEST(Linker, StoresAndEnginesDoNotMix) {
  World world;
  World elsewhere;
  Store sibling = test::make_store(world.engine);
  ASSERT_TRUE(world.linker.define("a", "g", *Global::create(sibling, {ValType::i32(), false}, 1)).ok());
  const auto outcome = world.try_instantiate(R"((module (import "a" "g" (global i32))))");
  ASSERT_NE(outcome.error(), nullptr);
  EXPECT_THAT(outcome.error()->message, HasSubstr("another store"));
  const auto module = test::parse(world.engine, "(module)");
  EXPECT_NE(elsewhere.linker.instantiate(elsewhere.store, module).error(), nullptr);
  EXPECT_NE(world.linker.instantiate(elsewhere.store, module).error(), nullptr);
  EXPECT_NE(elsewhere.linker.instantiate(world.store, module).error(), nullptr);
}

TEST(Linker, LimitsOfTheStore) {
  StoreLimits limits;
  limits.memory_bytes = 65536;
  limits.instances = 2;
  World world({}, limits);
  const auto outcome = world.try_instantiate("(module (memory 2))");
  ASSERT_NE(outcome.error(), nullptr);
  EXPECT_EQ(outcome.error()->code, ErrorCode::limit);
  const Instance instance = world.instantiate(R"((module
    (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 1)))))");
  EXPECT_EQ((*instance.func("grow")->call())[0].i32(), -1);
  EXPECT_TRUE(world.try_instantiate("(module)").ok());
  EXPECT_NE(world.try_instantiate("(module)").error(), nullptr);
}

TEST(Linker, AStartFunctionThatTraps) {
  World world;
  const auto outcome = world.try_instantiate("(module (func $f (unreachable)) (start $f))");
  ASSERT_NE(outcome.trap(), nullptr);
  EXPECT_EQ(outcome.trap()->reason, TrapReason::unreachable);
  EXPECT_EQ(outcome.trap()->backtrace.size(), 1u);
}

TEST(InstancePre, MakesInstancesInAnyStore) {
  World world;
  ASSERT_TRUE(world.linker.define("h", "next", [](std::int32_t value) { return value + 1; }).ok());
  const Module module = test::parse(world.engine, R"((module
    (import "h" "next" (func $next (param i32) (result i32)))
    (global $count (mut i32) (i32.const 0))
    (func (export "run") (result i32)
      (global.set $count (call $next (global.get $count))) (global.get $count))))");
  auto pre = world.linker.instantiate_pre(module);
  ASSERT_TRUE(pre.ok());
  // What the linker learns later changes nothing, and neither does its end.
  world.linker = Linker(world.engine);
  for (int i = 0; i < 3; ++i) {
    Store store = test::make_store(world.engine);
    const auto instance = pre->instantiate(store);
    ASSERT_TRUE(instance.ok()) << instance.message();
    const auto run = instance->func("run")->typed<std::int32_t()>();
    ASSERT_TRUE(run.ok());
    EXPECT_EQ(*(*run)(), 1);
    EXPECT_EQ(*(*run)(), 2);
  }
}

TEST(InstancePre, SharedHostFunctionsOutliveIt) {
  World world;
  std::optional<Instance> instance;
  {
    Linker linker(world.engine);
    ASSERT_TRUE(linker.define("h", "answer", [kept = std::make_shared<int>(42)]() { return *kept; }).ok());
    const auto made = linker.instantiate(world.store, test::parse(world.engine, R"((module
      (import "h" "answer" (func $answer (result i32)))
      (func (export "run") (result i32) (call $answer))))"));
    ASSERT_TRUE(made.ok());
    instance = *made;
  }
  EXPECT_EQ((*instance->func("run")->call())[0].i32(), 42);
}

TEST(InstancePre, ChecksImportsAndStores) {
  World world;
  const Module module = test::parse(world.engine, R"((module (import "m" "f" (func)) (import "m" "g" (func))))");
  const auto missing = world.linker.instantiate_pre(module);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::link);
  EXPECT_THAT(missing.error().message, HasSubstr("m.g"));

  const Instance exporter = world.instantiate(R"((module (func (export "f")) (func (export "g"))))");
  ASSERT_TRUE(world.linker.define_instance("m", exporter).ok());
  const auto pre = world.linker.instantiate_pre(module);
  ASSERT_TRUE(pre.ok());
  EXPECT_TRUE(pre->instantiate(world.store).ok());
  Store other = test::make_store(world.engine);
  const auto refused = pre->instantiate(other);
  ASSERT_NE(refused.error(), nullptr);
  EXPECT_THAT(refused.error()->message, HasSubstr("belongs to another store"));
  World stranger;
  EXPECT_NE(pre->instantiate(stranger.store).error(), nullptr);
}

/// What a guest leaves in its memory, in grown pages, in tables, by whatever way it ends.
TEST(Pool, NoGuestSeesAnother) {
  Config config;
  const Engine engine(config);
  const Linker linker(engine);
  const Module writer = test::parse(engine, R"((module
    (memory 2 10) (table 4 10 funcref) (data (i32.const 8) "secret") (elem declare func $fill)
    (func $fill (export "fill")
      (drop (memory.grow (i32.const 5)))
      (memory.fill (i32.const 0) (i32.const 0xa5) (i32.mul (memory.size) (i32.const 65536)))
      (drop (table.grow (ref.func $fill) (i32.const 5)))
      (table.fill (i32.const 0) (ref.func $fill) (table.size)))
    (func (export "trap") (call $fill) (drop (i32.load (i32.const -4))))))");
  const Module reader = test::parse(engine, R"((module
    (memory 2 10) (table 4 10 funcref)
    (func $sum (result i32) (local $at i32) (local $sum i32)
      (loop $more
        (local.set $sum (i32.or (local.get $sum) (i32.load (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $more (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
      (local.get $sum))
    (func $entries (result i32) (local $at i32) (local $sum i32)
      (loop $more
        (local.set $sum (i32.add (local.get $sum) (i32.eqz (ref.is_null (table.get (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $at) (table.size))))
      (local.get $sum))
    (func (export "look") (result i32)
      (i32.or (call $sum) (call $entries))
      (drop (memory.grow (i32.const 8)))
      (drop (table.grow (ref.null func) (i32.const 6)))
      (i32.or (i32.or (call $sum) (call $entries))))))");
  for (int i = 0; i < 20; ++i) {
    {
      Store store = test::make_store(engine);
      const auto instance = linker.instantiate(store, writer);
      ASSERT_TRUE(instance.ok());
      const auto outcome = instance->func(i % 2 == 0 ? "fill" : "trap")->call();
      EXPECT_EQ(outcome.ok(), i % 2 == 0);
    }
    Store store = test::make_store(engine);
    const auto instance = linker.instantiate(store, reader);
    ASSERT_TRUE(instance.ok());
    const auto seen = instance->func("look")->call();
    ASSERT_TRUE(seen.ok()) << seen.message();
    EXPECT_EQ(seen->front().i32(), 0) << "round " << i;
  }
}

}  // namespace
}  // namespace wisp
