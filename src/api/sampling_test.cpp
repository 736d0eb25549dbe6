#include <algorithm>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>

#include "api/access.hpp"
#include "api/api_test.hpp"

/// Samples say where guests are, on every tier, and change nothing else.
namespace wisp {
namespace {

using test::World;
using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::Not;

Config sampled_config() {
  Config config = test::config();
  config.sampled = true;
  return config;
}

/// A world whose guests import what it takes to run until there are enough samples.
struct Sampled {
  explicit Sampled(std::chrono::nanoseconds interval = 200us) : world(sampled_config()) {
    started = std::chrono::steady_clock::now();
    must(world.store.set_sampler(interval, [this](const Sample& sample) { samples.push_back(sample); }));
    must(world.linker.define("host", "enough", [this] { return is_enough() ? 1 : 0; }));
    must(world.linker.define("host", "sleep", [] { std::this_thread::sleep_for(30ms); }));
    must(world.linker.define("host", "again", [this] {
      const auto outcome = instance->func("inner")->call();
      EXPECT_TRUE(outcome.ok()) << outcome.message();
    }));
  }

  static void must(const Result<void>& result) { ASSERT_TRUE(result.ok()) << result.error().message; }

  bool is_enough() const { return samples.size() >= wanted || std::chrono::steady_clock::now() - started > 20s; }

  void run(std::string_view body) {
    instance = world.instantiate(R"((module $m (import "host" "enough" (func $enough (result i32)))
      (import "host" "sleep" (func $sleep)) (import "host" "again" (func $again)) )" +
                                 std::string(body) + ")");
    const auto outcome = instance->func("run")->call();
    EXPECT_TRUE(outcome.ok()) << outcome.message();
  }

  /// The functions of a sample, innermost first.
  static std::vector<std::string> names(const Sample& sample) {
    std::vector<std::string> names;
    for (const SampledFrame& frame : sample.frames) names.push_back(frame.function);
    return names;
  }

  /// How many intervals the samples stand for that have these functions.
  std::uint64_t intervals(const std::vector<std::string>& functions) const {
    std::uint64_t sum = 0;
    for (const Sample& sample : samples) sum += names(sample) == functions ? sample.intervals : 0;
    return sum;
  }
  /// Whether most samples have these functions. However long one lasts: the thread may have waited for a processor.
  bool are_mostly(const std::vector<std::string>& functions) const {
    const auto count = std::ranges::count(samples, functions, &Sampled::names);
    return std::size_t(count) > samples.size() / 2;
  }
  /// The innermost function that most of the time went to.
  std::string top() const {
    std::map<std::string, std::uint64_t> sums;
    for (const Sample& sample : samples) sums[names(sample).front()] += sample.intervals;
    return std::ranges::max_element(sums, {}, [](const auto& one) { return one.second; })->first;
  }

  World world;
  std::chrono::steady_clock::time_point started;
  std::size_t wanted = 200;
  std::vector<Sample> samples;
  std::optional<Instance> instance;
};

constexpr std::string_view spin = R"(
  (func $leaf (param i32) (result i32)
    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.popcnt (local.get 0)))))) (local.get 0))
  (func $middle (param i32) (result i32) (i32.add (call $leaf (local.get 0)) (i32.const 1)))
  (func $outer (param i32) (result i32) (i32.add (call $middle (local.get 0)) (i32.const 1))) )";

TEST(Sampling, NamesTheCallsUnderWay) {
  Sampled sampled;
  sampled.run(std::string(spin) + R"((func (export "run")
    (loop $l (drop (call $outer (i32.const 0x40000))) (br_if $l (i32.eqz (call $enough))))))");
  EXPECT_GE(sampled.samples.size(), sampled.wanted);
  EXPECT_TRUE(sampled.are_mostly({"leaf", "middle", "outer", "run"}));
  for (const Sample& sample : sampled.samples) {
    EXPECT_EQ(sample.frames.back().function, "run");
    EXPECT_EQ(sample.frames.back().module, "m");
  }
}

TEST(Sampling, NamesWhatIsCalledThroughATable) {
  Sampled sampled;
  sampled.run(std::string(spin) + R"((type $t (func (param i32) (result i32))) (table funcref (elem $outer))
    (func $by_reference (param (ref $t)) (result i32) (call_ref $t (i32.const 0x40000) (local.get 0)))
    (elem declare func $middle)
    (func (export "run") (loop $l
      (drop (call_indirect (type $t) (i32.const 0x40000) (i32.const 0)))
      (drop (call $by_reference (ref.func $middle)))
      (br_if $l (i32.eqz (call $enough))))))");
  EXPECT_GT(sampled.intervals({"leaf", "middle", "outer", "run"}), 0u);
  EXPECT_GT(sampled.intervals({"leaf", "middle", "by_reference", "run"}), 0u);
}

TEST(Sampling, CountsTheTimeInTheHost) {
  Sampled sampled(1ms);
  sampled.wanted = 3;
  sampled.run(R"((func $rest (call $sleep)) (func (export "run") (call $rest) (call $rest) (call $rest)))");
  EXPECT_GT(sampled.intervals({"sleep", "rest", "run"}), 60u);
  EXPECT_EQ(sampled.top(), "sleep");
  for (const Sample& sample : sampled.samples) {
    if (sample.frames.front().function != "sleep") continue;
    EXPECT_EQ(sample.frames.front().kind, FrameKind::host);
    EXPECT_EQ(sample.frames.front().module, "host");
  }
}

TEST(Sampling, NamesGuestsThatTheHostHasCalledInBetween) {
  Sampled sampled;
  sampled.run(std::string(spin) + R"((func (export "inner") (drop (call $middle (i32.const 0x40000))))
    (func $through (call $again))
    (func (export "run") (loop $l (call $through) (br_if $l (i32.eqz (call $enough))))))");
  EXPECT_TRUE(sampled.are_mostly({"leaf", "middle", "inner", "again", "through", "run"}));
}

TEST(Sampling, KnowsTheTier) {
  Sampled sampled;
  sampled.run(std::string(spin) + R"((func (export "run")
    (loop $l (drop (call $outer (i32.const 0x40000))) (br_if $l (i32.eqz (call $enough))))))");
  std::set<FrameKind> kinds;
  for (const Sample& sample : sampled.samples) {
    for (const SampledFrame& frame : sample.frames) kinds.insert(frame.kind);
  }
  kinds.erase(FrameKind::host);
  kinds.erase(FrameKind::compiling);
  switch (test::config().tier) {
    case Tier::interpreter:
      EXPECT_THAT(kinds, ElementsAre(FrameKind::interpreted));
      break;
    case Tier::baseline:
      EXPECT_THAT(kinds, ElementsAre(FrameKind::baseline));
      break;
    case Tier::optimizing:
      EXPECT_THAT(kinds, ElementsAre(FrameKind::optimized));
      break;
    case Tier::automatic:
      EXPECT_THAT(kinds, Not(testing::Contains(FrameKind::interpreted)));
      EXPECT_FALSE(kinds.empty());
      break;
  }
}

TEST(Sampling, SurvivesTrapsAndDeepRecursion) {
  Sampled sampled;
  sampled.run(R"(
    (func $down (export "down") (param i32)
      (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (unreachable))))
    (tag $e) (func $throw (param i32)
      (if (local.get 0) (then (call $throw (i32.sub (local.get 0) (i32.const 1)))) (else (throw $e))))
    (func (export "inner"))
    (func (export "run") (loop $l (block $b (try_table (catch $e $b) (call $throw (i32.const 1000))))
      (br_if $l (i32.eqz (call $enough))))))");
  for (const Sample& sample : sampled.samples) {
    EXPECT_LE(sample.frames.size(), 256u);
    EXPECT_EQ(sample.frames.back().function, "run");
  }
  sampled.samples.clear();
  sampled.started = std::chrono::steady_clock::now();
  while (!sampled.is_enough()) {
    EXPECT_EQ(World::reason(*sampled.instance, "down", {std::int32_t{1000}}), TrapReason::unreachable);
  }
  for (const Sample& sample : sampled.samples) EXPECT_THAT(Sampled::names(sample), Each("down"));
}

/// Code goes on after a sample with all its values.
TEST(Sampling, ChangesNoResult) {
  constexpr std::string_view module = R"((module (memory 1)
    (func $mix (param i64 f64) (result i64) (i64.xor (local.get 0) (i64.reinterpret_f64 (local.get 1))))
    (func (export "run") (param i32) (result i64) (local i64 i64 f64 f32 v128)
      (local.set 3 (f64.const 1.5)) (local.set 4 (f32.const 0.25))
      (loop $l
        (local.set 1 (call $mix (i64.add (i64.mul (local.get 1) (i64.const 6364136223846793005)) (i64.const 1))
          (local.get 3)))
        (local.set 2 (i64.rotl (i64.xor (local.get 2) (local.get 1)) (i64.const 7)))
        (local.set 3 (f64.add (f64.mul (local.get 3) (f64.const 0.5)) (f64.convert_i32_u (local.get 0))))
        (local.set 4 (f32.sqrt (f32.add (local.get 4) (f32.const 1))))
        (local.set 5 (i64x2.add (i64x2.splat (local.get 2)) (local.get 5)))
        (i64.store (i32.and (local.get 0) (i32.const 0xfff8)) (local.get 1))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i64.add (i64.xor (local.get 2) (i64x2.extract_lane 1 (local.get 5)))
        (i64.add (i64.reinterpret_f64 (local.get 3)) (i64.extend_i32_s (i32.reinterpret_f32 (local.get 4))))))))";
  const std::int32_t turns = test::config().tier == Tier::interpreter ? 3'000'000 : 20'000'000;
  const auto result_of = [&](World& world) {
    const auto outcome = world.instantiate(module).func("run")->call(std::initializer_list<Value>{turns});
    EXPECT_TRUE(outcome.ok()) << outcome.message();
    return (*outcome)[0].i64();
  };
  World plain(test::config());
  const std::int64_t expected = result_of(plain);
  World sampled(sampled_config());
  int samples = 0;
  ASSERT_TRUE(sampled.store.set_sampler(20us, [&](const Sample&) { ++samples; }).ok());
  EXPECT_EQ(result_of(sampled), expected);
  EXPECT_GT(samples, 0);
}

/// A guest goes on at once when the timer asks for a sample in two halves, and gets it between them.
TEST(Sampling, IsNoReasonToStandStill) {
  World world(sampled_config());
  runtime::StoreControl& control = *Access::state(world.store)->store->control();
  bool asks = false;
  ASSERT_TRUE(world.linker.define("host", "first_half", [&] { control.samples_due += asks ? 1 : 0; }).ok());
  ASSERT_TRUE(world.linker
                  .define("host", "second_half",
                          [&] {
                            if (asks) control.execution.interrupt = std::uint32_t(runtime::Interruption::sample);
                          })
                  .ok());
  const Instance instance = world.instantiate(R"((module
    (import "host" "first_half" (func $first_half)) (import "host" "second_half" (func $second_half))
    (func $leaf) (func $call (call $first_half) (call $second_half) (call $leaf))
    (func $loop (local i32) (local.set 0 (i32.const 2)) (call $first_half) (call $second_half)
      (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "run") (call $call) (call $loop))))");
  ASSERT_TRUE(world.store.set_sampler(5s, [](const Sample&) {}).ok());
  EXPECT_TRUE(instance.func("run")->call().ok());  // everything is compiled then
  asks = true;
  const auto started = std::chrono::steady_clock::now();
  EXPECT_TRUE(instance.func("run")->call().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - started, 2s);
}

TEST(Sampling, LeavesDeadlinesAlone) {
  World world(sampled_config());
  ASSERT_TRUE(world.store.set_sampler(50us, [](const Sample&) {}).ok());
  const Instance instance = world.instantiate(R"((module (func (export "run") (loop $l (br $l)))))");
  world.store.set_timeout(50ms);
  EXPECT_EQ(World::reason(instance, "run"), TrapReason::deadline);
  EXPECT_TRUE(world.store.interrupted());
}

TEST(Sampling, CanBeEnded) {
  Sampled sampled;
  sampled.run(std::string(spin) + R"((func (export "run")
    (loop $l (drop (call $outer (i32.const 0x40000))) (br_if $l (i32.eqz (call $enough))))))");
  sampled.world.store.clear_sampler();
  sampled.samples.clear();
  sampled.wanted = 0;
  EXPECT_TRUE(sampled.instance->func("run")->call().ok());
  std::this_thread::sleep_for(2ms);
  EXPECT_FALSE(sampled.world.store.interrupted());
  EXPECT_TRUE(sampled.samples.empty());
}

TEST(Sampling, IsRefusedWhereCodeDoesNotSayWhereItIs) {
  World world;
  EXPECT_FALSE(world.store.set_sampler(1ms, [](const Sample&) {}).ok());
  World sampled(sampled_config());
  EXPECT_FALSE(sampled.store.set_sampler(0ms, [](const Sample&) {}).ok());
  EXPECT_FALSE(sampled.store.set_sampler(9us, [](const Sample&) {}).ok());
  EXPECT_TRUE(sampled.store.set_sampler(shortest_sample_interval, [](const Sample&) {}).ok());
}

}  // namespace
}  // namespace wisp
