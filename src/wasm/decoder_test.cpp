#include "wasm/decoder.hpp"

#include <random>

#include <gtest/gtest.h>

#include "wasm/test_module.hpp"

namespace wisp::wasm::test {
namespace {

struct Wrong {
  const char* title;
  Buffer bytes;
  ErrorCode code;
  const char* message;  // how it begins
};

void expect_error(const Wrong& wrong, Features features = {}) {
  SCOPED_TRACE(wrong.title);
  const auto module = load(wrong.bytes, features);
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(module.error().code, wrong.code) << module.error().message;
  EXPECT_TRUE(module.error().message.starts_with(wrong.message)) << module.error().message;
  EXPECT_LE(module.error().offset, wrong.bytes.size());
}

Buffer text(std::string_view characters) {
  return Buffer(characters.begin(), characters.end());
}

TEST(Decoder, AcceptsTheEmptyModule) {
  const auto module = load(preamble());
  ASSERT_TRUE(module.ok());
  EXPECT_TRUE((*module)->types.empty());
  EXPECT_TRUE((*module)->bodies.empty());
  EXPECT_TRUE(looks_like_wasm(preamble()));
}

TEST(Decoder, SaysWhatIsThereInsteadOfAModule) {
  const Wrong wrongs[] = {
      {"empty", {}, ErrorCode::malformed, "unexpected end: the file is empty"},
      {"one byte", {0}, ErrorCode::malformed, "unexpected end"},
      {"no version", {0, 'a', 's', 'm', 1, 0}, ErrorCode::malformed, "unexpected end"},
      {"text", text("(module)"), ErrorCode::malformed, "magic header not detected: this looks like the text format"},
      {"comment", text("\n ;; x"), ErrorCode::malformed, "magic header not detected: this looks like the text format"},
      {"ELF",
       text("\x7f"
            "ELF\2\1"),
       ErrorCode::malformed, "magic header not detected: this is an ELF file"},
      {"wrong magic", text("wasm\1"), ErrorCode::malformed, "magic header not detected"},
      {"version 2", {0, 'a', 's', 'm', 2, 0, 0, 0}, ErrorCode::malformed, "unknown binary version 2"},
      {"component",
       {0, 'a', 's', 'm', 13, 0, 1, 0},
       ErrorCode::malformed,
       "unknown binary version: this is a component"},
  };
  for (const Wrong& wrong : wrongs) expect_error(wrong);
  EXPECT_FALSE(looks_like_wasm(text("(module)")));
  EXPECT_FALSE(looks_like_wasm({}));
  EXPECT_TRUE(looks_like_wasm(wrongs[8].bytes));
}

/// A module that has something in every section.
Buffer everything() {
  Parts parts;
  parts.types = {void_type,
                 {0x60, 2, 0x7f, 0x7e, 1, 0x7d},
                 {0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 3, 1, 0x50, 1, 2, 0x5f, 2, 0x63, 3, 1, 0x78, 0},
                 {0x60, 1, 0x7f, 0},
                 {0x5e, 0x77, 1}};
  parts.imports = {name("env") + name("f") + Buffer{0, 1}, name("env") + name("t") + Buffer{1, 0x70, 1, 1, 5},
                   name("env") + name("m") + Buffer{2, 0, 1}, name("env") + name("g") + Buffer{3, 0x7f, 0},
                   name("env") + name("e") + Buffer{4, 0, 4}};
  parts.functions = {{0}, {1}};
  parts.tables = {{0x6f, 0, 2}, {0x40, 0x00, 0x70, 0, 1, 0xd2, 1, 0x0b}};
  parts.memories = {{5, 1, 2}, {0x0b, 3, 4, 0}};
  parts.tags = {{0, 4}};
  parts.globals = {{0x7f, 1, 0x23, 0, 0x41, 3, 0x6a, 0x0b}, {0x64, 5, 0, 0x41, 1, 0xfb, 7, 5, 0x0b}};
  parts.exports = {name("run") + Buffer{0, 1}, name("") + Buffer{0, 0},     name("mem") + Buffer{2, 0},
                   name("tab") + Buffer{1, 0}, name("glob") + Buffer{3, 1}, name("tag") + Buffer{4, 1}};
  parts.start = {1};
  parts.elems = {{0, 0x41, 0, 0x0b, 1, 2},
                 {1, 0, 1, 1},
                 {2, 0, 0x41, 1, 0x0b, 0, 1, 1},
                 {3, 0, 1, 2},
                 {5, 0x70, 2, 0xd0, 0x70, 0x0b, 0xd2, 0, 0x0b},
                 {6, 0, 0x41, 0, 0x0b, 0x70, 1, 0xd2, 1, 0x0b}};
  parts.data_count = {3};
  parts.bodies = {{0, 0x0b}, {1, 2, 0x7b, 0x43, 0, 0, 0x80, 0x3f, 0x0b}};
  parts.datas = {{0, 0x41, 8, 0x0b, 2, 'h', 'i'}, {1, 1, 'x'}, {2, 1, 0x42, 0, 0x0b, 0}};
  return parts.build() + section(0, name("producers") + Buffer{1, 2, 3});
}

TEST(Decoder, ReadsEverySection) {
  const auto loaded = load(everything());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message << " at " << loaded.error().offset;
  const Module& module = **loaded;
  ASSERT_EQ(module.types.size(), 6u);
  EXPECT_EQ(module.groups.size(), 5u);
  EXPECT_EQ(module.types[1]->func.params, (std::vector{ValType::i32(), ValType::i64()}));
  EXPECT_EQ(module.types[1]->func.results, std::vector{ValType::f32()});
  EXPECT_EQ(module.types[3]->super, module.types[2]);
  EXPECT_EQ(module.types[3]->fields[0].storage.type, ValType::ref(true, HeapType(module.types[3])));
  EXPECT_EQ(module.types[3]->fields[1].storage.packed, StorageType::Packed::i8);
  EXPECT_FALSE(module.types[3]->is_final);
  EXPECT_EQ(module.types[5]->kind, DefType::Kind::array);

  ASSERT_EQ(module.imports.size(), 5u);
  EXPECT_EQ(module.imports[0].module, "env");
  EXPECT_EQ(module.imports[4].name, "e");
  EXPECT_EQ(module.imports[4].kind(), ExternKind::tag);
  EXPECT_EQ(std::get<TableType>(module.imports[1].type).limits.max, 5u);

  ASSERT_EQ(module.functions.size(), 3u);
  EXPECT_EQ(module.imported_functions, 1u);
  EXPECT_TRUE(module.is_imported(FuncIndex(0)));
  EXPECT_EQ(module.functions[2], module.types[1]);
  ASSERT_EQ(module.tables.size(), 3u);
  EXPECT_FALSE(module.tables[1].init.has_value());
  ASSERT_TRUE(module.tables[2].init.has_value());
  EXPECT_EQ(module.tables[2].init->code.size(), 3u);
  ASSERT_EQ(module.memories.size(), 3u);
  EXPECT_TRUE(module.memories[1].limits.is_64);
  EXPECT_TRUE(module.memories[2].shared);
  EXPECT_EQ(module.memories[2].page_size_bytes(), 1u);
  ASSERT_EQ(module.tags.size(), 2u);
  EXPECT_EQ(module.tags[1].type, module.types[4]);
  ASSERT_EQ(module.globals.size(), 3u);
  EXPECT_TRUE(module.globals[1].type.is_mutable);
  EXPECT_EQ(module.globals[1].init.code.size(), 6u);

  EXPECT_EQ(module.exports.size(), 6u);
  ASSERT_NE(module.find_export("glob"), nullptr);
  EXPECT_EQ(module.find_export("glob")->index, 1u);
  EXPECT_NE(module.find_export(""), nullptr);
  EXPECT_EQ(module.find_export("nothing"), nullptr);
  EXPECT_EQ(module.start, FuncIndex(1));

  ASSERT_EQ(module.elems.size(), 6u);
  EXPECT_EQ(module.elems[0].mode, SegmentMode::active);
  EXPECT_EQ(module.elems[0].functions, std::vector{FuncIndex(2)});
  EXPECT_EQ(module.elems[1].mode, SegmentMode::passive);
  EXPECT_EQ(module.elems[3].mode, SegmentMode::declarative);
  EXPECT_EQ(module.elems[3].type, ValType::ref(false, HeapKind::func));
  EXPECT_EQ(module.elems[4].size(), 2u);
  EXPECT_EQ(module.elems[4].type, ValType::funcref());
  EXPECT_EQ(module.declared_functions, (std::vector<bool>{true, true, true}));

  EXPECT_EQ(module.data_count, 3u);
  ASSERT_EQ(module.datas.size(), 3u);
  EXPECT_EQ(as_text(module.datas[0].bytes), "hi");
  EXPECT_EQ(module.datas[1].mode, SegmentMode::passive);
  EXPECT_EQ(module.datas[2].memory, MemoryIndex(1));

  ASSERT_EQ(module.bodies.size(), 2u);
  EXPECT_EQ(module.body(FuncIndex(2)).code.data(), module.bytes.data() + module.body(FuncIndex(2)).offset);
  EXPECT_GT(module.code_section_size_bytes, 0u);
  ASSERT_EQ(module.custom_sections.size(), 1u);
  EXPECT_EQ(module.custom_sections[0].name, "producers");
  EXPECT_EQ(module.custom_sections[0].size_bytes, 3u);
}

TEST(Decoder, EveryTruncationIsAnErrorAtItsEndOrBefore) {
  const Buffer whole = everything();
  // What is left after a whole section may be a module, but here something is always missing.
  for (usize size = 0; size < whole.size(); ++size) {
    const auto module = load(Buffer(whole.begin(), whole.begin() + std::ptrdiff_t(size)));
    if (module.ok()) continue;
    EXPECT_EQ(module.error().code, ErrorCode::malformed) << size << ": " << module.error().message;
    EXPECT_LE(module.error().offset, size);
  }
}

TEST(Decoder, OnlyWholeSectionsMakeAModule) {
  const Buffer whole = everything();
  int modules = 0;
  for (usize size = 0; size < whole.size(); ++size) {
    modules += load(Buffer(whole.begin(), whole.begin() + std::ptrdiff_t(size))).ok();
  }
  // After the preamble, types and imports; then after the data section, where only the custom section is missing.
  EXPECT_EQ(modules, 4);
}

TEST(Decoder, MutatedModulesAreModulesOrErrors) {
  std::mt19937 random(1);
  const Buffer whole = everything();
  int refused = 0;
  for (int round = 0; round < 50'000; ++round) {
    Buffer bytes = whole;
    for (u32 changes = 1 + u32(random() % 3); changes > 0; --changes) {
      bytes[8 + random() % (bytes.size() - 8)] = u8(random());
    }
    const auto module = load(bytes);
    if (module.ok()) continue;
    ++refused;
    EXPECT_FALSE(module.error().message.empty());
    EXPECT_LE(module.error().offset, bytes.size());
  }
  EXPECT_GT(refused, 25'000);
}

TEST(Decoder, SectionsHaveAnOrderAndASize) {
  const Buffer types = section(1, vec({void_type}));
  const Wrong wrongs[] = {
      {"unknown id", preamble() + section(14, {0}), ErrorCode::malformed, "malformed section id"},
      {"no size", preamble() + Buffer{1}, ErrorCode::malformed, "unexpected end"},
      {"too large", preamble() + Buffer{1, 5, 0}, ErrorCode::malformed, "length out of bounds"},
      {"twice", preamble() + types + types, ErrorCode::malformed, "unexpected content after last section"},
      {"late", preamble() + section(3, {0}) + types, ErrorCode::malformed, "unexpected content after last section"},
      {"tag after global", preamble() + section(6, {0}) + section(13, {0}), ErrorCode::malformed,
       "unexpected content after last section"},
      {"rest", preamble() + section(1, {0, 0}), ErrorCode::malformed, "section size mismatch"},
      {"count too large", preamble() + section(1, {0xff, 0xff, 0xff, 0xff, 0x0f}), ErrorCode::malformed,
       "length out of bounds"},
      {"leb too long", preamble() + section(1, {0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), ErrorCode::malformed,
       "integer representation too long"},
      {"leb too large", preamble() + section(1, {0x80, 0x80, 0x80, 0x80, 0x10}), ErrorCode::malformed,
       "integer too large"},
      {"name not UTF-8", preamble() + section(0, {1, 0xff}), ErrorCode::malformed, "malformed UTF-8 encoding"},
      {"name too long", preamble() + section(0, {2, 'x'}), ErrorCode::malformed, "length out of bounds"},
  };
  for (const Wrong& wrong : wrongs) expect_error(wrong);
  // Custom sections may stand anywhere.
  const Buffer custom = section(0, name("x"));
  EXPECT_TRUE(load(preamble() + custom + types + custom + section(3, {0}) + custom).ok());
}

TEST(Decoder, SectionsMustAgree) {
  const Buffer types = section(1, vec({void_type}));
  const Buffer functions = section(3, {1, 0});
  const Buffer code = section(10, {1, 2, 0, 0x0b});
  const Wrong wrongs[] = {
      {"no code", preamble() + types + functions, ErrorCode::malformed,
       "function and code section have inconsistent lengths"},
      {"no functions", preamble() + types + code, ErrorCode::malformed,
       "function and code section have inconsistent lengths"},
      {"no data", preamble() + section(12, {1}), ErrorCode::malformed,
       "data count and data section have inconsistent lengths"},
      {"other count", preamble() + section(12, {2}) + section(11, {1, 1, 0}), ErrorCode::malformed,
       "data count and data section have inconsistent lengths"},
  };
  for (const Wrong& wrong : wrongs) expect_error(wrong);
  EXPECT_TRUE(load(preamble() + types + functions + code).ok());
}

TEST(Decoder, TypesMustBeWellFormedAndValid) {
  const auto types = [](std::vector<Buffer> items) { return Parts{.types = std::move(items)}.build(); };
  const Wrong wrongs[] = {
      {"unknown form", types({{0x5d, 0, 0}}), ErrorCode::malformed, "malformed definition type"},
      {"unknown value type", types({{0x60, 1, 0x10, 0}}), ErrorCode::malformed, "malformed reference type"},
      {"unknown heap type", types({{0x60, 1, 0x64, 0x68, 0}}), ErrorCode::malformed, "malformed heap type"},
      {"unknown storage", types({{0x5e, 0x76, 0}}), ErrorCode::malformed, "malformed storage type"},
      {"mutability", types({{0x5e, 0x7f, 2}}), ErrorCode::malformed, "malformed mutability"},
      {"unknown type", types({{0x60, 1, 0x64, 1, 0}}), ErrorCode::invalid, "unknown type 1"},
      {"beyond the group", types({{0x4e, 1, 0x60, 1, 0x64, 1, 0}, void_type}), ErrorCode::invalid, "unknown type 1"},
      {"final super", types({void_type, {0x50, 1, 0, 0x60, 0, 0}}), ErrorCode::invalid,
       "sub type 1 has final super type 0"},
      {"other structure", types({{0x50, 0, 0x60, 0, 0}, {0x50, 1, 0, 0x60, 1, 0x7f, 0}}), ErrorCode::invalid,
       "sub type 1 does not match super type 0"},
      {"other kind", types({{0x50, 0, 0x60, 0, 0}, {0x50, 1, 0, 0x5f, 0}}), ErrorCode::invalid,
       "sub type 1 does not match super type 0"},
      {"fewer fields", types({{0x50, 0, 0x5f, 1, 0x7f, 0}, {0x50, 1, 0, 0x5f, 0}}), ErrorCode::invalid,
       "sub type 1 does not match super type 0"},
      {"own super", types({{0x50, 1, 0, 0x60, 0, 0}}), ErrorCode::invalid, "forward use of type 0"},
      {"two supers", types({{0x50, 0, 0x60, 0, 0}, {0x50, 2, 0, 0, 0x60, 0, 0}}), ErrorCode::invalid, "sub type 1"},
  };
  for (const Wrong& wrong : wrongs) expect_error(wrong);
  EXPECT_TRUE(load(types({{0x50, 0, 0x5f, 1, 0x7f, 0}, {0x4f, 1, 0, 0x5f, 2, 0x7f, 0, 0x78, 1}})).ok());
  // Parameters may widen, results may narrow.
  EXPECT_TRUE(load(types({{0x50, 0, 0x60, 1, 0x64, 0x70, 1, 0x70}, {0x50, 1, 0, 0x60, 1, 0x70, 1, 0x64, 0x70}})).ok());
  // A mutable field must stay what it is; a constant one may narrow.
  EXPECT_TRUE(load(types({{0x50, 0, 0x5f, 1, 0x70, 0}, {0x50, 1, 0, 0x5f, 1, 0x64, 0x70, 0}})).ok());
  EXPECT_FALSE(load(types({{0x50, 0, 0x5f, 1, 0x70, 1}, {0x50, 1, 0, 0x5f, 1, 0x64, 0x70, 1}})).ok());
}

TEST(Decoder, ImportsAndDefinitionsMustBeValid) {
  const auto import = [](const Buffer& description) {
    return Parts{.types = {void_type, {0x60, 0, 1, 0x7f}, {0x5e, 0x7f, 0}},
                 .imports = {name("m") + name("n") + description}}
        .build();
  };
  const Wrong wrongs[] = {
      {"kind", import({5, 0}), ErrorCode::malformed, "malformed import kind"},
      {"type", import({0, 3}), ErrorCode::invalid, "unknown type 3"},
      {"array as function", import({0, 2}), ErrorCode::invalid, "non-function type 2"},
      {"table flags", import({1, 0x70, 8, 0}), ErrorCode::malformed, "malformed limits flags"},
      {"shared table", import({1, 0x70, 3, 0, 0}), ErrorCode::malformed, "malformed limits flags"},
      {"table size", import(Buffer{1, 0x70, 0} + uleb(u64{1} << 32)), ErrorCode::invalid, "table size"},
      {"table order", import({1, 0x70, 1, 2, 1}), ErrorCode::invalid, "size minimum must not be greater than maximum"},
      {"memory flags", import({2, 16, 0}), ErrorCode::malformed, "malformed limits flags"},
      {"memory size", import(Buffer{2, 0} + uleb(65537)), ErrorCode::invalid,
       "memory size must be at most 65536 pages (4GiB)"},
      {"memory maximum", import(Buffer{2, 1, 0} + uleb(65537)), ErrorCode::invalid, "memory size"},
      {"memory64 size", import(Buffer{2, 4} + uleb((u64{1} << 48) + 1)), ErrorCode::invalid, "memory size"},
      {"small pages", import(Buffer{2, 8} + uleb(u64{1} << 32) + Buffer{0}), ErrorCode::invalid, "memory size"},
      {"page size", import({2, 8, 0, 12}), ErrorCode::invalid, "invalid custom page size"},
      {"page size beyond", import({2, 8, 0, 64}), ErrorCode::malformed, "invalid custom page size"},
      {"shared without maximum", import({2, 2, 0}), ErrorCode::invalid, "shared memory must have maximum"},
      {"global mutability", import({3, 0x7f, 2}), ErrorCode::malformed, "malformed mutability"},
      {"tag attribute", import({4, 1, 0}), ErrorCode::malformed, "zero byte expected"},
      {"tag result", import({4, 0, 1}), ErrorCode::invalid, "non-empty tag result type"},
      {"defined array as function", Parts{.types = {{0x5e, 0x7f, 0}}, .functions = {{0}}}.build(), ErrorCode::invalid,
       "non-function type 0"},
      {"table without value", Parts{.tables = {{0x64, 0x70, 0, 0}}}.build(), ErrorCode::invalid, "type mismatch"},
      {"table of wrong value", Parts{.tables = {{0x40, 0, 0x70, 0, 0, 0xd0, 0x6f, 0x0b}}}.build(), ErrorCode::invalid,
       "type mismatch"},
      {"table reserved byte", Parts{.tables = {{0x40, 1, 0x70, 0, 0, 0xd0, 0x70, 0x0b}}}.build(), ErrorCode::malformed,
       "zero byte expected"},
      {"start", Parts{.start = {0}}.build(), ErrorCode::invalid, "unknown function 0"},
  };
  for (const Wrong& wrong : wrongs) expect_error(wrong);
  EXPECT_TRUE(load(import(Buffer{2, 0} + uleb(65536))).ok());
  EXPECT_TRUE(load(import(Buffer{2, 4} + uleb(u64{1} << 48))).ok());
  EXPECT_TRUE(load(import(Buffer{2, 8} + uleb(~u32{0}) + Buffer{0})).ok());
  EXPECT_TRUE(load(import(Buffer{1, 0x70, 4} + uleb(~u64{0}))).ok());
}

TEST(Decoder, ConstantExpressionsMustBeConstantAndTyped) {
  const auto global = [](const Buffer& type, const Buffer& init) {
    return Parts{.types = {{0x5f, 1, 0x64, 0x70, 0}},
                 .imports = {name("m") + name("c") + Buffer{3, 0x7f, 0}, name("m") + name("v") + Buffer{3, 0x7f, 1}},
                 .globals = {type + Buffer{0} + init + Buffer{0x0b}}}
        .build();
  };
  const Buffer i32{0x7f};
  const Wrong wrongs[] = {
      {"nothing", global(i32, {}), ErrorCode::invalid, "type mismatch"},
      {"two", global(i32, {0x41, 0, 0x41, 0}), ErrorCode::invalid, "type mismatch"},
      {"other type", global(i32, {0x42, 0}), ErrorCode::invalid, "type mismatch"},
      {"nop", global(i32, {0x01, 0x41, 0}), ErrorCode::invalid, "constant expression required"},
      {"division", global(i32, {0x41, 1, 0x41, 1, 0x6d}), ErrorCode::invalid, "constant expression required"},
      {"variable", global(i32, {0x23, 1}), ErrorCode::invalid, "constant expression required"},
      {"itself", global(i32, {0x23, 2}), ErrorCode::invalid, "unknown global 2"},
      {"no operand", global(i32, {0x41, 1, 0x6a}), ErrorCode::invalid, "type mismatch"},
      {"illegal", global(i32, {0xff}), ErrorCode::malformed, "illegal opcode ff"},
      {"unknown function", global({0x70}, {0xd2, 0}), ErrorCode::invalid, "unknown function 0"},
      {"no default", global({0x6e}, {0xfb, 1, 0}), ErrorCode::invalid, "field type is not defaultable"},
      {"unfinished", preamble() + section(6, {1, 0x7f, 0, 0x41, 0}), ErrorCode::malformed, "unexpected end"},
  };
  for (const Wrong& wrong : wrongs) expect_error(wrong);
  EXPECT_TRUE(load(global(i32, {0x23, 0, 0x41, 2, 0x6b})).ok());
  EXPECT_TRUE(load(global({0x63, 0}, {0xd0, 0x71})).ok());
}

TEST(Decoder, ExportsAndSegmentsMustBeValid) {
  const auto with = [](Parts extra) {
    extra.types = {void_type, {0x60, 1, 0x7f, 0}};
    extra.functions = {{0}, {1}};
    extra.tables = {{0x70, 0, 1}, {0x6f, 0, 1}};
    extra.memories = {{0, 1}};
    extra.bodies = {{0, 0x0b}, {0, 0x0b}};
    return extra.build();
  };
  const Wrong wrongs[] = {
      {"export twice",
       with({.exports = {name("a") + Buffer{0, 0}, name("b") + Buffer{0, 0}, name("a") + Buffer{2, 0}}}),
       ErrorCode::invalid, "duplicate export name \"a\""},
      {"export kind", with({.exports = {name("a") + Buffer{5, 0}}}), ErrorCode::malformed, "malformed export kind"},
      {"export function", with({.exports = {name("a") + Buffer{0, 2}}}), ErrorCode::invalid, "unknown function 2"},
      {"export table", with({.exports = {name("a") + Buffer{1, 2}}}), ErrorCode::invalid, "unknown table 2"},
      {"export memory", with({.exports = {name("a") + Buffer{2, 1}}}), ErrorCode::invalid, "unknown memory 1"},
      {"export global", with({.exports = {name("a") + Buffer{3, 0}}}), ErrorCode::invalid, "unknown global 0"},
      {"export tag", with({.exports = {name("a") + Buffer{4, 0}}}), ErrorCode::invalid, "unknown tag 0"},
      {"start with parameters", with({.start = {1}}), ErrorCode::invalid, "start function"},
      {"elem kind", with({.elems = {{8}}}), ErrorCode::malformed, "malformed elements segment kind"},
      {"elem element kind", with({.elems = {{1, 1, 0}}}), ErrorCode::malformed, "malformed element kind"},
      {"elem table", with({.elems = {{2, 2, 0x41, 0, 0x0b, 0, 0}}}), ErrorCode::invalid, "unknown table 2"},
      {"elem type", with({.elems = {{2, 1, 0x41, 0, 0x0b, 0, 0}}}), ErrorCode::invalid, "type mismatch"},
      {"elem function", with({.elems = {{1, 0, 1, 2}}}), ErrorCode::invalid, "unknown function 2"},
      {"elem offset", with({.elems = {{0, 0x42, 0, 0x0b, 0}}}), ErrorCode::invalid, "type mismatch"},
      {"elem expression", with({.elems = {{5, 0x70, 1, 0xd0, 0x6f, 0x0b}}}), ErrorCode::invalid, "type mismatch"},
      {"data kind", with({.datas = {{3}}}), ErrorCode::malformed, "malformed data segment kind"},
      {"data memory", with({.datas = {{2, 1, 0x41, 0, 0x0b, 0}}}), ErrorCode::invalid, "unknown memory 1"},
      {"data offset", with({.datas = {{0, 0x42, 0, 0x0b, 0}}}), ErrorCode::invalid, "type mismatch"},
      {"data size", with({.datas = {{1, 1}}}), ErrorCode::malformed, "length out of bounds"},
  };
  for (const Wrong& wrong : wrongs) expect_error(wrong);
}

TEST(Decoder, TheFirstErrorByOffsetWins) {
  const Buffer bad_body{0, 0x6a, 0x0b};
  Parts parts{.types = {void_type}, .functions = {{0}}, .bodies = {bad_body}, .datas = {{9}}};
  auto module = decode_only(parts.build());
  ASSERT_FALSE(module.ok());
  EXPECT_TRUE(module.error().message.starts_with("type mismatch")) << module.error().message;
  EXPECT_EQ(parts.build()[module.error().offset], 0x6a);

  parts.bodies = {{0, 0x0b}};
  module = decode_only(parts.build());
  ASSERT_FALSE(module.ok());
  EXPECT_TRUE(module.error().message.starts_with("malformed data segment kind")) << module.error().message;

  // A name that repeats stands before the kind that does not exist.
  parts = {.types = {void_type}, .functions = {{0}}, .bodies = {{0, 0x0b}}};
  parts.exports = {name("a") + Buffer{0, 0}, name("a") + Buffer{0, 0}, name("b") + Buffer{9, 0}};
  EXPECT_TRUE(decode_only(parts.build()).error().message.starts_with("duplicate export name"));
}

}  // namespace
}  // namespace wisp::wasm::test
