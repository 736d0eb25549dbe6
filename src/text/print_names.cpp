#include "text/print_names.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "text/keywords.hpp"

namespace wisp::text {
namespace {

void append_escaped(std::string& out, u8 byte) {
  constexpr char digits[] = "0123456789abcdef";
  if (byte == '"' || byte == '\\') {
    out.push_back('\\');
    out.push_back(char(byte));
  } else if (byte >= 0x20 && byte < 0x7f) {
    out.push_back(char(byte));
  } else {
    out.push_back('\\');
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
}

bool is_plain_identifier(std::string_view name) {
  return std::ranges::all_of(name,
                             [](char c) { return c > ' ' && c < 0x7f && !std::string_view("\"(),;[]{}").contains(c); });
}

}  // namespace

std::string quote_name(std::string_view name) {
  std::string out = "\"";
  for (usize i = 0; i < name.size(); ++i) {
    const u8 byte = u8(name[i]);
    // U+0080 to U+009F control terminals like the lower control characters.
    const bool control = byte == 0xc2 && i + 1 < name.size() && u8(name[i + 1]) < 0xa0;
    if (control) {
      append_escaped(out, byte);
      append_escaped(out, u8(name[++i]));
    } else if (byte >= 0x80) {
      out.push_back(char(byte));
    } else {
      append_escaped(out, byte);
    }
  }
  return out + "\"";
}

std::string quote_bytes(Bytes bytes) {
  std::string out = "\"";
  out.reserve(bytes.size() + 2);
  for (u8 byte : bytes) append_escaped(out, byte);
  return out + "\"";
}

std::string identifier(std::string_view name) {
  return is_plain_identifier(name) ? "$" + std::string(name) : "$" + quote_name(name);
}

NamedSpace::NamedSpace(const wasm::NameMap& names) {
  std::unordered_set<std::string_view> used;
  for (const auto& [index, name] : names.entries()) {
    if (name.empty()) continue;
    if (used.insert(name).second) {
      ids_.emplace(index, identifier(name));
    } else {
      annotations_.emplace(index, " (@name " + quote_name(name) + ")");
    }
  }
}

std::string NamedSpace::ref(u32 index) const {
  const auto found = ids_.find(index);
  return found != ids_.end() ? found->second : std::to_string(index);
}

std::string NamedSpace::definition(u32 index) const {
  const auto id = ids_.find(index);
  const auto annotation = annotations_.find(index);
  std::string out = id != ids_.end() ? " " + id->second : std::string();
  out += " (;" + std::to_string(index) + ";)";
  if (annotation != annotations_.end()) out += annotation->second;
  return out;
}

std::string NamedSpace::binding(u32 index) const {
  const auto id = ids_.find(index);
  if (id != ids_.end()) return " " + id->second;
  const auto annotation = annotations_.find(index);
  return annotation != annotations_.end() ? annotation->second : std::string();
}

PrintNames::PrintNames(const wasm::Module& module) : names_(wasm::parse_names(module)) {
  if (names_.module && !names_.module->empty()) module_name = " " + identifier(*names_.module);
  funcs = NamedSpace(names_.functions);
  types = NamedSpace(names_.types);
  tables = NamedSpace(names_.tables);
  memories = NamedSpace(names_.memories);
  globals = NamedSpace(names_.globals);
  elems = NamedSpace(names_.elems);
  datas = NamedSpace(names_.datas);
  tags = NamedSpace(names_.tags);
  for (const auto& [type, fields] : names_.fields.entries()) fields_.emplace(type, NamedSpace(fields));
  for (u32 i = 0; i < module.types.size(); ++i) first_index_.emplace(module.types[i], i);
}

NamedSpace PrintNames::locals(FuncIndex function) const {
  const wasm::NameMap* found = names_.locals.find(function.value);
  return found != nullptr ? NamedSpace(*found) : NamedSpace();
}

const NamedSpace* PrintNames::fields(u32 type) const {
  const auto found = fields_.find(type);
  return found != fields_.end() ? &found->second : nullptr;
}

const wasm::NameMap* PrintNames::labels(FuncIndex function) const {
  return names_.labels.find(function.value);
}

void PrintNames::enter_group(u32 first, std::span<const wasm::DefType* const> group) {
  group_first_ = first;
  group_count_ = u32(group.size());
  if (group_count_ != 0) group_canonical_ = first_index_.at(group[0]);
}

u32 PrintNames::index_of(const wasm::DefType* type) const {
  const auto found = first_index_.find(type);
  WISP_CHECK(found != first_index_.end());
  const u32 index = found->second;
  // Inside a group that equals an earlier one, its own types are meant: a reference to the earlier group would make
  // another type of it.
  if (index >= group_canonical_ && index - group_canonical_ < group_count_) {
    return index - group_canonical_ + group_first_;
  }
  return index;
}

std::string PrintNames::text(wasm::HeapType type) const {
  if (!type.is_abstract()) return ref(type.type());
  const auto* row = std::ranges::find(heap_type_names, type.kind(), &HeapTypeName::kind);
  WISP_CHECK(row != std::end(heap_type_names));
  return std::string(row->name);
}

std::string PrintNames::text(wasm::ValType type) const {
  if (!type.is_ref()) {
    constexpr std::string_view words[] = {"i32", "i64", "f32", "f64", "v128"};  // by ValType::Kind
    WISP_CHECK(!type.is_bottom());
    return std::string(words[usize(type.kind())]);
  }
  if (type.nullable() && type.heap().is_abstract()) {
    const auto* row = std::ranges::find(heap_type_names, type.heap().kind(), &HeapTypeName::kind);
    if (row != std::end(heap_type_names)) return std::string(row->reference);
  }
  return (type.nullable() ? "(ref null " : "(ref ") + text(type.heap()) + ")";
}

std::string PrintNames::text(const wasm::FieldType& field) const {
  std::string storage;
  switch (field.storage.packed) {
    case wasm::StorageType::Packed::i8:
      storage = "i8";
      break;
    case wasm::StorageType::Packed::i16:
      storage = "i16";
      break;
    case wasm::StorageType::Packed::none:
      storage = text(field.storage.type);
  }
  return field.is_mutable ? "(mut " + storage + ")" : storage;
}

std::string PrintNames::text(std::span<const wasm::ValType> params, std::span<const wasm::ValType> results) const {
  std::string out;
  const auto list = [&](std::string_view word, std::span<const wasm::ValType> values) {
    if (values.empty()) return;
    out += " (" + std::string(word);
    for (wasm::ValType type : values) out += " " + text(type);
    out += ")";
  };
  list("param", params);
  list("result", results);
  return out;
}

std::string PrintNames::text(const wasm::Limits& limits) const {
  std::string out = limits.is_64 ? "i64 " : "";
  out += std::to_string(limits.min);
  if (limits.has_max) out += " " + std::to_string(limits.max);
  return out;
}

std::string PrintNames::text(const wasm::TableType& type) const {
  return text(type.limits) + " " + text(type.element);
}

std::string PrintNames::text(const wasm::MemoryType& type) const {
  constexpr u8 default_page_size_log2 = 16;
  std::string out = text(type.limits);
  if (type.shared) out += " shared";
  if (type.page_size_log2 != default_page_size_log2) {
    out += " (pagesize " + std::to_string(type.page_size_bytes()) + ")";
  }
  return out;
}

std::string PrintNames::text(const wasm::GlobalType& type) const {
  return type.is_mutable ? "(mut " + text(type.type) + ")" : text(type.type);
}

}  // namespace wisp::text
