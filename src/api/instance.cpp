#include <algorithm>

#include "api/access.hpp"

namespace wisp {

namespace {

/// A single-slot reference for a table, checked.
Result<runtime::Ref> lower_element(const StoreState& store, const Value& value, wasm::ValType type) {
  runtime::Ref ref = runtime::null_ref;
  WISP_TRY(Access::lower(store, value, type, &ref));
  return ref;
}

runtime::Table& raw_table(void* table) {
  return *static_cast<runtime::Table*>(table);
}

runtime::Global& raw_global(void* global) {
  return *static_cast<runtime::Global*>(global);
}

/// A type that a module defines must live as long as what is made of it.
void keep_type(StoreState& store, wasm::ValType type) {
  if (!type.is_ref() || type.heap().is_abstract()) return;
  store.store->keep_alive(std::make_shared<wasm::RecGroupRef>(wasm::TypeRegistry::group_of(*type.heap().type())));
}

template <class T>
std::optional<T> get_as(const Instance& instance, std::string_view name) {
  auto value = instance.get(name);
  if (!value || !std::holds_alternative<T>(*value)) return std::nullopt;
  return std::get<T>(std::move(*value));
}

}  // namespace

// Functions

FuncType Func::type() const {
  return Access::lift(Access::function(*this).type->func);
}

Outcome<std::vector<Value>> Func::call(std::span<const Value> arguments) const {
  const wasm::FuncType& type = Access::function(*this).type->func;
  const usize argument_slots = runtime::slot_count(type.params);
  const usize result_slots = runtime::slot_count(type.results);
  u64 few[16];
  std::vector<u64> many(std::max(argument_slots, result_slots) > std::size(few) ? std::max(argument_slots, result_slots)
                                                                                : 0);
  u64* const slots = many.empty() ? few : many.data();
  if (auto lowered = Access::lower(*store_, arguments, type.params, slots); !lowered) return lowered.error();
  if (!call_slots(slots, argument_slots, result_slots)) return failure();
  return Access::lift(*store_, type.results, slots);
}

bool Func::call_slots(std::uint64_t* slots, std::size_t arguments, std::size_t results) const {
  return store_->store->call(Access::function(*this), slots, arguments, results);
}

Trap Func::failure() const {
  return Access::lift(*store_, store_->store->take_trap());
}

Result<void> Func::check_type(const FuncType& wanted) const {
  if (type() == wanted) return {};
  return Error{ErrorCode::argument, 0, "the function is " + to_string(type()) + ", not " + to_string(wanted), ""};
}

// Tables

Result<Table> Table::create(Store& store, const TableType& type, const Value& init) {
  StoreState& state = *Access::state(store);
  keep_type(state, Access::lower(type.element));
  WISP_TRY_ASSIGN(const runtime::Ref ref, lower_element(state, init, Access::lower(type.element)));
  WISP_TRY_ASSIGN(runtime::Table * table, state.store->make_table(Access::lower(type)));
  std::fill_n(table->elements(), table->size(), ref);
  return Access::lift(state, *table);
}

TableType Table::type() const {
  TableType type = Access::lift(raw_table(table_).type());
  type.limits.min = size();
  return type;
}

std::uint64_t Table::size() const {
  return raw_table(table_).size();
}

Result<Value> Table::get(std::uint64_t index) const {
  const runtime::Table& table = raw_table(table_);
  if (!table.contains(index, 1)) return Error{ErrorCode::argument, 0, "the index is out of the table's bounds", ""};
  return Access::lift(*store_, table.type().element, &table.elements()[index]);
}

Result<void> Table::set(std::uint64_t index, const Value& value) {
  runtime::Table& table = raw_table(table_);
  if (!table.contains(index, 1)) return Error{ErrorCode::argument, 0, "the index is out of the table's bounds", ""};
  WISP_TRY_ASSIGN(const runtime::Ref ref, lower_element(*store_, value, table.type().element));
  table.elements()[index] = ref;
  return {};
}

Result<std::uint64_t> Table::grow(std::uint64_t delta, const Value& init) {
  runtime::Table& table = raw_table(table_);
  WISP_TRY_ASSIGN(const runtime::Ref ref, lower_element(*store_, init, table.type().element));
  const u64 before = table.size();
  if (!table.reserve(delta)) return Error{ErrorCode::limit, 0, "the table cannot grow by " + std::to_string(delta), ""};
  std::fill_n(table.elements() + before, delta, ref);
  table.publish(delta);
  return before;
}

// Globals

Result<Global> Global::create(Store& store, const GlobalType& type, const Value& value) {
  StoreState& state = *Access::state(store);
  keep_type(state, Access::lower(type.type));
  u64 slots[2] = {};
  WISP_TRY(Access::lower(state, value, Access::lower(type.type), slots));
  runtime::Global& global = state.store->make_global({Access::lower(type.type), type.is_mutable});
  std::copy_n(slots, 2, global.cell.slots);
  return Access::lift(state, global);
}

GlobalType Global::type() const {
  const wasm::GlobalType type = raw_global(global_).type;
  return {Access::lift(type.type), type.is_mutable};
}

Value Global::get() const {
  return Access::lift(*store_, raw_global(global_).type.type, raw_global(global_).cell.slots);
}

Result<void> Global::set(const Value& value) {
  runtime::Global& global = raw_global(global_);
  if (!global.type.is_mutable) return Error{ErrorCode::argument, 0, "the global is immutable", ""};
  return Access::lower(*store_, value, global.type.type, global.cell.slots);
}

// Tags

Result<Tag> Tag::create(Store& store, const TagType& type) {
  StoreState& state = *Access::state(store);
  const wasm::FuncType lowered = Access::lower(FuncType{type.params, {}});
  auto group = std::make_shared<wasm::RecGroupRef>(Access::state(state.engine).registry->intern_func(lowered));
  runtime::Tag& tag = state.store->make_tag(group->types()[0]);
  state.store->keep_alive(std::move(group));
  return Access::lift(state, tag);
}

TagType Tag::type() const {
  return {Access::lift(static_cast<runtime::Tag*>(tag_)->type->func).params};
}

// Memories

Result<Memory> Memory::create(Store& store, const MemoryType& type) {
  StoreState& state = *Access::state(store);
  WISP_TRY_ASSIGN(auto memory, state.store->make_memory(Access::lower(type)));
  return Access::lift(state, std::move(memory));
}

Result<Memory> Memory::create(Store& store, const SharedMemory& memory) {
  StoreState& state = *Access::state(store);
  if (!state.store->can_adopt(*Access::memory(memory))) {
    return Error{ErrorCode::argument, 0, "the shared memory is of an engine with another memory mode", ""};
  }
  state.store->adopt_memory(Access::memory(memory));
  return Access::lift(state, Access::memory(memory));
}

MemoryType Memory::type() const {
  MemoryType type = Access::lift(Access::memory(*this)->type());
  type.limits.min = size_pages();
  return type;
}

std::uint64_t Memory::size_pages() const {
  return Access::memory(*this)->size_pages();
}

GuestMemory Memory::bytes() const {
  runtime::Memory& memory = *Access::memory(*this);
  return {memory.view().base, memory.size_bytes()};
}

Result<std::uint64_t> Memory::grow(std::uint64_t delta_pages) {
  auto before = Access::memory(*this)->grow(delta_pages);
  if (before.ok()) return *before;
  return Error{ErrorCode::limit, 0, "the memory cannot grow by " + std::to_string(delta_pages) + " pages", ""};
}

std::optional<SharedMemory> Memory::shared() const {
  auto memory = Access::memory(*this);
  if (!memory->type().shared) return std::nullopt;
  return Access::shared(std::move(memory));
}

MemoryType SharedMemory::type() const {
  return Access::lift(Access::memory(*this)->type());
}

GuestMemory SharedMemory::bytes() const {
  runtime::Memory& memory = *Access::memory(*this);
  return {memory.view().base, memory.size_bytes()};
}

// External values

Extern Access::lift(StoreState& store, const runtime::Extern& value) {
  return std::visit(
      [&](const auto& item) -> Extern {
        if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(item)>>) {
          return lift(store, *item);
        } else {
          return lift(store, item);
        }
      },
      value);
}

runtime::Extern Access::lower(const Extern& value) {
  struct Lower {
    runtime::Extern operator()(const Func& func) const { return &Access::function(func); }
    runtime::Extern operator()(const Table& table) const { return static_cast<runtime::Table*>(table.table_); }
    runtime::Extern operator()(const Memory& memory) const { return Access::memory(memory); }
    runtime::Extern operator()(const Global& global) const { return static_cast<runtime::Global*>(global.global_); }
    runtime::Extern operator()(const Tag& tag) const { return static_cast<runtime::Tag*>(tag.tag_); }
  };
  return std::visit(Lower{}, value);
}

StoreState& Access::store_of(const Extern& value) {
  return std::visit([](const auto& item) -> StoreState& { return *item.store_; }, value);
}

ExternType type_of(const Extern& value) {
  return std::visit([](const auto& item) -> ExternType { return item.type(); }, value);
}

// Instances

std::optional<Extern> Instance::get(std::string_view name) const {
  const runtime::Instance& instance = Access::instance(*this);
  const wasm::Export* item = instance.module().find_export(name);
  if (item == nullptr) return std::nullopt;
  return Access::lift(*store_, instance.external(item->kind, item->index));
}

std::optional<Func> Instance::func(std::string_view name) const {
  return get_as<Func>(*this, name);
}
std::optional<Table> Instance::table(std::string_view name) const {
  return get_as<Table>(*this, name);
}
std::optional<Memory> Instance::memory(std::string_view name) const {
  return get_as<Memory>(*this, name);
}
std::optional<Global> Instance::global(std::string_view name) const {
  return get_as<Global>(*this, name);
}
std::optional<Tag> Instance::tag(std::string_view name) const {
  return get_as<Tag>(*this, name);
}

std::vector<std::pair<std::string, Extern>> Instance::exports() const {
  const runtime::Instance& instance = Access::instance(*this);
  std::vector<std::pair<std::string, Extern>> exports;
  for (const wasm::Export& item : instance.module().exports) {
    exports.emplace_back(item.name, Access::lift(*store_, instance.external(item.kind, item.index)));
  }
  return exports;
}

Module Instance::module() const {
  return Access::module(
      std::make_shared<const ModuleState>(ModuleState{store_->engine, Access::instance(*this).shared_loaded()}));
}

Store Instance::store() const {
  return Access::store(store_);
}

}  // namespace wisp
