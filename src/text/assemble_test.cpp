#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/wat.hpp"
#include "wasm/decoder.hpp"
#include "wasm/names.hpp"
#include "wasm/validator.hpp"

namespace wisp::text {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const wasm::Module> module_of(std::string_view source) {
  const auto bytes = assemble(source, {});
  EXPECT_TRUE(bytes.ok()) << render(source, "test", bytes.error());
  if (!bytes.ok()) return nullptr;
  auto module = wasm::decode(*bytes, std::make_shared<wasm::TypeRegistry>(), {});
  EXPECT_TRUE(module.ok()) << module.error().message << " in " << source;
  if (!module.ok()) return nullptr;
  const auto valid = wasm::validate(**module);
  EXPECT_TRUE(valid.ok()) << valid.error().message << " in " << source;
  return *std::move(module);
}

std::string error_of(std::string_view source) {
  const auto bytes = assemble(source, {});
  return bytes.ok() ? "no error" : render(source, "t.wat", bytes.error());
}

std::vector<u8> body_of(std::string_view instructions) {
  const std::string source = "(module (memory 1) (func $f " + std::string(instructions) + "))";
  const auto bytes = assemble(source, {});
  EXPECT_TRUE(bytes.ok()) << render(source, "test", bytes.error());
  if (!bytes.ok()) return {};
  auto module = wasm::decode(*bytes, std::make_shared<wasm::TypeRegistry>(), {});
  EXPECT_TRUE(module.ok()) << module.error().message;
  if (!module.ok()) return {};
  const Bytes code = (*module)->bodies.at(0).code;
  return {code.begin(), code.end()};
}

TEST(Assemble, EmptyModules) {
  const std::vector<u8> empty{0x00, 'a', 's', 'm', 1, 0, 0, 0};
  for (const char* source : {"", "  ;; nothing\n", "(module)", "(module (; nothing ;) )"}) {
    const auto bytes = assemble(source, {});
    ASSERT_TRUE(bytes.ok()) << source;
    EXPECT_EQ(*bytes, empty) << source;
  }
}

TEST(Assemble, FoldedAndFlatGiveTheSameCode) {
  EXPECT_THAT(body_of("(drop (i32.add (i32.const 1) (i32.const -1)))"),
              ElementsAre(0, 0x41, 1, 0x41, 0x7f, 0x6a, 0x1a, 0x0b));
  EXPECT_EQ(body_of("(drop (i32.add (i32.const 1) (i32.const -1)))"), body_of("i32.const 1 i32.const -1 i32.add drop"));
  EXPECT_EQ(body_of("(if $l (i32.const 1) (then (br $l)) (else (nop)))"),
            body_of("i32.const 1 if $l br $l else $l nop end $l"));
  EXPECT_EQ(body_of("(block $a (loop $b (br_table $a $b 2 (i32.const 0))))"),
            body_of("block loop i32.const 0 br_table 1 0 2 end end"));
}

TEST(Assemble, MemoryImmediates) {
  EXPECT_THAT(body_of("(drop (i64.load (i32.const 0)))"), ElementsAre(0, 0x41, 0, 0x29, 3, 0, 0x1a, 0x0b));
  EXPECT_THAT(body_of("(drop (i64.load offset=0x80 align=2 (i32.const 0)))"),
              ElementsAre(0, 0x41, 0, 0x29, 1, 0x80, 1, 0x1a, 0x0b));
  const auto module = module_of(R"((module (memory 1) (memory $m 1)
      (func (i32.store8 $m offset=1 (i32.const 0) (i32.const 0))
            (drop (v128.load8_lane 7 (i32.const 0) (v128.const i32x4 0 0 0 0)))
            (drop (v128.load8_lane $m 7 (i32.const 0) (v128.const i32x4 0 0 0 0)))
            (drop (v128.load8_lane 1 7 (i32.const 0) (v128.const i32x4 0 0 0 0)))
            (drop (v128.load8_lane 1 offset=5 7 (i32.const 0) (v128.const i32x4 0 0 0 0))))))");
  ASSERT_NE(module, nullptr);
}

TEST(Assemble, NumbersKeepTheirBits) {
  EXPECT_THAT(body_of("(drop (f32.const nan:0x200000))"), ElementsAre(0, 0x43, 0, 0, 0xa0, 0x7f, 0x1a, 0x0b));
  EXPECT_THAT(body_of("(drop (v128.const i16x8 -1 2 3 4 5 6 7 0x8000))"),
              ElementsAre(0, 0xfd, 12, 0xff, 0xff, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0, 0x80, 0x1a, 0x0b));
}

TEST(Assemble, LocalsAreWrittenInRuns) {
  EXPECT_THAT(body_of("(local i32 i32) (local $x i32) (local i64) (local f32)"),
              ElementsAre(3, 3, 0x7f, 1, 0x7e, 1, 0x7d, 0x0b));
}

TEST(Assemble, ImplicitTypesReuseEqualOnes) {
  const auto module = module_of(R"((module
      (func (param i32)) (func (result i64) (i64.const 0)) (func (param i32))
      (type $t (func (param i32))) (type $open (sub (func (result i64))))))");
  ASSERT_NE(module, nullptr);
  // The explicit ones come first; the open type is not what an implicit function type means.
  EXPECT_EQ(module->types.size(), 3u);
  EXPECT_EQ(module->functions[0], module->types[0]);
  EXPECT_EQ(module->functions[1], module->types[2]);
  EXPECT_EQ(module->functions[2], module->types[0]);
}

TEST(Assemble, InlineSegments) {
  const auto module = module_of(R"((module
      (type $f (func)) (func $a) (func $b)
      (table funcref (elem $a $b)) (table (ref null $f) (elem $b)) (table i64 funcref (elem (ref.func $a)))
      (memory (data "hello")) (memory i64 (data "")) (memory (pagesize 1) (data "abc"))))");
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->tables[0].type.limits.min, 2u);
  EXPECT_EQ(module->tables[1].type.limits.max, 1u);
  EXPECT_TRUE(module->tables[2].type.limits.is_64);
  ASSERT_EQ(module->elems.size(), 3u);
  EXPECT_EQ(module->elems[1].table.value, 1u);
  EXPECT_EQ(module->memories[0].limits.min, 1u);
  EXPECT_EQ(module->memories[1].limits.min, 0u);
  EXPECT_EQ(module->memories[2].limits.min, 3u);
  EXPECT_EQ(as_text(module->datas[2].bytes), "abc");
}

TEST(Assemble, DataCountOnlyWhereItIsNeeded) {
  EXPECT_FALSE(module_of("(module (memory 1) (data \"x\"))")->data_count.has_value());
  EXPECT_EQ(module_of("(module (memory 1) (func (data.drop 0)) (data \"x\"))")->data_count, 1u);
}

TEST(Assemble, NameSection) {
  const auto module = module_of(R"((module $m
      (type $pair (struct (field $left i32) (field i32) (field $right i32)))
      (import "a" "b" (func $imported (param $p i32)))
      (memory $mem 1) (table $tab 1 funcref) (global $glob i32 (i32.const 0)) (tag $tag)
      (elem $el func) (data $da "x")
      (func $"two words" (param i32) (param $x i32) (local $y (ref $pair))
        (if $outer (i32.const 1) (then (block (block $inner (br $outer))))))
      (func $f (@name "shown") (local $l (@name "local shown") i32)))
      )");
  ASSERT_NE(module, nullptr);
  const wasm::Names names = wasm::parse_names(*module);
  EXPECT_EQ(names.module, "m");
  EXPECT_EQ(*names.functions.find(0), "imported");
  EXPECT_EQ(*names.functions.find(1), "two words");
  EXPECT_EQ(*names.functions.find(2), "shown");
  EXPECT_EQ(*names.locals.find(0)->find(0), "p");
  EXPECT_EQ(*names.locals.find(1)->find(1), "x");
  EXPECT_EQ(*names.locals.find(1)->find(2), "y");
  EXPECT_EQ(*names.locals.find(2)->find(0), "local shown");
  EXPECT_EQ(*names.labels.find(1)->find(0), "outer");
  EXPECT_EQ(names.labels.find(1)->find(1), nullptr);
  EXPECT_EQ(*names.labels.find(1)->find(2), "inner");
  EXPECT_EQ(*names.types.find(0), "pair");
  EXPECT_EQ(*names.tables.find(0), "tab");
  EXPECT_EQ(*names.memories.find(0), "mem");
  EXPECT_EQ(*names.globals.find(0), "glob");
  EXPECT_EQ(*names.tags.find(0), "tag");
  EXPECT_EQ(*names.elems.find(0), "el");
  EXPECT_EQ(*names.datas.find(0), "da");
  EXPECT_EQ(*names.fields.find(0)->find(0), "left");
  EXPECT_EQ(*names.fields.find(0)->find(2), "right");
}

TEST(Assemble, CustomSectionsStandWhereTheySay) {
  const auto module = module_of(R"((module
      (@custom "end" "1" "2") (@custom "first" (before first) "x") (func)
      (@custom "mid" (after code)) (@custom "mid2" (before data)) (memory (data "a"))))");
  ASSERT_NE(module, nullptr);
  ASSERT_EQ(module->custom_sections.size(), 4u);
  EXPECT_EQ(module->custom_sections[0].name, "first");
  EXPECT_EQ(module->custom_sections[0].offset, 8u + 2u + 6u);
  EXPECT_EQ(module->custom_sections[1].name, "mid");
  EXPECT_EQ(module->custom_sections[2].name, "mid2");
  EXPECT_EQ(module->custom_sections[3].name, "end");
  EXPECT_EQ(as_text(module->contents(module->custom_sections[3])), "12");
}

TEST(Assemble, BranchHints) {
  const auto module = module_of(R"((module (func (local i32)
      (@metadata.code.branch_hint "\01") (if (local.get 0) (then))
      block local.get 0 (@metadata.code.branch_hint "\00") br_if 0 end)))");
  ASSERT_NE(module, nullptr);
  ASSERT_EQ(module->custom_sections.size(), 1u);
  const Bytes hints = module->contents(module->custom_sections[0]);
  // One function, function 0, two hints: at offset 5 (behind one local run and local.get) and at 12.
  EXPECT_THAT(std::vector<u8>(hints.begin(), hints.end()), ElementsAre(1, 0, 2, 5, 1, 1, 12, 1, 0));
}

TEST(Assemble, BinaryModuleInText) {
  const auto bytes = assemble(R"((module binary "\00asm" "\01\00\00\00"))", {});
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->size(), 8u);
}

TEST(Assemble, FeaturesThatAreOff) {
  wasm::Features features;
  features.set(wasm::Feature::simd, false);
  const auto bytes = assemble("(module (func (drop (v128.const i32x4 0 0 0 0))))", features);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::unsupported);
  EXPECT_EQ(bytes.error().message, "v128.const needs the feature simd, which is off");
}

TEST(Messages, ShowThePlace) {
  EXPECT_EQ(error_of("(module\n  (func $f (param $x i32)\n\tlocal.get $y))\n"),
            "t.wat:3:12: unknown local $y\n"
            " 3 | \tlocal.get $y))\n"
            "   | \t          ^\n");
  EXPECT_EQ(error_of("(func (export \"gr\xc3\xb6\xc3\x9f"
                     "e\") i32.ad)"),
            "t.wat:1:24: unknown operator i32.ad\n"
            " 1 | (func (export \"gr\xc3\xb6\xc3\x9f"
            "e\") i32.ad)\n"
            "   |                        ^\n"
            "   = did you mean `i32.add`?\n");
  EXPECT_EQ(error_of("(func get_local 0)"),
            "t.wat:1:7: unknown operator get_local\n"
            " 1 | (func get_local 0)\n"
            "   |       ^\n"
            "   = did you mean `local.get`?\n");
  EXPECT_EQ(error_of("(module\n(func\n(nop)"),
            "t.wat:3:6: unexpected token: end of input, expected `)`\n"
            " 3 | (nop)\n"
            "   |      ^\n"
            "   = the `(` at 2:1 is not closed\n");
  EXPECT_EQ(error_of("(func block\n  nop)"),
            "t.wat:2:6: unexpected token `)`, expected the `end` of the block at 1:7\n"
            " 2 |   nop)\n"
            "   |      ^\n");
  EXPECT_EQ(error_of("(func try nop catch_all end)"),
            "t.wat:1:7: unsupported: `try` belongs to the legacy form of exception handling\n"
            " 1 | (func try nop catch_all end)\n"
            "   |       ^\n"
            "   = use try_table, throw and throw_ref\n");
}

TEST(Messages, CutLongLinesAndDropControlCharacters) {
  const std::string text = error_of(std::string(5000, ' ') + "(bad " + std::string(5000, 'x') + ")");
  EXPECT_LT(text.size(), 500u);
  EXPECT_EQ(error_of("(func (;\x1b[31m\x07;) bad)").find('\x1b'), std::string::npos);
  EXPECT_EQ(error_of("(func (;\xc2\x9b;) bad)").find("\xc2\x9b"), std::string::npos);
  EXPECT_LT(error_of("(func (i32.const " + std::string(100'000, '1') + "))").size(), 600u);
}

/// The error that stands first in the source is the one reported, in whatever pass it is found.
TEST(Messages, FirstErrorWins) {
  EXPECT_THAT(error_of("(module (func i32.bad) (func (i32.const)) (oops))"), ::testing::HasSubstr("1:15: unknown"));
  EXPECT_THAT(error_of("(module (func i32.bad) (type (func (param i3))))"), ::testing::HasSubstr("1:15: unknown"));
  EXPECT_THAT(error_of("(module (func call $later) (oops) (func $later))"), ::testing::HasSubstr("1:29: unknown"));
  EXPECT_THAT(error_of("(module (func nop) (func $a) (func $a) (func i32.bad))"),
              ::testing::HasSubstr("1:36: duplicate func $a"));
}

TEST(Limits, DepthIsNotRecursion) {
  constexpr u32 depth = 100'000;
  const auto repeat = [](std::string_view text) {
    std::string out;
    for (u32 i = 0; i < depth; ++i) out += text;
    return out;
  };
  const std::string sources[] = {
      "(func " + repeat("block ") + repeat("end ") + ")",
      "(func " + repeat("(block ") + repeat(")") + ")",
      "(func " + repeat("(block $l ") + "br $l" + repeat(")") + ")",
      "(func (drop " + repeat("(i32.eqz ") + "(i32.const 0)" + repeat(")") + "))",
      "(func " + repeat("(if (i32.const 1) (then ") + repeat("))") + ")",
      repeat("(;") + repeat(";)"),
      "(@a " + repeat("(") + repeat(")") + ")",
      "(func (local " + repeat("i32 ") + "))",
  };
  for (const std::string& source : sources) {
    const auto bytes = assemble(source, {});
    EXPECT_TRUE(bytes.ok()) << source.substr(0, 40) << ": " << bytes.error().message;
  }
  for (const char* open : {"(", "(func ", "(block ", "(@a ", "(@name ", "(rec ", "(module ", "(; ", "(func (if "}) {
    EXPECT_FALSE(assemble(repeat(open), {}).ok()) << open;
  }
}

TEST(Position, CountsCharacters) {
  const std::string_view source = "ab\n\xc3\xa4x\n";
  EXPECT_EQ(position(source, 0).column, 1u);
  EXPECT_EQ(position(source, 5).line, 2u);
  EXPECT_EQ(position(source, 5).column, 2u);
  EXPECT_EQ(position(source, 1000).line, 3u);
}

}  // namespace
}  // namespace wisp::text
