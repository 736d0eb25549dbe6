#pragma once

#include <array>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/cursor.hpp"
#include "wasm/features.hpp"
#include "wasm/module.hpp"

namespace wisp::text {

using ByteBuffer = std::vector<u8>;

/// The identifiers of one index space.
struct IndexSpace {
  std::string_view noun;  // "func", for messages
  std::unordered_map<std::string_view, u32> ids = {};
  std::vector<std::string> names = {};  // by index, for the name section; empty where there is none

  u32 size() const { return u32(names.size()); }
  void clear() {
    ids.clear();
    names.clear();
  }
};

/// By index: the names inside a function or a type.
using IndirectNames = std::map<u32, std::vector<std::pair<u32, std::string>>>;

/// What the fields of a module need to know about a defined type.
struct TypeInfo {
  enum class Kind : u8 { func, struct_, array };
  Kind kind = Kind::func;
  std::string signature;  // of a func: its parameters and results in the binary format
  u32 param_count = 0;
  std::unordered_map<std::string_view, u32> fields;  // of a struct
};

/// https://webassembly.github.io/spec/core/binary/modules.html#sections
enum class SectionId : u8 {
  custom,
  type,
  import,
  func,
  table,
  memory,
  global,
  export_,
  start,
  elem,
  code,
  data,
  data_count,
  tag,
};
inline constexpr usize section_count = 14;

struct Section {
  ByteBuffer bytes;  // without id, size and count
  u32 count = 0;
};

/// The order of sections in a module.
inline constexpr SectionId section_order[] = {
    SectionId::type,       SectionId::import, SectionId::func,    SectionId::table, SectionId::memory,
    SectionId::tag,        SectionId::global, SectionId::export_, SectionId::start, SectionId::elem,
    SectionId::data_count, SectionId::code,   SectionId::data,
};

/// A custom section of a `(@custom …)` annotation, and where it goes.
struct CustomSection {
  std::string name;
  std::string bytes;
  u32 place = 0;  // before the section of that place in section_order; section_order's size: at the end
};

/// A `(@metadata.code.branch_hint …)`: where its instruction is in the function's body, and what it says.
/// https://webassembly.github.io/branch-hinting/core/appendix/custom.html
struct BranchHint {
  u32 offset = 0;
  u8 likely = 0;
};

/// A module being assembled: where its text is read, what its identifiers mean, and the sections so far.
struct Assembly {
  Assembly(const TokenList& list, const wasm::Features& features_on) : in(list), features(features_on) {}

  Cursor in;
  wasm::Features features;
  /// A pass has failed already: what it would have bound is missing, and unknown identifiers are no news.
  bool lenient = false;

  IndexSpace types{"type"};
  IndexSpace funcs{"func"};
  IndexSpace tables{"table"};
  IndexSpace memories{"memory"};
  IndexSpace globals{"global"};
  IndexSpace tags{"tag"};
  IndexSpace elems{"elem segment"};
  IndexSpace datas{"data segment"};
  IndexSpace locals{"local"};  // of the current function
  std::string module_name;
  std::deque<std::string> annotated_names;  // keeps the names of `(@name …)` annotations that views refer to
  IndirectNames local_names;
  IndirectNames label_names;
  IndirectNames field_names;

  std::vector<TypeInfo> type_infos;                       // explicit ones by index, then the implicit ones so far
  std::unordered_map<std::string, u32> plain_signatures;  // of final func types alone in their group: the first index

  std::array<Section, section_count> sections;
  std::vector<CustomSection> customs;
  std::vector<std::pair<u32, std::vector<BranchHint>>> branch_hints;  // by function, ascending
  bool uses_data_count = false;

  Section& section(SectionId id) { return sections[usize(id)]; }
};

/// Adds an entity to an index space and binds the identifier at the cursor, if there is one. Returns its index.
u32 bind(Assembly& a, IndexSpace& space);
/// Reads an index or an identifier of the space.
u32 index_of(Assembly& a, const IndexSpace& space);
/// The same, or `otherwise` if there is none at the cursor.
u32 optional_index(Assembly& a, const IndexSpace& space, u32 otherwise = 0);
/// Reads an unsigned number below 2^bits; `noun` is what the message calls it.
u64 number(Assembly& a, int bits, std::string_view noun);
/// Takes a `(@name "…")` at the cursor: it replaces the identifier in the name section.
void name_annotation(Assembly& a, std::string& name);
/// The string literals of an annotation, one after the other; errors name the annotation.
std::string annotation_strings(Assembly& a, u32 annotation);

void write_name(ByteBuffer& out, std::string_view name);
void append(ByteBuffer& out, std::string_view bytes);

}  // namespace wisp::text
