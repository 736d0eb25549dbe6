#include "text/binary_writer.hpp"

#include <algorithm>

#include "base/leb128.hpp"

namespace wisp::text {
namespace {

void write_section(ByteBuffer& out, SectionId id, const ByteBuffer& content) {
  out.push_back(u8(id));
  write_uleb(out, content.size());
  out.insert(out.end(), content.begin(), content.end());
}

void write_custom(ByteBuffer& out, std::string_view name, std::string_view bytes) {
  ByteBuffer content;
  write_name(content, name);
  append(content, bytes);
  write_section(out, SectionId::custom, content);
}

/// https://webassembly.github.io/spec/core/appendix/custom.html#name-section
enum class NameSubsection : u8 {
  module,
  functions,
  locals,
  labels,
  types,
  tables,
  memories,
  globals,
  elems,
  datas,
  fields,
  tags,
};

void write_subsection(ByteBuffer& out, NameSubsection id, const ByteBuffer& content) {
  out.push_back(u8(id));
  write_uleb(out, content.size());
  out.insert(out.end(), content.begin(), content.end());
}

void write_names(ByteBuffer& out, NameSubsection id, const IndexSpace& space) {
  const auto named = std::ranges::count_if(space.names, [](const std::string& name) { return !name.empty(); });
  if (named == 0) return;
  ByteBuffer content;
  write_uleb(content, u64(named));
  for (u32 i = 0; i < space.size(); ++i) {
    if (space.names[i].empty()) continue;
    write_uleb(content, i);
    write_name(content, space.names[i]);
  }
  write_subsection(out, id, content);
}

void write_names(ByteBuffer& out, NameSubsection id, const IndirectNames& spaces) {
  if (spaces.empty()) return;
  ByteBuffer content;
  write_uleb(content, spaces.size());
  for (const auto& [outer, names] : spaces) {
    write_uleb(content, outer);
    write_uleb(content, names.size());
    for (const auto& [inner, name] : names) {
      write_uleb(content, inner);
      write_name(content, name);
    }
  }
  write_subsection(out, id, content);
}

std::string name_section(const Assembly& a) {
  ByteBuffer content;
  if (!a.module_name.empty()) {
    ByteBuffer name;
    write_name(name, a.module_name);
    write_subsection(content, NameSubsection::module, name);
  }
  write_names(content, NameSubsection::functions, a.funcs);
  write_names(content, NameSubsection::locals, a.local_names);
  write_names(content, NameSubsection::labels, a.label_names);
  write_names(content, NameSubsection::types, a.types);
  write_names(content, NameSubsection::tables, a.tables);
  write_names(content, NameSubsection::memories, a.memories);
  write_names(content, NameSubsection::globals, a.globals);
  write_names(content, NameSubsection::elems, a.elems);
  write_names(content, NameSubsection::datas, a.datas);
  write_names(content, NameSubsection::fields, a.field_names);
  write_names(content, NameSubsection::tags, a.tags);
  return std::string(as_text(content));
}

/// https://webassembly.github.io/branch-hinting/core/appendix/custom.html
std::string hint_section(const Assembly& a) {
  ByteBuffer content;
  write_uleb(content, a.branch_hints.size());
  for (const auto& [function, hints] : a.branch_hints) {
    write_uleb(content, function);
    write_uleb(content, hints.size());
    for (const BranchHint& hint : hints) {
      write_uleb(content, hint.offset);
      write_uleb(content, 1);
      content.push_back(hint.likely);
    }
  }
  return std::string(as_text(content));
}

bool has_count(SectionId id) {
  return id != SectionId::start && id != SectionId::data_count;
}

void write_standard(ByteBuffer& out, Assembly& a, SectionId id) {
  const Section& section = a.section(id);
  ByteBuffer content;
  if (id == SectionId::data_count) {
    if (!a.uses_data_count) return;
    write_uleb(content, a.section(SectionId::data).count);
  } else {
    if (section.count == 0) return;
    if (has_count(id)) write_uleb(content, section.count);
    content.insert(content.end(), section.bytes.begin(), section.bytes.end());
  }
  write_section(out, id, content);
}

}  // namespace

std::vector<u8> write_module(Assembly& a) {
  ByteBuffer out{0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
  for (u32 place = 0; place <= std::size(section_order); ++place) {
    for (const CustomSection& custom : a.customs) {
      if (custom.place == place) write_custom(out, custom.name, custom.bytes);
    }
    if (place == std::size(section_order)) break;
    const SectionId id = section_order[place];
    if (id == SectionId::code && !a.branch_hints.empty())
      write_custom(out, "metadata.code.branch_hint", hint_section(a));
    write_standard(out, a, id);
  }
  const std::string names = name_section(a);
  if (!names.empty()) write_custom(out, "name", names);
  return out;
}

}  // namespace wisp::text
