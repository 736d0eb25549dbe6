#include <filesystem>
#include <fstream>
#include <random>

#include <gmock/gmock.h>

#include "api/access.hpp"
#include "api/api_test.hpp"

namespace wisp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view sample = R"((module $sample
  (type $t (func (param i32) (result i64)))
  (import "a" "f" (func $imported (type $t)))
  (import "a" "m" (memory 1 2))
  (table (export "t") 3 funcref)
  (global (export "g") (mut f32) (f32.const 0))
  (tag (export "e") (param i32))
  (func $own (export "f") (type $t) (call $imported (local.get 0)))
  (@custom "producers" "some bytes")))";

TEST(Module, DescribesItself) {
  const Engine engine(test::config());
  const Module module = test::parse(engine, sample);
  EXPECT_EQ(module.name(), "sample");
  EXPECT_EQ(module.function_name(0), "imported");
  EXPECT_EQ(module.function_name(99), "");
  const auto imports = module.imports();
  ASSERT_EQ(imports.size(), 2u);
  EXPECT_EQ(imports[0].module + "." + imports[0].name, "a.f");
  EXPECT_EQ(imports[0].kind(), ExternKind::func);
  EXPECT_EQ(to_string(imports[0].type), "(func (param i32) (result i64))");
  EXPECT_EQ(std::get<MemoryType>(imports[1].type), (MemoryType{{1, 2, false}, false, 16}));
  ASSERT_EQ(module.exports().size(), 4u);
  EXPECT_EQ(std::get<GlobalType>(*module.export_type("g")), (GlobalType{ValType::f32(), true}));
  EXPECT_EQ(module.export_type("nothing"), std::nullopt);
  EXPECT_EQ(module.count(ExternKind::func), 2u);
  EXPECT_EQ(module.count(ExternKind::memory), 1u);
  EXPECT_EQ(module.types().size(), 2u);
  ASSERT_TRUE(module.custom_section("producers"));
  EXPECT_EQ(as_text(*module.custom_section("producers")), "some bytes");
  EXPECT_EQ(module.custom_section("absent"), std::nullopt);
}

TEST(Module, SectionsCoverTheBytes) {
  const Engine engine(test::config());
  const Module module = test::parse(engine, sample);
  std::uint64_t end = 8;
  bool saw_code = false;
  for (const Section& section : module.sections()) {
    EXPECT_GE(section.offset, end + 2);
    end = section.offset + section.size_bytes;
    saw_code = saw_code || section.name == "code";
  }
  EXPECT_EQ(end, module.bytes().size());
  EXPECT_TRUE(saw_code);
}

TEST(Module, PrintedTextIsTheSameModule) {
  const Engine engine(test::config());
  const auto text = print_text(test::parse(engine, sample));
  ASSERT_TRUE(text.ok());
  const Module again = test::parse(engine, *text);
  EXPECT_EQ(again.count(ExternKind::func), 2u);
  EXPECT_EQ(again.name(), "sample");
}

TEST(Module, WhatInputLooksLike) {
  const auto kind = [](std::string_view text) { return kind_of(as_bytes(text)); };
  EXPECT_EQ(kind(""), InputKind::empty);
  EXPECT_EQ(kind(std::string_view("\0asm\1\0\0\0", 8)), InputKind::module);
  EXPECT_EQ(kind(std::string_view("\0asm\x0d\0\1\0", 8)), InputKind::component);
  EXPECT_EQ(kind("  ;; comment\n(module)"), InputKind::text);
  EXPECT_EQ(kind("(; block ;) (module)"), InputKind::text);
  EXPECT_EQ(kind("#!/bin/sh"), InputKind::unknown);
}

TEST(Module, BytesCanBeBorrowed) {
  const Engine engine(test::config());
  static constexpr std::uint8_t forever[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const auto module = Module::from_bytes(engine, forever, nullptr);
  ASSERT_TRUE(module.ok());
  EXPECT_EQ(module->bytes().data(), forever);

  const auto kept = std::make_shared<const std::vector<std::uint8_t>>(std::begin(forever), std::end(forever));
  std::weak_ptr<const void> watched = kept;
  std::optional<Result<Module>> owning(Module::from_bytes(engine, *kept, kept));
  EXPECT_EQ(kept.use_count(), 2);
  owning.reset();
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(Module, FunctionsWithoutANameAreCalledWhatTheyAreExportedAs) {
  const Engine engine(test::config());
  const Module module = test::parse(engine, R"((module (func (export "out")) (func $in (export "other")) (func)))");
  EXPECT_EQ(module.function_name(0), "out");
  EXPECT_EQ(module.function_name(1), "in");
  EXPECT_EQ(module.function_name(2), "");
}

TEST(Module, BadInputIsAnError) {
  const Engine engine(test::config());
  EXPECT_FALSE(Module::from_bytes(engine, std::span<const std::uint8_t>()).ok());
  EXPECT_FALSE(Module::from_bytes(engine, as_bytes("nonsense")).ok());
  EXPECT_EQ(Module::from_text(engine, "(module (func (result i32)))").error().code, ErrorCode::invalid);
  EXPECT_EQ(Module::from_text(engine, "(module").error().code, ErrorCode::malformed);
  const auto missing = Module::from_file(engine, "/nonexistent/file.wasm");
  EXPECT_EQ(missing.error().code, ErrorCode::io);
  const auto directory = Module::from_file(engine, "/");
  EXPECT_EQ(directory.error().code, ErrorCode::io);
  EXPECT_THAT(directory.error().message, HasSubstr("directory"));
}

/// Enough functions for several threads; those with the numbers given are invalid.
std::string many_functions(std::initializer_list<int> wrong) {
  std::string text = "(module";
  for (int i = 0; i < 40'000; ++i) {
    const bool is_wrong = std::ranges::find(wrong, i) != wrong.end();
    text +=
        is_wrong ? "(func (result i32) (i64.const 1))" : "(func (result i32) (i32.add (i32.const 1) (i32.const 2)))";
  }
  return text + ")";
}

TEST(Module, ParallelValidationFindsTheFirstError) {
  const Engine engine(test::config());
  for (const auto& wrong : {std::initializer_list<int>{}, {29'999}, {15'001, 20'000}, {3, 29'000}}) {
    const auto parallel = Module::from_text(engine, many_functions(wrong));
    EXPECT_EQ(parallel.ok(), wrong.size() == 0);
    if (wrong.size() == 0) continue;
    EXPECT_THAT(parallel.error().message, HasSubstr(std::to_string(*wrong.begin())));
  }
}

TEST(Module, TheCacheKnowsWhatWasValidated) {
  const std::string folder = testing::TempDir() + "wisp-validated-" + std::to_string(std::random_device()());
  Config config = test::config();
  config.code_cache = *CodeCache::open(folder);
  const Engine engine(config);
  const auto is_known = [&](const Module& module) {
    const auto& raw = Access::state(module).loaded->module();
    const std::shared_ptr<const wasm::Module> borrowed(&raw, [](const auto*) {});
    return Access::disk(*config.code_cache)->open(borrowed, is_guarded(config, raw))->is_known_valid();
  };
  for (int i = 0; i < 2; ++i) {
    const auto good = Module::from_text(engine, many_functions({}));
    ASSERT_TRUE(good.ok());
    EXPECT_TRUE(good->validate().ok());
    EXPECT_TRUE(is_known(*good));
    // The same but for one body.
    EXPECT_FALSE(Module::from_text(engine, many_functions({29'999})).ok());
    EXPECT_FALSE(is_known(*Module::from_text(engine, many_functions({29'999}), Validation::lazy)));
  }
  config.code_cache->clean();
  std::filesystem::remove(folder);
}

TEST(Config, FeaturesCanBeSwitchedOff) {
  Config config;
  EXPECT_TRUE(config.has_feature("simd"));
  EXPECT_TRUE(config.set_feature("simd", false));
  EXPECT_FALSE(config.has_feature("simd"));
  EXPECT_FALSE(config.set_feature("no-such-thing", true));
  const auto refused = Module::from_text(Engine(config), "(module (func (param v128)))");
  EXPECT_FALSE(refused.ok());
  EXPECT_GT(features().size(), 10u);
}

TEST(Types, AsText) {
  EXPECT_EQ(ValType::i32().to_string(), "i32");
  EXPECT_EQ(ValType::funcref().to_string(), "funcref");
  EXPECT_EQ(ValType::ref(HeapType::struct_, false).to_string(), "(ref struct)");
  EXPECT_EQ(ValType::ref(HeapType::none).heap(), HeapType::none);
  EXPECT_EQ(to_string(ExternType(MemoryType{{1, {}, true}, false, 16})), "(memory i64 1)");
  EXPECT_EQ(to_string(ExternKind::table), "table");
}

TEST(Demangle, NamesOfCppAndRust) {
  EXPECT_EQ(demangle("main"), "main");
  EXPECT_EQ(demangle("_ZNSt6vectorIiSaIiEE9push_backEOi"), "std::vector<int, std::allocator<int> >::push_back(int&&)");
  EXPECT_EQ(demangle("_ZN4core9panicking5panic17h0123456789abcdefE"), "core::panicking::panic");
  EXPECT_EQ(demangle("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE"),
            "<alloc::string::String as core::fmt::Display>::fmt");
  EXPECT_EQ(demangle("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
  for (const char* kept : {"_Z", "_ZN", "_R", "_RNv", "_RNvC99999999999999999999x", "_RNvC3abc", "_ZNx"}) {
    EXPECT_EQ(demangle(kept), kept);
  }
}

TEST(Demangle, HostileNamesStayAsTheyAre) {
  // Each level takes the one before twice: the full text would be longer than memory.
  std::string name = "_Z1fI1AE";
  for (int i = 0; i < 60; ++i) name += "1BIS" + std::string(1, char('0' + i % 10)) + "_S_E";
  EXPECT_EQ(demangle(name), name);
  const std::string deep = "_Z1f" + std::string(100'000, 'P') + "i";
  EXPECT_EQ(demangle(deep), deep);
}

}  // namespace
}  // namespace wisp
