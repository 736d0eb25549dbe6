#include <gtest/gtest.h>

#include "cli/wast_runner.hpp"

namespace wisp::cli {
namespace {

using namespace std::chrono_literals;

ScriptReport run(std::string_view source, bool strict = false) {
  return run_script(source, {.config = {}, .strict_messages = strict});
}

/// The lines of the failures.
std::vector<u32> failed_lines(const ScriptReport& report) {
  std::vector<u32> lines;
  for (const ScriptFailure& failure : report.failures) lines.push_back(failure.line);
  return lines;
}

TEST(Wast, CountsEveryAssertion) {
  const ScriptReport report = run(R"((module (func (export "f") (result i32) (i32.const 1)))
(invoke "f")
(assert_return (invoke "f") (i32.const 1))
(assert_return (invoke "f") (i32.const 2))
(assert_invalid (module (func (result i32))) "type mismatch"))");
  EXPECT_EQ(report.total, 3u);
  EXPECT_EQ(report.passed, 2u);
  EXPECT_EQ(report.other_failures(), 0u);
  EXPECT_EQ(failed_lines(report), std::vector<u32>{4});
}

TEST(Wast, TheKindOfFailureCounts) {
  const ScriptReport report = run(R"--((module
  (tag $t) (func (export "trap") unreachable) (func (export "throw") (throw $t)) (func $d (export "deep") (call $d)))
(assert_trap (invoke "throw") "unreachable")
(assert_trap (invoke "deep") "call stack exhausted")
(assert_exhaustion (invoke "trap") "unreachable")
(assert_exception (invoke "trap"))
(assert_malformed (module quote "(func (result i32))") "type mismatch")
(assert_invalid (module quote "(func") "unexpected token")
(assert_unlinkable (module (func unreachable) (start 0)) "unreachable")
(assert_trap (module (import "a" "b" (func))) "unknown import"))--");
  EXPECT_EQ(report.passed, 0u);
  EXPECT_EQ(report.total, 8u);
}

TEST(Wast, TheTextOfATrapCounts) {
  const ScriptReport report = run(R"--((module (func (export "f") unreachable) (table 1 funcref)
  (func (export "g") (call_indirect (i32.const 0))))
(assert_trap (invoke "f") "unreach")
(assert_trap (invoke "f") "integer overflow")
(assert_trap (invoke "g") "uninitialized element 0"))--");
  EXPECT_EQ(failed_lines(report), std::vector<u32>{4});
}

TEST(Wast, OtherMessagesCountOnlyIfTheyShall) {
  constexpr std::string_view script = R"((module)
(assert_invalid (module (func (result i32))) "type mismatch")
(assert_invalid (module (func (result i32))) "unknown local"))";
  EXPECT_EQ(run(script).passed, 2u);
  EXPECT_EQ(failed_lines(run(script, true)), std::vector<u32>{3});
}

TEST(Wast, FloatsAreComparedByBits) {
  const ScriptReport report = run(R"((module
  (func (export "zero") (result f64) (f64.const 0)) (func (export "nan") (result f32) (f32.const nan:0x600000)))
(assert_return (invoke "zero") (f64.const -0))
(assert_return (invoke "nan") (f32.const nan:canonical))
(assert_return (invoke "nan") (f32.const nan:arithmetic)))");
  EXPECT_EQ(failed_lines(report), (std::vector<u32>{3, 4}));
}

TEST(Wast, EveryLaneOfAVectorCounts) {
  const ScriptReport report = run(R"((module (func (export "v") (result v128) (v128.const i16x8 1 2 3 4 5 6 7 8)))
(assert_return (invoke "v") (v128.const i16x8 1 2 3 4 5 6 7 8))
(assert_return (invoke "v") (v128.const i32x4 0x20001 0x40003 0x60005 0x80007))
(assert_return (invoke "v") (v128.const i16x8 1 2 3 4 5 6 7 9)))");
  EXPECT_EQ(failed_lines(report), std::vector<u32>{4});
}

TEST(Wast, ReferencesOfTheHostKeepTheirNumber) {
  const ScriptReport report = run(R"((module
  (func (export "f") (param externref) (result externref) (local.get 0))
  (func (export "g") (param anyref) (result anyref) (local.get 0)))
(assert_return (invoke "f" (ref.extern 3)) (ref.extern 3))
(assert_return (invoke "f" (ref.extern 3)) (ref.extern 4))
(assert_return (invoke "f" (ref.extern 3)) (ref.null extern))
(assert_return (invoke "g" (ref.host 3)) (ref.host 3))
(assert_return (invoke "f" (ref.null extern)) (ref.extern))
(assert_return (invoke "f" (ref.null extern)) (ref.null)))");
  EXPECT_EQ(failed_lines(report), (std::vector<u32>{5, 6, 8}));
}

TEST(Wast, AModuleThatFailsLeavesNoOldOneBehind) {
  const ScriptReport report = run(R"((module (func (export "f")))
(module (import "nowhere" "f" (func)))
(assert_return (invoke "f")))");
  EXPECT_EQ(failed_lines(report), (std::vector<u32>{2, 3}));
  EXPECT_EQ(report.other_failures(), 1u);
}

TEST(Wast, AnAssertionThatCannotBeReadFails) {
  const ScriptReport report = run("(assert_nothing)\n(module)\n(assert_return (invoke \"f\" (i32.oops)))");
  EXPECT_EQ(report.total, 2u);
  EXPECT_EQ(report.passed, 0u);
}

TEST(Wast, ThreadsShareMemoryAndCountTheirAssertions) {
  const ScriptReport report = run(R"((module $m (memory (export "memory") 1 1 shared)
  (func (export "load") (result i32) (i32.load (i32.const 0))))
(thread $t (shared (module $m))
  (register "m" $m)
  (module (memory (import "m" "memory") 1 1 shared) (func (export "f") (i32.store (i32.const 0) (i32.const 7))))
  (assert_return (invoke "f"))
  (assert_return (invoke "f") (i32.const 1)))
(wait $t)
(assert_return (invoke $m "load") (i32.const 7))
(wait $other))");
  EXPECT_EQ(report.total, 3u);
  EXPECT_EQ(failed_lines(report), (std::vector<u32>{7, 10}));
}

TEST(Wast, ATimeoutEndsWhatDoesNotEnd) {
  const ScriptReport report = run_script(R"((module (func (export "f") (loop $l (br $l))) (func (export "g")))
(assert_return (invoke "f"))
(assert_return (invoke "g")))",
                                         {.config = {}, .timeout = 20ms});
  EXPECT_EQ(failed_lines(report), std::vector<u32>{2});
}

}  // namespace
}  // namespace wisp::cli
