#include <thread>

#include "api/api_test.hpp"

/// Whatever a guest does when it is to stop, it stops, and so often.
namespace wisp {
namespace {

using test::World;
using namespace std::chrono_literals;

/// A module whose export "run" calls "host.here" when it has come to what it does then, for a long time.
struct Case {
  const char* name;
  const char* module;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

const Case cases[] = {
    {"empty_loop", R"((func (export "run") (call $here) (loop $l (br $l))))"},
    {"loop_of_arithmetic", R"((func (export "run") (local i64) (call $here)
      (loop $l (local.set 0 (i64.add (i64.mul (local.get 0) (i64.const 0x5851f42d4c957f2d)) (i64.const 1)))
        (br_if $l (i64.ne (local.get 0) (i64.const 77))))))"},
    {"loop_of_memory", R"((func (export "run") (local i32) (call $here)
      (loop $l (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (br_if $l (i32.eqz (i32.load (i32.const 4)))))))"},
    {"loop_of_vectors", R"((func (export "run") (local v128) (call $here)
      (loop $l (local.set 0 (i32x4.add (local.get 0) (v128.const i32x4 2 4 6 8)))
        (br_if $l (i32.eqz (v128.any_true (i32x4.eq (local.get 0) (v128.const i32x4 1 1 1 1)))))) (unreachable)))"},
    {"loop_of_dispatches", R"((func (export "run") (local i32 i32) (call $here)
      (loop $l
        (block $d (block $c (block $b (block $a
          (br_table $a $b $c $d (i32.and (local.get 0) (i32.const 3))))
          (local.set 0 (i32.add (local.get 0) (i32.const 5))) (local.set 1 (i32.mul (local.get 1) (i32.const 3))) (br $l))
          (local.set 0 (i32.xor (local.get 1) (i32.const 6))) (br $l))
          (local.set 1 (i32.add (local.get 1) (local.get 0))) (local.set 0 (i32.rotl (local.get 1) (i32.const 7))) (br $l))
        (i32.store (i32.and (local.get 0) (i32.const 1020)) (local.get 1)) (br $l))))"},
    {"loop_in_a_loop", R"((func (export "run") (local i32) (call $here)
      (loop $o (local.set 0 (i32.const 100))
        (loop $i (br_if $i (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (br $o))))"},
    {"loop_of_inlined_calls", R"((func $next (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      (func (export "run") (local i32) (call $here)
        (loop $l (local.set 0 (call $next (local.get 0))) (br_if $l (i32.ne (local.get 0) (i32.const -1))))
        (loop $l (br $l))))"},
    {"table_branches", R"((func (export "run") (local i32) (call $here)
      (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (br_table $l $l $l (i32.and (local.get 0) (i32.const 3))))))"},
    {"recursion", R"((func $fork (param i32) (if (local.get 0) (then
        (call $fork (i32.sub (local.get 0) (i32.const 1))) (call $fork (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "run") (call $here) (call $fork (i32.const 60))))"},
    {"tail_calls",
     R"((func $f (param i32) (return_call $g (local.get 0))) (func $g (param i32) (return_call $f (local.get 0)))
      (func (export "run") (call $here) (call $f (i32.const 1))))"},
    {"indirect_tail_calls",
     R"((type $t (func)) (table funcref (elem $f)) (func $f (return_call_indirect (type $t) (i32.const 0)))
      (func (export "run") (call $here) (call $f)))"},
    {"exceptions", R"((tag $e) (func $throw (throw $e))
      (func (export "run") (call $here) (loop $l (try_table (catch $e $l) (call $throw)))))"},
    {"large_fill", R"((func (export "run") (call $here)
      (loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x4000000)) (br $l))))"},
    {"large_copy", R"((func (export "run") (call $here)
      (loop $l (memory.copy (i32.const 0) (i32.const 0x2000000) (i32.const 0x2000000)) (br $l))))"},
    {"wait", R"((memory $shared 1 1 shared) (func (export "run") (call $here)
      (drop (memory.atomic.wait32 $shared (i32.const 0) (i32.const 0) (i64.const -1)))))"},
    {"host_calls", R"((func (export "run") (call $here) (loop $l (call $nothing) (br $l))))"},
};

struct Guest {
  explicit Guest(const Case& c)
      : world(test::config()),
        here(world.linker.define("host", "here", [this] { arrived = true; }).ok()),
        nothing(world.linker.define("host", "nothing", [] {}).ok()),
        instance(
            world.instantiate(R"((module (import "host" "here" (func $here)) (import "host" "nothing" (func $nothing))
          (memory 1024) )" + std::string(c.module) +
                              ")")) {}

  World world;
  std::atomic<bool> arrived = false;
  bool here, nothing;
  Instance instance;
};

class Interruptions : public testing::TestWithParam<Case> {};

TEST_P(Interruptions, EveryRequestIsAnswered) {
  Guest guest(GetParam());
  const InterruptHandle handle = guest.world.store.interrupt_handle();
  // Later ones find code that has become better meanwhile, and enter it while it runs.
  constexpr int requests = 12;
  int answered = 0;
  for (int i = 0; i < requests; ++i) {
    guest.arrived = false;
    std::thread other([&] {
      while (!guest.arrived) std::this_thread::yield();
      std::this_thread::sleep_for(i % 4 * 2ms);
      handle.interrupt();
    });
    answered += World::reason(guest.instance, "run") == TrapReason::interrupted ? 1 : 0;
    other.join();
    guest.world.store.clear_interrupt();
  }
  EXPECT_EQ(answered, requests);
}

TEST_P(Interruptions, OneThatIsThereAlreadyEndsTheNextCall) {
  Guest guest(GetParam());
  guest.world.store.interrupt_handle().interrupt();
  EXPECT_EQ(World::reason(guest.instance, "run"), TrapReason::interrupted);
  EXPECT_FALSE(guest.arrived);
}

INSTANTIATE_TEST_SUITE_P(, Interruptions, testing::ValuesIn(cases), [](const auto& info) { return info.param.name; });

TEST(Interruptible, WithoutAMemoryToo) {
  World world(test::config());
  std::atomic<bool> arrived = false;
  ASSERT_TRUE(world.linker.define("host", "here", [&] { arrived = true; }).ok());
  const Instance instance = world.instantiate(
      R"((module (import "host" "here" (func $here)) (func (export "run") (call $here) (loop $l (br $l)))))");
  for (int i = 0; i < 3; ++i) {
    arrived = false;
    std::thread other([&] {
      while (!arrived) std::this_thread::yield();
      world.store.interrupt_handle().interrupt();
    });
    EXPECT_EQ(World::reason(instance, "run"), TrapReason::interrupted);
    other.join();
    world.store.clear_interrupt();
  }
}

TEST(Interruptible, CanBeLeftOut) {
  Config config = test::config();
  config.interruptible = false;
  World world(config);
  const Instance instance = world.instantiate(R"((module
    (func $count (param i32) (result i32) (local i32)
      (loop $l (local.set 1 (i32.add (local.get 1) (i32.const 2)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1))
    (func $deep (export "deep") (param i64 i64) (result i64) (call $deep (local.get 1) (local.get 0)))
    (func (export "run") (result i32) (call $count (i32.const 100000)))))");
  if (config.tier != Tier::interpreter) world.store.interrupt_handle().interrupt();
  const auto outcome = instance.func("run")->call();
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ((*outcome)[0].i32(), 200000);
  EXPECT_EQ(World::reason(instance, "deep", {std::int64_t{0}, std::int64_t{0}}), TrapReason::stack_overflow);
}

}  // namespace
}  // namespace wisp
