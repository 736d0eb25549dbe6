#include <chrono>
#include <thread>

#include "api/api_test.hpp"
#include "runtime/limits.hpp"

namespace wisp {
namespace {

using test::World;
using namespace std::chrono_literals;

constexpr std::string_view identity = R"((module
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "v128") (param v128 i32) (result i32 v128) (local.get 1) (local.get 0))
  (func (export "extern") (param externref) (result externref) (local.get 0))
  (func (export "func") (param funcref) (result funcref) (local.get 0))
  (func (export "any") (param anyref) (result anyref) (local.get 0))
  (func (export "nonnull") (param (ref extern)))))";

TEST(Calls, ValuesComeBack) {
  World world;
  const Instance instance = world.instantiate(identity);
  const auto call = [&](std::string_view name, std::initializer_list<Value> arguments) {
    auto results = instance.func(name)->call(arguments);
    EXPECT_TRUE(results.ok()) << results.message();
    return *results;
  };
  EXPECT_EQ(call("i32", {std::int32_t{-7}})[0].i32(), -7);
  EXPECT_EQ(call("i64", {std::int64_t{-7}})[0].i64(), -7);
  EXPECT_EQ(call("f32", {1.5f})[0].f32(), 1.5f);
  EXPECT_EQ(call("f64", {-2.25})[0].f64(), -2.25);
  V128 vector;
  for (std::uint8_t i = 0; i < 16; ++i) vector.bytes[i] = i;
  const auto pair = call("v128", {vector, 5});
  EXPECT_EQ(pair[0].i32(), 5);
  EXPECT_EQ(pair[1].v128(), vector);
  EXPECT_TRUE(call("extern", {Value::null(HeapType::extern_)})[0].is_null());
  const Value host = *world.store.host_ref(77);
  EXPECT_EQ(call("extern", {host})[0].host_value(), 77u);
  EXPECT_EQ(call("any", {Value::i31(-5)})[0].i31_value(), -5);
  EXPECT_EQ(*call("func", {*instance.func("i32")})[0].func(), *instance.func("i32"));
}

TEST(Calls, WrongArgumentsAreErrors) {
  World world;
  const Instance instance = world.instantiate(identity);
  const auto error = [&](std::string_view name, std::initializer_list<Value> arguments) {
    const auto results = instance.func(name)->call(arguments);
    return results.error() != nullptr ? results.error()->message : std::string();
  };
  EXPECT_NE(error("i32", {}), "");
  EXPECT_NE(error("i32", {1, 2}), "");
  EXPECT_NE(error("i32", {std::int64_t{1}}), "");
  EXPECT_NE(error("extern", {Value::null(HeapType::func)}), "");
  EXPECT_NE(error("extern", {Value::i31(1)}), "");
  EXPECT_NE(error("func", {*world.store.host_ref(1)}), "");
  EXPECT_NE(error("nonnull", {Value::null(HeapType::extern_)}), "");
  EXPECT_EQ(error("extern", {Value::null(HeapType::noextern)}), "");
}

TEST(Calls, ReferencesStayInTheirStore) {
  World world;
  const Store other = test::make_store(world.engine);
  Store foreign = other;
  const Instance instance = world.instantiate(identity);
  const Value reference = *foreign.host_ref(1);
  const auto results = instance.func("extern")->call({reference});
  ASSERT_NE(results.error(), nullptr);
  EXPECT_NE(results.error()->message.find("another store"), std::string::npos);
  const Value function = make_func(foreign, [] {});
  EXPECT_NE(instance.func("func")->call({function}).error(), nullptr);
  EXPECT_FALSE(Global::create(world.store, {ValType::externref(), true}, reference).ok());
  EXPECT_FALSE(Table::create(world.store, {ValType::funcref(), {1, {}, false}}, function).ok());
  // An i31 is the same everywhere.
  EXPECT_TRUE(instance.func("any")->call({Value::i31(1)}).ok());
}

TEST(Calls, AValueKeepsItsStore) {
  std::optional<Value> value;
  {
    World world;
    value = *world.store.host_ref(5);
    world.store.collect_garbage();
  }
  EXPECT_EQ(value->host_value(), 5u);
}

TEST(Calls, TypedFunctionsCheckTheirSignature) {
  World world;
  const Instance instance = world.instantiate(R"((module
    (func (export "divmod") (param i32 i32) (result i32 i32)
      (i32.div_u (local.get 0) (local.get 1)) (i32.rem_u (local.get 0) (local.get 1)))))");
  const Func func = *instance.func("divmod");
  EXPECT_FALSE(func.typed<int(int, int)>().ok());
  const auto typed = func.typed<std::tuple<std::int32_t, std::uint32_t>(std::uint32_t, std::int32_t)>();
  ASSERT_TRUE(typed.ok()) << typed.error().message;
  const auto result = (*typed)(17, 5);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, std::tuple(3, 2u));
  const auto trapped = (*typed)(1, 0);
  ASSERT_NE(trapped.trap(), nullptr);
  EXPECT_EQ(trapped.trap()->reason, TrapReason::integer_divide_by_zero);
}

/// What is in a table at first is likely what is called; what is put there later must be called as well.
TEST(Calls, ThroughATableThatChanges) {
  World world;
  const Instance other = world.instantiate(R"((module (global $calls (mut i32) (i32.const 0))
    (func (export "f") (param i32) (result i32)
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (i32.add (local.get 0) (i32.add (i32.const 1000) (global.get $calls))))))");
  const Instance instance = world.instantiate(R"((module
    (type $t (func (param i32) (result i32)))
    (type $ref (func (param externref) (result externref)))
    (type $none (func (param i32)))
    (table (export "t") 8 funcref)
    (global $seen (export "seen") (mut i32) (i32.const 0))
    (elem (i32.const 0) $double $next $fact $same $see)
    (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $next (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func $fact (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.mul (local.get 0)
          (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 2))))
        (else (i32.const 1))))
    (func $same (param externref) (result externref) (local.get 0))
    (func $see (param i32) (global.set $seen (local.get 0)))
    (func (export "call") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 1)))
    (func (export "ref") (param externref i32) (result externref)
      (call_indirect (type $ref) (local.get 0) (local.get 1)))
    (func (export "see") (param i32 i32) (call_indirect (type $none) (local.get 0) (local.get 1)))))");
  const auto call = *instance.func("call")->typed<std::int32_t(std::int32_t, std::int32_t)>();
  EXPECT_EQ(*call(21, 0), 42);
  EXPECT_EQ(*call(21, 1), 22);
  EXPECT_EQ(*call(6, 2), 720);
  EXPECT_EQ(World::reason(instance, "call", {1, 3}), TrapReason::indirect_call_type_mismatch);
  EXPECT_EQ(World::reason(instance, "call", {1, 7}), TrapReason::uninitialized_element);
  EXPECT_EQ(World::reason(instance, "call", {1, 8}), TrapReason::undefined_element);
  EXPECT_EQ(World::reason(instance, "ref", {Value::null(HeapType::extern_), 0}),
            TrapReason::indirect_call_type_mismatch);
  const Value reference = *world.store.host_ref(5);
  EXPECT_EQ((*instance.func("ref")->call({reference, 3}))[0].host_value(), 5u);
  EXPECT_TRUE(instance.func("see")->call({9, 4}).ok());
  EXPECT_EQ(instance.global("seen")->get().i32(), 9);

  Table table = *instance.table("t");
  ASSERT_TRUE(table.set(0, *other.func("f")).ok());
  ASSERT_TRUE(table.set(1, make_func(world.store, [](std::int32_t value) { return -value; })).ok());
  ASSERT_TRUE(table.set(4, make_func(world.store, [] {})).ok());
  EXPECT_EQ(*call(5, 0), 1006);
  EXPECT_EQ(*call(5, 0), 1007);
  EXPECT_EQ(*call(5, 1), -5);
  EXPECT_EQ(*call(5, 2), 120);
  EXPECT_EQ(World::reason(instance, "see", {1, 4}), TrapReason::indirect_call_type_mismatch);
}

TEST(Traps, HaveABacktraceByName) {
  World world;
  const Instance instance = world.instantiate(R"((module $m
    (func $_ZN3foo3barEi (unreachable))
    (func $middle (call $_ZN3foo3barEi) (nop))
    (func (call $middle) (nop))
    (func (export "run") (call 2) (nop))))");
  const auto outcome = instance.func("run")->call();
  ASSERT_NE(outcome.trap(), nullptr);
  const Trap& trap = *outcome.trap();
  EXPECT_EQ(trap.reason, TrapReason::unreachable);
  ASSERT_EQ(trap.backtrace.size(), 4u);
  EXPECT_EQ(trap.backtrace[0].function, "foo::bar(int)");
  EXPECT_EQ(trap.backtrace[0].module, "m");
  EXPECT_EQ(trap.backtrace[1].function, "middle");
  EXPECT_EQ(trap.backtrace[2].function, "");
  EXPECT_EQ(trap.backtrace[2].function_index, 2u);
  EXPECT_EQ(trap.backtrace[3].function, "run");
  EXPECT_GT(trap.backtrace[1].offset, trap.backtrace[0].offset);
  EXPECT_NE(trap.to_string().find("m!foo::bar(int)"), std::string::npos) << trap.to_string();
}

TEST(Traps, UncaughtExceptionsAreValues) {
  World world;
  const Instance instance = world.instantiate(R"((module
    (tag $t (export "t") (param i32))
    (func (export "throw") (param i32) (throw $t (local.get 0)))
    (func (export "catch") (param exnref) (result i32)
      (block $caught (result i32)
        (try_table (catch $t $caught) (throw_ref (local.get 0)))
        (unreachable)))))");
  const auto outcome = instance.func("throw")->call({9});
  ASSERT_NE(outcome.trap(), nullptr);
  EXPECT_EQ(outcome.trap()->reason, TrapReason::uncaught_exception);
  ASSERT_TRUE(outcome.trap()->exception);
  world.store.collect_garbage();
  const auto again = instance.func("catch")->call({*outcome.trap()->exception});
  ASSERT_TRUE(again.ok()) << again.message();
  EXPECT_EQ((*again)[0].i32(), 9);
}

constexpr std::string_view spinner = R"((module
  (memory 1)
  (func (export "spin") (loop (br 0)))
  (func $deep (export "recurse") (call $deep))
  (func $f (export "tail") (return_call $f))
  (func (export "fill") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))
  (func (export "once") (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)))
  (func (export "nothing"))))";

TEST(Interruption, FromAnotherThread) {
  World world;
  const Instance instance = world.instantiate(spinner);
  for (const char* name : {"spin", "tail", "fill"}) {
    const InterruptHandle handle = world.store.interrupt_handle();
    std::thread other([&] {
      std::this_thread::sleep_for(2ms);
      handle.interrupt();
    });
    EXPECT_EQ(World::reason(instance, name), TrapReason::interrupted) << name;
    other.join();
    EXPECT_TRUE(world.store.interrupted());
    EXPECT_EQ(World::reason(instance, name), TrapReason::interrupted) << name;
    world.store.clear_interrupt();
    EXPECT_TRUE(instance.func("nothing")->call().ok());
  }
}

TEST(Interruption, ByDeadline) {
  World world;
  const Instance instance = world.instantiate(spinner);
  world.store.set_timeout(2ms);
  EXPECT_EQ(World::reason(instance, "spin"), TrapReason::deadline);
  world.store.clear_interrupt();
  world.store.set_timeout(1h);
  EXPECT_TRUE(instance.func("nothing")->call().ok());
  world.store.set_timeout(std::chrono::nanoseconds::max());
  world.store.clear_timeout();
  EXPECT_TRUE(instance.func("nothing")->call().ok());
}

TEST(Interruption, TheHandleOutlivesTheStore) {
  std::optional<InterruptHandle> handle;
  {
    World world;
    handle = world.store.interrupt_handle();
  }
  handle->interrupt();
}

/// What `turn` of the module below does n times.
std::uint64_t turned(std::uint64_t n) {
  std::uint64_t x = 0, last = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    switch (x & 3) {
      case 0:
        x = x * 31 + i;
        break;
      case 1:
        x = (x << 7 | x >> 57) + last;
        break;
      case 2:
        last = x;
        x += 5;
        break;
      default:
        x ^= std::uint64_t(std::int64_t(double(std::int32_t(i)) * 1.5));
    }
  }
  return x;
}

// The optimizing compiler is in a hurry where somebody is in a loop of a function as large as this.
TEST(LargeFunctions, AreReplacedInTheirLoops) {
  World world;
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(
      world.linker
          .define("host", "more", [&] { return std::int32_t(std::chrono::steady_clock::now() - begin < 300ms); })
          .ok());
  std::string nothing;
  for (std::uint64_t i = 0; i < runtime::limits::large_body_bytes; ++i) nothing += "nop ";
  const Instance instance = world.instantiate(R"((module (import "host" "more" (func $more (result i32)))
    (memory 1)
    (func $turn (export "turn") (param $fail i32) (result i64 i64) (local $i i64) (local $x i64)
      (loop $next
        (block $done (block $d (block $c (block $b (block $a
          (br_table $a $b $c $d (i32.wrap_i64 (i64.and (local.get $x) (i64.const 3)))))
          (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 31)) (local.get $i))) (br $done))
          (local.set $x (i64.add (i64.rotl (local.get $x) (i64.const 7)) (i64.load (i32.const 8)))) (br $done))
          (i64.store (i32.const 8) (local.get $x)) (local.set $x (i64.add (local.get $x) (i64.const 5))) (br $done))
          (local.set $x (i64.xor (local.get $x) (i64.trunc_f64_s
            (f64.mul (f64.convert_i32_s (i32.wrap_i64 (local.get $i))) (f64.const 1.5))))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br_if $next (i64.ne (i64.and (local.get $i) (i64.const 0xfff)) (i64.const 0)))
        (br_if $next (call $more)))
      (drop (i32.load (i32.sub (i32.const 0) (local.get $fail))))
      (local.get $i) (local.get $x)
      )" + nothing + "))");
  const auto results = instance.func("turn")->call({0});
  ASSERT_TRUE(results.ok()) << results.message();
  EXPECT_EQ(std::uint64_t((*results)[1].i64()), turned(std::uint64_t((*results)[0].i64())));
  const auto failed = instance.func("turn")->call({4});
  ASSERT_NE(failed.trap(), nullptr);
  EXPECT_EQ(failed.trap()->reason, TrapReason::memory_out_of_bounds);
  ASSERT_EQ(failed.trap()->backtrace.size(), 1u);
  EXPECT_EQ(failed.trap()->backtrace[0].function, "turn");
}

TEST(Fuel, EndsGuestsAtTheSameInstruction) {
  Config config = test::config();
  config.fuel = true;
  std::uint64_t first_offset = 0;
  for (int run = 0; run < 2; ++run) {
    World world(config);
    const Instance instance = world.instantiate(spinner);
    EXPECT_EQ(World::reason(instance, "spin"), TrapReason::out_of_fuel);
    world.store.set_fuel(1000);
    EXPECT_TRUE(instance.func("nothing")->call().ok());
    EXPECT_LT(world.store.stats().fuel_consumed, 100u);
    const auto outcome = instance.func("spin")->call();
    ASSERT_NE(outcome.trap(), nullptr);
    EXPECT_EQ(outcome.trap()->reason, TrapReason::out_of_fuel);
    EXPECT_EQ(world.store.fuel(), 0u);
    EXPECT_EQ(world.store.stats().fuel_consumed, 1000u);
    ASSERT_FALSE(outcome.trap()->backtrace.empty());
    if (run == 0) first_offset = outcome.trap()->backtrace[0].offset;
    EXPECT_EQ(outcome.trap()->backtrace[0].offset, first_offset);
    world.store.set_fuel(10);
    EXPECT_EQ(World::reason(instance, "spin"), TrapReason::out_of_fuel);
    EXPECT_EQ(world.store.stats().fuel_consumed, 1010u);
  }
}

TEST(Fuel, BulkOperationsCostWhatTheyDo) {
  Config config = test::config();
  config.fuel = true;
  World world(config);
  const Instance instance = world.instantiate(spinner);
  world.store.set_fuel(1100);
  EXPECT_TRUE(instance.func("once")->call().ok());
  EXPECT_GT(world.store.stats().fuel_consumed, 1024u);
  EXPECT_LT(world.store.stats().fuel_consumed, 1040u);
  EXPECT_EQ(World::reason(instance, "once"), TrapReason::out_of_fuel);
}

TEST(Stack, RecursionEnds) {
  for (const std::uint64_t stack_bytes : {std::uint64_t{4096}, std::uint64_t{8} << 20}) {
    Config config = test::config();
    config.stack_bytes = stack_bytes;
    World world(config);
    const Instance instance = world.instantiate(spinner);
    EXPECT_EQ(World::reason(instance, "recurse"), TrapReason::stack_overflow);
    EXPECT_EQ(World::reason(instance, "recurse"), TrapReason::stack_overflow);
    EXPECT_TRUE(instance.func("nothing")->call().ok());
  }
}

TEST(Memory, IsReachedThroughCheckedViews) {
  World world;
  const Instance instance = world.instantiate(R"((module
    (memory (export "memory") 1 3)
    (data (i32.const 100) "text\00more")))");
  Memory memory = *instance.memory("memory");
  EXPECT_EQ(memory.bytes().text(100, 4), "text");
  EXPECT_EQ(memory.bytes().c_string(100), "text");
  EXPECT_EQ(memory.bytes().c_string(65536), std::nullopt);
  EXPECT_EQ(memory.bytes().load<std::uint32_t>(65533), std::nullopt);
  EXPECT_FALSE(memory.bytes().store(~std::uint64_t{0}, 1));
  EXPECT_FALSE(memory.bytes().slice(65536, 1).has_value());
  EXPECT_TRUE(memory.bytes().slice(65536, 0).has_value());
  EXPECT_EQ(*memory.grow(1), 1u);
  EXPECT_EQ(memory.size_bytes(), 2u * 65536);
  EXPECT_EQ(memory.type().limits.min, 2u);
  EXPECT_FALSE(memory.grow(2).ok());
  EXPECT_EQ(world.store.stats().memory_bytes, 2u * 65536);
}

TEST(Memory, SharedOnesCanBeInSeveralStores) {
  World world;
  const Instance instance = world.instantiate(R"((module (memory (export "m") 1 2 shared)))");
  const auto shared = instance.memory("m")->shared();
  ASSERT_TRUE(shared);
  Store second = test::make_store(world.engine);
  Linker linker(world.engine);
  ASSERT_TRUE(linker.define("env", "m", *Memory::create(second, *shared)).ok());
  const auto module = test::parse(world.engine, R"((module
    (memory (import "env" "m") 1 2 shared)
    (func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (func (export "set") (i32.store (i32.const 8) (i32.const 42)))))");
  const auto user = linker.instantiate(second, module);
  ASSERT_TRUE(user.ok()) << user.message();
  ASSERT_TRUE(user->func("set")->call().ok());
  EXPECT_EQ(instance.memory("m")->bytes().load<std::uint32_t>(8), 42u);
  // A blocking wait ends when the store is interrupted.
  second.set_timeout(5ms);
  EXPECT_EQ(World::reason(*user, "wait"), TrapReason::deadline);

  Config other_mode = test::config();
  other_mode.memory_mode = MemoryMode::explicit_checks;
  World explicit_world(other_mode);
  EXPECT_FALSE(Memory::create(explicit_world.store, *shared).ok());
}

TEST(Objects, SurviveCollectionsAtEveryAllocation) {
  World world;
  world.store.set_collect_always(true);
  const Instance instance = world.instantiate(R"((module
    (type $list (struct (field i32) (field (ref null $list))))
    (func $make (export "make") (param i32) (result (ref null $list))
      (if (result (ref null $list)) (i32.eqz (local.get 0))
        (then (ref.null $list))
        (else (struct.new $list (local.get 0) (call $make (i32.sub (local.get 0) (i32.const 1)))))))
    (func (export "sum") (param (ref null $list)) (result i32) (local i32)
      (loop $next
        (if (ref.is_null (local.get 0)) (then (return (local.get 1))))
        (local.set 1 (i32.add (local.get 1) (struct.get $list 0 (local.get 0))))
        (local.set 0 (struct.get $list 1 (local.get 0)))
        (br $next))
      (unreachable))))");
  auto made = instance.func("make")->call({100});
  ASSERT_TRUE(made.ok()) << made.message();
  ASSERT_TRUE(world.store.host_ref(1).ok());
  const auto sum = instance.func("sum")->call({(*made)[0]});
  ASSERT_TRUE(sum.ok()) << sum.message();
  EXPECT_EQ((*sum)[0].i32(), 5050);
  EXPECT_GT(world.store.stats().collections, 100u);
  made->clear();
  world.store.collect_garbage();
  EXPECT_EQ(world.store.stats().heap_bytes, 0u);
}

}  // namespace
}  // namespace wisp
