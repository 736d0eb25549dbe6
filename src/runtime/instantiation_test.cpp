#include "runtime/instantiation.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "runtime/import_match.hpp"
#include "runtime/runtime_test.hpp"

namespace wisp::runtime {
namespace {

using test::Code;
using test::ModuleBuilder;
using test::World;
using wasm::FuncImport;
using wasm::GlobalType;
using wasm::HeapKind;
using wasm::MemoryType;
using wasm::SegmentMode;
using wasm::TableType;
using wasm::TagType;
using wasm::ValType;

template <class T>
testing::AssertionResult ended_with(const T& outcome, TrapReason reason) {
  const auto* trap = std::get_if<TrapInfo>(&outcome);
  if (trap == nullptr) return testing::AssertionFailure() << "no trap";
  if (trap->reason != reason) return testing::AssertionFailure() << text_of(trap->reason);
  return testing::AssertionSuccess();
}

/// Whether the host has been asked for large pages at an address, as /proc/self/smaps says ("hg").
/// https://docs.kernel.org/filesystems/proc.html
bool prefers_large_pages(const u8* at) {
  std::ifstream file("/proc/self/smaps");
  bool is_there = false;
  for (std::string line; std::getline(file, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) {
      const auto address = reinterpret_cast<uintptr_t>(at);
      is_there = begin <= address && address < end;
    }
    if (is_there && line.starts_with("VmFlags:")) return line.find(" hg") != line.npos;
  }
  return false;
}

TEST(Instantiation, MemoriesThatDataFillsHaveLargePages) {
  if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled")) GTEST_SKIP() << "this host has no large pages";
  constexpr u64 page = 64 * 1024;
  const std::string half(limits::large_page_memory_bytes / 2, 'x');
  const auto prefers = [&](u64 size_bytes, std::string_view data) {
    World world;
    ModuleBuilder builder = world.build();
    builder.memory(u32(size_bytes / page));
    builder.data(Code::i32(0), data);
    const GuestMemory memory = world.instantiate(builder).memory(MemoryIndex(0)).bytes();
    EXPECT_EQ(as_text(*memory.slice(data.size() - 1, 2)), std::string_view("x\0", 2));
    return prefers_large_pages(memory.slice(0, 1)->data());
  };
  EXPECT_TRUE(prefers(limits::large_page_memory_bytes, half));
  EXPECT_FALSE(prefers(limits::large_page_memory_bytes + page, half));
  EXPECT_FALSE(prefers(limits::large_page_memory_bytes - page, half));
}

TEST(Instantiation, InitialisesInOrder) {
  World world;
  ModuleBuilder builder = world.build();
  const auto* type = builder.func_type({}, {});
  builder.function(type);
  builder.function(type);
  builder.global(ValType::i32(), Code::i32(3));
  builder.global(ValType::funcref(), Code::ref_func(1));
  builder.memory(1);
  builder.table(5, ValType::funcref(), Code::ref_func(0));
  builder.elem(SegmentMode::active, Code::global_get(0), {FuncIndex(1)});
  builder.elem(SegmentMode::passive, {}, {FuncIndex(0), FuncIndex(1)});
  builder.elem(SegmentMode::declarative, {}, {FuncIndex(0)});
  builder.data(Code::i32(10), "abc");
  builder.passive_data("xyz");
  Instance& instance = world.instantiate(builder);

  const Ref f0 = reinterpret_cast<Ref>(&instance.function(FuncIndex(0)));
  const Ref f1 = reinterpret_cast<Ref>(&instance.function(FuncIndex(1)));
  const Table& table = instance.table(TableIndex(0));
  EXPECT_EQ(std::vector<Ref>(table.elements(), table.elements() + 5), (std::vector<Ref>{f0, f0, f0, f1, f0}));
  EXPECT_EQ(instance.global(GlobalIndex(1)).cell.slots[0], f1);
  EXPECT_TRUE(instance.elem(ElemIndex(0)).empty());
  EXPECT_EQ(instance.elem(ElemIndex(1)).size(), 2u);
  EXPECT_TRUE(instance.elem(ElemIndex(2)).empty());
  EXPECT_TRUE(instance.data(DataIndex(0)).empty());
  EXPECT_EQ(as_text(instance.data(DataIndex(1))), "xyz");
  EXPECT_EQ(as_text(*instance.memory(MemoryIndex(0)).bytes().slice(10, 4)), std::string_view("abc\0", 4));
}

TEST(Instantiation, AFailureLeavesEarlierEffects) {
  World world;
  ModuleBuilder owner = world.build();
  owner.memory(1);
  owner.table(4);
  Instance& shared = world.instantiate(owner);

  ModuleBuilder builder = world.build();
  const auto* type = builder.func_type({}, {});
  builder.import(TableType{ValType::funcref(), {4, 0, false, false}});
  builder.import(MemoryType{{1, 0, false, false}});
  builder.function(type);
  builder.elem(SegmentMode::active, Code::i32(0), {FuncIndex(0)});
  builder.data(Code::i32(0), "first");
  builder.memory(1);
  builder.module().datas.push_back(
      {SegmentMode::active, MemoryIndex(1), builder.module().datas[0].offset, as_bytes(std::string_view("ok"))});
  const std::vector<Extern> imports = {shared.external(wasm::ExternKind::table, 0),
                                       shared.external(wasm::ExternKind::memory, 0)};
  {
    ModuleBuilder failing = world.build();
    failing.import(TableType{ValType::funcref(), {4, 0, false, false}});
    failing.import(MemoryType{{1, 0, false, false}});
    failing.function(failing.func_type({}, {}));
    failing.elem(SegmentMode::active, Code::i32(2), {FuncIndex(0)});
    failing.elem(SegmentMode::active, Code::i32(3), {FuncIndex(0), FuncIndex(0)});
    failing.data(Code::i32(0), "never");
    EXPECT_TRUE(ended_with(world.try_instantiate(failing, imports), TrapReason::table_out_of_bounds));
    // The first segment was written, the second not at all, and no data.
    EXPECT_NE(shared.table(TableIndex(0)).elements()[2], null_ref);
    EXPECT_EQ(shared.table(TableIndex(0)).elements()[3], null_ref);
    EXPECT_EQ(shared.memory(MemoryIndex(0)).view().base[0], 0);
  }
  EXPECT_EQ(world.try_instantiate(builder, imports).index(), 0u);
  EXPECT_EQ(as_text(*shared.memory(MemoryIndex(0)).bytes().slice(0, 5)), "first");
}

TEST(Instantiation, DataOutOfBoundsWritesNothing) {
  World world;
  for (const auto& [offset, bytes, ok] : {std::tuple(u8{0}, "", true), std::tuple(u8{1}, "", false)}) {
    ModuleBuilder builder = world.build();
    builder.memory(0);
    builder.data(Code::i32(offset), bytes);
    EXPECT_EQ(world.try_instantiate(builder).index(), ok ? 0u : 2u);
  }
}

TEST(Instantiation, RunsTheStartFunction) {
  World world;
  int calls = 0;
  world.tier.body = [&](Execution& execution, Function& function, u64*) {
    ++calls;
    EXPECT_EQ(function.index, FuncIndex(0));
    execution.trap = TrapReason::unreachable;
    return calls == 1 ? Status::returned : Status::unwind;
  };
  ModuleBuilder builder = world.build();
  builder.function(builder.func_type({}, {}));
  builder.module().start = FuncIndex(0);
  EXPECT_EQ(world.try_instantiate(builder).index(), 0u);
  const auto second = world.try_instantiate(builder);
  ASSERT_TRUE(ended_with(second, TrapReason::unreachable));
  EXPECT_EQ(std::get<TrapInfo>(second).backtrace.size(), 1u);
}

TEST(Instantiation, LimitsOfTheStore) {
  StoreSettings settings;
  settings.limits.memory_bytes = 65536;
  settings.limits.table_entries = 10;
  settings.limits.memories = 3;
  settings.limits.tables = 2;
  settings.limits.instances = 4;
  World world(settings);
  const auto code = [&](auto&& add) {
    ModuleBuilder builder = world.build();
    add(builder);
    const auto made = world.try_instantiate(builder);
    return made.index() == 1 ? int(std::get<Error>(made).code) : -int(made.index());
  };
  const int limit = int(ErrorCode::limit);
  EXPECT_EQ(code([](ModuleBuilder& m) { m.memory(2); }), limit);
  EXPECT_EQ(code([](ModuleBuilder& m) { m.memory(1); }), 0);
  EXPECT_EQ(code([](ModuleBuilder& m) { m.memory(1); }), limit);
  EXPECT_EQ(code([](ModuleBuilder& m) { m.table(11); }), limit);
  EXPECT_EQ(code([](ModuleBuilder& m) { m.table(10); }), 0);
  EXPECT_EQ(code([](ModuleBuilder& m) { m.table(0), m.table(0); }), limit);
  EXPECT_EQ(code([](ModuleBuilder& m) { m.memory(0), m.memory(0), m.memory(0); }), limit);
  EXPECT_EQ(code([](ModuleBuilder&) {}), 0);
  EXPECT_EQ(code([](ModuleBuilder&) {}), 0);
  EXPECT_EQ(code([](ModuleBuilder&) {}), limit);
}

TEST(Instantiation, ACountOfImportsThatIsWrong) {
  World world;
  ModuleBuilder builder = world.build();
  builder.import(GlobalType{ValType::i32(), false});
  const auto made = world.try_instantiate(builder);
  ASSERT_EQ(made.index(), 1u);
  EXPECT_EQ(std::get<Error>(made).code, ErrorCode::link);
}

TEST(Instantiation, NamesTheImportThatDoesNotFit) {
  World world;
  ModuleBuilder builder = world.build();
  builder.import(GlobalType{ValType::i64(), false}, "g");
  Global& global = world.store->make_global({ValType::i32(), false});
  const auto made = world.try_instantiate(builder, {&global});
  ASSERT_EQ(made.index(), 1u);
  EXPECT_TRUE(std::get<Error>(made).message.starts_with("incompatible import type: m.g"))
      << std::get<Error>(made).message;
}

TEST(ImportMatching, Matrix) {
  ModuleBuilder types(std::make_shared<wasm::TypeRegistry>());
  const auto* no_args = types.func_type({}, {});
  const auto* one_arg = types.func_type({ValType::i32()}, {});
  wasm::DefType open_type;
  open_type.is_final = false;
  const auto* super = types.type(open_type);
  const auto* sub = types.type(open_type, super);
  const auto func = [](const wasm::DefType* type) { return wasm::ExternType(FuncImport{type}); };
  const auto tag = [](const wasm::DefType* type) { return wasm::ExternType(TagType{type}); };
  const auto global = [](ValType type, bool is_mutable) { return wasm::ExternType(GlobalType{type, is_mutable}); };
  const auto memory = [](u64 min, std::optional<u64> max, bool is_64 = false, bool shared = false, u8 log2 = 16) {
    return wasm::ExternType(MemoryType{{min, max.value_or(0), max.has_value(), is_64}, shared, log2});
  };
  const auto table = [](ValType type, u64 min, std::optional<u64> max, bool is_64 = false) {
    return wasm::ExternType(TableType{type, {min, max.value_or(0), max.has_value(), is_64}});
  };
  const ValType any_func = ValType::funcref();
  const ValType some_func = ValType::ref(false, HeapKind::func);
  const struct {
    wasm::ExternType found;
    wasm::ExternType wanted;
    bool matches;
  } cases[] = {
      {func(no_args), func(no_args), true},
      {func(no_args), func(one_arg), false},
      {func(sub), func(super), true},
      {func(super), func(sub), false},
      {tag(one_arg), tag(one_arg), true},
      {tag(sub), tag(super), false},
      {func(no_args), tag(no_args), false},
      {global(ValType::i32(), false), global(ValType::i32(), false), true},
      {global(ValType::i32(), true), global(ValType::i32(), false), false},
      {global(ValType::i32(), false), global(ValType::i32(), true), false},
      {global(some_func, false), global(any_func, false), true},
      {global(any_func, false), global(some_func, false), false},
      {global(some_func, true), global(any_func, true), false},
      {memory(1, 2), memory(1, 2), true},
      {memory(2, 2), memory(1, 3), true},
      {memory(1, 2), memory(2, 2), false},
      {memory(1, {}), memory(1, 2), false},
      {memory(1, 3), memory(1, 2), false},
      {memory(1, 2), memory(0, {}), true},
      {memory(1, 2, true), memory(1, 2), false},
      {memory(1, 2, false, true), memory(1, 2), false},
      {memory(1, 2, false, true), memory(1, 2, false, true), true},
      {memory(1, 2, false, false, 0), memory(1, 2), false},
      {table(any_func, 1, 2), table(any_func, 1, 2), true},
      {table(some_func, 1, 2), table(any_func, 1, 2), false},
      {table(any_func, 1, {}), table(any_func, 1, 2), false},
      {table(any_func, 1, 2, true), table(any_func, 1, 2), false},
      {table(any_func, 10, 20), table(any_func, 1, 20), true},
  };
  for (usize i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(matches(cases[i].found, cases[i].wanted), cases[i].matches) << "case " << i;
  }
}

TEST(ImportMatching, TheSizeIsTheOneNow) {
  World world;
  auto memory = world.store->make_memory({{1, 5, true, false}, false, 16});
  ASSERT_TRUE(memory.ok());
  ASSERT_TRUE((*memory)->grow(2).ok());
  EXPECT_EQ(std::get<MemoryType>(type_of(*memory)).limits.min, 3u);
  auto table = world.store->make_table({ValType::funcref(), {1, 0, false, false}});
  ASSERT_TRUE(table.ok());
  ASSERT_TRUE((*table)->reserve(4));
  (*table)->publish(4);
  EXPECT_EQ(std::get<TableType>(type_of(*table)).limits.min, 5u);
}

}  // namespace
}  // namespace wisp::runtime
