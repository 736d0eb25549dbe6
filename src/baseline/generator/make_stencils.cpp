#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <elf.h>

#include "baseline/stencils.hpp"

// make_stencils OUTPUT.cpp OBJECT... — makes the table of stencils from op bodies that were compiled with
// -fbasic-block-sections=all, so that every block of a handler is a section and every jump between blocks a relocation.
// An object whose name contains "guarded" gives stencils that rely on guard pages. Whatever is not understood is
// refused: a stencil that is wrong is worse than a build that fails.

namespace wisp::baseline {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "make_stencils: %s\n", what.c_str());
  std::exit(1);
}

/// One object file.
class Object {
 public:
  explicit Object(const std::string& path) : path_(path) {
    std::ifstream in(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
    if (bytes_.size() < sizeof(Elf64_Ehdr) || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0)
      refuse("no object: " + path);
    header_ = at<Elf64_Ehdr>(0);
    if (header_->e_type != ET_REL || header_->e_machine != EM_X86_64) refuse("not for x86-64: " + path);
    read_sections();
  }

  const std::string& path() const { return path_; }
  u32 section_count() const { return header_->e_shnum; }
  u32 symbol_count() const { return symbol_count_; }
  const Elf64_Sym& symbol(u32 index) const { return symbols_[index]; }
  std::string_view name_of(const Elf64_Sym& symbol) const { return names_ + symbol.st_name; }
  std::string_view section_name(u32 index) const { return section_names_ + section(index).sh_name; }
  const Elf64_Shdr& section(u32 index) const { return at<Elf64_Shdr>(header_->e_shoff)[index]; }
  std::string bytes_of(u32 index) const {
    const Elf64_Shdr& s = section(index);
    if (s.sh_type == SHT_NOBITS) refuse("a section without bytes");
    return {bytes_.data() + s.sh_offset, s.sh_size};
  }
  const std::vector<Elf64_Rela>& relocations(u32 section) const {
    static const std::vector<Elf64_Rela> none;
    const auto found = relocations_.find(section);
    return found == relocations_.end() ? none : found->second;
  }

 private:
  template <class T>
  const T* at(u64 offset) const {
    if (offset + sizeof(T) > bytes_.size()) refuse("truncated: " + path_);
    return reinterpret_cast<const T*>(bytes_.data() + offset);
  }

  void read_sections() {
    section_names_ = bytes_.data() + section(header_->e_shstrndx).sh_offset;
    for (u32 i = 0; i < header_->e_shnum; ++i) {
      const Elf64_Shdr& s = section(i);
      if (s.sh_type == SHT_SYMTAB) {
        symbols_ = at<Elf64_Sym>(s.sh_offset);
        symbol_count_ = u32(s.sh_size / sizeof(Elf64_Sym));
        names_ = bytes_.data() + section(s.sh_link).sh_offset;
      } else if (s.sh_type == SHT_RELA) {
        const std::span all(at<Elf64_Rela>(s.sh_offset), s.sh_size / sizeof(Elf64_Rela));
        relocations_[s.sh_info].assign(all.begin(), all.end());
      } else if (s.sh_type == SHT_SYMTAB_SHNDX) {
        refuse("more than 65,000 sections: " + path_);
      }
    }
  }

  std::string path_;
  std::vector<char> bytes_;
  const Elf64_Ehdr* header_ = nullptr;
  const char* section_names_ = nullptr;
  const Elf64_Sym* symbols_ = nullptr;
  u32 symbol_count_ = 0;
  const char* names_ = nullptr;
  std::map<u32, std::vector<Elf64_Rela>> relocations_;
};

constexpr u8 opcode_jmp = 0xe9;
constexpr std::string_view continue_symbol = "wisp_continue_2";

/// Where a jump or another reference goes: a block of the same handler, or a symbol.
struct Target {
  u32 block = 0;  // its section; 0: a symbol
  std::string symbol;
  bool operator==(const Target&) const = default;
  bool is_continue() const { return symbol == continue_symbol; }
};

struct Reference {
  u32 at;
  u32 type;
  i64 addend;
  Target target;
};

/// A basic block: its bytes without the jump at its end, if there is one.
struct Block {
  std::string bytes;
  std::vector<Reference> references;
  std::optional<Target> next;
  bool is_cold = false;
};

/// A named hole of the state header.
struct HoleName {
  std::string_view name;
  HoleKind kind;
};
constexpr HoleName hole_names[] = {
    {"wisp_slot_0", HoleKind::slot_0},   {"wisp_slot_1", HoleKind::slot_1},
    {"wisp_slot_2", HoleKind::slot_2},   {"wisp_slot_3", HoleKind::slot_3},
    {"wisp_field_0", HoleKind::field_0}, {"wisp_field_1", HoleKind::field_1},
    {"wisp_field_2", HoleKind::field_2}, {"wisp_field_3", HoleKind::field_3},
    {"wisp_shift_3", HoleKind::field_3}, {"wisp_wide", HoleKind::wide},
    {"wisp_offset", HoleKind::wide},     {"wisp_offset_word", HoleKind::low_2},
    {"wisp_word_2", HoleKind::word_2},   {"wisp_word_3", HoleKind::word_3},
    {"wisp_word_4", HoleKind::word_4},   {"wisp_low_1", HoleKind::low_1},
    {"wisp_low_2", HoleKind::low_2},     {"wisp_high_2", HoleKind::high_2},
    {"wisp_target", HoleKind::target},   {"wisp_slot_word_3", HoleKind::slot_word_3},
    {"wisp_table", HoleKind::table},
};

const HoleName* find_hole(std::string_view name) {
  for (const HoleName& hole : hole_names) {
    if (hole.name == name) return &hole;
  }
  return nullptr;
}

/// What all stencils share.
struct Tables {
  std::string code;
  std::vector<Hole> holes;
  std::string constants;
  std::map<std::string, u32> constant_places;  // by the bytes
  std::map<std::string, u32> externals;

  u32 constant(const std::string& bytes, u32 alignment) {
    const auto [at, is_new] = constant_places.try_emplace(bytes, 0);
    if (is_new) {
      while (constants.size() % alignment != 0) constants.push_back(0);
      at->second = u32(constants.size());
      constants += bytes;
    }
    return at->second;
  }
  u32 external(const std::string& symbol) { return externals.try_emplace(symbol, u32(externals.size())).first->second; }
};

/// Makes one handler's stencil.
class StencilMaker {
 public:
  StencilMaker(const Object& object, Tables& tables, std::string name)
      : object_(object), tables_(tables), name_(std::move(name)) {}

  Stencil make(u32 entry) {
    read(entry);
    return finish();
  }

  /// The narrow form; nothing if it is the same.
  std::optional<Stencil> make_narrow(u32 entry) {
    read(entry);
    for (auto& [section, block] : blocks_) narrow(block);
    if (narrow_fields_ == 0) return std::nullopt;
    return finish();
  }
  u8 narrow_fields() const { return narrow_fields_; }

 private:
  void read(u32 entry) {
    entry_ = entry;
    read_block(entry);
  }

  Stencil finish() {
    for (auto& [section, block] : blocks_) thread(block);
    mark_cold();
    for (auto& [section, block] : blocks_) prefer_hot(block);
    lay_out();
    return emit();
  }

  [[noreturn]] void refuse_it(const std::string& what) const { refuse(object_.path() + ": " + name_ + ": " + what); }

  Target target_of(const Elf64_Rela& relocation, i64 bias) {
    const Elf64_Sym& symbol = object_.symbol(ELF64_R_SYM(relocation.r_info));
    const std::string name(object_.name_of(symbol));
    if (symbol.st_shndx == SHN_UNDEF) return {.block = 0, .symbol = name};
    const u32 section = symbol.st_shndx;
    if ((object_.section(section).sh_flags & SHF_EXECINSTR) == 0) {
      // A constant: its place stands in the symbol's name.
      const Elf64_Shdr& s = object_.section(section);
      if ((s.sh_flags & SHF_WRITE) != 0) refuse_it("refers to data that can change");
      const u64 at = symbol.st_value + u64(relocation.r_addend + bias);
      const std::string all = object_.bytes_of(section);
      const u64 size = s.sh_entsize != 0 ? s.sh_entsize : all.size();
      const u64 first = s.sh_entsize != 0 ? at / size * size : 0;
      if (!object_.relocations(section).empty() || first + size > all.size())
        refuse_it("refers to data not understood");
      const u32 place = tables_.constant(all.substr(first, size), u32(s.sh_addralign)) + u32(at - first);
      return {.block = 0, .symbol = "constant " + std::to_string(place)};
    }
    if (symbol.st_value != 0 || relocation.r_addend + bias != 0) refuse_it("refers to the middle of a block");
    if (section != entry_ && object_.section_name(section) != object_.section_name(entry_)) {
      refuse_it("refers to another function: " + name);
    }
    return {.block = section, .symbol = {}};
  }

  void read_block(u32 section) {
    if (blocks_.contains(section)) return;
    Block& block = blocks_[section];
    order_.push_back(section);
    block.bytes = object_.bytes_of(section);
    u64 last = 0;
    for (const Elf64_Rela& relocation : object_.relocations(section)) {
      if (relocation.r_offset < last) refuse_it("relocations that are not in order");
      last = relocation.r_offset;
      const u32 type = u32(ELF64_R_TYPE(relocation.r_info));
      const bool is_relative = type == R_X86_64_PC32 || type == R_X86_64_PLT32;
      Target target = target_of(relocation, is_relative ? 4 : 0);
      block.references.push_back({u32(relocation.r_offset), type, relocation.r_addend, target});
      if (target.block != 0) read_block(target.block);
    }
    Block& read = blocks_[section];
    const usize size = read.bytes.size();
    if (size >= 5 && u8(read.bytes[size - 5]) == opcode_jmp && !read.references.empty() &&
        read.references.back().at == size - 4) {
      const Reference& jump = read.references.back();
      if (jump.target.block == 0 && jump.addend != -4) refuse_it("a reference behind " + jump.target.symbol);
      read.next = jump.target;
      read.references.pop_back();
      read.bytes.resize(size - 5);
    } else if (!ends_without_jump(read.bytes)) {
      refuse_it("a block that does not end in a jump, a return or a trap");
    }
  }

  /// A displacement of four bytes in the way it always looks here, behind ModRM and SIB: a slot's from a base without
  /// an index, an offset's from one of the bases that are not rsp or rbp with an index that is not scaled. No
  /// instruction has an immediate operand behind two such bytes.
  static bool is_displacement(const std::string& bytes, const Reference& reference, HoleKind kind) {
    if (reference.type != R_X86_64_32S || reference.addend != 0 || reference.at < 2) return false;
    if ((u8(bytes[reference.at - 2]) & 0xc7) != 0x84) return false;
    const u8 sib = u8(bytes[reference.at - 1]);
    return kind == HoleKind::wide ? (sib & 0xc7) == 0x06 : sib == 0x24;
  }

  /// Makes displacements one byte long.
  void narrow(Block& block) {
    u32 removed = 0;
    for (Reference& reference : block.references) {
      reference.at -= removed;
      const HoleName* const hole = reference.target.block == 0 ? find_hole(reference.target.symbol) : nullptr;
      if (hole == nullptr) continue;
      const bool is_slot = hole->kind <= HoleKind::slot_3;
      if (!is_slot && hole->name != "wisp_offset") continue;
      if (!is_displacement(block.bytes, reference, hole->kind)) continue;
      u8& modrm = reinterpret_cast<u8&>(block.bytes[reference.at - 2]);
      modrm = (modrm & 0x3f) | 0x40;
      block.bytes.erase(reference.at + 1, 3);
      removed += 3;
      reference.type = R_X86_64_8;
      narrow_fields_ |= u8(1 << (is_slot ? u32(hole->kind) - u32(HoleKind::slot_0) : narrow_offset_bit));
    }
  }

  /// ret, jmp to a register or to memory, ud2.
  static bool ends_without_jump(const std::string& bytes) {
    const usize size = bytes.size();
    if (size >= 1 && u8(bytes[size - 1]) == 0xc3) return true;
    if (size >= 2 && u8(bytes[size - 2]) == 0x0f && u8(bytes[size - 1]) == 0x0b) return true;
    return size >= 2 && u8(bytes[size - 2]) == 0xff && (u8(bytes[size - 1]) & 0xf8) == 0xe0;
  }

  /// Jumps to jumps go to where these go.
  Target threaded(Target target) const {
    for (u32 steps = 0; target.block != 0; ++steps) {
      const Block& block = blocks_.at(target.block);
      if (!block.bytes.empty() || !block.next || steps > blocks_.size()) break;
      target = *block.next;
    }
    return target;
  }
  void thread(Block& block) const {
    for (Reference& reference : block.references) reference.target = threaded(reference.target);
    if (block.next) block.next = threaded(*block.next);
  }

  /// Cold is what cannot but end in a function of the runtime.
  void mark_cold() {
    for (bool changed = true; changed;) {
      changed = false;
      for (auto& [section, block] : blocks_) {
        if (block.is_cold || section == entry_ || !block.next || !is_cold(*block.next)) continue;
        const auto goes_on = [&](const Reference& reference) { return continues(reference.target); };
        if (std::ranges::any_of(block.references, goes_on)) continue;
        block.is_cold = true;
        changed = true;
      }
    }
  }

  /// A place in code that is not cold; constants and operands are none.
  bool continues(const Target& target) const {
    if (target.block != 0) return !is_cold(target);
    return target.is_continue() || target.symbol == "wisp_target";
  }

  bool is_cold(const Target& target) const {
    if (target.block != 0) return blocks_.at(target.block).is_cold;
    return !target.is_continue() && find_hole(target.symbol) == nullptr;
  }

  /// Turns a conditional jump round so that control falls into what comes next in the stencil.
  void prefer_hot(Block& block) const {
    if (!block.next || block.references.empty()) return;
    Reference& last = block.references.back();
    const usize size = block.bytes.size();
    const bool is_conditional = last.at + 4 == size && size >= 6 && u8(block.bytes[size - 6]) == 0x0f &&
                                (u8(block.bytes[size - 5]) & 0xf0) == 0x80;
    if (!is_conditional) return;
    const bool better = last.target.is_continue() || (is_cold(*block.next) && !is_cold(last.target));
    if (!better || block.next->is_continue()) return;
    std::swap(last.target, *block.next);
    block.bytes[size - 5] = char(u8(block.bytes[size - 5]) ^ 1);
  }

  void lay_out() {
    std::set<u32> placed;
    for (std::optional<u32> at = entry_; at;) {
      hot_.push_back(*at);
      placed.insert(*at);
      const std::optional<Target>& next = blocks_[*at].next;
      at.reset();
      if (next && next->block != 0 && !placed.contains(next->block) && !blocks_[next->block].is_cold) at = next->block;
      if (at || (next && next->is_continue())) continue;
      // The chain ended elsewhere: other blocks that are not cold go behind it, if one of them continues.
      for (const u32 other : order_) {
        const Block& block = blocks_[other];
        if (placed.contains(other) || block.is_cold || !is_used(other)) continue;
        at = other;
        break;
      }
    }
    for (const u32 section : order_) {
      if (!placed.contains(section) && is_used(section)) cold_.push_back(section);
    }
  }

  bool is_used(u32 section) const {
    for (const auto& [other, block] : blocks_) {
      if (block.next && block.next->block == section) return true;
      for (const Reference& reference : block.references) {
        if (reference.target.block == section) return true;
      }
    }
    return false;
  }

  /// Appends blocks, with jumps where the next one does not follow.
  void append(const std::vector<u32>& sections, bool is_hot) {
    for (usize i = 0; i < sections.size(); ++i) {
      Block& block = blocks_[sections[i]];
      places_[sections[i]] = {is_hot, u32(code_.size())};
      const u32 base = u32(code_.size());
      code_ += block.bytes;
      for (Reference reference : block.references) {
        reference.at += base;
        references_.push_back(reference);
      }
      if (!block.next) continue;
      const bool is_last = i + 1 == sections.size();
      const bool falls = block.next->block != 0 ? !is_last && sections[i + 1] == block.next->block
                                                : is_hot && is_last && block.next->is_continue();
      if (falls) continue;
      code_.push_back(char(opcode_jmp));
      references_.push_back({u32(code_.size()), R_X86_64_PLT32, -4, *block.next});
      code_.append(4, 0);
    }
  }

  Stencil emit() {
    append(hot_, true);
    const u32 hot_bytes = u32(code_.size());
    append(cold_, false);
    Stencil stencil{};
    stencil.code = u32(tables_.code.size());
    stencil.first_hole = u32(tables_.holes.size());
    if (code_.size() > 0xffff) refuse_it("too long");
    stencil.hot_bytes = u16(hot_bytes);
    stencil.cold_bytes = u16(code_.size() - hot_bytes);
    for (const bool hot : {true, false}) {
      for (const Reference& reference : references_) {
        if ((reference.at < hot_bytes) == hot) resolve(reference, hot_bytes);
      }
      if (hot) take_patches(stencil);
    }
    stencil.cold_hole_count = u16(tables_.holes.size() - stencil.first_hole - stencil.hot_hole_count);
    tables_.code += code_;
    return stencil;
  }

  /// Of the holes so far, which are those of the first part.
  void take_patches(Stencil& stencil) {
    // At different places, so that no addition waits for another.
    for (u32 i = 0; i < Stencil::patch_count; ++i) stencil.patch_at[i] = u16(stencil.hot_bytes + 4 * i);
    stencil.patch_kind.fill(u8(HoleKind::wide));
    u32 taken = 0;
    const auto is_taken = [&](const Hole& hole) {
      const bool is_patch = taken < Stencil::patch_count && u32(hole.kind) < second_word_kinds &&
                            hole.size_bytes <= 4 && hole.addend == 0 && is_zero(hole);
      if (!is_patch) return false;
      stencil.patch_at[taken] = hole.at;
      stencil.patch_kind[taken++] = u8(hole.kind);
      return true;
    };
    const auto first = tables_.holes.begin() + stencil.first_hole;
    tables_.holes.erase(std::remove_if(first, tables_.holes.end(), is_taken), tables_.holes.end());
    stencil.hot_hole_count = u16(tables_.holes.size() - stencil.first_hole);
  }

  /// A patch is added to what is there.
  bool is_zero(const Hole& hole) const {
    return code_.substr(hole.at, hole.size_bytes).find_first_not_of('\0') == code_.npos;
  }

  void resolve(const Reference& reference, u32 hot_bytes) {
    const Target& target = reference.target;
    const bool is_relative = reference.type == R_X86_64_PC32 || reference.type == R_X86_64_PLT32;
    if (is_relative) return resolve_relative(reference, hot_bytes);
    const HoleName* const hole = target.block == 0 ? find_hole(target.symbol) : nullptr;
    if (hole == nullptr || hole->kind >= HoleKind::target) refuse_it("an absolute reference to " + target.symbol);
    u8 size = 0;
    switch (reference.type) {
      case R_X86_64_32:
      case R_X86_64_32S:
        size = 4;
        break;
      case R_X86_64_64:
        size = 8;
        break;
      case R_X86_64_8:
        size = 1;
        break;
      default:
        refuse_it("relocation type " + std::to_string(reference.type));
    }
    tables_.holes.push_back({u16(reference.at), hole->kind, size, i32(reference.addend)});
  }

  void resolve_relative(const Reference& reference, u32 hot_bytes) {
    const Target& target = reference.target;
    const auto add = [&](HoleKind kind, i64 addend) {
      tables_.holes.push_back({u16(reference.at), kind, 4, i32(addend)});
    };
    const auto to_hot = [&](u32 place) {
      if (reference.at >= hot_bytes) return add(HoleKind::hot, place);
      const i32 distance = i32(place) - i32(reference.at + 4);
      std::memcpy(code_.data() + reference.at, &distance, 4);
    };
    const auto to_cold = [&](u32 place) {
      if (reference.at < hot_bytes) return add(HoleKind::cold, place - hot_bytes);
      const i32 distance = i32(place) - i32(reference.at + 4);
      std::memcpy(code_.data() + reference.at, &distance, 4);
    };
    if (target.block != 0) {
      const Place& place = places_.at(target.block);
      return place.is_hot ? to_hot(place.at) : to_cold(place.at);
    }
    if (target.is_continue()) return to_hot(hot_bytes);
    if (target.symbol == "wisp_pc") return to_hot(0);
    if (target.symbol.starts_with("constant ")) return add(HoleKind::constant, std::stoi(target.symbol.substr(9)));
    if (reference.addend != -4) refuse_it("a reference behind " + target.symbol);
    if (const HoleName* const hole = find_hole(target.symbol)) {
      if (hole->kind != HoleKind::target && hole->kind != HoleKind::table) refuse_it("a relative operand");
      return add(hole->kind, 0);
    }
    if (target.symbol.starts_with("wisp_")) refuse_it("an unknown hole: " + target.symbol);
    add(HoleKind::external, tables_.external(target.symbol));
  }

  struct Place {
    bool is_hot;
    u32 at;
  };

  const Object& object_;
  Tables& tables_;
  std::string name_;
  u32 entry_ = 0;
  u8 narrow_fields_ = 0;
  std::map<u32, Block> blocks_;
  std::vector<u32> order_;
  std::vector<u32> hot_;
  std::vector<u32> cold_;
  std::string code_;
  std::vector<Reference> references_;
  std::map<u32, Place> places_;
};

/// A guest's fault returns from a guarded stencil as if it had not begun: none of them may have a frame. From
/// .stack_sizes: an address, and the frame's size as LEB128.
void check_frameless(const Object& object) {
  bool any = false;
  for (u32 i = 1; i < object.section_count(); ++i) {
    if (object.section_name(i) != ".stack_sizes") continue;
    any = true;
    const std::string bytes = object.bytes_of(i);
    for (usize at = 0; at < bytes.size(); at += 9) {
      if (at + 9 > bytes.size() || bytes[at + 8] != 0) refuse(object.path() + ": a guarded stencil with a frame");
    }
  }
  if (!any) refuse(object.path() + ": no .stack_sizes");
}

using Table = std::vector<StencilPair>;
constexpr std::string_view pinned_prefix = "pinned_";

/// The stencils of a family, and for each of its table of handlers the stencil's number.
struct Family {
  Table stencils;
  std::vector<u16> numbers;
};

/// family -> its stencils.
void read_object(const Object& object, Tables& tables, std::map<std::string, Family>& families) {
  constexpr std::string_view suffix = "_handlersE";
  for (u32 i = 1; i < object.symbol_count(); ++i) {
    const Elf64_Sym& symbol = object.symbol(i);
    const std::string_view name = object.name_of(symbol);
    if (!name.ends_with(suffix) || symbol.st_shndx == SHN_UNDEF) continue;
    // _ZN4wisp6interp<length><family>_handlersE
    std::string_view family = name.substr(0, name.size() - suffix.size());
    family = family.substr(family.find_last_of("0123456789") + 1);
    auto& [stencils, numbers] = families[std::string(family)];
    std::map<u64, const Elf64_Rela*> entries;
    for (const Elf64_Rela& relocation : object.relocations(symbol.st_shndx)) {
      if (relocation.r_offset >= symbol.st_value && relocation.r_offset < symbol.st_value + symbol.st_size) {
        entries[relocation.r_offset] = &relocation;
      }
    }
    // Only tables of what the interpreter does not have may have gaps.
    const bool may_have_gaps = family.starts_with(pinned_prefix);
    if (entries.size() * 8 != symbol.st_size && !may_have_gaps) refuse(object.path() + ": a table with gaps");
    for (const auto& [offset, relocation] : entries) {
      const Elf64_Sym& function = object.symbol(ELF64_R_SYM(relocation->r_info));
      if (ELF64_R_TYPE(relocation->r_info) != R_X86_64_64 || function.st_value + u64(relocation->r_addend) != 0) {
        refuse(object.path() + ": a table entry that is no function");
      }
      std::string function_name(object.name_of(function));
      if (function_name.empty()) function_name = object.section_name(function.st_shndx);
      numbers.resize((offset - symbol.st_value) / 8, PinnedStencils::gap);
      numbers.push_back(u16(stencils.size()));
      Stencil wide = StencilMaker(object, tables, function_name).make(function.st_shndx);
      StencilMaker maker(object, tables, function_name);
      const Stencil narrow = maker.make_narrow(function.st_shndx).value_or(wide);
      wide.narrow_fields = maker.narrow_fields();
      stencils.push_back({{wide, narrow}});
    }
    numbers.resize(symbol.st_size / 8, PinnedStencils::gap);
    if (stencils.size() >= PinnedStencils::gap) refuse(object.path() + ": too many stencils");
  }
}

void write_bytes(std::FILE* out, const char* name, const std::string& bytes) {
  std::fprintf(out, "alignas(64) constexpr u8 %s_bytes[] = {", name);
  for (usize i = 0; i < bytes.size(); ++i) std::fprintf(out, i % 32 == 0 ? "\n%u," : "%u,", u8(bytes[i]));
  std::fprintf(out, "\n0};\n");
}

void write_family(std::FILE* out, const std::string& prefix, const std::string& family, const Family& found) {
  const std::string name = prefix + family;
  if (family.starts_with(pinned_prefix)) {
    std::fprintf(out, "constexpr u16 %s_numbers[] = {", name.c_str());
    for (usize i = 0; i < found.numbers.size(); ++i) std::fprintf(out, i % 32 == 0 ? "\n%u," : "%u,", found.numbers[i]);
    std::fprintf(out, "};\n");
  }
  std::fprintf(out, "constexpr StencilPair %s[] = {\n", name.c_str());
  for (const StencilPair& pair : found.stencils) {
    std::fprintf(out, "{{{");
    for (const Stencil& s : pair.forms) {
      std::fprintf(out, "{%u,%u,%u,%u,%u,%u,{%u,%u,%u},{%u,%u,%u},%u},", s.code, s.first_hole, s.hot_bytes,
                   s.cold_bytes, s.hot_hole_count, s.cold_hole_count, s.patch_at[0], s.patch_at[1], s.patch_at[2],
                   s.patch_kind[0], s.patch_kind[1], s.patch_kind[2], s.narrow_fields);
    }
    std::fprintf(out, "}}},\n");
  }
  std::fprintf(out, "};\n");
}

/// The pinned stencils of a family, from `best` if they are there.
void write_pinned(std::FILE* out, const std::string& family, const std::map<std::string, Family>& plain,
                  const std::map<std::string, Family>& best) {
  const std::string name = std::string(pinned_prefix) + family;
  if (!plain.contains(name)) {
    std::fprintf(out, "{},\n");
    return;
  }
  const std::string found = (&best != &plain && best.contains(name) ? "guarded_" : "plain_") + name;
  std::fprintf(out, "{%s_numbers, %s},\n", found.c_str(), found.c_str());
}

void write(std::FILE* out, const Tables& tables, const std::map<std::string, Family>& plain,
           const std::map<std::string, Family>& guarded) {
  std::fprintf(out, "// Made by make_stencils.\n#include \"baseline/stencils.hpp\"\n\n");
  for (const auto& [symbol, number] : tables.externals) {
    std::fprintf(out, "extern \"C\" void wisp_stencil_external_%u() __asm__(\"%s\");\n", number, symbol.c_str());
  }
  std::fprintf(out, "namespace wisp::baseline {\nnamespace {\n");
  write_bytes(out, "code", tables.code + std::string(stencil_padding_bytes, 0));
  write_bytes(out, "constants", tables.constants);
  std::fprintf(out, "constexpr Hole holes[] = {\n");
  for (const Hole& hole : tables.holes) {
    std::fprintf(out, "{%u,HoleKind(%u),%u,%d},\n", hole.at, u32(hole.kind), hole.size_bytes, hole.addend);
  }
  std::fprintf(out, "};\nconst void* const externals[] = {\n");
  std::vector<u32> numbers(tables.externals.size());
  for (usize i = 0; i < numbers.size(); ++i) {
    std::fprintf(out, "reinterpret_cast<const void*>(&wisp_stencil_external_%zu),\n", i);
  }
  std::fprintf(out, "};\n");
  for (const auto& [family, table] : plain) write_family(out, "plain_", family, table);
  for (const auto& [family, table] : guarded) write_family(out, "guarded_", family, table);
  std::fprintf(out, "}  // namespace\n");
  std::fprintf(out, "const std::span<const u8> stencil_code(code_bytes, %zu);\n", tables.code.size());
  std::fprintf(out, "const std::span<const u8> stencil_constants(constants_bytes, %zu);\n", tables.constants.size());
  std::fprintf(out, "const std::span<const Hole> stencil_holes(holes);\n");
  std::fprintf(out, "const std::span<const void* const> stencil_externals(externals, %zu);\n", numbers.size());
  for (const bool is_guarded : {false, true}) {
    std::fprintf(out, "const StencilPair* const %s[] = {nullptr,\n", is_guarded ? "guarded_stencils" : "stencils");
#define WISP_SLOT_FAMILY(family)                                             \
  if (!plain.contains(#family)) refuse("no object has the family " #family); \
  std::fprintf(out, "%s_" #family ",\n", is_guarded&& guarded.contains(#family) ? "guarded" : "plain");
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
    std::fprintf(out, "};\n");
    std::fprintf(out, "const PinnedStencils %s[] = {{},\n", is_guarded ? "guarded_pinned_stencils" : "pinned_stencils");
#define WISP_SLOT_FAMILY(family) write_pinned(out, #family, plain, is_guarded ? guarded : plain);
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
    std::fprintf(out, "};\n");
  }
  if (!plain.contains("pin_moves")) refuse("no object has the moves of pins");
  std::fprintf(out, "const StencilPair* const pin_move_stencils = plain_pin_moves;\n");
  std::fprintf(out, "}  // namespace wisp::baseline\n");
}

}  // namespace
}  // namespace wisp::baseline

int main(int argc, char** argv) {
  using namespace wisp::baseline;
  if (argc < 3) refuse("usage: make_stencils OUTPUT OBJECT...");
  Tables tables;
  std::map<std::string, Family> plain;
  std::map<std::string, Family> guarded;
  for (int i = 2; i < argc; ++i) {
    const Object object(argv[i]);
    const bool is_guarded = object.path().find("guarded") != std::string::npos;
    if (is_guarded) check_frameless(object);
    read_object(object, tables, is_guarded ? guarded : plain);
  }
  std::FILE* const out = std::fopen(argv[1], "w");
  if (out == nullptr) refuse("cannot write the output");
  write(out, tables, plain, guarded);
  if (std::fclose(out) != 0) refuse("cannot write the output");
  return 0;
}
