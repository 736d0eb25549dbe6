#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "api/api_test.hpp"

// Threads that run stores of one engine and of one module at once, while its functions are compiled, found to be hot,
// compiled again in the background and replaced; and modules that go away meanwhile. Whatever happens when, every call
// ends as it would alone.

namespace {

using wisp::TrapReason;
using namespace std::chrono_literals;

/// Many functions, so that somebody is always compiling one.
std::string program() {
  constexpr int functions = 40;
  std::string text = R"((module $program
    (import "host" "back" (func $back (param i32) (result i32)))
    (memory (export "memory") 1) (table funcref (elem $work0 $work1 $work2 $work3)) (tag $t (param i32))
    (type $unary (func (param i32) (result i32)))
    (func $read (param i32) (result i32) (i32.load (local.get 0)))
    (func $throw (param i32) (throw $t (local.get 0)))
    (func (export "spin") (loop $l (br $l)))
    (func $deep (export "deep") (param i32) (result i32)
      (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))
    (func (export "faults") (param i32) (result i32) (call $read (i32.sub (i32.const -4) (local.get 0))))
    (func (export "catches") (param i32) (result i32)
      (block $b (result i32) (try_table (catch $t $b) (call $throw (local.get 0))) (i32.const -1)))
    (func (export "throws") (param i32) (result i32) (call $throw (local.get 0)) (i32.const 0))
    (func (export "back") (param i32) (result i32) (call $back (local.get 0)))
    (func (export "indirect") (param i32) (result i32)
      (call_indirect (type $unary) (local.get 0) (i32.and (local.get 0) (i32.const 3))))
  )";
  for (int i = 0; i < functions; ++i) {
    const std::string number = std::to_string(i);
    const std::string next = std::to_string((i + 1) % functions);
    // Sums 0 to n - 1 through memory, some of it in the next function.
    text += "(func $work" + number + " (export \"work" + number + R"(") (param $n i32) (result i32) (local $i i32)
      (i32.store (i32.const )" +
            std::to_string(8 * i) + R"() (i32.const 0))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (i32.store (i32.const )" +
            std::to_string(8 * i) + R"()
          (i32.add (call $read (i32.const )" +
            std::to_string(8 * i) + R"()) (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
      (if (i32.and (local.get $n) (i32.const 64)) (then (drop (call $work)" +
            next + R"( (i32.const 20)))))
      (i32.load (i32.const )" +
            std::to_string(8 * i) + ")))\n";
  }
  return text + ")";
}

std::int32_t sum_below(std::int32_t n) {
  return std::int32_t(std::uint32_t(std::uint64_t(std::uint32_t(n)) * (std::uint32_t(n) - 1) / 2));
}

/// What all threads share.
struct Shared {
  Shared() : engine(wisp::test::config()), linker(engine), module(wisp::test::parse(engine, program())) {
    EXPECT_TRUE(linker
                    .define("host", "back",
                            [](wisp::Caller& caller, std::int32_t n) -> wisp::Outcome<std::int32_t> {
                              auto outcome = caller.instance()->func("work7")->call({n});
                              if (outcome.trap() != nullptr) return std::move(*outcome.trap());
                              return (*outcome)[0].i32();
                            })
                    .ok());
    bytes.assign(module.bytes().begin(), module.bytes().end());
  }

  wisp::Engine engine;
  wisp::Linker linker;
  wisp::Module module;
  std::vector<std::uint8_t> bytes;
  std::atomic<std::uint64_t> calls = 0;
};

/// One thread: a store after the other.
class Worker {
 public:
  Worker(Shared& shared, std::uint32_t seed) : shared_(shared), random_(seed) {}

  void run_until(std::chrono::steady_clock::time_point end) {
    while (std::chrono::steady_clock::now() < end && !testing::Test::HasFailure()) {
      // Now and then a module of its own, which goes away while it may be in somebody's hands.
      const bool own = random_() % 4 == 0;
      if (own) {
        const auto module = wisp::Module::from_bytes(shared_.engine, shared_.bytes);
        ASSERT_TRUE(module.ok());
        run_store(*module);
      } else {
        run_store(shared_.module);
      }
    }
  }

 private:
  void run_store(const wisp::Module& module) {
    wisp::Store store = wisp::test::make_store(shared_.engine);
    const auto made = shared_.linker.instantiate(store, module);
    ASSERT_TRUE(made.ok()) << made.message();
    const int rounds = 1 + int(random_() % 60);
    for (int i = 0; i < rounds; ++i) call_something(store, *made);
    if (random_() % 8 == 0) interrupt(store, *made);
  }

  void call_something(wisp::Store&, const wisp::Instance& instance) {
    const auto n = std::int32_t(random_() % (random_() % 16 == 0 ? 30'000 : 300));
    shared_.calls.fetch_add(1, std::memory_order_relaxed);
    switch (random_() % 8) {
      case 0:
        return expect(instance, "faults", n, TrapReason::memory_out_of_bounds, {"read", "faults"});
      case 1:
        return expect(instance, "throws", n, TrapReason::uncaught_exception, {"throw", "throws"});
      case 2:
        return expect(instance, "catches", n, n);
      case 3:
        return expect(instance, "indirect", n, sum_below(n));
      case 4:
        return expect(instance, "back", n, sum_below(n));
      default:
        return expect(instance, "work" + std::to_string(random_() % 40), n, sum_below(n));
    }
  }

  static void expect(const wisp::Instance& instance, const std::string& name, std::int32_t n, std::int32_t result) {
    const auto outcome = instance.func(name)->call({n});
    ASSERT_TRUE(outcome.ok()) << name << ": " << outcome.message();
    ASSERT_EQ((*outcome)[0].i32(), result) << name << " of " << n;
  }

  static void expect(const wisp::Instance& instance, const std::string& name, std::int32_t n, TrapReason reason,
                     const std::vector<std::string>& functions) {
    const auto outcome = instance.func(name)->call({n});
    ASSERT_NE(outcome.trap(), nullptr) << name;
    ASSERT_EQ(int(outcome.trap()->reason), int(reason)) << name;
    std::vector<std::string> got;
    for (const wisp::Frame& frame : outcome.trap()->backtrace) got.push_back(frame.function);
    ASSERT_EQ(got, functions);
  }

  void interrupt(wisp::Store& store, const wisp::Instance& instance) {
    if (random_() % 2 == 0) {
      const auto overflow = instance.func("deep")->call({0});
      ASSERT_NE(overflow.trap(), nullptr);
      ASSERT_EQ(int(overflow.trap()->reason), int(TrapReason::stack_overflow));
    }
    std::thread other([handle = store.interrupt_handle()] {
      std::this_thread::sleep_for(1ms);
      handle.interrupt();
    });
    const auto outcome = instance.func("spin")->call();
    other.join();
    ASSERT_NE(outcome.trap(), nullptr);
    ASSERT_EQ(int(outcome.trap()->reason), int(TrapReason::interrupted));
    store.clear_interrupt();
    call_something(store, instance);
  }

  Shared& shared_;
  std::mt19937 random_;
};

std::chrono::milliseconds duration() {
  const char* const seconds = std::getenv("WISP_STRESS_SECONDS");
  return seconds == nullptr ? 1000ms : std::chrono::milliseconds(1000 * std::atoi(seconds));
}

TEST(Stress, StoresOfOneModuleInSeveralThreads) {
  Shared shared;
  constexpr std::uint32_t workers = 6;
  const auto end = std::chrono::steady_clock::now() + duration();
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < workers; ++i) threads.emplace_back([&, i] { Worker(shared, i).run_until(end); });
  for (std::thread& thread : threads) thread.join();
  RecordProperty("calls", int(shared.calls.load()));
}

/// The background compiler may be at work on what goes away.
TEST(Stress, EnginesComeAndGo) {
  const auto end = std::chrono::steady_clock::now() + duration();
  std::uint32_t round = 0;
  while (std::chrono::steady_clock::now() < end && !HasFailure()) {
    Shared shared;
    std::vector<std::thread> threads;
    const auto soon = std::chrono::steady_clock::now() + 20ms;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&, seed = round++] { Worker(shared, seed).run_until(soon); });
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
