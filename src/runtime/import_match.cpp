#include "runtime/import_match.hpp"

namespace wisp::runtime {
namespace {

using wasm::FuncImport;
using wasm::GlobalType;
using wasm::Limits;
using wasm::MemoryType;
using wasm::TableType;
using wasm::TagType;

bool limits_match(const Limits& sub, const Limits& super) {
  return sub.is_64 == super.is_64 && sub.min >= super.min && (!super.has_max || (sub.has_max && sub.max <= super.max));
}

bool same_kind_matches(const FuncImport& sub, const FuncImport& super) {
  return sub.type->is_subtype_of(super.type);
}

bool same_kind_matches(const TableType& sub, const TableType& super) {
  return sub.element == super.element && limits_match(sub.limits, super.limits);
}

bool same_kind_matches(const MemoryType& sub, const MemoryType& super) {
  return sub.shared == super.shared && sub.page_size_log2 == super.page_size_log2 &&
         limits_match(sub.limits, super.limits);
}

bool same_kind_matches(const GlobalType& sub, const GlobalType& super) {
  if (sub.is_mutable != super.is_mutable) return false;
  return sub.is_mutable ? sub.type == super.type : wasm::matches(sub.type, super.type);
}

bool same_kind_matches(const TagType& sub, const TagType& super) {
  return sub.type == super.type;
}

struct TypeOf {
  wasm::ExternType operator()(Function* function) const { return FuncImport{function->type}; }
  wasm::ExternType operator()(Table* table) const {
    TableType type = table->type();
    type.limits.min = table->size();
    return type;
  }
  wasm::ExternType operator()(const std::shared_ptr<Memory>& memory) const {
    MemoryType type = memory->type();
    type.limits.min = memory->size_pages();
    return type;
  }
  wasm::ExternType operator()(Global* global) const { return global->type; }
  wasm::ExternType operator()(Tag* tag) const { return TagType{tag->type}; }
};

}  // namespace

wasm::ExternType type_of(const Extern& value) {
  return std::visit(TypeOf{}, value);
}

bool matches(const wasm::ExternType& sub, const wasm::ExternType& super) {
  if (sub.index() != super.index()) return false;
  return std::visit([&]<class T>(const T& wanted) { return same_kind_matches(*std::get_if<T>(&sub), wanted); }, super);
}

}  // namespace wisp::runtime
