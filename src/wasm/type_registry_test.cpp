#include "wasm/type_registry.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace wisp::wasm {
namespace {

using Draft = TypeRegistry::Draft;

Draft func(std::vector<ValType> params, std::vector<ValType> results = {}) {
  Draft draft;
  draft.type.func = {std::move(params), std::move(results)};
  return draft;
}

Draft structure(std::vector<FieldType> fields, const DefType* super = nullptr) {
  Draft draft;
  draft.type.kind = DefType::Kind::struct_;
  draft.type.is_final = false;
  draft.type.fields = std::move(fields);
  draft.super = super;
  return draft;
}

FieldType field(ValType type, bool is_mutable = false) {
  return {{type, StorageType::Packed::none}, is_mutable};
}

ValType ref_to(const DefType* type) {
  return ValType::ref(true, HeapType(type));
}

const DefType* only(const RecGroupRef& group) {
  return group.types()[0];
}

RecGroupRef intern(TypeRegistry& registry, Draft draft) {
  return registry.intern(std::span(&draft, 1));
}

TEST(TypeRegistry, EqualGroupsAreOne) {
  TypeRegistry registry;
  const RecGroupRef a = intern(registry, func({ValType::i32()}, {ValType::i64()}));
  const RecGroupRef b = registry.intern_func({{ValType::i32()}, {ValType::i64()}});
  EXPECT_EQ(a, b);
  EXPECT_EQ(only(a), only(b));
  EXPECT_NE(a, registry.intern_func({{ValType::i64()}, {ValType::i32()}}));
  EXPECT_NE(a, registry.intern_func({{ValType::i32(), ValType::i64()}, {}}));
  Draft open = func({ValType::i32()}, {ValType::i64()});
  open.type.is_final = false;
  EXPECT_NE(a, intern(registry, open));
}

TEST(TypeRegistry, PackingMutabilityAndKindMatter) {
  TypeRegistry registry;
  const FieldType packed{{ValType::i32(), StorageType::Packed::i8}, false};
  const RecGroupRef plain = intern(registry, structure({field(ValType::i32())}));
  EXPECT_NE(plain, intern(registry, structure({packed})));
  EXPECT_NE(plain, intern(registry, structure({field(ValType::i32(), true)})));
  EXPECT_NE(plain, intern(registry, structure({})));
  Draft array = structure({field(ValType::i32())});
  array.type.kind = DefType::Kind::array;
  EXPECT_NE(plain, intern(registry, array));
}

TEST(TypeRegistry, RecursionIsPartOfTheIdentity) {
  TypeRegistry registry;
  // A list that refers to itself; defined again it is the same.
  const RecGroupRef list = intern(registry, structure({field(ref_to(TypeRegistry::recursive(0)))}));
  EXPECT_EQ(list, intern(registry, structure({field(ref_to(TypeRegistry::recursive(0)))})));
  EXPECT_EQ(only(list)->fields[0].storage.type, ref_to(only(list)));
  // One that refers to the first list is another type, though it unfolds to the same.
  const RecGroupRef unrolled = intern(registry, structure({field(ref_to(only(list)))}));
  EXPECT_NE(unrolled, list);
  EXPECT_EQ(unrolled, intern(registry, structure({field(ref_to(only(list)))})));
  // Two in one group are not two groups.
  const Draft pair[] = {structure({field(ref_to(TypeRegistry::recursive(1)))}),
                        structure({field(ref_to(TypeRegistry::recursive(0)))})};
  const RecGroupRef both = registry.intern(pair);
  EXPECT_EQ(both.types().size(), 2u);
  EXPECT_EQ(both.types()[0]->fields[0].storage.type, ref_to(both.types()[1]));
  EXPECT_NE(both.types()[0], both.types()[1]);
  EXPECT_NE(both.types()[0], only(list));
  EXPECT_EQ(TypeRegistry::group_of(*both.types()[1]), both);
}

TEST(TypeRegistry, DefaultableIfAllFieldsAre) {
  TypeRegistry registry;
  EXPECT_TRUE(only(intern(registry, structure({})))->is_defaultable);
  EXPECT_TRUE(only(intern(registry, structure({field(ValType::externref())})))->is_defaultable);
  const ValType non_null = ValType::ref(false, HeapKind::any);
  EXPECT_FALSE(only(intern(registry, structure({field(ValType::i32()), field(non_null)})))->is_defaultable);
}

TEST(TypeRegistry, SubtypesAreFoundAtAnyDistance) {
  TypeRegistry registry;
  std::vector<RecGroupRef> groups{intern(registry, structure({}))};
  constexpr usize depth = 63;
  for (usize i = 0; i < depth; ++i) groups.push_back(intern(registry, structure({}, only(groups.back()))));
  const RecGroupRef other = intern(registry, structure({field(ValType::i32())}, only(groups[40])));
  for (usize i = 0; i <= depth; ++i) {
    EXPECT_EQ(only(groups[i])->depth, i);
    for (usize j = 0; j <= depth; ++j)
      EXPECT_EQ(only(groups[i])->is_subtype_of(only(groups[j])), j <= i) << i << " " << j;
    EXPECT_EQ(only(other)->is_subtype_of(only(groups[i])), i <= 40);
    EXPECT_FALSE(only(groups[i])->is_subtype_of(only(other)));
  }
}

TEST(TypeRegistry, GroupsKeepWhatTheyReferTo) {
  TypeRegistry registry;
  RecGroupRef outer;
  {
    const RecGroupRef inner = intern(registry, structure({field(ValType::i64())}));
    outer = intern(registry, func({ref_to(only(inner))}));
  }
  const DefType* const inner = only(outer)->func.params[0].heap().type();
  EXPECT_EQ(inner->fields[0].storage.type, ValType::i64());
  EXPECT_EQ(only(intern(registry, structure({field(ValType::i64())}))), inner);
}

TEST(TypeRegistry, GroupsOutliveTheRegistry) {
  RecGroupRef group;
  {
    TypeRegistry registry;
    group = registry.intern_func({{ValType::f32()}, {}});
  }
  EXPECT_EQ(only(group)->func.params[0], ValType::f32());
}

TEST(TypeRegistry, ALongChainDiesWithoutRecursion) {
  TypeRegistry registry;
  RecGroupRef last = intern(registry, structure({}));
  for (int i = 0; i < 300'000; ++i) last = intern(registry, structure({field(ref_to(only(last)))}));
  last = RecGroupRef();
  EXPECT_TRUE(last.types().empty());
}

TEST(TypeRegistry, ThreadsAgree) {
  TypeRegistry registry;
  constexpr int rounds = 2000;
  std::vector<std::vector<RecGroupRef>> found(4);
  std::vector<std::thread> threads;
  for (auto& groups : found) {
    threads.emplace_back([&registry, &groups] {
      for (u32 i = 0; i < rounds; ++i) {
        // Some come and go, some stay.
        const RecGroupRef inner = registry.intern_func({std::vector<ValType>(i % 7, ValType::i32()), {}});
        RecGroupRef outer = registry.intern_func({{ref_to(only(inner))}, {}});
        if (i % 7 == i % 11) groups.push_back(std::move(outer));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& groups : found) {
    ASSERT_EQ(groups.size(), found[0].size());
    for (usize i = 0; i < groups.size(); ++i) EXPECT_EQ(groups[i], found[0][i]);
  }
}

TEST(StructureMatches, FollowsTheVarianceOfEachPart) {
  TypeRegistry registry;
  const ValType narrow = ValType::ref(false, HeapKind::i31);
  const ValType wide = ValType::ref(true, HeapKind::eq);
  const auto type = [&](Draft draft) { return std::move(draft.type); };
  EXPECT_TRUE(structure_matches(type(func({wide}, {narrow})), type(func({narrow}, {wide}))));
  EXPECT_FALSE(structure_matches(type(func({narrow}, {wide})), type(func({wide}, {narrow}))));
  EXPECT_FALSE(structure_matches(type(func({wide})), type(func({}))));
  EXPECT_TRUE(structure_matches(type(structure({field(narrow), field(wide)})), type(structure({field(wide)}))));
  EXPECT_FALSE(structure_matches(type(structure({})), type(structure({field(wide)}))));
  EXPECT_FALSE(structure_matches(type(structure({field(narrow, true)})), type(structure({field(wide, true)}))));
  EXPECT_FALSE(structure_matches(type(structure({field(narrow, true)})), type(structure({field(narrow)}))));
}

}  // namespace
}  // namespace wisp::wasm
