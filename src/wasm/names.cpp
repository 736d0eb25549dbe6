#include "wasm/names.hpp"

#include "wasm/binary_reader.hpp"

namespace wisp::wasm {

namespace {

/// Subsections. https://webassembly.github.io/spec/core/appendix/custom.html#subsections
enum class Subsection : u8 {
  module = 0,
  functions = 1,
  locals = 2,
  labels = 3,
  types = 4,
  tables = 5,
  memories = 6,
  globals = 7,
  elems = 8,
  datas = 9,
  fields = 10,
  tags = 11,
};

void read_map(BinaryReader& reader, NameMap& map) {
  u32 count = 0;
  if (!reader.read_count(count)) return;
  for (u32 i = 0; i < count; ++i) {
    u32 index = 0;
    std::string_view name;
    if (!reader.read_u32(index) || !reader.read_name(name) || !map.append(index, name)) return;
  }
}

void read_map(BinaryReader& reader, IndirectNameMap& map) {
  u32 count = 0;
  if (!reader.read_count(count)) return;
  for (u32 i = 0; i < count && !reader.failed(); ++i) {
    u32 index = 0;
    if (!reader.read_u32(index)) return;
    NameMap names;
    read_map(reader, names);
    if (!map.append(index, std::move(names))) return;
  }
}

void read_module_name(BinaryReader& reader, std::optional<std::string_view>& name) {
  std::string_view read;
  if (reader.read_name(read)) name = read;
}

void read_subsection(Subsection id, BinaryReader reader, Names& names) {
  switch (id) {
    case Subsection::module:
      return read_module_name(reader, names.module);
    case Subsection::functions:
      return read_map(reader, names.functions);
    case Subsection::locals:
      return read_map(reader, names.locals);
    case Subsection::labels:
      return read_map(reader, names.labels);
    case Subsection::types:
      return read_map(reader, names.types);
    case Subsection::tables:
      return read_map(reader, names.tables);
    case Subsection::memories:
      return read_map(reader, names.memories);
    case Subsection::globals:
      return read_map(reader, names.globals);
    case Subsection::elems:
      return read_map(reader, names.elems);
    case Subsection::datas:
      return read_map(reader, names.datas);
    case Subsection::fields:
      return read_map(reader, names.fields);
    case Subsection::tags:
      return read_map(reader, names.tags);
  }
}

}  // namespace

std::string_view Names::function(FuncIndex index) const {
  const std::string_view* const name = functions.find(index.value);
  return name == nullptr ? std::string_view() : *name;
}

std::string_view export_name(const Module& module, FuncIndex function) {
  for (const Export& item : module.exports) {
    if (item.kind == ExternKind::func && item.index == function.value) return item.name;
  }
  return {};
}

std::string_view function_name(const Module& module, const Names& names, FuncIndex function) {
  const std::string_view name = names.function(function);
  return name.empty() ? export_name(module, function) : name;
}

Names parse_names(const Module& module) {
  Names names;
  for (const CustomSection& section : module.custom_sections) {
    if (section.name != "name") continue;
    BinaryReader reader(module.contents(section), section.offset);
    while (!reader.at_end()) {
      u8 id = 0;
      u32 size = 0;
      Bytes bytes;
      if (!reader.read_byte(id) || !reader.read_count(size) || !reader.read_bytes(size, bytes)) break;
      read_subsection(Subsection(id), BinaryReader(bytes, reader.offset() - size), names);
    }
    break;
  }
  return names;
}

}  // namespace wisp::wasm
