#include "wasm/features.hpp"

#include <set>

#include <gtest/gtest.h>

#include "wasm/code_reader.hpp"
#include "wasm/const_expr.hpp"
#include "wasm/opcodes.hpp"
#include "wasm/test_module.hpp"

namespace wisp::wasm::test {
namespace {

/// A function [] -> [] of these instructions in a module with two types (the second is [] -> [i32]) and a memory.
Buffer code(const Buffer& instructions) {
  return Parts{.types = {void_type, {0x60, 0, 1, 0x7f}},
               .functions = {{0}},
               .tables = {{0x70, 0, 1}},
               .memories = {{0, 1}},
               .bodies = {Buffer{0} + instructions + Buffer{0x0b}}}
      .build();
}

struct Gate {
  Feature feature;
  const char* title;
  Buffer bytes;
};

std::vector<Gate> gates() {
  using enum Feature;
  return {
      {mutable_globals, "import", Parts{.imports = {name("") + name("") + Buffer{3, 0x7f, 1}}}.build()},
      {mutable_globals, "export",
       Parts{.globals = {{0x7f, 1, 0x41, 0, 0x0b}}, .exports = {name("") + Buffer{3, 0}}}.build()},
      {sign_extension, "instruction", code({0x41, 0, 0xc0, 0x1a})},
      {saturating_float_to_int, "instruction", code({0x43, 0, 0, 0, 0, 0xfc, 0, 0x1a})},
      {multi_value, "results", Parts{.types = {{0x60, 0, 2, 0x7f, 0x7f}}}.build()},
      {multi_value, "block type", code({0x02, 0, 0x0b})},
      {bulk_memory, "instruction", code({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0})},
      {bulk_memory, "passive data", Parts{.datas = {{1, 0}}}.build()},
      {bulk_memory, "data count", Parts{.data_count = {0}}.build()},
      {bulk_memory, "passive elements", Parts{.elems = {{1, 0, 0}}}.build()},
      {reference_types, "value type", Parts{.types = {{0x60, 1, 0x6f, 0}}}.build()},
      {reference_types, "instruction", code({0xfc, 16, 0, 0x1a})},
      {reference_types, "two tables", Parts{.tables = {{0x70, 0, 1}, {0x70, 0, 1}}}.build()},
      {simd, "value type", Parts{.types = {{0x60, 1, 0x7b, 0}}}.build()},
      {simd, "instruction", code(Buffer{0xfd, 12} + Buffer(16, 0) + Buffer{0x1a})},
      {relaxed_simd, "instruction",
       code(Buffer{0xfd, 12} + Buffer(16, 0) + Buffer{0xfd, 12} + Buffer(16, 0) + Buffer{0xfd, 0x80, 2, 0x1a})},
      {tail_call, "instruction", code({0x12, 0})},
      {extended_const, "expression", Parts{.globals = {{0x7f, 0, 0x41, 0, 0x41, 0, 0x6a, 0x0b}}}.build()},
      {exceptions, "tag", Parts{.types = {void_type}, .tags = {{0, 0}}}.build()},
      {exceptions, "imported tag",
       Parts{.types = {void_type}, .imports = {name("") + name("") + Buffer{4, 0, 0}}}.build()},
      {exceptions, "value type", Parts{.types = {{0x60, 1, 0x69, 0}}}.build()},
      {exceptions, "instruction", code({0x1f, 0x40, 0, 0x0b})},
      {function_references, "value type", Parts{.types = {{0x60, 1, 0x64, 0x70, 0}}}.build()},
      {function_references, "table", Parts{.tables = {{0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b}}}.build()},
      {function_references, "instruction", code({0xd0, 0x70, 0xd4, 0x1a})},
      {gc, "group", Parts{.types = {{0x4e, 1, 0x60, 0, 0}}}.build()},
      {gc, "struct", Parts{.types = {{0x5f, 0}}}.build()},
      {gc, "array", Parts{.types = {{0x5e, 0x7f, 0}}}.build()},
      {gc, "value type", Parts{.types = {{0x60, 1, 0x6e, 0}}}.build()},
      {gc, "instruction", code({0x41, 0, 0xfb, 0x1c, 0x1a})},
      {multi_memory, "two", Parts{.memories = {{0, 1}, {0, 1}}}.build()},
      {memory64, "memory", Parts{.memories = {{4, 1}}}.build()},
      {memory64, "table", Parts{.tables = {{0x70, 4, 1}}}.build()},
      {threads, "shared memory", Parts{.memories = {{3, 1, 1}}}.build()},
      {threads, "instruction", code({0xfe, 3, 0})},
      {custom_page_sizes, "memory", Parts{.memories = {{8, 1, 0}}}.build()},
      {wide_arithmetic, "instruction", code({0x42, 0, 0x42, 0, 0xfc, 0x15, 0x1a, 0x1a})},
  };
}

TEST(Features, EachOpensItsGate) {
  std::set<Feature> seen;
  for (const Gate& gate : gates()) {
    const FeatureInfo& row = feature_table[u32(gate.feature) - 1];
    ASSERT_EQ(row.feature, gate.feature);
    SCOPED_TRACE(std::string(row.name) + ", " + gate.title);
    const auto with = load(gate.bytes);
    EXPECT_TRUE(with.ok()) << with.error().message;
    const auto without = load(gate.bytes, features_without(gate.feature));
    ASSERT_FALSE(without.ok());
    EXPECT_EQ(without.error().code, ErrorCode::unsupported) << without.error().message;
    EXPECT_NE(without.error().message.find(row.name), std::string::npos) << without.error().message;
    EXPECT_NE(without.error().hint.find(row.name), std::string::npos);
    seen.insert(gate.feature);
  }
  EXPECT_EQ(seen.size(), std::size(feature_table));
}

TEST(Features, WithoutSeveralMemoriesTheIndexIsAZeroByte) {
  const Buffer size_of_second = code({0x3f, 1, 0x1a});
  EXPECT_TRUE(load(size_of_second).error().message.starts_with("unknown memory 1"));
  EXPECT_TRUE(
      load(size_of_second, features_without(Feature::multi_memory)).error().message.starts_with("zero byte expected"));
  const Buffer load_with_index = code({0x41, 0, 0x28, 0x42, 0, 0, 0x1a});
  EXPECT_TRUE(load(load_with_index).ok());
  EXPECT_TRUE(load(load_with_index, features_without(Feature::multi_memory))
                  .error()
                  .message.starts_with("malformed memop flags"));
}

TEST(Features, SetsCompareAndForget) {
  Features features;
  EXPECT_TRUE(features.has(Feature::gc));
  EXPECT_TRUE(features.has(Feature::mvp));
  features.set(Feature::gc, false);
  EXPECT_FALSE(features.has(Feature::gc));
  EXPECT_NE(features, Features());
  features.set(Feature::gc, true);
  EXPECT_EQ(features, Features());
}

TEST(Opcodes, RowsAreUniqueAndComplete) {
  std::set<u32> codes;
  for (const OpInfo& row : op_table) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.text;
    EXPECT_FALSE(row.text.empty());
    const bool has_memarg = row.immediate == Immediate::memarg || row.immediate == Immediate::memarg_lane;
    EXPECT_EQ((row.flags & OpFlags::has_align) != 0, has_memarg) << row.text;
    EXPECT_EQ((row.flags & OpFlags::atomic) != 0, has_memarg && (row.code >> 16) == 0xfe) << row.text;
    if (!row.is_polymorphic()) EXPECT_NE(row.signature.find(':'), std::string_view::npos) << row.text;
    if ((row.code >> 16) == 0xfd) EXPECT_TRUE(row.feature == Feature::simd || row.feature == Feature::relaxed_simd);
  }
}

TEST(CodeReader, ReadsWhatTheTableSays) {
  const auto module = load(code({0x41, 0x7f, 0x42, 0x80, 0x01, 0x1a, 0x1a, 0x41, 0, 0x28, 1, 0x10, 0x1a}));
  ASSERT_TRUE(module.ok()) << module.error().message;
  const Body& body = (*module)->bodies[0];
  CodeReader reader(**module, body.code, body.offset);
  std::vector<LocalRun> locals;
  ASSERT_TRUE(reader.read_locals(0, locals));
  EXPECT_TRUE(locals.empty());
  std::vector<Op> ops;
  Op op{};
  while (!reader.at_end()) {
    ASSERT_TRUE(reader.next(op));
    if (op == Op::i32_const && ops.empty()) EXPECT_EQ(reader.imm().i32_value(), -1);
    if (op == Op::i64_const) EXPECT_EQ(reader.imm().i64_value(), 128);
    if (op == Op::i32_load) {
      EXPECT_EQ(reader.imm().memarg.align_log2, 1u);
      EXPECT_EQ(reader.imm().memarg.offset, 16u);
    }
    ops.push_back(op);
  }
  EXPECT_EQ(ops, (std::vector{Op::i32_const, Op::i64_const, Op::drop, Op::drop, Op::i32_const, Op::i32_load, Op::drop,
                              Op::end}));
  EXPECT_FALSE(reader.next(op));
  EXPECT_EQ(reader.take_error().code, ErrorCode::malformed);
}

TEST(ConstExprReader, WalksInEvaluationOrder) {
  const auto module = load(Parts{.globals = {{0x7f, 0, 0x41, 5, 0x41, 6, 0x6c, 0x0b}}}.build());
  ASSERT_TRUE(module.ok());
  ConstExprReader reader(**module, (*module)->globals[0].init);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.op(), Op::i32_const);
  EXPECT_EQ(reader.imm().i32_value(), 5);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.imm().i32_value(), 6);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.op(), Op::i32_mul);
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace wisp::wasm::test
