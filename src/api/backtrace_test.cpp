#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

#include "api/api_test.hpp"

/// Backtraces name the same frames whatever executes the guest. What the interpreter says is the measure.
namespace wisp {
namespace {

using test::World;
using namespace std::chrono_literals;

/// What a frame says; `where` is left out if it is not to be compared.
struct Place {
  std::string module;
  std::string function;
  std::uint64_t where = 0;
  bool operator==(const Place&) const = default;
};

void PrintTo(const Place& place, std::ostream* out) {
  *out << place.module << "!" << place.function << " @ " << place.where;
}

struct Ending {
  TrapReason reason = TrapReason::none;
  std::vector<Place> places;
};

enum class Compare { everything, names };

/// A module whose export "run" ends with a trap.
struct Case {
  const char* name;
  TrapReason reason;
  const char* module;
  Compare compare = Compare::everything;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

/// A function whose frame is larger than any may be.
std::string too_large() {
  std::string module = "(module $m (func $large (result i32) (i32.const 7) (drop) (call $one) ";
  for (int i = 0; i < 70'000; ++i) module += "(call $one) ";
  for (int i = 0; i < 70'000; ++i) module += "(drop) ";
  return module + ") (func $one (result i32) (i32.const 1)) (func (export \"run\") (drop (call $large))))";
}
const std::string too_large_module = too_large();

/// Functions that a compiler likes to make part of their callers, and ways to end in them.
const Case cases[] = {
    {"inlined", TrapReason::unreachable, R"((module $m
      (func $inner (unreachable))
      (func $middle (param i32) (result i32) (call $inner) (local.get 0))
      (func $outer (param i32) (result i32) (i32.add (call $middle (local.get 0)) (i32.const 1)))
      (func (export "run") (drop (call $outer (i32.const 1))))))"},
    {"inlined_twice", TrapReason::integer_divide_by_zero, R"((module $m
      (func $divide (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
      (func $both (param i32) (result i32)
        (i32.add (call $divide (i32.const 7) (i32.const 2)) (call $divide (i32.const 7) (local.get 0))))
      (func (export "run") (drop (call $both (i32.const 0))))))"},
    {"either_branch", TrapReason::unreachable, R"((module $m
      (func $end (unreachable))
      (func $choose (param i32) (if (local.get 0) (then (call $end)) (else (call $end))))
      (func (export "run") (call $choose (i32.const 0)))))"},
    {"either_trap", TrapReason::unreachable, R"((module $m
      (func $choose (param i32) (if (local.get 0) (then (unreachable)) (else (unreachable))))
      (func (export "run") (call $choose (i32.const 0)))))"},
    {"load", TrapReason::memory_out_of_bounds, R"((module $m (memory 1)
      (func $read (param i32) (result i32) (i32.load offset=8 (local.get 0)))
      (func $sum (param i32) (result i32) (i32.add (i32.load (i32.const 0)) (call $read (local.get 0))))
      (func (export "run") (drop (call $sum (i32.const -1))))))"},
    {"store", TrapReason::memory_out_of_bounds, R"((module $m (memory 1)
      (func $write (param i32 i64) (i64.store (local.get 0) (local.get 1)))
      (func $twice (param i32) (call $write (i32.const 8) (i64.const 1)) (call $write (local.get 0) (i64.const 2)))
      (func (export "run") (call $twice (i32.const 65530)))))"},
    {"load_in_a_loop", TrapReason::memory_out_of_bounds, R"((module $m (memory 1)
      (func $read (param i32) (result i32) (i32.load (local.get 0)))
      (func $sum (result i32) (local i32 i32)
        (loop $next
          (local.set 1 (i32.add (local.get 1) (call $read (local.get 0))))
          (local.set 0 (i32.add (local.get 0) (i32.const 4)))
          (br $next)) (unreachable))
      (func (export "run") (drop (call $sum)))))"},
    {"store_in_a_loop", TrapReason::memory_out_of_bounds, R"((module $m (memory 1)
      (func $fill (local i32)
        (loop $next (i32.store8 (local.get 0) (i32.const 1)) (local.set 0 (i32.add (local.get 0) (i32.const 1)))
          (br $next)))
      (func (export "run") (call $fill))))"},
    {"vector_load", TrapReason::memory_out_of_bounds, R"((module $m (memory 1)
      (func $read (param i32) (result v128) (v128.load (local.get 0)))
      (func (export "run") (drop (call $read (i32.const 65521))))))"},
    {"memory64", TrapReason::memory_out_of_bounds, R"((module $m (memory i64 1)
      (func $read (param i64) (result i32) (i32.load (local.get 0)))
      (func (export "run") (drop (call $read (i64.const -1))))))"},
    {"second_memory", TrapReason::memory_out_of_bounds, R"((module $m (memory 1) (memory $n 1)
      (func $read (param i32) (result i32) (i32.load $n (local.get 0)))
      (func (export "run") (drop (call $read (i32.const 65536))))))"},
    {"bulk", TrapReason::memory_out_of_bounds, R"((module $m (memory 1)
      (func $fill (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))
      (func (export "run") (call $fill (i32.const 65537)))))"},
    {"conversion", TrapReason::invalid_conversion_to_integer, R"((module $m
      (func $cut (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
      (func (export "run") (drop (call $cut (f32.const nan))))))"},
    {"indirect", TrapReason::undefined_element, R"((module $m (table 2 funcref) (type $t (func))
      (func $call (param i32) (call_indirect (type $t) (local.get 0)))
      (func (export "run") (call $call (i32.const 2)))))"},
    {"indirect_null", TrapReason::uninitialized_element, R"((module $m (table 2 funcref) (type $t (func))
      (func $call (param i32) (call_indirect (type $t) (local.get 0)))
      (func (export "run") (call $call (i32.const 1)))))"},
    {"indirect_callee", TrapReason::unreachable, R"((module $m (table funcref (elem $end)) (type $t (func))
      (func $end (unreachable))
      (func $call (param i32) (call_indirect (type $t) (local.get 0)) (nop))
      (func (export "run") (call $call (i32.const 0)))))"},
    {"reference", TrapReason::null_function_reference, R"((module $m (type $t (func))
      (func $call (param (ref null $t)) (call_ref $t (local.get 0)))
      (func (export "run") (call $call (ref.null $t)))))"},
    {"many_results", TrapReason::unreachable, R"((module $m
      (func $inner (param i32) (result i32 i64 f64) (if (i32.eqz (local.get 0)) (then (unreachable)))
        (i32.const 1) (i64.const 2) (f64.const 3))
      (func $outer (result i32) (call $inner (i32.const 1)) drop drop (call $inner (i32.const 0)) drop drop
        (i32.add))
      (func (export "run") (drop (call $outer)))))"},
    {"objects", TrapReason::null_structure_reference, R"((module $m (type $s (struct (field i32)))
      (func $get (param (ref null $s)) (result i32) (struct.get $s 0 (local.get 0)))
      (func (export "run") (drop (call $get (struct.new $s (i32.const 1)))) (drop (call $get (ref.null $s))))))"},
    {"arrays", TrapReason::array_out_of_bounds, R"((module $m (type $a (array i8))
      (func $get (param (ref $a) i32) (result i32) (array.get_u $a (local.get 0) (local.get 1)))
      (func (export "run") (drop (call $get (array.new_default $a (i32.const 3)) (i32.const 3))))))"},
    {"cast", TrapReason::cast_failure, R"((module $m (type $s (struct))
      (func $cast (param anyref) (drop (ref.cast (ref i31) (local.get 0))))
      (func (export "run") (call $cast (struct.new $s)))))"},
    {"tail_call", TrapReason::unreachable, R"((module $m
      (func $end (param i32) (unreachable))
      (func $gone (return_call $end (i32.const 1)))
      (func $stays (call $gone) (nop))
      (func (export "run") (call $stays))))"},
    {"tail_call_indirect", TrapReason::integer_divide_by_zero, R"((module $m (table funcref (elem $end))
      (type $t (func (param i32) (result i32)))
      (func $end (type $t) (i32.rem_s (i32.const 1) (local.get 0)))
      (func $gone (result i32) (return_call_indirect (type $t) (i32.const 0) (i32.const 0)))
      (func (export "run") (drop (call $gone)))))"},
    {"tail_call_itself", TrapReason::unreachable, R"((module $m
      (func $count (param i32) (if (i32.eqz (local.get 0)) (then (unreachable)))
        (return_call $count (i32.sub (local.get 0) (i32.const 1))))
      (func (export "run") (call $count (i32.const 100)))))"},
    {"recursion", TrapReason::unreachable, R"((module $m
      (func $down (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (unreachable)))
        (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (func (export "run") (drop (call $down (i32.const 40))))))"},
    {"long_recursion", TrapReason::unreachable, R"((module $m
      (func $end (unreachable))
      (func $odd (param i32) (if (i32.eqz (local.get 0)) (then (call $end)))
        (call $even (i32.sub (local.get 0) (i32.const 1))) (nop))
      (func $even (param i32) (if (i32.eqz (local.get 0)) (then (call $end)))
        (call $odd (i32.sub (local.get 0) (i32.const 1))) (nop))
      (func (export "run") (call $odd (i32.const 5000)))))"},
    {"uncaught", TrapReason::uncaught_exception, R"((module $m (tag $t (param i32))
      (func $throw (param i32) (throw $t (local.get 0)))
      (func $middle (param i32) (result i32) (call $throw (local.get 0)) (i32.const 1))
      (func (export "run") (drop (call $middle (i32.const 3))))))"},
    {"not_caught_here", TrapReason::uncaught_exception, R"((module $m (tag $t (param i32)) (tag $u)
      (func $throw (param i32) (throw $t (local.get 0)))
      (func $middle (block $b (try_table (catch $u $b) (call $throw (i32.const 1)))))
      (func (export "run") (call $middle) (nop))))"},
    {"after_a_catch", TrapReason::unreachable, R"((module $m (tag $t (param i32))
      (func $throw (param i32) (throw $t (local.get 0)))
      (func $end (unreachable))
      (func $caught (result i32) (block $b (result i32) (try_table (catch $t $b) (call $throw (i32.const 1)))
        (i32.const 2)))
      (func (export "run") (drop (call $caught)) (call $end))))"},
    {"thrown_again", TrapReason::uncaught_exception, R"((module $m (tag $t)
      (func $throw (throw $t))
      (func $again (block $b (result exnref) (try_table (catch_all_ref $b) (call $throw)) (return)) (throw_ref))
      (func (export "run") (call $again) (nop))))"},
    {"host_trap", TrapReason::host, R"((module $m (import "host" "fail" (func $fail))
      (func $inner (call $fail) (nop))
      (func (export "run") (call $inner) (nop))))"},
    {"host_callback", TrapReason::unreachable, R"((module $m (import "host" "back" (func $back))
      (func $end (unreachable))
      (func $inner (export "back") (call $end) (nop))
      (func $middle (call $back) (nop))
      (func (export "run") (call $middle) (nop))))"},
    {"host_callback_faults", TrapReason::memory_out_of_bounds, R"((module $m (import "host" "back" (func $back))
      (memory 1)
      (func $read (param i32) (result i32) (i32.load (local.get 0)))
      (func $inner (export "back") (drop (call $read (i32.const -4))))
      (func (export "run") (call $back) (nop))))"},
    {"host_callback_throws", TrapReason::uncaught_exception, R"((module $m (import "host" "back" (func $back)) (tag $t)
      (func $inner (export "back") (throw $t))
      (func $middle (call $back) (nop))
      (func (export "run") (call $middle) (nop))))"},
    {"host_tail_call", TrapReason::host, R"((module $m (import "host" "fail" (func $fail))
      (func $gone (return_call $fail))
      (func (export "run") (call $gone) (nop))))"},
    {"other_module", TrapReason::memory_out_of_bounds, R"((module $m
      (import "other" "peek" (func $peek (param i32) (result i32))) (memory 1)
      (func $ask (result i32) (call $peek (i32.const -1)))
      (func (export "run") (drop (call $ask)))))"},
    {"no_names", TrapReason::unreachable, R"((module
      (func (unreachable))
      (func (call 0) (nop))
      (func (export "run") (call 1) (nop))))"},
    {"overflow", TrapReason::stack_overflow, R"((module $m
      (func $deep (call $deep) (nop))
      (func (export "run") (call $deep))))",
     Compare::names},
    {"overflow_of_one_frame", TrapReason::stack_overflow, too_large_module.c_str()},
    {"overflow_of_slots", TrapReason::stack_overflow, R"((module $m
      (func $deep (param i64 i64 i64 i64) (result i64 i64)
        (call $deep (local.get 1) (local.get 2) (local.get 3) (local.get 0)) drop (i64.const 1))
      (func (export "run") (call $deep (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)) drop drop)))",
     Compare::names},
    {"overflow_with_results", TrapReason::stack_overflow, R"((module $m
      (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))
      (func (export "run") (drop (call $deep (i32.const 0))))))",
     Compare::names},
    {"deadline_in_a_loop", TrapReason::deadline, R"((module $m (import "host" "arm" (func $arm))
      (func $spin (call $arm) (loop $l (br $l)))
      (func $middle (call $spin))
      (func (export "run") (call $middle) (nop))))",
     Compare::names},
    {"deadline_in_a_nest", TrapReason::deadline, R"((module $m (import "host" "arm" (func $arm)) (memory 1)
      (func $work (local i32)
        (loop $l (i32.store (i32.const 0) (local.get 0))
          (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000)))))
      (func $spin (call $arm) (loop $l (call $work) (br $l)))
      (func $middle (call $spin))
      (func (export "run") (call $middle) (nop))))",
     Compare::names},
    {"deadline_in_a_fill", TrapReason::deadline, R"((module $m (import "host" "arm" (func $arm)) (memory 1024)
      (func $fill (call $arm) (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000)) (br $l)))
      (func (export "run") (call $fill) (nop))))",
     Compare::names},
};

const char other_module[] = R"((module $other (memory 1)
  (func $load (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "peek") (param i32) (result i32) (call $load (local.get 0)))))";

struct Setting {
  Tier tier;
  MemoryMode memory_mode;
};

class Backtrace : public testing::TestWithParam<Case> {
 protected:
  static Ending ending(const Setting& setting) {
    Config config;
    config.tier = setting.tier;
    config.memory_mode = setting.memory_mode;
    World world(config);
    EXPECT_TRUE(world.linker
                    .define("host", "fail",
                            []() -> Outcome<void> {
                              Trap trap;
                              trap.message = "no";
                              return trap;
                            })
                    .ok());
    // Once everything is compiled that takes its time.
    EXPECT_TRUE(world.linker.define("host", "arm", [&] { world.store.set_timeout(20ms); }).ok());
    EXPECT_TRUE(world.linker
                    .define("host", "back",
                            [](Caller& caller) -> Outcome<void> {
                              auto outcome = caller.instance()->func("back")->call();
                              if (outcome.trap() != nullptr) return std::move(*outcome.trap());
                              return {};
                            })
                    .ok());
    EXPECT_TRUE(world.linker.define_instance("other", world.instantiate(other_module)).ok());
    const Instance instance = world.instantiate(GetParam().module);
    const auto outcome = instance.func("run")->call();
    if (outcome.trap() == nullptr) return {};
    Ending ending{outcome.trap()->reason, {}};
    for (const Frame& frame : outcome.trap()->backtrace) {
      std::string function = frame.function.empty() ? std::to_string(frame.function_index) : frame.function;
      const bool with_offset = GetParam().compare == Compare::everything;
      ending.places.push_back({frame.module, std::move(function), with_offset ? frame.offset : 0});
    }
    // How deep it comes is up to the tier.
    if (GetParam().compare == Compare::names) {
      const auto repeated = std::ranges::unique(ending.places);
      ending.places.erase(repeated.begin(), repeated.end());
      // It may be met between two calls.
      std::erase_if(ending.places, [](const Place& place) { return place.function == "work"; });
    }
    return ending;
  }
};

TEST_P(Backtrace, IsTheSameOnEveryTier) {
  const Ending expected = ending({Tier::interpreter, MemoryMode::explicit_checks});
  EXPECT_EQ(expected.reason, GetParam().reason);
  ASSERT_FALSE(expected.places.empty());
  for (const MemoryMode memory_mode : {MemoryMode::guard_pages, MemoryMode::explicit_checks}) {
    for (const Tier tier : {Tier::interpreter, Tier::baseline, Tier::optimizing, Tier::automatic}) {
      const Ending got = ending({tier, memory_mode});
      EXPECT_EQ(int(got.reason), int(expected.reason)) << "tier " << int(tier) << ", memory mode " << int(memory_mode);
      EXPECT_EQ(got.places, expected.places) << "tier " << int(tier) << ", memory mode " << int(memory_mode);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Backtrace, testing::ValuesIn(cases), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace wisp
