#include "wasm/names.hpp"

#include <gtest/gtest.h>

#include "wasm/test_module.hpp"

namespace wisp::wasm::test {
namespace {

Buffer name_map(const std::vector<std::pair<u32, std::string_view>>& entries) {
  std::vector<Buffer> items;
  for (const auto& [index, text] : entries) items.push_back(uleb(index) + name(text));
  return vec(items);
}

/// The names of a module whose name section has these subsections.
Names names_of(const Buffer& subsections, std::shared_ptr<const Module>& keep) {
  auto module = load(preamble() + section(0, name("name") + subsections));
  EXPECT_TRUE(module.ok());
  keep = *module;
  return parse_names(*keep);
}

TEST(Names, ReadsEverySubsection) {
  std::shared_ptr<const Module> keep;
  Buffer all = section(0, name("module"));
  for (const u8 id : {1, 4, 5, 6, 7, 8, 9, 11}) all = all + section(id, name_map({{0, "a"}, {7, "b"}}));
  for (const u8 id : {2, 3, 10}) {
    all = all + section(id, vec({uleb(1) + name_map({{0, "x"}}), uleb(2) + name_map({{3, "y"}, {4, "z"}})}));
  }
  const Names names = names_of(all, keep);
  EXPECT_EQ(names.module, "module");
  EXPECT_EQ(names.function(FuncIndex(7)), "b");
  EXPECT_EQ(names.function(FuncIndex(1)), "");
  for (const NameMap* map : {&names.functions, &names.types, &names.tables, &names.memories, &names.globals,
                             &names.elems, &names.datas, &names.tags}) {
    ASSERT_EQ(map->entries().size(), 2u);
    EXPECT_EQ(*map->find(0), "a");
    EXPECT_EQ(map->find(1), nullptr);
  }
  for (const IndirectNameMap* map : {&names.locals, &names.labels, &names.fields}) {
    ASSERT_NE(map->find(2), nullptr);
    EXPECT_EQ(*map->find(2)->find(4), "z");
    EXPECT_EQ(map->find(3), nullptr);
  }
}

TEST(Names, ExportsNameFunctionsToo) {
  Parts parts;
  parts.types = {void_type};
  parts.functions = {{0}, {0}};
  parts.bodies = {{0, 0x0b}, {0, 0x0b}};
  parts.exports = {name("first") + Buffer{0, 1}, name("second") + Buffer{0, 1}};
  const auto module = load(parts.build());
  ASSERT_TRUE(module.ok());
  EXPECT_EQ(export_name(**module, FuncIndex(0)), "");
  EXPECT_EQ(export_name(**module, FuncIndex(1)), "first");
}

TEST(Names, AreNeverAnError) {
  std::shared_ptr<const Module> keep;
  EXPECT_TRUE(names_of({}, keep).functions.entries().empty());
  EXPECT_TRUE(names_of({1}, keep).functions.entries().empty());
  EXPECT_TRUE(names_of({1, 9, 1}, keep).functions.entries().empty());
  EXPECT_TRUE(names_of(section(99, {1, 2, 3}), keep).functions.entries().empty());
  // What came before the wrong byte stays, and so do the other subsections.
  const Buffer cut = section(1, Buffer{2} + uleb(0) + name("good") + uleb(1) + Buffer{1, 0xff});
  const Names names = names_of(cut + section(7, name_map({{0, "global"}})), keep);
  EXPECT_EQ(names.function(FuncIndex(0)), "good");
  EXPECT_EQ(names.functions.entries().size(), 1u);
  EXPECT_EQ(*names.globals.find(0), "global");
}

TEST(Names, MustBeInOrder) {
  std::shared_ptr<const Module> keep;
  const Names names = names_of(section(1, name_map({{3, "three"}, {3, "again"}, {4, "four"}})), keep);
  EXPECT_EQ(names.functions.entries().size(), 1u);
  EXPECT_EQ(names.function(FuncIndex(3)), "three");
}

TEST(Names, AModuleNeedNotHaveAny) {
  const auto module = load(preamble() + section(0, name("other") + Buffer{1, 2}));
  ASSERT_TRUE(module.ok());
  EXPECT_FALSE(parse_names(**module).module.has_value());
}

}  // namespace
}  // namespace wisp::wasm::test
