#include "wasm/limits.hpp"

#include <gtest/gtest.h>

#include "wasm/test_module.hpp"

namespace wisp::wasm::test {
namespace {

void expect_above(const ImplementationLimit& limit, const Buffer& bytes) {
  SCOPED_TRACE(limit.name);
  const auto above = load(bytes);
  ASSERT_FALSE(above.ok());
  EXPECT_EQ(above.error().code, ErrorCode::limit) << above.error().message;
  EXPECT_NE(above.error().message.find(limit.name), std::string::npos) << above.error().message;
  EXPECT_NE(above.error().message.find(std::to_string(limit.value)), std::string::npos) << above.error().message;
}

/// What `build(n)` gives must be accepted for n at the limit and refused one above it, with a message that names both.
template <class Build>
void expect_limit(const ImplementationLimit& limit, Build build) {
  SCOPED_TRACE(limit.name);
  const auto at = load(build(limit.value));
  EXPECT_TRUE(at.ok()) << at.error().message;
  expect_above(limit, build(limit.value + 1));
}

Buffer counted(u8 id, const Buffer& item, u64 count) {
  return preamble() + section(id, uleb(count) + repeat(item, count));
}

Buffer body_module(const Buffer& body, std::vector<Buffer> types = {void_type}) {
  return Parts{.types = std::move(types), .functions = {{0}}, .bodies = {body}}.build();
}

TEST(Limits, OfSections) {
  expect_limit(limits::recursion_groups, [](u64 n) { return counted(1, void_type, n); });
  expect_limit(limits::imports, [](u64 n) { return counted(2, {0, 0, 3, 0x7f, 0}, n); });
  expect_limit(limits::globals, [](u64 n) { return counted(6, {0x7f, 0, 0x41, 0, 0x0b}, n); });
  expect_limit(limits::tables, [](u64 n) { return counted(4, {0x70, 0, 0}, n); });
  expect_limit(limits::memories, [](u64 n) { return counted(5, {0, 0}, n); });
  expect_limit(limits::data_segments, [](u64 n) { return counted(11, {1, 0}, n); });
  expect_limit(limits::tags, [](u64 n) {
    return preamble() + section(1, vec({void_type})) + section(13, uleb(n) + repeat({0, 0}, n));
  });
  expect_limit(limits::elem_segment_entries, [](u64 n) {
    return Parts{.types = {void_type},
                 .imports = {name("") + name("") + Buffer{0, 0}},
                 .elems = {Buffer{1, 0} + uleb(n) + Buffer(n, 0)}}
        .build();
  });
}

TEST(Limits, OfElementSegments) {
  // As many as are allowed would only show how much memory the test has.
  expect_above(limits::elem_segments, counted(9, {1, 0, 0}, limits::elem_segments.value + 1));
}

TEST(Limits, OfExports) {
  expect_limit(limits::exports, [](u64 n) {
    Buffer items = uleb(n);
    for (u64 i = 0; i < n; ++i) {
      // Four characters of 64 make a name of its own for each.
      const auto character = [i](u32 digit) { return u8('0' + (i >> 6 * digit & 63)); };
      items.insert(items.end(), {4, character(3), character(2), character(1), character(0), 0, 0});
    }
    return preamble() + section(1, vec({void_type})) + section(2, vec({{0, 0, 0, 0}})) + section(7, items);
  });
}

TEST(Limits, OfIndexSpacesThatImportsShare) {
  const auto functions = [](u64 defined) {
    return preamble() + section(1, vec({void_type})) + section(2, vec({{0, 0, 0, 0}})) +
           section(3, uleb(defined) + Buffer(defined, 0)) + section(10, uleb(defined) + repeat({2, 0, 0x0b}, defined));
  };
  expect_limit(limits::functions, [&](u64 n) { return functions(n - 1); });
  expect_limit(limits::memories, [](u64 n) {
    return preamble() + section(2, vec({{0, 0, 2, 0, 0}})) + section(5, uleb(n - 1) + repeat({0, 0}, n - 1));
  });
}

TEST(Limits, OfTypes) {
  expect_limit(limits::types_in_group,
               [](u64 n) { return preamble() + section(1, Buffer{1, 0x4e} + uleb(n) + repeat(void_type, n)); });
  expect_limit(limits::types, [](u64 n) {
    return preamble() + section(1, Buffer{2} + void_type + Buffer{0x4e} + uleb(n - 1) + repeat(void_type, n - 1));
  });
  expect_limit(limits::params,
               [](u64 n) { return Parts{.types = {Buffer{0x60} + uleb(n) + Buffer(n, 0x7f) + Buffer{0}}}.build(); });
  expect_limit(limits::results,
               [](u64 n) { return Parts{.types = {Buffer{0x60, 0} + uleb(n) + Buffer(n, 0x7f)}}.build(); });
  expect_limit(limits::struct_fields,
               [](u64 n) { return Parts{.types = {Buffer{0x5f} + uleb(n) + repeat({0x7f, 0}, n)}}.build(); });
  expect_limit(limits::subtyping_depth, [](u64 n) {
    std::vector<Buffer> types{{0x50, 0, 0x5f, 0}};
    for (u64 i = 0; i < n; ++i) types.push_back(Buffer{0x50, 1} + uleb(i) + Buffer{0x5f, 0});
    return Parts{.types = std::move(types)}.build();
  });
  // Inside one group as well.
  expect_limit(limits::subtyping_depth, [](u64 n) {
    Buffer group = Buffer{0x4e} + uleb(n + 1) + Buffer{0x50, 0, 0x5f, 0};
    for (u64 i = 0; i < n; ++i) group = group + Buffer{0x50, 1} + uleb(i) + Buffer{0x5f, 0};
    return Parts{.types = {group}}.build();
  });
}

TEST(Limits, OfNames) {
  expect_limit(limits::name_bytes, [](u64 n) { return preamble() + section(0, name(std::string(n, 'x'))); });
}

TEST(Limits, OfBodies) {
  expect_limit(limits::body_bytes, [](u64 n) { return body_module(Buffer{0} + Buffer(n - 2, 0x01) + Buffer{0x0b}); });
  expect_limit(limits::locals, [](u64 n) { return body_module(Buffer{1} + uleb(n) + Buffer{0x7f, 0x0b}); });
  // Parameters count, and so do several runs.
  expect_limit(limits::locals, [](u64 n) {
    return body_module(Buffer{2, 1, 0x7e} + uleb(n - 3) + Buffer{0x7f, 0x0b}, {{0x60, 2, 0x7f, 0x7f, 0}});
  });
  expect_limit(limits::br_table_targets,
               [](u64 n) { return body_module(Buffer{0, 0x41, 0, 0x0e} + uleb(n) + Buffer(n + 1, 0) + Buffer{0x0b}); });
  expect_limit(limits::catch_clauses, [](u64 n) {
    return body_module(Buffer{0, 0x1f, 0x40} + uleb(n) + repeat({2, 0}, n) + Buffer{0x0b, 0x0b});
  });
  expect_limit(limits::array_new_fixed, [](u64 n) {
    return body_module(Buffer{0} + repeat({0x41, 0}, n) + Buffer{0xfb, 8, 1} + uleb(n) + Buffer{0x1a, 0x0b},
                       {void_type, {0x5e, 0x7f, 0}});
  });
  expect_limit(limits::control_depth, [](u64 n) {
    return body_module(Buffer{0} + repeat({0x02, 0x40}, n - 1) + Buffer(n - 1, 0x0b) + Buffer{0x0b});
  });
  expect_limit(limits::operand_depth,
               [](u64 n) { return body_module(Buffer{0} + repeat({0x41, 0}, n) + Buffer{0x00, 0x0b}); });
  // Many at once: 1000 results of a call.
  expect_limit(limits::operand_depth, [](u64 n) {
    const u64 calls = n / 1000;
    return Parts{
        .types = {void_type, Buffer{0x60, 0} + uleb(1000) + Buffer(1000, 0x7f)},
        .imports = {name("") + name("") + Buffer{0, 1}},
        .functions = {{0}},
        .bodies = {Buffer{0} + repeat({0x10, 0}, calls) + repeat({0x41, 0}, n - calls * 1000) + Buffer{0x00, 0x0b}}}
        .build();
  });
}

TEST(Limits, OfWideInstructions) {
  // Each call takes the values that the one before it has left.
  expect_limit(limits::wide_values, [](u64 n) {
    const u64 calls = n / 1000 - 1;
    const u64 rest = n - calls * 1000 - 500;
    const auto passing = [](u64 count) {
      return Buffer{0x60} + uleb(count) + Buffer(count, 0x7f) + uleb(count) + Buffer(count, 0x7f);
    };
    const Buffer no_name = name("") + name("");
    return Parts{.types = {void_type, passing(1000), passing(500), passing(rest)},
                 .imports = {no_name + Buffer{0, 1}, no_name + Buffer{0, 2}, no_name + Buffer{0, 3}},
                 .functions = {{0}},
                 .bodies = {Buffer{0} + repeat({0x41, 0}, 1000) + repeat({0x10, 0}, calls) +
                            Buffer{0x10, 1, 0x10, 2, 0x00, 0x0b}}}
        .build();
  });
}

TEST(Limits, TooManyLocalsToCountAreMalformed) {
  const auto module = load(body_module(Buffer{2} + uleb(~u32{0}) + Buffer{0x7f} + uleb(1) + Buffer{0x7f, 0x0b}));
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(module.error().code, ErrorCode::malformed);
  EXPECT_TRUE(module.error().message.starts_with("too many locals"));
}

TEST(Limits, CountsAreNotBelieved) {
  // Refused before anything is made room for.
  for (const u8 id : {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13}) {
    const auto module = load(preamble() + section(id, uleb(999'999)));
    ASSERT_FALSE(module.ok()) << int(id);
    EXPECT_TRUE(module.error().message.starts_with("length out of bounds")) << module.error().message;
  }
}

}  // namespace
}  // namespace wisp::wasm::test
