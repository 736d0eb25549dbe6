#include "wasm/validator.hpp"

#include <gtest/gtest.h>

#include "wasm/test_module.hpp"

namespace wisp::wasm::test {
namespace {

/// One function [i32 i64] -> [i32] with the given instructions in a module that has one of everything.
Parts surroundings(const Buffer& code) {
  Parts parts;
  parts.types = {{0x60, 2, 0x7f, 0x7e, 1, 0x7f},                          // 0: of the function
                 void_type,                                               // 1
                 {0x60, 1, 0x7f, 2, 0x7f, 0x7f},                          // 2: [i32] -> [i32 i32]
                 {0x50, 0, 0x5f, 2, 0x78, 1, 0x7e, 0},                    // 3: struct (mut i8) i64
                 {0x50, 1, 3, 0x5f, 3, 0x78, 1, 0x7e, 0, 0x64, 0x6e, 0},  // 4: struct below 3, not defaultable
                 {0x5e, 0x7f, 1},                                         // 5: array (mut i32)
                 {0x5e, 0x70, 0},                                         // 6: array funcref
                 {0x60, 1, 0x7f, 0}};                                     // 7: of the tag
  parts.functions = {{0}, {1}};
  parts.tables = {{0x70, 0, 1}, {0x6f, 4, 1}};
  parts.memories = {{0, 1}, {4, 1}};
  parts.tags = {{0, 7}};
  parts.globals = {{0x7f, 0, 0x41, 0, 0x0b}, {0x7e, 1, 0x42, 0, 0x0b}};
  parts.exports = {name("declared") + Buffer{0, 1}};
  parts.elems = {{1, 0, 0}};
  parts.data_count = {1};
  parts.bodies = {Buffer{3, 1, 0x7b, 1, 0x64, 0x6e, 1, 0x63, 3} + code + Buffer{0x0b}, {0, 0x0b}};
  parts.datas = {{1, 0}};
  return parts;
}

// Locals of the function: 0 i32, 1 i64, 2 v128, 3 (ref any), 4 (ref null 3).

struct Case {
  const char* title;
  Buffer code;
  const char* message = nullptr;  // how it begins; null: valid
  ErrorCode error = ErrorCode::invalid;
};

void check(std::span<const Case> cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.title);
    const auto module = load(surroundings(one.code).build());
    if (one.message == nullptr) {
      EXPECT_TRUE(module.ok()) << module.error().message;
      continue;
    }
    ASSERT_FALSE(module.ok());
    EXPECT_TRUE(module.error().message.starts_with(one.message)) << module.error().message;
    EXPECT_EQ(module.error().code, one.error) << module.error().message;
    EXPECT_NE(module.error().message.find("in function 0"), std::string::npos) << module.error().message;
  }
}

TEST(Validator, NumericInstructions) {
  const Case cases[] = {
      {"result", {0x41, 1}},
      {"none", {}, "type mismatch: block requires [i32] but stack has []"},
      {"two", {0x41, 1, 0x41, 1}, "type mismatch: block requires [i32] but stack has [i32 i32]"},
      {"other", {0x42, 1}, "type mismatch: block requires [i32] but stack has [i64]"},
      {"add", {0x41, 1, 0x41, 1, 0x6a}},
      {"add of one", {0x41, 1, 0x6a}, "type mismatch: instruction requires [i32 i32] but stack has [i32]"},
      {"add of mixed",
       {0x41, 1, 0x42, 1, 0x6a},
       "type mismatch: instruction requires [i32 i32] but stack has [i32 i64]"},
      {"conversion", {0x42, 1, 0xa7}},
      {"wide", {0x42, 1, 0x42, 2, 0x42, 3, 0x42, 4, 0xfc, 0x13, 0x1a, 0xa7}},
      {"vector", {0x20, 2, 0x20, 2, 0xfd, 0x6e, 0xfd, 0x1b, 3}},
      {"lane", {0x20, 2, 0xfd, 0x1b, 4}, "invalid lane index"},
      {"lane of bytes", {0x20, 2, 0xfd, 0x15, 15}},
      {"shuffle", Buffer{0x20, 2, 0x20, 2, 0xfd, 13} + Buffer(16, 31) + Buffer{0xfd, 0x53}},
      {"shuffle too far", Buffer{0x20, 2, 0x20, 2, 0xfd, 13} + Buffer(16, 32) + Buffer{0xfd, 0x53},
       "invalid lane index"},
      {"illegal", {0xff}, "illegal opcode ff", ErrorCode::malformed},
      {"illegal prefixed", {0xfd, 0xff, 0xff, 3}, "illegal opcode fd ffff", ErrorCode::malformed},
  };
  check(cases);
}

TEST(Validator, ControlInstructions) {
  const Case cases[] = {
      {"block", {0x02, 0x7f, 0x41, 1, 0x0b}},
      {"block by type", {0x41, 1, 0x02, 2, 0x41, 1, 0x0b, 0x6a}},
      {"block without parameter", {0x02, 2, 0x41, 1, 0x0b, 0x6a}, "type mismatch"},
      {"block sees only its own", {0x41, 1, 0x02, 0x40, 0x1a, 0x0b}, "type mismatch"},
      {"block of array type", {0x02, 5, 0x0b}, "non-function type 5"},
      {"block of unknown type", {0x02, 9, 0x0b}, "unknown type 9"},
      {"if", {0x41, 1, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b}},
      {"if without else", {0x41, 1, 0x04, 0x7f, 0x41, 1, 0x0b}, "type mismatch"},
      {"if with parameters and no else", {0x41, 1, 0x41, 1, 0x04, 2, 0x41, 1, 0x0b}, "type mismatch"},
      {"if without condition", {0x04, 0x40, 0x0b}, "type mismatch"},
      {"else without if", {0x05}, "END opcode expected", ErrorCode::malformed},
      {"second else", {0x41, 1, 0x04, 0x40, 0x05, 0x05, 0x0b}, "END opcode expected", ErrorCode::malformed},
      {"label", {0x41, 1, 0x0c, 0}},
      {"unknown label", {0x41, 1, 0x0c, 1}, "unknown label"},
      {"branch out of blocks", {0x02, 0x40, 0x02, 0x40, 0x41, 1, 0x0c, 2, 0x0b, 0x0b, 0x41, 1}},
      {"branch without value", {0x0c, 0}, "type mismatch"},
      {"loop label takes parameters", {0x03, 0x7f, 0x0c, 0, 0x0b}},
      {"br_if leaves the value", {0x41, 1, 0x41, 1, 0x0d, 0}},
      {"br_table", {0x02, 0x40, 0x41, 1, 0x0e, 1, 0, 0, 0x0b, 0x41, 1}},
      {"br_table of different arity", {0x02, 0x40, 0x41, 1, 0x41, 1, 0x0e, 1, 0, 1, 0x0b, 0x41, 1}, "type mismatch"},
      {"br_table unknown", {0x41, 1, 0x41, 1, 0x0e, 1, 1, 0}, "unknown label"},
      {"return", {0x41, 1, 0x0f}},
      {"return without value", {0x0f}, "type mismatch"},
      {"unreachable gives anything", {0x00}},
      {"unreachable gives operands", {0x00, 0x6a}},
      {"unreachable keeps types", {0x00, 0x42, 1, 0x6a}, "type mismatch"},
      {"unreachable leaves no rest", {0x00, 0x42, 1, 0x41, 1}, "type mismatch"},
      {"unreachable select", {0x00, 0x1b}},
      {"after end", {0x41, 1, 0x0b, 0x01}, "section size mismatch", ErrorCode::malformed},
  };
  check(cases);
  const auto open = load(surroundings({0x41, 1, 0x02, 0x40}).build());
  ASSERT_FALSE(open.ok());
  EXPECT_TRUE(open.error().message.starts_with("unexpected end of section or function")) << open.error().message;
}

TEST(Validator, CallsAndExceptions) {
  const Case cases[] = {
      {"call", {0x41, 1, 0x42, 1, 0x10, 0}},
      {"call without argument", {0x41, 1, 0x10, 0}, "type mismatch"},
      {"unknown function", {0x10, 2}, "unknown function 2"},
      {"indirect", {0x41, 1, 0x42, 1, 0x41, 0, 0x11, 0, 0}},
      {"indirect through externs", {0x41, 1, 0x42, 1, 0x42, 0, 0x11, 0, 1}, "type mismatch"},
      {"indirect of no table", {0x11, 0, 2}, "unknown table 2"},
      {"indirect of array", {0x11, 5, 0}, "non-function type 5"},
      {"indirect of no type", {0x11, 9, 0}, "unknown type 9"},
      {"by reference", {0x41, 1, 0x42, 1, 0xd0, 0, 0x14, 0}},
      {"by other reference", {0xd2, 1, 0x14, 0}, "type mismatch"},
      {"tail call", {0x41, 1, 0x42, 1, 0x12, 0}},
      {"tail call of other result", {0x12, 1}, "type mismatch: current function requires result type [i32]"},
      {"tail call indirect", {0x41, 1, 0x42, 1, 0x41, 0, 0x13, 0, 0}},
      {"tail call by reference", {0x41, 1, 0x42, 1, 0xd0, 0, 0x15, 0}},
      {"declared reference", {0xd2, 1, 0x1a, 0x41, 0}},
      {"throw", {0x41, 1, 0x08, 0}},
      {"throw without value", {0x08, 0}, "type mismatch"},
      {"throw unknown", {0x08, 1}, "unknown tag 1"},
      {"throw_ref", {0xd0, 0x69, 0x0a}},
      {"throw_ref of other", {0xd0, 0x70, 0x0a}, "type mismatch"},
      {"catch", {0x02, 0x7f, 0x1f, 0x40, 1, 0, 0, 0, 0x0b, 0x41, 0, 0x0b}},
      {"catch of other values", {0x02, 0x7e, 0x1f, 0x40, 1, 0, 0, 0, 0x0b, 0x42, 0, 0x0b, 0xa7}, "type mismatch"},
      {"catch_all", {0x02, 0x40, 0x1f, 0x40, 1, 2, 0, 0x0b, 0x0b, 0x41, 0}},
      {"catch_all_ref", {0x02, 0x69, 0x1f, 0x40, 1, 3, 0, 0x0b, 0x00, 0x0b, 0x1a, 0x41, 0}},
      {"catch unknown tag", {0x1f, 0x40, 1, 0, 3, 0, 0x0b}, "unknown tag 3"},
      {"catch unknown label", {0x1f, 0x40, 1, 2, 1, 0x0b}, "unknown label 1"},
      {"catch of unknown kind", {0x1f, 0x40, 1, 4, 0, 0x0b}, "malformed catch clause", ErrorCode::malformed},
  };
  check(cases);
}

TEST(Validator, FunctionsMustBeDeclaredToBeReferredTo) {
  Parts parts = surroundings({0xd2, 0, 0x1a, 0x41, 0});
  parts.elems = {};
  const auto module = load(parts.build());
  ASSERT_FALSE(module.ok());
  EXPECT_TRUE(module.error().message.starts_with("undeclared function reference 0")) << module.error().message;
}

TEST(Validator, DataSegmentsMustBeCounted) {
  Parts parts = surroundings({0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0, 0x41, 0});
  EXPECT_TRUE(load(parts.build()).ok());
  parts.data_count = {};
  const auto module = load(parts.build());
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(module.error().code, ErrorCode::malformed);
  EXPECT_TRUE(module.error().message.starts_with("data count section required")) << module.error().message;
}

TEST(Validator, ParametricAndVariableInstructions) {
  const Case cases[] = {
      {"drop", {0x42, 1, 0x1a, 0x41, 1}},
      {"drop nothing", {0x1a}, "type mismatch"},
      {"select", {0x41, 1, 0x41, 2, 0x41, 3, 0x1b}},
      {"select of vectors", {0x20, 2, 0x20, 2, 0x41, 3, 0x1b, 0xfd, 0x53}},
      {"select of references", {0xd0, 0x70, 0xd0, 0x70, 0x41, 1, 0x1b}, "type mismatch: instruction requires numeric"},
      {"select of two types", {0x41, 1, 0x42, 2, 0x41, 3, 0x1b}, "type mismatch"},
      {"typed select", {0xd0, 0x70, 0xd0, 0x70, 0x41, 1, 0x1c, 1, 0x70, 0xd1}},
      {"typed select of two", {0x00, 0x1c, 2, 0x7f, 0x7f}, "invalid result arity"},
      {"local.get", {0x20, 0}},
      {"unknown local", {0x20, 5}, "unknown local 5"},
      {"local.set", {0x42, 1, 0x21, 1, 0x20, 0}},
      {"local.set of other", {0x41, 1, 0x21, 1, 0x20, 0}, "type mismatch"},
      {"local.tee", {0x41, 1, 0x22, 0}},
      {"unset local", {0x20, 3, 0x1a, 0x41, 1}, "uninitialized local"},
      {"set local", {0x41, 1, 0xfb, 0x1c, 0x21, 3, 0x20, 3, 0xd1}},
      {"set in a block only", {0x02, 0x40, 0x41, 1, 0xfb, 0x1c, 0x21, 3, 0x0b, 0x20, 3, 0xd1}, "uninitialized local"},
      {"set before a block", {0x41, 1, 0xfb, 0x1c, 0x21, 3, 0x02, 0x7f, 0x20, 3, 0xd1, 0x0b}},
      {"set in the other arm",
       {0x41, 1, 0x04, 0x7f, 0x41, 1, 0xfb, 0x1c, 0x22, 3, 0xd1, 0x05, 0x20, 3, 0xd1, 0x0b},
       "uninitialized local"},
      {"null may be read unset", {0x20, 4, 0xd1}},
      {"global.get", {0x23, 0}},
      {"unknown global", {0x23, 2}, "unknown global 2"},
      {"global.set", {0x42, 1, 0x24, 1, 0x41, 1}},
      {"constant global", {0x41, 1, 0x24, 0, 0x41, 1}, "immutable global"},
  };
  check(cases);
}

TEST(Validator, MemoryAndTableInstructions) {
  const Case cases[] = {
      {"load", {0x41, 0, 0x28, 2, 0}},
      {"alignment", {0x41, 0, 0x28, 3, 0}, "alignment must not be larger than natural"},
      {"flags", {0x41, 0, 0x28, 0x80, 1, 0}, "malformed memop flags", ErrorCode::malformed},
      {"second memory", {0x42, 0, 0x28, 0x42, 1, 0}},
      {"second memory by i32", {0x41, 0, 0x28, 0x42, 1, 0}, "type mismatch"},
      {"unknown memory", {0x41, 0, 0x28, 0x42, 2, 0}, "unknown memory 2"},
      {"offset", Buffer{0x41, 0, 0x28, 2} + uleb(~u32{0})},
      {"offset too far", Buffer{0x41, 0, 0x28, 2} + uleb(u64{1} << 32), "offset out of range"},
      {"far offset in memory64", Buffer{0x42, 0, 0x28, 0x42, 1} + uleb(~u64{0})},
      {"atomic", {0x41, 0, 0xfe, 0x10, 2, 0}},
      {"atomic alignment", {0x41, 0, 0xfe, 0x10, 1, 0}, "atomic alignment must be natural"},
      {"fence", {0xfe, 3, 0, 0x41, 0}},
      {"fence byte", {0xfe, 3, 1, 0x41, 0}, "zero byte expected", ErrorCode::malformed},
      {"load lane", {0x41, 0, 0x20, 2, 0xfd, 0x57, 3, 0, 1, 0xfd, 0x53}},
      {"load lane out of range", {0x41, 0, 0x20, 2, 0xfd, 0x57, 3, 0, 2, 0xfd, 0x53}, "invalid lane index"},
      {"size", {0x3f, 0}},
      {"grow second", {0x42, 1, 0x40, 1, 0xa7}},
      {"copy between", {0x42, 0, 0x41, 0, 0x41, 0, 0xfc, 10, 1, 0, 0x41, 0}},
      {"copy with wide length", {0x42, 0, 0x41, 0, 0x42, 0, 0xfc, 10, 1, 0, 0x41, 0}, "type mismatch"},
      {"fill", {0x42, 0, 0x41, 0, 0x42, 0, 0xfc, 11, 1, 0x41, 0}},
      {"init of unknown data", {0xfc, 8, 1, 0}, "unknown data segment 1"},
      {"drop of unknown data", {0xfc, 9, 1}, "unknown data segment 1"},
      {"table.get", {0x41, 0, 0x25, 0, 0xd1}},
      {"table.get of wide table", {0x42, 0, 0x25, 1, 0xd1}},
      {"table.set", {0x41, 0, 0xd0, 0x70, 0x26, 0, 0x41, 0}},
      {"table.set of other", {0x41, 0, 0xd0, 0x6f, 0x26, 0, 0x41, 0}, "type mismatch"},
      {"unknown table", {0x41, 0, 0x25, 2}, "unknown table 2"},
      {"table.grow", {0xd0, 0x6f, 0x42, 1, 0xfc, 15, 1, 0xa7}},
      {"table.size", {0xfc, 16, 0}},
      {"table.fill", {0x41, 0, 0xd0, 0x70, 0x41, 0, 0xfc, 17, 0, 0x41, 0}},
      {"table.copy of other", {0xfc, 14, 0, 1}, "type mismatch"},
      {"table.init", {0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 12, 0, 0, 0x41, 0}},
      {"table.init of other", {0xfc, 12, 0, 1}, "type mismatch"},
      {"table.init of unknown", {0xfc, 12, 1, 0}, "unknown elem segment 1"},
      {"elem.drop of unknown", {0xfc, 13, 1}, "unknown elem segment 1"},
  };
  check(cases);
}

TEST(Validator, ReferenceInstructions) {
  const Case cases[] = {
      {"is_null of number", {0x41, 1, 0xd1}, "type mismatch: instruction requires reference type"},
      {"as_non_null", {0xd0, 0x6e, 0xd4, 0x21, 3, 0x41, 0}},
      {"null is not non-null", {0xd0, 0x6e, 0x21, 3, 0x41, 0}, "type mismatch"},
      {"eq", {0xd0, 0x6c, 0xd0, 0x6b, 0xd3}},
      {"eq of functions", {0xd0, 0x70, 0xd0, 0x70, 0xd3}, "type mismatch"},
      {"br_on_null", {0x02, 0x40, 0xd0, 0x6e, 0xd5, 0, 0x21, 3, 0x0b, 0x41, 0}},
      {"br_on_non_null", {0x02, 0x64, 0x6e, 0xd0, 0x6e, 0xd6, 0, 0x00, 0x0b, 0x21, 3, 0x41, 0}},
      {"br_on_non_null without reference", {0x02, 0x40, 0xd0, 0x6e, 0xd6, 0, 0x0b, 0x41, 0}, "type mismatch"},
      {"test", {0xd0, 0x6e, 0xfb, 0x14, 3}},
      {"test across hierarchies", {0xd0, 0x70, 0xfb, 0x14, 3}, "type mismatch"},
      {"cast", {0xd0, 0x6e, 0xfb, 0x17, 4, 0xfb, 4, 3, 0}},
      {"cast gives the type", {0xd0, 0x6e, 0xfb, 0x17, 3, 0xfb, 4, 4, 0}, "type mismatch"},
      {"br_on_cast", {0x02, 0x63, 3, 0xd0, 0x6e, 0xfb, 0x18, 3, 0, 0x6e, 3, 0x1a, 0xd0, 3, 0x0b, 0xd1}},
      {"br_on_cast upwards", {0xfb, 0x18, 3, 0, 3, 0x6e}, "type mismatch"},
      {"br_on_cast flags", {0xfb, 0x18, 4, 0, 3, 3}, "malformed br_on_cast flags", ErrorCode::malformed},
      {"br_on_cast_fail", {0x02, 0x6e, 0xd0, 0x6e, 0xfb, 0x19, 1, 0, 0x6e, 3, 0x21, 3, 0xd0, 0x6e, 0x0b, 0xd1}},
      {"i31", {0x41, 1, 0xfb, 0x1c, 0xfb, 0x1d}},
      {"conversion", {0xd0, 0x6f, 0xfb, 0x1a, 0xfb, 0x1b, 0xd1}},
      {"conversion keeps non-null", {0x41, 1, 0xfb, 0x1c, 0xfb, 0x1b, 0xfb, 0x1a, 0x21, 3, 0x41, 0}},
      {"conversion of null", {0xd0, 0x6f, 0xfb, 0x1a, 0x21, 3, 0x41, 0}, "type mismatch"},
  };
  check(cases);
}

TEST(Validator, AggregateInstructions) {
  const Case cases[] = {
      {"struct.new", {0x41, 1, 0x42, 2, 0xfb, 0, 3, 0xd1}},
      {"struct.new without field", {0x41, 1, 0xfb, 0, 3, 0xd1}, "type mismatch"},
      {"struct.new of array", {0xfb, 0, 5}, "non-structure type 5"},
      {"struct.new_default", {0xfb, 1, 3, 0xd1}},
      {"no default", {0xfb, 1, 4, 0xd1}, "field type is not defaultable"},
      {"struct.get of subtype", {0xd0, 4, 0xfb, 2, 3, 1, 0xa7}},
      {"packed", {0xd0, 3, 0xfb, 2, 3, 0}, "field is packed"},
      {"get_s", {0xd0, 3, 0xfb, 3, 3, 0}},
      {"unpacked", {0xd0, 3, 0xfb, 3, 3, 1}, "field is unpacked"},
      {"unknown field", {0xd0, 3, 0xfb, 2, 3, 2}, "unknown field 2"},
      {"struct.set", {0xd0, 3, 0x41, 1, 0xfb, 5, 3, 0, 0x41, 1}},
      {"immutable field", {0xd0, 3, 0x42, 1, 0xfb, 5, 3, 1, 0x41, 1}, "immutable field"},
      {"array.new", {0x41, 1, 0x41, 2, 0xfb, 6, 5, 0xfb, 15}},
      {"array of struct", {0xfb, 6, 3}, "non-array type 3"},
      {"array.new_fixed", {0x41, 1, 0x41, 2, 0xfb, 8, 5, 2, 0xfb, 15}},
      {"array.new_fixed with too few", {0x41, 1, 0xfb, 8, 5, 2, 0xfb, 15}, "type mismatch"},
      {"array.new_fixed unreachable", {0x00, 0x41, 1, 0xfb, 8, 5, 2, 0xfb, 15}},
      {"array.new_data", {0x41, 0, 0x41, 0, 0xfb, 9, 5, 0, 0xfb, 15}},
      {"array.new_data of references", {0xfb, 9, 6, 0}, "array type is not numeric or vector"},
      {"array.new_elem", {0x41, 0, 0x41, 0, 0xfb, 10, 6, 0, 0xfb, 15}},
      {"array.new_elem of numbers", {0xfb, 10, 5, 0}, "type mismatch"},
      {"array.get", {0xd0, 5, 0x41, 0, 0xfb, 11, 5}},
      {"array.get_s of i32", {0xd0, 5, 0x41, 0, 0xfb, 12, 5}, "array is unpacked"},
      {"array.set", {0xd0, 5, 0x41, 0, 0x41, 1, 0xfb, 14, 5, 0x41, 0}},
      {"array.set of immutable", {0xfb, 14, 6}, "immutable array"},
      {"array.fill", {0xd0, 5, 0x41, 0, 0x41, 1, 0x41, 1, 0xfb, 16, 5, 0x41, 0}},
      {"array.copy", {0xd0, 5, 0x41, 0, 0xd0, 5, 0x41, 0, 0x41, 0, 0xfb, 17, 5, 5, 0x41, 0}},
      {"array.copy of other", {0xfb, 17, 5, 6}, "array types do not match"},
      {"array.init_data", {0xd0, 5, 0x41, 0, 0x41, 0, 0x41, 0, 0xfb, 18, 5, 0, 0x41, 0}},
      {"array.init_elem of numbers", {0xfb, 19, 5, 0}, "type mismatch"},
  };
  check(cases);
}

TEST(Validator, AnErrorTellsWhere) {
  const Parts parts = surroundings({0x01, 0x42, 1, 0x45, 0x1a, 0x41, 1});
  const auto module = load(parts.build());
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(parts.build()[module.error().offset], 0x45);
  EXPECT_EQ(module.error().message,
            "type mismatch: instruction requires [i32] but stack has [i64] (in function 0, at i32.eqz)");
}

TEST(Validator, AnErrorNamesTheFunction) {
  const auto where = [](const std::string& called) {
    const Buffer names = name("name") + section(1, vec({uleb(0) + name(called)}));
    const auto module =
        load(Parts{.types = {void_type}, .functions = {{0}}, .bodies = {{0, 0x1a, 0x0b}}}.build() + section(0, names));
    const std::string message = module.ok() ? "" : module.error().message;
    return message.substr(std::min(message.find('('), message.size()));
  };
  EXPECT_EQ(where("main"), "(in function 0 $main, at drop)");
  EXPECT_EQ(where("std::vec<T>"), "(in function 0 $std::vec<T>, at drop)");
  // What a terminal would not show as it is, and what would fill it.
  for (const std::string& called :
       {std::string("a\x1b[2J"), std::string("a b"), std::string("a\n"), std::string(5'000, 'a')}) {
    EXPECT_EQ(where(called), "(in function 0, at drop)");
  }
}

TEST(Validator, ManyLocalsAreFoundByTheirRun) {
  // 40,000 i32, then 5,000 i64, then one f32: far more than the body is long.
  const Buffer locals = Buffer{3} + uleb(40'000) + Buffer{0x7f} + uleb(5'000) + Buffer{0x7e, 1, 0x7d};
  const auto with = [&](const Buffer& code) {
    return load(
        Parts{.types = {void_type}, .functions = {{0}}, .bodies = {locals + code + Buffer{0x1a, 0x0b}}}.build());
  };
  EXPECT_TRUE(with(Buffer{0x20} + uleb(39'999) + Buffer{0x45}).ok());
  EXPECT_FALSE(with(Buffer{0x20} + uleb(40'000) + Buffer{0x45}).ok());
  EXPECT_TRUE(with(Buffer{0x20} + uleb(44'999) + Buffer{0x50}).ok());
  EXPECT_TRUE(with(Buffer{0x20} + uleb(45'000) + Buffer{0x91}).ok());
  EXPECT_FALSE(with(Buffer{0x20} + uleb(45'001)).ok());
}

TEST(Validator, TheFirstBodyWithAnErrorIsReported) {
  const auto module = load(
      Parts{.types = {void_type}, .functions = {{0}, {0}, {0}}, .bodies = {{0, 0x0b}, {0, 0x1a, 0x0b}, {0, 0x6a, 0x0b}}}
          .build());
  ASSERT_FALSE(module.ok());
  EXPECT_NE(module.error().message.find("in function 1, at drop"), std::string::npos) << module.error().message;
}

}  // namespace
}  // namespace wisp::wasm::test
