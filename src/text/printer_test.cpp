#include "text/printer.hpp"

#include <gtest/gtest.h>

#include "text/wat.hpp"
#include "wasm/decoder.hpp"

namespace wisp::text {
namespace {

std::string print_of(std::string_view source, const PrintOptions& options = {}) {
  const auto bytes = assemble(source, {});
  EXPECT_TRUE(bytes.ok()) << render(source, "test", bytes.error());
  if (!bytes.ok()) return {};
  const auto module = wasm::decode(*bytes, std::make_shared<wasm::TypeRegistry>(), {});
  EXPECT_TRUE(module.ok()) << module.error().message;
  if (!module.ok()) return {};
  const auto text = print(**module, options);
  EXPECT_TRUE(text.ok()) << text.error().message;
  return text.ok() ? *text : std::string();
}

/// The printed text is its own source.
TEST(Printer, WholeModule) {
  const std::string expected = R"((module $demo
  (type $point (;0;) (struct (field $x (mut f64)) (field i8)))
  (rec
    (type $a (;1;) (sub (struct (field (ref null $b)))))
    (type $b (;2;) (sub final $a (struct (field (ref null $b)) (field (ref $point))))))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func))
  (type (;5;) (func (param i32)))
  (import "env" "write" (func $write (;0;) (type 3) (param $fd i32) (param i32) (result i32)))
  (table $t (;0;) i64 2 3 funcref)
  (memory (;0;) 1 2 shared)
  (memory (;1;) 0 (pagesize 1))
  (tag $e (;0;) (type 5) (param i32))
  (global $g (;0;) (mut i32) i32.const 1 i32.const 2 i32.add)
  (export "run" (func $run))
  (start $run)
  (elem (;0;) (i64.const 0) func $run $"two words")
  (elem (;1;) declare func $run)
  (elem (;2;) i31ref (ref.null i31) (item i32.const 0 ref.i31))
  (func $run (;1;) (type 4)
    (local $i i32)
    (local f64 (ref null $a))
    loop $again
      local.get $i
      (@metadata.code.branch_hint "\01")
      br_if $again
    end
    block $again
      block (;@2;)
        br 0 (;@2;)
      end
    end
    f32.const 0.1
    f64.const -nan:0x1
    drop
    drop
    block $out (result exnref)
      try_table $out (result i32) (catch $e 1) (catch_all_ref $out)
        i32.const -1
        throw $e
      end
    end
    if (;@1;) (result (ref null $a))
      local.get 2
    else
      struct.new_default $b
    end
    ref.cast (ref $b)
    struct.get_s $point 1
    i32.load8_u 1 offset=4
    i64.load align=1
    v128.const i32x4 0x00000001 0xffffffff 0x00000000 0x80000000
    call_indirect (type 4))
  (func $"two words" (;2;) (type 4))
  (data (;0;) (memory 1) (i32.const 8) "hi\0a\00\ff\""))
)";
  EXPECT_EQ(print_of(expected), expected);
}

TEST(Printer, LabelsThatAreShadowedAreNumbers) {
  const std::string text = print_of("(func block $l block $l br 1 br 0 end end)");
  EXPECT_NE(text.find("br 1 (;@1;)"), std::string::npos) << text;
  EXPECT_NE(text.find("br $l"), std::string::npos) << text;
}

TEST(Printer, NamesGivenTwiceBecomeAnnotations) {
  const std::string text = print_of("(func $f) (func (@name \"f\")) (func call 0 call 1)");
  EXPECT_NE(text.find("(func $f (;0;) (type 0))"), std::string::npos) << text;
  EXPECT_NE(text.find("(func (;1;) (@name \"f\") (type 0))"), std::string::npos) << text;
  EXPECT_NE(text.find("call $f\n    call 1"), std::string::npos) << text;
}

TEST(Printer, EverythingMayBeNamedTwice) {
  const std::string text = R"((module
  (type $n (;0;) (struct (field $n i32) (field (@name "n") i32)))
  (type (;1;) (@name "n") (func (param i32 i32)))
  (import "a" "b" (func $n (;0;) (type 1) (param $n i32) (param (@name "n") i32)))
  (table $n (;0;) 1 funcref)
  (table (;1;) (@name "n") 1 funcref)
  (memory $n (;0;) 1)
  (memory (;1;) (@name "n") 1)
  (tag $n (;0;) (type 1) (param i32 i32))
  (tag (;1;) (@name "n") (type 1) (param i32 i32))
  (global $n (;0;) i32 (i32.const 0))
  (global (;1;) (@name "n") i32 (i32.const 0))
  (elem $n (;0;) func)
  (elem (;1;) (@name "n") func)
  (func (;1;) (@name "n") (type 1) (param $n i32) (param (@name "n") i32)
    (local (@name "n") i32)
    (local i32)
    local.get $n
    local.get 1
    i32.add
    drop)
  (data $n (;0;) "")
  (data (;1;) (@name "n") "x"))
)";
  const std::string printed = print_of(text);
  EXPECT_EQ(printed, print_of(printed));
  EXPECT_NE(printed.find("(local (@name \"n\") i32)"), std::string::npos) << printed;
  EXPECT_NE(printed.find("(field $n i32) (field (@name \"n\") i32)"), std::string::npos) << printed;
  EXPECT_NE(printed.find("(data (;1;) (@name \"n\") \"x\")"), std::string::npos) << printed;
}

/// A group equal to an earlier one must refer to itself: a reference to the earlier one would make another type.
TEST(Printer, EqualRecursiveGroups) {
  const std::string text = print_of("(type (struct (field (ref null 0)))) (type (struct (field (ref null 1))))");
  EXPECT_NE(text.find("(type (;1;) (struct (field (ref null 1))))"), std::string::npos) << text;
}

TEST(Printer, Offsets) {
  const std::string text = print_of("(func nop nop)", {.offsets = true});
  EXPECT_NE(text.find("(;0x000017;) nop\n    (;0x000018;) nop)"), std::string::npos) << text;
}

TEST(Printer, CustomSections) {
  const char* source = "(@custom \"a\\n\" \"x\\01\") (func)";
  EXPECT_NE(print_of(source).find("(; custom section \"a\\0a\", 2 bytes ;)"), std::string::npos) << print_of(source);
  EXPECT_NE(print_of(source, {.offsets = false, .custom_sections = true}).find("(@custom \"a\\0a\" \"x\\01\")"),
            std::string::npos);
}

TEST(Printer, LongDataAndControlCharacters) {
  const std::string text =
      print_of("(memory (data \"" + std::string(100, 'a') + "\")) (export \"\\1b[0m\\c2\\9b\" (memory 0))");
  EXPECT_NE(text.find("\n    \"" + std::string(64, 'a') + "\"\n    \"" + std::string(36, 'a') + "\")"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\"\\1b[0m\\c2\\9b\""), std::string::npos) << text;
}

/// Indentation stops growing, or deep code would make a text of its depth squared.
TEST(Printer, DeepCodeStaysLinear) {
  std::string source = "(func ";
  for (int i = 0; i < 50'000; ++i) source += "block ";
  for (int i = 0; i < 50'000; ++i) source += "end ";
  EXPECT_LT(print_of(source + ")").size(), 20'000'000u);
}

}  // namespace
}  // namespace wisp::text
