#include "wasm/types.hpp"

#include <gtest/gtest.h>

#include "wasm/format.hpp"
#include "wasm/test_module.hpp"

namespace wisp::wasm::test {
namespace {

using enum HeapKind;

TEST(Types, AbstractHeapTypesMatchAlongTheirHierarchy) {
  // Each kind with all above it, itself left out.
  const std::pair<HeapKind, std::vector<HeapKind>> above[] = {
      {any, {}},          {eq, {any}},
      {i31, {any, eq}},   {struct_, {any, eq}},
      {array, {any, eq}}, {none, {any, eq, i31, struct_, array}},
      {func, {}},         {nofunc, {func}},
      {extern_, {}},      {noextern, {extern_}},
      {exn, {}},          {noexn, {exn}},
  };
  for (const auto& [sub, supers] : above) {
    for (const auto& [super, ignored] : above) {
      const bool expected = sub == super || std::ranges::find(supers, super) != supers.end();
      EXPECT_EQ(matches(HeapType(sub), HeapType(super)), expected)
          << to_string(HeapType(sub)) << " " << to_string(HeapType(super));
      EXPECT_EQ(top_of(sub) == top_of(super) && super == top_of(sub),
                supers.empty() ? sub == super : super == supers[0]);
    }
    EXPECT_TRUE(matches(HeapType(bottom), HeapType(sub)));
    EXPECT_FALSE(matches(HeapType(sub), HeapType(bottom)));
  }
}

TEST(Types, DefinedTypesMatchTheirAbstraction) {
  TypeRegistry registry;
  const RecGroupRef function = registry.intern_func({});
  TypeRegistry::Draft draft;
  draft.type.kind = DefType::Kind::struct_;
  const RecGroupRef structure = registry.intern(std::span(&draft, 1));
  draft.type.kind = DefType::Kind::array;
  draft.type.fields.resize(1);
  draft.type.fields[0].storage.type = ValType::i32();
  const RecGroupRef array_group = registry.intern(std::span(&draft, 1));

  const HeapType f(function.types()[0]), s(structure.types()[0]), a(array_group.types()[0]);
  for (const HeapKind super : {any, eq, struct_}) EXPECT_TRUE(matches(s, HeapType(super)));
  for (const HeapKind super : {any, eq, array}) EXPECT_TRUE(matches(a, HeapType(super)));
  for (const HeapKind super : {i31, array, none, func, extern_}) EXPECT_FALSE(matches(s, HeapType(super)));
  EXPECT_TRUE(matches(f, HeapType(func)));
  EXPECT_FALSE(matches(f, HeapType(any)));
  EXPECT_TRUE(matches(HeapType(none), s));
  EXPECT_TRUE(matches(HeapType(nofunc), f));
  EXPECT_FALSE(matches(HeapType(nofunc), s));
  EXPECT_FALSE(matches(HeapType(i31), s));
  EXPECT_FALSE(matches(s, a));
  EXPECT_EQ(top_of(f), func);
  EXPECT_EQ(top_of(s), any);
}

TEST(Types, ValueTypesMatch) {
  const ValType nullable = ValType::ref(true, eq);
  const ValType non_null = ValType::ref(false, eq);
  EXPECT_TRUE(matches(non_null, nullable));
  EXPECT_FALSE(matches(nullable, non_null));
  EXPECT_TRUE(matches(ValType::bottom(), ValType::i32()));
  EXPECT_TRUE(matches(ValType::bottom(), non_null));
  EXPECT_FALSE(matches(ValType::i32(), ValType::bottom()));
  EXPECT_FALSE(matches(ValType::i32(), ValType::i64()));
  EXPECT_FALSE(matches(ValType::i32(), nullable));
  EXPECT_FALSE(matches(nullable, ValType::i32()));
}

TEST(Types, ValueTypesKnowTheirShape) {
  EXPECT_EQ(ValType::v128().slots(), 2u);
  EXPECT_EQ(ValType::i32().slots(), 1u);
  EXPECT_TRUE(ValType::f64().is_numeric());
  EXPECT_FALSE(ValType::v128().is_numeric());
  EXPECT_FALSE(ValType::funcref().is_numeric());
  EXPECT_TRUE(ValType::funcref().is_defaultable());
  EXPECT_FALSE(ValType::ref(false, func).is_defaultable());
  EXPECT_TRUE(ValType().is_bottom());
  EXPECT_EQ((StorageType{ValType::i32(), StorageType::Packed::i8}.size_bytes()), 1u);
  EXPECT_EQ((StorageType{ValType::i32(), StorageType::Packed::i16}.size_bytes()), 2u);
  EXPECT_EQ(StorageType{ValType::f32()}.size_bytes(), 4u);
  EXPECT_EQ(StorageType{ValType::externref()}.size_bytes(), 8u);
  EXPECT_EQ(StorageType{ValType::v128()}.size_bytes(), 16u);
}

TEST(Format, WritesTypesAsTheTextFormatDoes) {
  Parts parts;
  parts.types = {{0x60, 2, 0x7f, 0x7e, 1, 0x70},
                 {0x50, 0, 0x5f, 2, 0x78, 1, 0x7b, 0},
                 {0x4f, 1, 1, 0x5f, 2, 0x78, 1, 0x7b, 0},
                 {0x5e, 0x63, 1, 0},
                 {0x60, 1, 0x64, 3, 0}};
  const auto module = load(parts.build());
  ASSERT_TRUE(module.ok()) << module.error().message;
  const Module* const m = module->get();
  EXPECT_EQ(to_string(*m->types[0], m), "(func (param i32 i64) (result funcref))");
  EXPECT_EQ(to_string(*m->types[1], m), "(sub (struct (field (mut i8)) (field v128)))");
  EXPECT_EQ(to_string(*m->types[2], m), "(sub final 1 (struct (field (mut i8)) (field v128)))");
  EXPECT_EQ(to_string(*m->types[3], m), "(array (ref null 1))");
  EXPECT_EQ(to_string(m->types[4]->func, m), "(func (param (ref 3)))");
  EXPECT_EQ(to_string(ValType::ref(false, HeapType(m->types[0]))), "(ref type)");
  EXPECT_EQ(to_string(std::vector{ValType::i32(), ValType::externref()}), "[i32 externref]");
  EXPECT_EQ(to_string(ValType::ref(false, noexn)), "(ref noexn)");
  EXPECT_EQ(to_string(ValType::ref(true, none)), "nullref");
}

TEST(Format, WritesExternalTypes) {
  TableType table;
  table.limits = {.min = 1, .max = 2, .has_max = true};
  EXPECT_EQ(to_string(ExternType(table)), "(table 1 2 funcref)");
  MemoryType memory;
  memory.limits = {.min = 3, .is_64 = true};
  EXPECT_EQ(to_string(ExternType(memory)), "(memory i64 3)");
  memory = {.limits = {.min = 0, .max = 1, .has_max = true}, .shared = true, .page_size_log2 = 0};
  EXPECT_EQ(to_string(memory), "(memory 0 1 shared (pagesize 1))");
  EXPECT_EQ(to_string(ExternType(GlobalType{ValType::f64(), true})), "(global (mut f64))");
  TypeRegistry registry;
  const RecGroupRef type = registry.intern_func({{ValType::i32()}, {}});
  EXPECT_EQ(to_string(ExternType(TagType{type.types()[0]})), "(tag (param i32))");
  EXPECT_EQ(to_string(ExternType(FuncImport{type.types()[0]})), "(func (param i32))");
  EXPECT_EQ(to_string(ExternKind::memory), "memory");
}

}  // namespace
}  // namespace wisp::wasm::test
