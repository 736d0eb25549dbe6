#include "runtime/libcalls.hpp"

#include <bit>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/limits.hpp"
#include "runtime/runtime_test.hpp"

namespace wisp::runtime {
namespace {

using test::Code;
using test::ModuleBuilder;
using test::World;
using wasm::HeapKind;
using wasm::StorageType;
using wasm::ValType;

constexpr u64 page = 65536;
/// The upper half of an i32's slot may hold anything.
constexpr u64 dirt = 0xdead'beef'0000'0000;

/// Calls libcalls of an instance with operands on the value stack.
class Libcalls : public testing::Test {
 protected:
  void instantiate(ModuleBuilder& builder) { instance = &world.instantiate(builder); }

  TrapReason call(Libcall libcall, std::vector<u64> operands, u64 first = 0, u64 second = 0) {
    Execution& execution = world.store->execution();
    u64* const slots = execution.stack_base;
    std::ranges::copy(operands, slots);
    execution.stack_top = slots + std::max<usize>(operands.size(), 1);
    const TrapReason reason = libcall(instance->context(), slots, first, second);
    execution.stack_top = execution.stack_base;
    result = slots[0];
    return reason;
  }
  u8* memory(u32 index = 0) { return instance->memory(MemoryIndex(index)).view().base; }
  Execution& execution() { return world.store->execution(); }

  World world;
  Instance* instance = nullptr;
  u64 result = 0;
};

class MemoryCalls : public Libcalls {
 protected:
  MemoryCalls() {
    ModuleBuilder builder = world.build();
    builder.memory(1, 3);
    builder.memory(2, 5, true);
    builder.passive_data("segment");
    instantiate(builder);
  }
};

TEST_F(MemoryCalls, GrowReportsInTheAddressType) {
  EXPECT_EQ(call(libcall::memory_grow, {dirt | 2}, 0), TrapReason::none);
  EXPECT_EQ(result, 1u);
  EXPECT_EQ(call(libcall::memory_grow, {1}, 0), TrapReason::none);
  EXPECT_EQ(result, 0xffff'ffffu);
  EXPECT_EQ(call(libcall::memory_grow, {u64{1} << 32}, 1), TrapReason::none);
  EXPECT_EQ(result, ~u64{0});
}

TEST_F(MemoryCalls, FillChecksItsBounds) {
  EXPECT_EQ(call(libcall::memory_fill, {dirt | (page - 1), dirt | 0x1ff, dirt | 1}), TrapReason::none);
  EXPECT_EQ(memory()[page - 1], 0xff);
  EXPECT_EQ(call(libcall::memory_fill, {page - 1, 1, 2}), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(memory()[page - 1], 0xff);
  EXPECT_EQ(call(libcall::memory_fill, {page, 1, 0}), TrapReason::none);
  EXPECT_EQ(call(libcall::memory_fill, {page + 1, 1, 0}), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_fill, {0xffff'ffff, 1, 0xffff'ffff}), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_fill, {~u64{0}, 1, 2}, 1), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_fill, {2, 1, ~u64{0}}, 1), TrapReason::memory_out_of_bounds);
}

TEST_F(MemoryCalls, CopyBetweenAddressTypes) {
  memory(1)[2 * page - 1] = 9;
  // From the 64-bit memory to the 32-bit one: the length is an i32.
  EXPECT_EQ(call(libcall::memory_copy, {dirt | 5, 2 * page - 1, dirt | 1}, 0, 1), TrapReason::none);
  EXPECT_EQ(memory()[5], 9);
  EXPECT_EQ(call(libcall::memory_copy, {5, dirt | (2 * page - 1), 1}, 0, 1), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_copy, {0, 0, page + 1}, 0, 1), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_copy, {0, 0, dirt | 1}, 1, 1), TrapReason::memory_out_of_bounds);
}

TEST_F(MemoryCalls, InitAndDrop) {
  EXPECT_EQ(call(libcall::memory_init, {dirt | 3, dirt | 1, dirt | 4}, 0, 0), TrapReason::none);
  EXPECT_EQ(as_text({memory() + 3, 4}), "egme");
  EXPECT_EQ(call(libcall::memory_init, {0, 4, 4}, 0, 0), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_init, {page - 1, 0, 2}, 0, 0), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_init, {0, 0xffff'ffff, 0xffff'ffff}, 0, 0), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::data_drop, {}, 0), TrapReason::none);
  EXPECT_EQ(call(libcall::memory_init, {0, 0, 0}, 0, 0), TrapReason::none);
  EXPECT_EQ(call(libcall::memory_init, {0, 0, 1}, 0, 0), TrapReason::memory_out_of_bounds);
}

TEST_F(MemoryCalls, AtomicsOnMemoriesThatAreNotShared) {
  EXPECT_EQ(call(libcall::memory_atomic_notify, {0, 1}, 0, 4), TrapReason::none);
  EXPECT_EQ(result, 0u);
  EXPECT_EQ(call(libcall::memory_atomic_notify, {1, 1}, 0, 4), TrapReason::unaligned_atomic);
  EXPECT_EQ(call(libcall::memory_atomic_notify, {0, 1}, 0, page), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_atomic_notify, {~u64{0} - 3, 1}, 1, 8), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::memory_atomic_wait32, {0, 0, 0}, 0, 0), TrapReason::expected_shared_memory);
}

TEST(BulkMemory, LongOverlappingCopiesInBothDirections) {
  World world;
  ModuleBuilder builder = world.build();
  builder.memory(128);
  Instance& instance = world.instantiate(builder);
  u8* base = instance.memory(MemoryIndex(0)).view().base;
  const u64 length = 2 * limits::slice_bytes + 12345;
  std::vector<u8> model(128 * page);
  std::mt19937 random(3);
  for (const auto& [to, from] : {std::pair{u64{0}, u64{1}}, {1, 0}, {777777, 5}, {5, 777777}, {0, length}}) {
    for (u8& byte : model) byte = u8(random());
    std::ranges::copy(model, base);
    std::memmove(model.data() + to, model.data() + from, length);
    u64 operands[] = {to, from, length};
    ASSERT_EQ(libcall::memory_copy(instance.context(), operands, 0, 0), TrapReason::none);
    EXPECT_TRUE(std::ranges::equal(model, std::span(base, model.size()))) << to << " " << from;
  }
}

TEST(BulkMemory, CanBeStoppedAndCostsFuel) {
  StoreSettings settings;
  settings.fuel = true;
  World world(settings);
  ModuleBuilder builder = world.build();
  builder.memory(64);
  Instance& instance = world.instantiate(builder);
  Execution& execution = world.store->execution();
  u8* base = instance.memory(MemoryIndex(0)).view().base;
  execution.fuel = i64(64 * page / limits::bytes_per_fuel);
  u64 operands[] = {0, 1, 64 * page};
  EXPECT_EQ(libcall::memory_fill(instance.context(), operands, 0, 0), TrapReason::none);
  EXPECT_EQ(execution.fuel, 0);
  EXPECT_EQ(libcall::memory_fill(instance.context(), operands, 0, 0), TrapReason::out_of_fuel);

  execution.fuel = 1 << 30;
  world.store->control()->interrupt(Interruption::deadline);
  u64 twos[] = {0, 2, 64 * page};
  EXPECT_EQ(libcall::memory_fill(instance.context(), twos, 0, 0), TrapReason::deadline);
  EXPECT_EQ(base[0], 2);
  EXPECT_EQ(base[limits::slice_bytes], 1);
}

TEST(BulkMemory, TrapsAtTheLimitIfAskedTo) {
  StoreSettings settings;
  settings.limits.memory_bytes = 2 * page;
  settings.limits.trap_on_memory_limit = true;
  World world(settings);
  ModuleBuilder builder = world.build();
  builder.memory(1, 4);
  Instance& instance = world.instantiate(builder);
  u64 operands[] = {1};
  EXPECT_EQ(libcall::memory_grow(instance.context(), operands, 0, 0), TrapReason::none);
  operands[0] = 1;
  EXPECT_EQ(libcall::memory_grow(instance.context(), operands, 0, 0), TrapReason::memory_limit);
  // The memory's own maximum is the guest's business.
  operands[0] = 5;
  EXPECT_EQ(libcall::memory_grow(instance.context(), operands, 0, 0), TrapReason::none);
  EXPECT_EQ(operands[0], 0xffff'ffffu);
}

TEST(AtomicWait, IsWokenOrInterrupted) {
  World world;
  ModuleBuilder builder = world.build();
  builder.module().memories.push_back({{1, 1, true, false}, true, 16});
  Instance& instance = world.instantiate(builder);
  u64 operands[] = {8, 1, ~u64{0}};
  EXPECT_EQ(libcall::memory_atomic_wait32(instance.context(), operands, 0, 0), TrapReason::none);
  EXPECT_EQ(operands[0], 1u);
  u64 timed[] = {8, 0, 1000};
  EXPECT_EQ(libcall::memory_atomic_wait64(instance.context(), timed, 0, 0), TrapReason::none);
  EXPECT_EQ(timed[0], 2u);
  std::thread other([&] { world.store->control()->interrupt(Interruption::requested); });
  u64 forever[] = {8, 0, ~u64{0}};
  EXPECT_EQ(libcall::memory_atomic_wait32(instance.context(), forever, 0, 0), TrapReason::interrupted);
  other.join();
}

class TableCalls : public Libcalls {
 protected:
  TableCalls() {
    ModuleBuilder builder = world.build();
    builder.function(builder.func_type({}, {}));
    builder.table(4);
    builder.table(4);
    builder.module().tables[1].type.limits = {4, 10, true, true};
    builder.elem(wasm::SegmentMode::passive, {}, {FuncIndex(0), FuncIndex(0)});
    instantiate(builder);
    f = reinterpret_cast<Ref>(&instance->function(FuncIndex(0)));
  }
  Ref at(u32 table, u64 index) { return instance->table(TableIndex(table)).elements()[index]; }
  Ref f = 0;
};

TEST_F(TableCalls, Grow) {
  EXPECT_EQ(call(libcall::table_grow, {f, dirt | 2}, 0), TrapReason::none);
  EXPECT_EQ(result, 4u);
  EXPECT_EQ(at(0, 5), f);
  EXPECT_EQ(at(0, 3), null_ref);
  EXPECT_EQ(call(libcall::table_grow, {f, 0xffff'ffff}, 0), TrapReason::none);
  EXPECT_EQ(result, 0xffff'ffffu);
  EXPECT_EQ(call(libcall::table_grow, {null_ref, 7}, 1), TrapReason::none);
  EXPECT_EQ(result, ~u64{0});
  EXPECT_EQ(instance->table(TableIndex(1)).size(), 4u);
}

TEST_F(TableCalls, AGrowthThatWasStoppedLeavesNothing) {
  const u64 many = 2 * limits::slice_elements;
  world.store->control()->interrupt(Interruption::requested);
  EXPECT_EQ(call(libcall::table_grow, {f, many}, 0), TrapReason::interrupted);
  EXPECT_EQ(instance->table(TableIndex(0)).size(), 4u);
  world.store->control()->clear_interrupt();
  EXPECT_EQ(call(libcall::table_grow, {null_ref, many + 5}, 0), TrapReason::none);
  for (u64 i = 4; i < many + 9; ++i) ASSERT_EQ(at(0, i), null_ref) << i;
}

TEST_F(TableCalls, FillCopyInit) {
  EXPECT_EQ(call(libcall::table_fill, {dirt | 1, f, dirt | 2}, 0), TrapReason::none);
  EXPECT_EQ(at(0, 0), null_ref);
  EXPECT_EQ(at(0, 1), f);
  EXPECT_EQ(at(0, 3), null_ref);
  EXPECT_EQ(call(libcall::table_fill, {3, f, 2}, 0), TrapReason::table_out_of_bounds);
  EXPECT_EQ(call(libcall::table_fill, {4, f, 0}, 0), TrapReason::none);
  EXPECT_EQ(call(libcall::table_fill, {5, f, 0}, 0), TrapReason::table_out_of_bounds);
  EXPECT_EQ(call(libcall::table_copy, {1, dirt | 1, dirt | 3}, 1, 0), TrapReason::none);
  EXPECT_EQ(at(1, 1), f);
  EXPECT_EQ(at(1, 3), null_ref);
  EXPECT_EQ(call(libcall::table_copy, {dirt | 1, 1, 3}, 1, 0), TrapReason::table_out_of_bounds);
  EXPECT_EQ(call(libcall::table_copy, {1, 0, 3}, 0, 0), TrapReason::none);
  EXPECT_EQ(at(0, 3), f);
  EXPECT_EQ(call(libcall::table_init, {2, 1, 1}, 0, 1), TrapReason::none);
  EXPECT_EQ(at(1, 2), f);
  EXPECT_EQ(call(libcall::table_init, {0, 1, 2}, 0, 1), TrapReason::table_out_of_bounds);
  EXPECT_EQ(call(libcall::elem_drop, {}, 0), TrapReason::none);
  EXPECT_EQ(call(libcall::table_init, {0, 0, 1}, 0, 1), TrapReason::table_out_of_bounds);
}

/// Types: 0 a struct of i8, ref, v128, i32; 1 an array of i16; 2 an array of refs; 3 an array of v128; 4 a function of
/// the tag with an i64 and a reference.
class ObjectCalls : public Libcalls {
 protected:
  ObjectCalls() {
    ModuleBuilder builder = world.build();
    const ValType any = ValType::ref(true, HeapKind::any);
    const StorageType i8{ValType::i32(), StorageType::Packed::i8};
    structure = builder.struct_type({{i8, true}, {{any}, true}, {{ValType::v128()}, true}, {{ValType::i32()}, true}});
    builder.array_type({ValType::i32(), StorageType::Packed::i16});
    builder.array_type({any});
    builder.array_type({ValType::v128()});
    const auto* exception = builder.func_type({ValType::i64(), any}, {});
    builder.module().tags.push_back({exception});
    builder.passive_data("\1\2\3\4\5\6");
    wasm::ElemSegment elem;
    elem.type = ValType::ref(true, HeapKind::i31);
    static const u8 one[] = {0x41, 1, 0xfb, 0x1c, 0x0b};
    elem.expressions.assign(3, wasm::ConstExpr{one});
    builder.module().elems.push_back(elem);
    instantiate(builder);
    world.store->heap().set_stress(true);
  }
  ~ObjectCalls() override { world.store->heap().set_stress(false); }
  template <class T>
  T load(Ref ref, u64 offset) {
    return load_le<T>(reinterpret_cast<const u8*>(ref) + offset);
  }
  /// The reference in `result`, kept alive.
  Ref keep() {
    world.store->add_root(result);
    return result;
  }
  const wasm::DefType* structure = nullptr;
};

TEST_F(ObjectCalls, StructNew) {
  EXPECT_EQ(call(libcall::struct_new_default, {}, 0), TrapReason::none);
  const Ref inner = result;
  // The operand keeps `inner` through the collection that the stress mode makes.
  EXPECT_EQ(call(libcall::struct_new, {0x1ff, inner, 1, 2, dirt | 77}, 0), TrapReason::none);
  const StructLayout layout(*structure);
  EXPECT_EQ(object_of(result)->type, structure);
  EXPECT_EQ(load<u8>(result, layout.offset(FieldIndex(0))), 0xff);
  EXPECT_EQ(load<Ref>(result, layout.offset(FieldIndex(1))), inner);
  EXPECT_EQ(load<u64>(result, layout.offset(FieldIndex(2)) + 8), 2u);
  EXPECT_EQ(load<u32>(result, layout.offset(FieldIndex(3))), 77u);
  EXPECT_TRUE(world.store->heap().contains(inner));
}

TEST_F(ObjectCalls, ArrayNew) {
  EXPECT_EQ(call(libcall::array_new, {0xabcdef, dirt | 3}, 1), TrapReason::none);
  EXPECT_EQ(object_of(result)->length, 3u);
  EXPECT_EQ(load<u16>(result, 20), 0xcdefu);
  EXPECT_EQ(call(libcall::array_new, {1, 2, 5}, 3), TrapReason::none);
  EXPECT_EQ(object_of(result)->length, 5u);
  EXPECT_EQ(load<u64>(result, 16 + 4 * 16 + 8), 2u);
  EXPECT_EQ(call(libcall::array_new_default, {dirt | 1000}, 2), TrapReason::none);
  EXPECT_EQ(load<Ref>(result, 16 + 999 * 8), null_ref);
  EXPECT_EQ(call(libcall::array_new_fixed, {1, 2, 3}, 1, 3), TrapReason::none);
  EXPECT_EQ(load<u16>(result, 20), 3u);
  EXPECT_EQ(call(libcall::array_new_default, {0xffff'ffff}, 3), TrapReason::allocation_failed);
  EXPECT_EQ(call(libcall::array_new_fixed, {}, 1, 0), TrapReason::none);
  EXPECT_EQ(object_of(result)->length, 0u);
}

TEST_F(ObjectCalls, ArraysFromSegments) {
  EXPECT_EQ(call(libcall::array_new_data, {dirt | 1, dirt | 2}, 1, 0), TrapReason::none);
  EXPECT_EQ(load<u16>(result, 16), 0x0302u);
  const Ref shorts = keep();
  EXPECT_EQ(call(libcall::array_new_data, {1, 3}, 1, 0), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::array_new_data, {0, 0xffff'ffff}, 1, 0), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::array_new_elem, {1, 2}, 2, 0), TrapReason::none);
  EXPECT_EQ(load<Ref>(result, 24), i31_ref(1));
  const Ref refs = keep();
  EXPECT_EQ(call(libcall::array_new_elem, {2, 2}, 2, 0), TrapReason::table_out_of_bounds);

  EXPECT_EQ(call(libcall::array_init_data, {shorts, 1, 0, 1}, 1, 0), TrapReason::none);
  EXPECT_EQ(load<u16>(shorts, 18), 0x0201u);
  EXPECT_EQ(call(libcall::array_init_data, {shorts, 1, 0, 2}, 1, 0), TrapReason::array_out_of_bounds);
  EXPECT_EQ(call(libcall::array_init_data, {shorts, 0, 5, 1}, 1, 0), TrapReason::memory_out_of_bounds);
  EXPECT_EQ(call(libcall::array_init_data, {null_ref, 0, 0, 0}, 1, 0), TrapReason::null_array_reference);
  EXPECT_EQ(call(libcall::array_init_elem, {refs, 0, 2, 1}, 2, 0), TrapReason::none);
  EXPECT_EQ(call(libcall::array_init_elem, {refs, 2, 0, 1}, 2, 0), TrapReason::array_out_of_bounds);
  EXPECT_EQ(call(libcall::array_init_elem, {refs, 0, 3, 1}, 2, 0), TrapReason::table_out_of_bounds);
}

TEST_F(ObjectCalls, ArrayFillAndCopy) {
  EXPECT_EQ(call(libcall::array_new_default, {10}, 1), TrapReason::none);
  const Ref array = keep();
  EXPECT_EQ(call(libcall::array_fill, {array, dirt | 2, 0x1ffff, dirt | 3}, 1), TrapReason::none);
  EXPECT_EQ(load<u16>(array, 16 + 2 * 2), 0xffffu);
  EXPECT_EQ(load<u16>(array, 16 + 5 * 2), 0u);
  EXPECT_EQ(call(libcall::array_fill, {array, 8, 1, 3}, 1), TrapReason::array_out_of_bounds);
  EXPECT_EQ(call(libcall::array_fill, {array, 0xffff'ffff, 1, 2}, 1), TrapReason::array_out_of_bounds);
  EXPECT_EQ(call(libcall::array_fill, {null_ref, 0, 1, 0}, 1), TrapReason::null_array_reference);
  EXPECT_EQ(call(libcall::array_copy, {array, 4, array, 2, 5}, 1, 1), TrapReason::none);
  EXPECT_EQ(load<u16>(array, 16 + 6 * 2), 0xffffu);
  EXPECT_EQ(load<u16>(array, 16 + 7 * 2), 0u);
  EXPECT_EQ(call(libcall::array_copy, {array, 6, array, 2, 5}, 1, 1), TrapReason::array_out_of_bounds);
  EXPECT_EQ(call(libcall::array_copy, {array, 2, array, 6, 5}, 1, 1), TrapReason::array_out_of_bounds);
  EXPECT_EQ(call(libcall::array_copy, {array, 0, null_ref, 0, 0}, 1, 1), TrapReason::null_array_reference);
}

TEST_F(ObjectCalls, ExceptionsKeepTheirPayload) {
  EXPECT_EQ(call(libcall::array_new_default, {1}, 2), TrapReason::none);
  const Ref payload_ref = result;
  EXPECT_EQ(call(libcall::exception_new, {42, payload_ref}, 0), TrapReason::none);
  const auto* exception = static_cast<const ExceptionObject*>(object_of(keep()));
  EXPECT_EQ(exception->tag, instance->context().tags[0]);
  ASSERT_TRUE(world.store->heap().collect());
  EXPECT_EQ(exception->slots()[0], 42u);
  EXPECT_EQ(exception->slots()[1], payload_ref);
  EXPECT_TRUE(world.store->heap().contains(payload_ref));
}

TEST_F(ObjectCalls, TestAndCast) {
  const auto bits = [](ValType type) { return std::bit_cast<u64>(type); };
  const ValType null_i31 = ValType::ref(true, HeapKind::i31);
  const ValType i31 = ValType::ref(false, HeapKind::i31);
  EXPECT_EQ(call(libcall::ref_test, {null_ref}, bits(null_i31)), TrapReason::none);
  EXPECT_EQ(result, 1u);
  EXPECT_EQ(call(libcall::ref_test, {null_ref}, bits(i31)), TrapReason::none);
  EXPECT_EQ(result, 0u);
  EXPECT_EQ(call(libcall::ref_cast, {i31_ref(4)}, bits(i31)), TrapReason::none);
  EXPECT_EQ(result, i31_ref(4));
  EXPECT_EQ(call(libcall::ref_cast, {null_ref}, bits(i31)), TrapReason::cast_failure);
}

TEST(LibcallTable, SignaturesFitTheInstructions) {
  for (const LibcallInfo& row : libcall_table) {
    EXPECT_NE(row.signature.find(':'), std::string_view::npos) << row.name;
  }
  EXPECT_EQ(info(LibcallId::ref_cast).name, "ref_cast");
}

}  // namespace
}  // namespace wisp::runtime
