#include "baseline/object_loader.hpp"

#include <string>

/// ELF: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
/// Relocations: https://gitlab.com/x86-psABIs/x86-64-ABI
namespace wisp::baseline {

namespace {

struct FileHeader {
  u8 ident[16];
  u16 type, machine;
  u32 version;
  u64 entry, program_headers, section_headers;
  u32 flags;
  u16 header_size, program_header_size, program_header_count, section_header_size, section_count, names_section;
};
struct SectionHeader {
  u32 name, type;
  u64 flags, address, offset, size;
  u32 link, info;
  u64 alignment, entry_size;
};
struct SymbolEntry {
  u32 name;
  u8 info, other;
  u16 section;
  u64 value, size;
};
struct RelocationEntry {
  u64 offset, info;
  i64 addend;
};
static_assert(sizeof(FileHeader) == 64 && sizeof(SectionHeader) == 64);
static_assert(sizeof(SymbolEntry) == 24 && sizeof(RelocationEntry) == 24);

constexpr u16 relocatable = 1;
constexpr u16 x86_64 = 62;
enum SectionType : u32 { progbits = 1, symtab = 2, strtab = 3, rela = 4, nobits = 8, rel = 9 };
constexpr u64 flag_write = 1;
constexpr u64 flag_alloc = 2;
constexpr u64 flag_execute = 4;
enum Relocation : u32 {
  R_64 = 1,
  R_PC32 = 2,
  R_PLT32 = 4,
  R_GOTPCREL = 9,
  R_PC64 = 24,
  R_GOTPCRELX = 41,
  R_REX_GOTPCRELX = 42,
};

/// An undefined symbol's address, and a jump to it: `mov r10, address; jmp r10` (or `jmp [r10]`). r10 carries nothing in
/// any of the calling conventions in use.
constexpr u64 stub_bytes = 24;
constexpr u64 stub_jump = 8;

Error refused(std::string message) {
  return {ErrorCode::malformed, 0, "object file: " + std::move(message), {}};
}

template <class T>
bool read_at(Bytes object, u64 offset, T& value) {
  if (offset > object.size() || object.size() - offset < sizeof(T)) return false;
  value = load_le<T>(object.data() + offset);
  return true;
}

/// A zero-terminated name in a string table.
std::optional<std::string_view> name_at(Bytes object, const SectionHeader& strings, u32 offset) {
  if (strings.offset > object.size() || object.size() - strings.offset < strings.size || offset >= strings.size) {
    return std::nullopt;
  }
  const std::string_view rest = as_text(object.subspan(strings.offset + offset, strings.size - offset));
  const usize end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

u64 round_up(u64 value, u64 to) {
  return (value + to - 1) / to * to;
}

}  // namespace

Result<ObjectLoader> ObjectLoader::read(Bytes object) {
  ObjectLoader loader(object);
  WISP_TRY(loader.read_sections());
  WISP_TRY(loader.read_symbols());
  return loader;
}

Result<void> ObjectLoader::read_sections() {
  FileHeader header;
  if (!read_at(object_, 0, header)) return refused("too short");
  static constexpr u8 magic[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  if (std::memcmp(header.ident, magic, sizeof magic) != 0 || header.type != relocatable || header.machine != x86_64) {
    return refused("not a relocatable object for x86-64");
  }
  if (header.section_header_size != sizeof(SectionHeader)) return refused("section headers of another size");
  section_headers_ = header.section_headers;
  section_count_ = header.section_count;
  bool has_code = false;
  for (u32 i = 0; i < section_count_; ++i) {
    SectionHeader s;
    if (!read_at(object_, section_headers_ + u64(i) * sizeof s, s)) return refused("section headers are cut off");
    if (s.type == symtab) symbol_table_ = i;
    if ((s.flags & flag_alloc) == 0) continue;
    if ((s.flags & flag_write) != 0 && s.size != 0) return refused("data that can be written");
    if (s.type != progbits && s.type != nobits) continue;
    const bool has_bytes = s.type == progbits;
    if (has_bytes && (s.offset > object_.size() || object_.size() - s.offset < s.size)) {
      return refused("a section is cut off");
    }
    if (s.alignment > alignment || (s.alignment & (s.alignment - 1)) != 0) return refused("odd alignment");
    const u64 place = round_up(size_bytes_, std::max<u64>(s.alignment, 1));
    if (s.size > (u64{1} << 30) || place > (u64{1} << 30)) return refused("too large");
    if ((s.flags & flag_execute) != 0 && s.size != 0) {
      if (has_code) return refused("more than one code section");
      has_code = true;
      code_offset_ = place;
    }
    sections_.push_back({i, s.offset, s.size, place, has_bytes});
    size_bytes_ = place + s.size;
  }
  if (!has_code) return refused("no code");
  return {};
}

const ObjectLoader::Section* ObjectLoader::section(u32 number) const {
  for (const Section& section : sections_) {
    if (section.number == number) return &section;
  }
  return nullptr;
}

Result<void> ObjectLoader::read_symbols() {
  SectionHeader symbols;
  SectionHeader strings;
  if (symbol_table_ == 0 || !read_at(object_, section_headers_ + u64(symbol_table_) * sizeof symbols, symbols) ||
      symbols.link >= section_count_ ||
      !read_at(object_, section_headers_ + u64(symbols.link) * sizeof strings, strings)) {
    return refused("no symbols");
  }
  for (u64 i = 1; i < symbols.size / sizeof(SymbolEntry); ++i) {
    SymbolEntry entry;
    if (!read_at(object_, symbols.offset + i * sizeof entry, entry)) return refused("symbols are cut off");
    const bool is_local = (entry.info >> 4) == 0;
    if (is_local) continue;
    const auto name = name_at(object_, strings, entry.name);
    if (!name) return refused("a symbol without a name");
    if (entry.section == 0) {
      undefined_.push_back({*name, 0});
    } else if (const Section* home = section(entry.section); home != nullptr && entry.value <= home->size) {
      defined_.push_back({*name, home->place + entry.value});
    } else {
      return refused("a symbol in no section");
    }
  }
  stubs_ = round_up(size_bytes_, 16);
  size_bytes_ = stubs_ + undefined_.size() * stub_bytes;
  return {};
}

std::optional<u64> ObjectLoader::find(std::string_view name) const {
  for (const Symbol& symbol : defined_) {
    if (symbol.name == name) return symbol.offset;
  }
  return std::nullopt;
}

/// Where a relocation points: a place in the linked code, or an undefined symbol.
struct ObjectLoader::Target {
  u64 place = 0;
  std::optional<u32> undefined;  // its number
};

class ObjectLoader::Linker {
 public:
  Linker(const ObjectLoader& loader, MutableBytes to, u64 address) : loader_(loader), to_(to), address_(address) {}

  Result<void> run(const Resolver& resolve) {
    for (const Section& s : loader_.sections_) {
      if (s.has_bytes && s.size != 0) std::memcpy(&to_[s.place], &loader_.object_[s.file_offset], s.size);
    }
    for (u32 i = 0; i < loader_.undefined_.size(); ++i) {
      const auto address = resolve(loader_.undefined_[i].name);
      if (!address) return refused("unknown symbol " + std::string(loader_.undefined_[i].name));
      write_stub(i, *address);
    }
    for (u32 i = 0; i < loader_.section_count_; ++i) {
      SectionHeader header;
      if (!read_at(loader_.object_, loader_.section_headers_ + u64(i) * sizeof header, header)) {
        return refused("section headers are cut off");
      }
      if (header.type == rel && loader_.section(header.info) != nullptr) return refused("relocations of another kind");
      if (header.type == rela) WISP_TRY(relocate(header));
    }
    return {};
  }

 private:
  u64 stub(u32 undefined) const { return loader_.stubs_ + undefined * stub_bytes; }

  void write_stub(u32 number, const SymbolAddress& symbol) {
    u8* at = &to_[stub(number)];
    store_le<u64>(at, symbol.address);
    at += stub_jump;
    store_le<u16>(at, 0xba49);  // mov r10, imm64
    store_le<u64>(at + 2, symbol.address);
    const u8 jump[] = {0x41, 0xff, u8(symbol.is_indirect ? 0x22 : 0xe2)};
    std::memcpy(at + 10, jump, sizeof jump);
  }

  Result<void> relocate(const SectionHeader& header) {
    const Section* home = loader_.section(header.info);
    if (home == nullptr) return {};  // of a section that is not loaded
    SectionHeader symbols;
    if (header.link != loader_.symbol_table_ ||
        !read_at(loader_.object_, loader_.section_headers_ + u64(header.link) * sizeof symbols, symbols)) {
      return refused("relocations without symbols");
    }
    // Undefined symbols are numbered in the order of the table.
    numbers_.clear();
    u32 undefined = 0;
    for (u64 i = 0; i < symbols.size / sizeof(SymbolEntry); ++i) {
      SymbolEntry entry;
      if (!read_at(loader_.object_, symbols.offset + i * sizeof entry, entry)) return refused("symbols are cut off");
      Target target;
      if (i != 0 && entry.section == 0) {
        target.undefined = undefined++;
      } else if (const Section* section = loader_.section(entry.section)) {
        target.place = section->place + entry.value;
      } else {
        target.place = ~u64{0};
      }
      numbers_.push_back(target);
    }
    for (u64 i = 0; i < header.size / sizeof(RelocationEntry); ++i) {
      RelocationEntry entry;
      if (!read_at(loader_.object_, header.offset + i * sizeof entry, entry)) return refused("relocations are cut off");
      if ((entry.info >> 32) >= numbers_.size()) return refused("a relocation without a symbol");
      WISP_TRY(apply(*home, entry, numbers_[entry.info >> 32]));
    }
    return {};
  }

  Result<void> apply(const Section& home, const RelocationEntry& entry, const Target& target) {
    if (!target.undefined && target.place == ~u64{0}) return refused("a relocation to no section");
    const u32 kind = u32(entry.info);
    const u64 width = kind == R_64 || kind == R_PC64 ? 8 : 4;
    if (entry.offset > home.size || home.size - entry.offset < width) return refused("a relocation out of place");
    const u64 place = home.place + entry.offset;
    const u64 here = address_ + place;
    switch (kind) {
      case R_64:
      case R_PC64:
        if (target.undefined) return refused("an absolute reference to an undefined symbol");
        store_le<u64>(&to_[place], address_ + target.place + u64(entry.addend) - (kind == R_64 ? 0 : here));
        return {};
      case R_PC32:
      case R_PLT32: {
        // What is undefined is code, wherever it is not reached by way of its address.
        const u64 to = address_ + (target.undefined ? stub(*target.undefined) + stub_jump : target.place);
        return store_distance(place, to + u64(entry.addend) - here);
      }
      case R_GOTPCREL:
      case R_GOTPCRELX:
      case R_REX_GOTPCRELX:
        if (!target.undefined) return refused("the address of a defined symbol");
        return store_distance(place, address_ + stub(*target.undefined) + u64(entry.addend) - here);
      default:
        return refused("relocation of kind " + std::to_string(kind));
    }
  }

  Result<void> store_distance(u64 place, u64 distance) {
    if (i64(distance) != i32(u32(distance))) return refused("a distance that does not fit");
    store_le<u32>(&to_[place], u32(distance));
    return {};
  }

  const ObjectLoader& loader_;
  MutableBytes to_;
  u64 address_;
  std::vector<Target> numbers_;  // by number in the symbol table
};

Result<void> ObjectLoader::link(MutableBytes to, u64 address, const Resolver& resolve) const {
  if (to.size() < size_bytes_ || address % alignment != 0) return refused("no room");
  return Linker(*this, to, address).run(resolve);
}

}  // namespace wisp::baseline
