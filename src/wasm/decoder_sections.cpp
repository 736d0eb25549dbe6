#include <algorithm>
#include <numeric>

#include "wasm/format.hpp"
#include "wasm/module_decoder.hpp"

namespace wisp::wasm {

bool ModuleDecoder::import_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::imports)) return false;
  for (u32 i = 0; i < count; ++i) {
    if (!import()) return false;
  }
  module_->imported_functions = u32(module_->functions.size());
  module_->imported_tables = u32(module_->tables.size());
  module_->imported_memories = u32(module_->memories.size());
  module_->imported_globals = u32(module_->globals.size());
  module_->imported_tags = u32(module_->tags.size());
  return true;
}

bool ModuleDecoder::import() {
  Import import;
  if (!reader_.read_name(import.module) || !reader_.read_name(import.name)) return false;
  const u64 start = reader_.offset();
  u8 kind = 0;
  if (!reader_.read_byte(kind)) return false;
  if (kind > u8(ExternKind::tag)) return reader_.malformed(start, "malformed import kind");
  if (!import_type(ExternKind(kind), import.type)) return false;
  module_->imports.push_back(import);
  return true;
}

bool ModuleDecoder::import_type(ExternKind kind, ExternType& type) {
  const u64 start = reader_.offset();
  switch (kind) {
    case ExternKind::func: {
      TypeIndex index;
      if (!reader_.read_func_type_index(index)) return false;
      const DefType* const func = module_->types[index.value];
      type = FuncImport{func};
      return add_function(func, start);
    }
    case ExternKind::table: {
      TableType table;
      if (!reader_.read_table_type(table)) return false;
      type = table;
      return add_table({table, {}}, start);
    }
    case ExternKind::memory: {
      MemoryType memory;
      if (!reader_.read_memory_type(memory)) return false;
      type = memory;
      return add_memory(memory, start);
    }
    case ExternKind::global: {
      GlobalType global;
      if (!reader_.read_global_type(global)) return false;
      if (global.is_mutable &&
          !reader_.require(Feature::mutable_globals, start, "mutable globals cannot be imported")) {
        return false;
      }
      type = global;
      return add_global({global, {}}, start);
    }
    case ExternKind::tag: {
      TagType tag;
      if (!reader_.require(Feature::exceptions, start - 1, "malformed import kind")) return false;
      if (!reader_.read_tag_type(tag)) return false;
      type = tag;
      return add_tag(tag, start);
    }
  }
  WISP_UNREACHABLE();
}

bool ModuleDecoder::add_function(const DefType* type, u64 offset) {
  if (!check_space(module_->functions.size(), limits::functions, offset)) return false;
  module_->functions.push_back(type);
  return true;
}

bool ModuleDecoder::add_table(Table table, u64 offset) {
  if (!check_space(module_->tables.size(), limits::tables, offset)) return false;
  if (!module_->tables.empty() && !reader_.require(Feature::reference_types, offset, "multiple tables")) return false;
  module_->tables.push_back(table);
  return true;
}

bool ModuleDecoder::add_memory(const MemoryType& memory, u64 offset) {
  if (!check_space(module_->memories.size(), limits::memories, offset)) return false;
  if (!module_->memories.empty() && !reader_.require(Feature::multi_memory, offset, "multiple memories")) return false;
  module_->memories.push_back(memory);
  return true;
}

bool ModuleDecoder::add_global(Global global, u64 offset) {
  if (!check_space(module_->globals.size(), limits::globals, offset)) return false;
  module_->globals.push_back(global);
  return true;
}

bool ModuleDecoder::add_tag(TagType tag, u64 offset) {
  if (!check_space(module_->tags.size(), limits::tags, offset)) return false;
  module_->tags.push_back(tag);
  return true;
}

bool ModuleDecoder::function_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::functions)) return false;
  for (u32 i = 0; i < count; ++i) {
    const u64 start = reader_.offset();
    TypeIndex index;
    if (!reader_.read_func_type_index(index) || !add_function(module_->types[index.value], start)) return false;
  }
  return true;
}

bool ModuleDecoder::table_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::tables)) return false;
  for (u32 i = 0; i < count; ++i) {
    if (!table()) return false;
  }
  return true;
}

bool ModuleDecoder::table() {
  constexpr int with_init = 0x40;
  const u64 start = reader_.offset();
  Table table;
  const bool has_init = reader_.peek() == with_init;
  if (has_init) {
    u8 reserved = 0;
    reader_.skip(1);
    if (!reader_.require(Feature::function_references, start, "malformed reference type")) return false;
    if (!reader_.read_byte(reserved)) return false;
    if (reserved != 0) return reader_.malformed(start + 1, "zero byte expected");
  }
  if (!reader_.read_table_type(table.type)) return false;
  if (has_init) {
    if (!expression(table.type.element, table.init.emplace())) return false;
  } else if (!table.type.element.nullable()) {
    return reader_.invalid(
        start, "type mismatch: table of " + to_string(table.type.element, module_.get()) + " needs an initial value");
  }
  return add_table(table, start);
}

bool ModuleDecoder::memory_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::memories)) return false;
  for (u32 i = 0; i < count; ++i) {
    const u64 start = reader_.offset();
    MemoryType memory;
    if (!reader_.read_memory_type(memory) || !add_memory(memory, start)) return false;
  }
  return true;
}

bool ModuleDecoder::tag_section() {
  u32 count = 0;
  if (!reader_.require(Feature::exceptions, reader_.offset(), "malformed section id 13")) return false;
  if (!reader_.read_count(count, limits::tags)) return false;
  for (u32 i = 0; i < count; ++i) {
    const u64 start = reader_.offset();
    TagType tag;
    if (!reader_.read_tag_type(tag) || !add_tag(tag, start)) return false;
  }
  return true;
}

bool ModuleDecoder::global_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::globals)) return false;
  for (u32 i = 0; i < count; ++i) {
    const u64 start = reader_.offset();
    Global global;
    if (!reader_.read_global_type(global.type) || !expression(global.type.type, global.init)) return false;
    if (!add_global(global, start)) return false;
  }
  return true;
}

bool ModuleDecoder::export_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::exports)) return false;
  std::vector<u64> offsets;
  bool ok = true;
  for (u32 i = 0; i < count && ok; ++i) {
    offsets.push_back(reader_.offset());
    ok = export_item();
  }
  if (ok) return check_export_names(offsets);
  // A name repeated before what has failed is the first error.
  Error error = reader_.take_error();
  return check_export_names(offsets) && reader_.fail(std::move(error));
}

bool ModuleDecoder::export_item() {
  Export item;
  if (!reader_.read_name(item.name)) return false;
  const u64 start = reader_.offset();
  u8 kind = 0;
  if (!reader_.read_byte(kind)) return false;
  if (kind > u8(ExternKind::tag)) return reader_.malformed(start, "malformed export kind");
  item.kind = ExternKind(kind);
  const u64 index_offset = reader_.offset();
  if (!reader_.read_u32(item.index) || !check_export_index(item, index_offset)) return false;
  if (item.kind == ExternKind::func) declare(FuncIndex(item.index));
  module_->exports.push_back(item);
  return true;
}

bool ModuleDecoder::check_export_index(const Export& item, u64 offset) {
  const auto exists = [&](usize count, std::string_view space) {
    return item.index < count || reader_.unknown(space, item.index, offset);
  };
  switch (item.kind) {
    case ExternKind::func:
      return exists(module_->functions.size(), "function");
    case ExternKind::table:
      return exists(module_->tables.size(), "table");
    case ExternKind::memory:
      return exists(module_->memories.size(), "memory");
    case ExternKind::global:
      return exists(module_->globals.size(), "global") &&
             (!module_->globals[item.index].type.is_mutable ||
              reader_.require(Feature::mutable_globals, offset, "mutable globals cannot be exported"));
    case ExternKind::tag:
      return exists(module_->tags.size(), "tag");
  }
  WISP_UNREACHABLE();
}

bool ModuleDecoder::check_export_names(std::span<const u64> offsets) {
  std::vector<u32>& sorted = module_->exports_by_name;
  const std::vector<Export>& exports = module_->exports;
  sorted.resize(exports.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::ranges::sort(sorted, [&](u32 a, u32 b) {
    const int order = exports[a].name.compare(exports[b].name);
    return order != 0 ? order < 0 : a < b;
  });
  u32 repeated = u32(exports.size());
  for (usize i = 1; i < sorted.size(); ++i) {
    if (exports[sorted[i]].name == exports[sorted[i - 1]].name) repeated = std::min(repeated, sorted[i]);
  }
  if (repeated == exports.size()) return true;
  return reader_.invalid(offsets[repeated], "duplicate export name \"" + std::string(exports[repeated].name) + "\"");
}

bool ModuleDecoder::start_section() {
  const u64 start = reader_.offset();
  u32 index = 0;
  if (!reader_.read_u32(index)) return false;
  if (index >= module_->functions.size()) return reader_.unknown("function", index, start);
  const FuncType& type = module_->functions[index]->func;
  if (!type.params.empty() || !type.results.empty()) {
    return reader_.invalid(
        start, "start function must not have parameters or results, but is " + to_string(type, module_.get()));
  }
  module_->start = FuncIndex(index);
  return true;
}

bool ModuleDecoder::elem_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::elem_segments)) return false;
  for (u32 i = 0; i < count; ++i) {
    if (!elem_segment()) return false;
  }
  return true;
}

bool ModuleDecoder::elem_segment() {
  // https://webassembly.github.io/spec/core/binary/modules.html#element-section
  constexpr u32 not_active = 1, table_or_declarative = 2, expressions = 4, largest = 7;
  const u64 start = reader_.offset();
  u32 kind = 0;
  ElemSegment segment;
  if (!reader_.read_u32(kind)) return false;
  if (kind > largest) return reader_.malformed(start, "malformed elements segment kind");
  if (kind != 0 && !reader_.require(Feature::bulk_memory, start, "malformed elements segment kind")) return false;
  const bool has_table_or_is_declarative = (kind & table_or_declarative) != 0;
  if ((kind & not_active) == 0) {
    segment.mode = SegmentMode::active;
    if (!active_elem(segment, has_table_or_is_declarative)) return false;
  } else {
    segment.mode = has_table_or_is_declarative ? SegmentMode::declarative : SegmentMode::passive;
  }
  const bool has_expressions = (kind & expressions) != 0;
  const bool has_kind = (kind & (not_active | table_or_declarative)) != 0;
  segment.type = ValType::ref(has_expressions, HeapKind::func);
  if (has_kind && !elem_kind(segment, has_expressions)) return false;
  if (segment.mode == SegmentMode::active) {
    const ValType element = module_->tables[segment.table.value].type.element;
    if (!matches(segment.type, element)) {
      return reader_.invalid(start, "type mismatch: element segment's type " + to_string(segment.type, module_.get()) +
                                        " does not match table's element type " + to_string(element, module_.get()));
    }
  }
  if (!(has_expressions ? elem_expressions(segment) : elem_functions(segment))) return false;
  module_->elems.push_back(std::move(segment));
  return true;
}

bool ModuleDecoder::active_elem(ElemSegment& segment, bool has_table) {
  const u64 start = reader_.offset();
  if (has_table && !reader_.read_u32(segment.table.value)) return false;
  if (segment.table.value >= module_->tables.size()) return reader_.unknown("table", segment.table.value, start);
  return expression(module_->tables[segment.table.value].type.limits.address_type(), segment.offset);
}

bool ModuleDecoder::elem_kind(ElemSegment& segment, bool has_expressions) {
  if (has_expressions) return reader_.read_ref_type(segment.type);
  const u64 start = reader_.offset();
  u8 kind = 0;
  return reader_.read_byte(kind) && (kind == 0 || reader_.malformed(start, "malformed element kind"));
}

bool ModuleDecoder::elem_functions(ElemSegment& segment) {
  u32 count = 0;
  if (!reader_.read_count(count, limits::elem_segment_entries)) return false;
  for (u32 i = 0; i < count; ++i) {
    const u64 start = reader_.offset();
    FuncIndex function;
    if (!reader_.read_u32(function.value)) return false;
    if (function.value >= module_->functions.size()) return reader_.unknown("function", function.value, start);
    declare(function);
    segment.functions.push_back(function);
  }
  return true;
}

bool ModuleDecoder::elem_expressions(ElemSegment& segment) {
  u32 count = 0;
  if (!reader_.read_count(count, limits::elem_segment_entries)) return false;
  for (u32 i = 0; i < count; ++i) {
    if (!expression(segment.type, segment.expressions.emplace_back())) return false;
  }
  return true;
}

}  // namespace wisp::wasm
