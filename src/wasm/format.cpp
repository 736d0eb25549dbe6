#include "wasm/format.hpp"

#include <algorithm>

namespace wisp::wasm {

namespace {

std::string_view keyword(HeapKind kind) {
  switch (kind) {
    case HeapKind::bottom:
      return "bot";
    case HeapKind::none:
      return "none";
    case HeapKind::extern_:
      return "extern";
    case HeapKind::any:
      return "any";
    case HeapKind::eq:
      return "eq";
    case HeapKind::i31:
      return "i31";
    case HeapKind::struct_:
      return "struct";
    case HeapKind::array:
      return "array";
    case HeapKind::exn:
      return "exn";
    case HeapKind::func:
      return "func";
    case HeapKind::noextern:
      return "noextern";
    case HeapKind::nofunc:
      return "nofunc";
    case HeapKind::noexn:
      return "noexn";
  }
  return "?";
}

/// The short form of a nullable reference to an abstract type; empty if there is none.
std::string_view short_form(HeapKind kind) {
  switch (kind) {
    case HeapKind::bottom:
      return "";
    case HeapKind::none:
      return "nullref";
    case HeapKind::noextern:
      return "nullexternref";
    case HeapKind::nofunc:
      return "nullfuncref";
    case HeapKind::noexn:
      return "nullexnref";
    case HeapKind::extern_:
      return "externref";
    case HeapKind::any:
      return "anyref";
    case HeapKind::eq:
      return "eqref";
    case HeapKind::i31:
      return "i31ref";
    case HeapKind::struct_:
      return "structref";
    case HeapKind::array:
      return "arrayref";
    case HeapKind::exn:
      return "exnref";
    case HeapKind::func:
      return "funcref";
  }
  return "";
}

std::string list(std::string_view keyword, std::span<const ValType> types, const Module* module) {
  if (types.empty()) return "";
  std::string text = " (" + std::string(keyword);
  for (const ValType type : types) text += " " + to_string(type, module);
  return text + ")";
}

std::string spaced(u64 value) {
  return " " + std::to_string(value);
}

}  // namespace

std::string to_string(HeapType type, const Module* module) {
  if (type.is_abstract()) return std::string(keyword(type.kind()));
  if (module == nullptr) return "type";
  const auto at = std::ranges::find(module->types, type.type());
  return at == module->types.end() ? "type" : std::to_string(at - module->types.begin());
}

std::string to_string(ValType type, const Module* module) {
  switch (type.kind()) {
    case ValType::Kind::i32:
      return "i32";
    case ValType::Kind::i64:
      return "i64";
    case ValType::Kind::f32:
      return "f32";
    case ValType::Kind::f64:
      return "f64";
    case ValType::Kind::v128:
      return "v128";
    case ValType::Kind::bottom:
      return "bot";
    case ValType::Kind::ref:
      break;
  }
  if (type.nullable() && type.heap().is_abstract() && !short_form(type.heap().kind()).empty()) {
    return std::string(short_form(type.heap().kind()));
  }
  return (type.nullable() ? "(ref null " : "(ref ") + to_string(type.heap(), module) + ")";
}

std::string to_string(const StorageType& type, const Module* module) {
  switch (type.packed) {
    case StorageType::Packed::i8:
      return "i8";
    case StorageType::Packed::i16:
      return "i16";
    case StorageType::Packed::none:
      break;
  }
  return to_string(type.type, module);
}

std::string to_string(const FieldType& type, const Module* module) {
  return type.is_mutable ? "(mut " + to_string(type.storage, module) + ")" : to_string(type.storage, module);
}

std::string to_string(const FuncType& type, const Module* module) {
  return "(func" + list("param", type.params, module) + list("result", type.results, module) + ")";
}

std::string to_string(const DefType& type, const Module* module) {
  std::string text;
  switch (type.kind) {
    case DefType::Kind::func:
      text = to_string(type.func, module);
      break;
    case DefType::Kind::struct_:
      text = "(struct";
      for (const FieldType& field : type.fields) text += " (field " + to_string(field, module) + ")";
      text += ")";
      break;
    case DefType::Kind::array:
      text = "(array " + to_string(type.fields[0], module) + ")";
      break;
  }
  const DefType* const super = type.super;
  if (type.is_final && super == nullptr) return text;
  std::string prefix = type.is_final ? "(sub final " : "(sub ";
  if (super != nullptr) prefix += to_string(HeapType(super), module) + " ";
  return prefix + text + ")";
}

std::string to_string(std::span<const ValType> types, const Module* module) {
  std::string text = "[";
  for (const ValType type : types) text += (text.size() > 1 ? " " : "") + to_string(type, module);
  return text + "]";
}

std::string to_string(const Limits& limits) {
  std::string text = limits.is_64 ? "i64 " : "";
  text += std::to_string(limits.min);
  return limits.has_max ? text + spaced(limits.max) : text;
}

std::string to_string(const TableType& type, const Module* module) {
  return "(table " + to_string(type.limits) + " " + to_string(type.element, module) + ")";
}

std::string to_string(const MemoryType& type) {
  std::string text = "(memory " + to_string(type.limits);
  if (type.shared) text += " shared";
  if (type.page_size_log2 != 16) text += " (pagesize" + spaced(type.page_size_bytes()) + ")";
  return text + ")";
}

std::string to_string(const GlobalType& type, const Module* module) {
  const std::string text = to_string(type.type, module);
  return type.is_mutable ? "(global (mut " + text + "))" : "(global " + text + ")";
}

std::string to_string(const TagType& type, const Module* module) {
  return "(tag" + list("param", type.type->func.params, module) + ")";
}

std::string to_string(const ExternType& type, const Module* module) {
  if (const auto* func = std::get_if<FuncImport>(&type)) return to_string(func->type->func, module);
  if (const auto* table = std::get_if<TableType>(&type)) return to_string(*table, module);
  if (const auto* memory = std::get_if<MemoryType>(&type)) return to_string(*memory);
  if (const auto* global = std::get_if<GlobalType>(&type)) return to_string(*global, module);
  return to_string(std::get<TagType>(type), module);
}

std::string_view to_string(ExternKind kind) {
  switch (kind) {
    case ExternKind::func:
      return "func";
    case ExternKind::table:
      return "table";
    case ExternKind::memory:
      return "memory";
    case ExternKind::global:
      return "global";
    case ExternKind::tag:
      return "tag";
  }
  return "?";
}

}  // namespace wisp::wasm
