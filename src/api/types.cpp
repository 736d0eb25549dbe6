#include <bit>

#include "api/access.hpp"
#include "wasm/format.hpp"

namespace wisp {

namespace {

struct HeapRow {
  HeapType type;
  wasm::HeapKind kind;
};

constexpr HeapRow heap_types[] = {
    {HeapType::func, wasm::HeapKind::func},       {HeapType::nofunc, wasm::HeapKind::nofunc},
    {HeapType::extern_, wasm::HeapKind::extern_}, {HeapType::noextern, wasm::HeapKind::noextern},
    {HeapType::any, wasm::HeapKind::any},         {HeapType::eq, wasm::HeapKind::eq},
    {HeapType::i31, wasm::HeapKind::i31},         {HeapType::struct_, wasm::HeapKind::struct_},
    {HeapType::array, wasm::HeapKind::array},     {HeapType::none, wasm::HeapKind::none},
    {HeapType::exn, wasm::HeapKind::exn},         {HeapType::noexn, wasm::HeapKind::noexn},
};

std::vector<ValType> lift_types(std::span<const wasm::ValType> types) {
  std::vector<ValType> lifted;
  for (const wasm::ValType type : types) lifted.push_back(Access::lift(type));
  return lifted;
}

std::vector<wasm::ValType> lower_types(std::span<const ValType> types) {
  std::vector<wasm::ValType> lowered;
  for (const ValType type : types) lowered.push_back(Access::lower(type));
  return lowered;
}

}  // namespace

wasm::HeapKind Access::lower(HeapType type) {
  for (const HeapRow& row : heap_types) {
    if (row.type == type) return row.kind;
  }
  WISP_UNREACHABLE();
}

HeapType Access::lift(wasm::HeapType type) {
  if (const wasm::DefType* defined = type.type()) {
    switch (defined->kind) {
      case wasm::DefType::Kind::func:
        return HeapType::func;
      case wasm::DefType::Kind::struct_:
        return HeapType::struct_;
      case wasm::DefType::Kind::array:
        return HeapType::array;
    }
  }
  for (const HeapRow& row : heap_types) {
    if (row.kind == type.kind()) return row.type;
  }
  WISP_UNREACHABLE();
}

ValType ValType::i32() {
  return Access::lift(wasm::ValType::i32());
}
ValType ValType::i64() {
  return Access::lift(wasm::ValType::i64());
}
ValType ValType::f32() {
  return Access::lift(wasm::ValType::f32());
}
ValType ValType::f64() {
  return Access::lift(wasm::ValType::f64());
}
ValType ValType::v128() {
  return Access::lift(wasm::ValType::v128());
}
ValType ValType::ref(HeapType heap, bool nullable) {
  return Access::lift(wasm::ValType::ref(nullable, Access::lower(heap)));
}
ValType::Kind ValType::kind() const {
  return static_cast<Kind>(Access::lower(*this).kind());
}
bool ValType::nullable() const {
  return Access::lower(*this).nullable();
}
HeapType ValType::heap() const {
  return Access::lift(Access::lower(*this).heap());
}
std::string ValType::to_string() const {
  return wasm::to_string(Access::lower(*this));
}

FuncType Access::lift(const wasm::FuncType& type) {
  return {lift_types(type.params), lift_types(type.results)};
}
wasm::FuncType Access::lower(const FuncType& type) {
  return {lower_types(type.params), lower_types(type.results)};
}
Limits Access::lift(const wasm::Limits& limits) {
  return {limits.min, limits.has_max ? std::optional(limits.max) : std::nullopt, limits.is_64};
}
wasm::Limits Access::lower(const Limits& limits) {
  return {limits.min, limits.max.value_or(0), limits.max.has_value(), limits.is_64};
}
MemoryType Access::lift(const wasm::MemoryType& type) {
  return {lift(type.limits), type.shared, type.page_size_log2};
}
wasm::MemoryType Access::lower(const MemoryType& type) {
  return {lower(type.limits), type.shared, type.page_size_log2};
}
TableType Access::lift(const wasm::TableType& type) {
  return {lift(type.element), lift(type.limits)};
}
wasm::TableType Access::lower(const TableType& type) {
  return {lower(type.element), lower(type.limits)};
}

ExternType Access::lift(const wasm::ExternType& type) {
  struct Lift {
    ExternType operator()(const wasm::FuncImport& func) const { return Access::lift(func.type->func); }
    ExternType operator()(const wasm::TableType& table) const { return Access::lift(table); }
    ExternType operator()(const wasm::MemoryType& memory) const { return Access::lift(memory); }
    ExternType operator()(const wasm::GlobalType& global) const {
      return GlobalType{Access::lift(global.type), global.is_mutable};
    }
    ExternType operator()(const wasm::TagType& tag) const { return TagType{lift_types(tag.type->func.params)}; }
  };
  return std::visit(Lift{}, type);
}

std::string to_string(const FuncType& type) {
  return wasm::to_string(Access::lower(type));
}

std::string to_string(const ExternType& type) {
  struct Print {
    std::string operator()(const FuncType& func) const { return wisp::to_string(func); }
    std::string operator()(const TableType& table) const { return wasm::to_string(Access::lower(table)); }
    std::string operator()(const MemoryType& memory) const { return wasm::to_string(Access::lower(memory)); }
    std::string operator()(const GlobalType& global) const {
      return wasm::to_string(wasm::GlobalType{Access::lower(global.type), global.is_mutable});
    }
    std::string operator()(const TagType& tag) const {
      std::string text = "(tag";
      for (const ValType type : tag.params) text += " (param " + type.to_string() + ")";
      return text + ")";
    }
  };
  return std::visit(Print{}, type);
}

std::string_view to_string(ExternKind kind) {
  return wasm::to_string(static_cast<wasm::ExternKind>(kind));
}

}  // namespace wisp
