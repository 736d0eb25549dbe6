#include "runtime/heap.hpp"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "runtime/runtime_test.hpp"

namespace wisp::runtime {
namespace {

using wasm::FieldType;
using wasm::HeapKind;
using wasm::StorageType;
using wasm::ValType;

const FieldType reference_field{{ValType::ref(true, HeapKind::any)}, true};
const FieldType i64_field{{ValType::i64()}, true};

class Roots final : public RootSource {
 public:
  void mark_roots(Heap& heap) override { heap.mark(refs); }
  bool interrupted() override { return is_interrupted; }
  std::vector<Ref> refs;
  bool is_interrupted = false;
};

class HeapTest : public testing::Test {
 protected:
  GcObject* make(const wasm::DefType* type, u64 size_bytes, GcObject::Kind kind, u32 length = 0) {
    const auto made = heap.allocate(size_bytes);
    EXPECT_TRUE(made.ok());
    if (!made.ok()) return nullptr;
    (*made)->type = type;
    (*made)->kind = kind;
    (*made)->length = length;
    return *made;
  }
  GcObject* make_array(u32 length) {
    return make(array, object_header_bytes + u64{length} * 8, GcObject::Kind::array, length);
  }
  static Ref& element(GcObject* object, u64 index) { return reinterpret_cast<Ref*>(payload(object))[index]; }

  std::shared_ptr<wasm::TypeRegistry> registry = std::make_shared<wasm::TypeRegistry>();
  test::ModuleBuilder types{registry};
  const wasm::DefType* array = types.array_type(reference_field.storage);
  const wasm::DefType* bytes = types.array_type({ValType::i32(), StorageType::Packed::i8});
  Roots roots;
  Heap heap{roots, u64{256} << 20};
};

TEST_F(HeapTest, ObjectsAreZeroAlignedAndApart) {
  std::map<u64, u64> taken;
  for (const u64 size : {16u, 17u, 24u, 32u, 33u, 100u, 1000u, 8191u, 8192u, 8193u, 65536u, 65537u, 200000u}) {
    for (int i = 0; i < 20; ++i) {
      const auto made = heap.allocate(size);
      ASSERT_TRUE(made.ok());
      const u64 address = ref_of(*made);
      EXPECT_EQ(address % 16, 0u);
      const u8* begin = reinterpret_cast<const u8*>(*made);
      EXPECT_TRUE(std::all_of(begin, begin + size, [](u8 byte) { return byte == 0; }));
      taken[address] = size;
      roots.refs.push_back(address);
      std::memset(*made, 0xee, size);
      (*made)->kind = GcObject::Kind::host;
    }
  }
  u64 end = 0;
  for (const auto& [address, size] : taken) {
    EXPECT_GE(address, end);
    end = address + size;
  }
}

TEST_F(HeapTest, OnlyReferencesAreFound) {
  GcObject* small = make_array(3);
  GcObject* large = make_array(100'000);
  EXPECT_TRUE(heap.contains(ref_of(small)));
  EXPECT_TRUE(heap.contains(ref_of(large)));
  for (const u64 wrong : {u64{0}, u64{1}, ref_of(small) + 1, ref_of(small) + 8, ref_of(small) + 16, ref_of(large) + 8,
                          ref_of(large) + 65536, ~u64{0}, u64(reinterpret_cast<u64>(&heap))}) {
    EXPECT_FALSE(heap.contains(wrong));
  }
}

TEST_F(HeapTest, FreesWhatIsNotReachable) {
  roots.refs = {ref_of(make_array(10))};
  GcObject* lost = make_array(10);
  GcObject* kept = make_array(10);
  element(object_of(roots.refs[0]), 4) = ref_of(kept);
  element(lost, 0) = ref_of(kept);
  const u64 before = heap.live_bytes();
  ASSERT_TRUE(heap.collect());
  EXPECT_TRUE(heap.contains(roots.refs[0]));
  EXPECT_TRUE(heap.contains(ref_of(kept)));
  EXPECT_FALSE(heap.contains(ref_of(lost)));
  EXPECT_EQ(heap.live_bytes(), before / 3 * 2);
}

TEST_F(HeapTest, CyclesAndSelfReferences) {
  GcObject* a = make_array(1);
  GcObject* b = make_array(1);
  element(a, 0) = ref_of(b);
  element(b, 0) = ref_of(a);
  roots.refs = {ref_of(a)};
  ASSERT_TRUE(heap.collect());
  EXPECT_TRUE(heap.contains(ref_of(b)));
  roots.refs.clear();
  ASSERT_TRUE(heap.collect());
  EXPECT_EQ(heap.live_bytes(), 0u);
}

TEST_F(HeapTest, ALongListNeedsNoNativeStack) {
  Ref head = null_ref;
  for (int i = 0; i < 1'000'000; ++i) {
    GcObject* node = make_array(1);
    element(node, 0) = head;
    head = ref_of(node);
    roots.refs = {head};
  }
  ASSERT_TRUE(heap.collect());
  EXPECT_EQ(heap.live_bytes(), 1'000'000u * 32);
}

TEST_F(HeapTest, MoreChildrenThanTheMarkStackHolds) {
  const u32 count = u32(limits::mark_stack_entries) + 100'000;
  GcObject* parent = make_array(count);
  roots.refs = {ref_of(parent)};
  for (u32 i = 0; i < count; ++i) {
    GcObject* child = make_array(i % 16 == 0 ? 1 : 0);
    element(parent, i) = ref_of(child);
    if (i % 16 == 0) element(child, 0) = ref_of(make_array(0));
  }
  const u64 live = heap.live_bytes();
  ASSERT_TRUE(heap.collect());
  EXPECT_EQ(heap.live_bytes(), live);
}

TEST_F(HeapTest, MemoryIsUsedAgain) {
  // 40 times the limit in small and large objects, none of which stays.
  for (int i = 0; i < 5000; ++i) {
    ASSERT_NE(make(bytes, 2'000'000, GcObject::Kind::array), nullptr);
    ASSERT_NE(make_array(20), nullptr);
  }
  EXPECT_LE(heap.peak_bytes(), u64{256} << 20);
  EXPECT_GT(heap.collections(), 10u);
}

TEST_F(HeapTest, SaysWhenItIsFull) {
  Heap small(roots, 1 << 20);
  Roots keep;
  u64 count = 0;
  while (true) {
    const auto made = small.allocate(10'000);
    if (!made.ok()) {
      EXPECT_EQ(made.error(), TrapReason::allocation_failed);
      break;
    }
    (*made)->kind = GcObject::Kind::host;
    roots.refs.push_back(ref_of(*made));
    ASSERT_LT(++count, 1000u);
  }
  EXPECT_EQ(count, 16u);
  EXPECT_EQ(small.allocate(u64{2} << 20).error(), TrapReason::allocation_failed);
  roots.refs.clear();
  EXPECT_TRUE(small.allocate(10'000).ok());
}

TEST_F(HeapTest, ACollectionCanBeStopped) {
  GcObject* big = make_array(1'000'000);
  roots.refs = {ref_of(big)};
  for (u32 i = 0; i < 10'000; ++i) element(big, i) = ref_of(make_array(1));
  const u64 live = heap.live_bytes();
  roots.is_interrupted = true;
  EXPECT_FALSE(heap.collect());
  EXPECT_EQ(heap.live_bytes(), live);
  roots.is_interrupted = false;
  EXPECT_TRUE(heap.collect());
  EXPECT_EQ(heap.live_bytes(), live);
}

/// A random graph beside a model of it; after every step the heap must hold what the model reaches, with its contents.
TEST_F(HeapTest, AgreesWithAModelUnderStress) {
  const wasm::DefType* node = types.struct_type(
      {i64_field, reference_field, {{ValType::i32(), StorageType::Packed::i16}, true}, reference_field});
  const StructLayout layout(*node);
  heap.set_stress(true);
  struct Model {
    u64 number;
    u64 next[2];  // index in `nodes`, or none
  };
  constexpr u64 none = ~u64{0};
  constexpr usize slots = 40;
  std::vector<Model> nodes;
  std::vector<u64> held(slots, none);
  roots.refs.assign(slots, null_ref);
  std::mt19937 random(7);
  const auto pick = [&](u64 below) { return random() % below; };
  const auto field = [&](Ref ref, u32 index) -> Ref& {
    return *reinterpret_cast<Ref*>(ref + layout.offset(FieldIndex(index)));
  };
  const auto check = [&](auto&& self, u64 index, Ref ref, int depth) -> void {
    if (index == none) {
      EXPECT_EQ(ref, null_ref);
      return;
    }
    ASSERT_TRUE(heap.contains(ref));
    EXPECT_EQ(field(ref, 0), nodes[index].number);
    if (depth == 0) return;
    self(self, nodes[index].next[0], field(ref, 1), depth - 1);
    self(self, nodes[index].next[1], field(ref, 3), depth - 1);
  };
  for (int step = 0; step < 3000; ++step) {
    const u64 at = pick(slots);
    if (pick(4) == 0) {
      held[at] = none;
      roots.refs[at] = null_ref;
    }
    const u64 left = pick(slots);
    const u64 right = pick(slots);
    GcObject* made = make(node, layout.size_bytes(), GcObject::Kind::struct_);
    nodes.push_back({random(), {held[left], held[right]}});
    field(ref_of(made), 0) = nodes.back().number;
    field(ref_of(made), 1) = roots.refs[left];
    field(ref_of(made), 3) = roots.refs[right];
    held[at] = nodes.size() - 1;
    roots.refs[at] = ref_of(made);
    const u64 looked_at = pick(slots);
    check(check, held[looked_at], roots.refs[looked_at], 6);
  }
  roots.refs.assign(slots, null_ref);
  ASSERT_TRUE(heap.collect());
  EXPECT_EQ(heap.live_bytes(), 0u);
}

TEST(Layout, FieldsAreAlignedAndSubtypesBeginLikeTheirSupertypes) {
  test::ModuleBuilder types(std::make_shared<wasm::TypeRegistry>());
  const FieldType byte{{ValType::i32(), StorageType::Packed::i8}, true};
  const FieldType vector{{ValType::v128()}, true};
  const wasm::DefType* super = types.struct_type({byte, i64_field, byte, {{ValType::f32()}, false}});
  const wasm::DefType* sub = types.struct_type({byte, i64_field, byte, {{ValType::f32()}, false}, byte, vector}, super);
  const StructLayout a(*super);
  const StructLayout b(*sub);
  const u32 expected[] = {16, 24, 32, 36, 40, 48};
  for (u32 i = 0; i < 6; ++i) EXPECT_EQ(b.offset(FieldIndex(i)), expected[i]);
  for (u32 i = 0; i < 4; ++i) EXPECT_EQ(a.offset(FieldIndex(i)), expected[i]);
  EXPECT_EQ(a.size_bytes(), 40u);
  EXPECT_EQ(b.size_bytes(), 64u);
  const StructLayouts all(types.module());
  EXPECT_EQ(all.offset(TypeIndex(1), FieldIndex(5)), 48u);
  EXPECT_EQ(all.size_bytes(TypeIndex(0)), 40u);
}

TEST(Layout, PackedFieldsAreExtended) {
  u8 bytes[16] = {};
  const StorageType i8{ValType::i32(), StorageType::Packed::i8};
  const StorageType i16{ValType::i32(), StorageType::Packed::i16};
  u64 slot = 0xffff'ffff'ffff'8f80;
  store_field(i8, bytes, &slot);
  EXPECT_EQ(bytes[1], 0);
  u64 out = ~u64{0};
  load_field(i8, bytes, &out, true);
  EXPECT_EQ(out, 0xffff'ff80u);
  load_field(i8, bytes, &out, false);
  EXPECT_EQ(out, 0x80u);
  store_field(i16, bytes, &slot);
  load_field(i16, bytes, &out, true);
  EXPECT_EQ(out, 0xffff'8f80u);
  load_field(i16, bytes, &out, false);
  EXPECT_EQ(out, 0x8f80u);
}

}  // namespace
}  // namespace wisp::runtime
