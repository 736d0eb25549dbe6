#include "baseline/object_loader.hpp"

#include <cstring>

#include <gtest/gtest.h>

#include "sys/code_memory.hpp"

namespace wisp::baseline {
namespace {

/// A small object written by hand: sections .text, .rela.text, .symtab, .strtab; symbols `entry` (defined), `callee`
/// and `value` (undefined).
struct HandMade {
  struct Relocation {
    u64 offset;
    u32 kind;
    u32 symbol;
    i64 addend;
  };
  std::vector<u8> code;
  std::vector<Relocation> relocations;
  u64 code_flags = 2 | 4;

  std::vector<u8> build() const {
    constexpr u64 header = 64;
    static constexpr char strings[] = "\0entry\0callee\0value";
    const u64 text = header;
    const u64 rela = text + code.size();
    const u64 symbols = rela + relocations.size() * 24;
    const u64 names = symbols + 4 * 24;
    const u64 sections = names + sizeof strings;
    std::vector<u8> out(sections + 5 * 64);
    const u8 ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::memcpy(&out[0], ident, sizeof ident);
    store_le<u16>(&out[16], 1);
    store_le<u16>(&out[18], 62);
    store_le<u64>(&out[40], sections);
    store_le<u16>(&out[58], 64);
    store_le<u16>(&out[60], 5);
    if (!code.empty()) std::memcpy(&out[text], code.data(), code.size());
    for (usize i = 0; i < relocations.size(); ++i) {
      const Relocation& r = relocations[i];
      store_le<u64>(&out[rela + i * 24], r.offset);
      store_le<u64>(&out[rela + i * 24 + 8], u64(r.symbol) << 32 | r.kind);
      store_le<i64>(&out[rela + i * 24 + 16], r.addend);
    }
    const auto symbol = [&](u32 number, u32 name, u16 section) {
      store_le<u32>(&out[symbols + number * 24], name);
      out[symbols + number * 24 + 4] = 0x10;
      store_le<u16>(&out[symbols + number * 24 + 6], section);
    };
    symbol(1, 1, 1);
    symbol(2, 7, 0);
    symbol(3, 14, 0);
    std::memcpy(&out[names], strings, sizeof strings);
    const auto section = [&](u32 number, std::initializer_list<u64> fields) {
      u8* at = &out[sections + number * 64];
      const u64* field = fields.begin();
      store_le<u32>(at + 4, u32(field[0]));   // type
      store_le<u64>(at + 8, field[1]);        // flags
      store_le<u64>(at + 24, field[2]);       // offset
      store_le<u64>(at + 32, field[3]);       // size
      store_le<u32>(at + 40, u32(field[4]));  // link
      store_le<u32>(at + 44, u32(field[5]));  // info
      store_le<u64>(at + 48, 16);
    };
    section(1, {1, code_flags, text, code.size(), 0, 0});
    section(2, {4, 0, rela, relocations.size() * 24, 3, 1});
    section(3, {2, 0, symbols, 4 * 24, 4, 0});
    section(4, {3, 0, names, sizeof strings, 0, 0});
    return out;
  }
};

enum : u32 { plt32 = 4, gotpcrelx = 42, tls = 19 };

/// entry: sub rsp, 8; call callee; mov rcx, [rip + &value]; add eax, [rcx]; add rsp, 8; ret
HandMade calling() {
  return {.code = {0x48, 0x83, 0xec, 8, 0xe8, 0,    0,    0,    0,    0x48, 0x8b, 0x0d,
                   0,    0,    0,    0, 0x03, 0x01, 0x48, 0x83, 0xc4, 8,    0xc3},
          .relocations = {{5, plt32, 2, -4}, {12, gotpcrelx, 3, -4}}};
}

int forty() {
  return 40;
}
int two = 2;
int (*forty_pointer)() = forty;

int run(const HandMade& object, const ObjectLoader::Resolver& resolve) {
  const std::vector<u8> bytes = object.build();
  const auto loader = ObjectLoader::read(bytes);
  EXPECT_TRUE(loader.ok());
  auto memory = sys::CodeMemory::create(65536);
  EXPECT_TRUE(memory.ok());
  EXPECT_TRUE(
      loader->link({memory->writable(), loader->size_bytes()}, reinterpret_cast<u64>(memory->code()), resolve).ok());
  const u64 entry = reinterpret_cast<u64>(memory->code()) + *loader->find("entry");
  return reinterpret_cast<int (*)()>(entry)();
}

TEST(ObjectLoader, LinksWhatIsFarAway) {
  const auto resolve = [](std::string_view name) -> std::optional<SymbolAddress> {
    return SymbolAddress{name == "callee" ? reinterpret_cast<u64>(&forty) : reinterpret_cast<u64>(&two)};
  };
  EXPECT_EQ(run(calling(), resolve), 42);
}

TEST(ObjectLoader, ReadsAnIndirectTargetAtEachCall) {
  const auto resolve = [](std::string_view name) -> std::optional<SymbolAddress> {
    if (name == "callee") return SymbolAddress{reinterpret_cast<u64>(&forty_pointer), true};
    return SymbolAddress{reinterpret_cast<u64>(&two)};
  };
  EXPECT_EQ(run(calling(), resolve), 42);
}

TEST(ObjectLoader, RefusesUnknownSymbols) {
  const std::vector<u8> bytes = calling().build();
  const auto loader = ObjectLoader::read(bytes);
  ASSERT_TRUE(loader.ok());
  ASSERT_EQ(loader->undefined().size(), 2u);
  std::vector<u8> to(loader->size_bytes());
  EXPECT_FALSE(loader->link(to, 64, [](std::string_view) { return std::nullopt; }).ok());
}

TEST(ObjectLoader, RefusesWhatItDoesNotKnow) {
  const auto links = [](const HandMade& object) {
    const std::vector<u8> bytes = object.build();
    const auto loader = ObjectLoader::read(bytes);
    if (!loader.ok()) return false;
    std::vector<u8> to(loader->size_bytes());
    return loader->link(to, 64, [](std::string_view) { return SymbolAddress{64}; }).ok();
  };
  EXPECT_TRUE(links(calling()));
  HandMade object = calling();
  object.relocations[0].kind = tls;
  EXPECT_FALSE(links(object)) << "another kind of relocation";
  object = calling();
  object.relocations[0].offset = object.code.size() - 3;
  EXPECT_FALSE(links(object)) << "out of its section";
  object = calling();
  object.relocations[0].symbol = 4;
  EXPECT_FALSE(links(object)) << "no such symbol";
  object = calling();
  object.code_flags = 1 | 2;
  EXPECT_FALSE(links(object)) << "data";
}

TEST(ObjectLoader, SurvivesEveryTruncationAndBitFlip) {
  const std::vector<u8> bytes = calling().build();
  const auto attempt = [](const std::vector<u8>& object) {
    const auto loader = ObjectLoader::read(object);
    if (!loader.ok() || loader->size_bytes() > 1 << 20) return;
    std::vector<u8> to(loader->size_bytes());
    (void)loader->link(to, 64, [](std::string_view) { return SymbolAddress{64}; });
  };
  for (usize size = 0; size < bytes.size(); ++size) attempt({bytes.begin(), bytes.begin() + std::ptrdiff_t(size)});
  for (usize bit = 0; bit < bytes.size() * 8; ++bit) {
    std::vector<u8> flipped = bytes;
    flipped[bit / 8] ^= u8(1 << (bit % 8));
    attempt(flipped);
  }
}

}  // namespace
}  // namespace wisp::baseline
