#include "runtime/instantiation.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "runtime/const_eval.hpp"
#include "runtime/import_match.hpp"
#include "runtime/libcalls.hpp"
#include "runtime/slices.hpp"
#include "wasm/format.hpp"

namespace wisp::runtime {
namespace {

Error limit_error(std::string_view what, u64 wanted, u64 limit) {
  return {ErrorCode::limit,
          0,
          std::string(what) + " of the store exceed a limit: " + std::to_string(wanted) + " are wanted, " +
              std::to_string(limit) + " are allowed",
          {}};
}

/// An address from the constant expression of a segment.
u64 offset_of(const ConstValue& value, bool is_64) {
  return is_64 ? value.slots[0] : u32(value.slots[0]);
}

}  // namespace

std::variant<Instance*, Error, TrapInfo> Instantiation::run(std::span<const Extern> imports, ImportTypes types) {
  if (types == ImportTypes::unknown) {
    if (auto checked = check_imports(imports); !checked) return std::move(checked).error();
  }
  if (auto checked = check_limits(); !checked) return std::move(checked).error();
  if (auto allocated = allocate(imports); !allocated) return std::move(allocated).error();

  if (const TrapReason reason = initialise(); reason != TrapReason::none) {
    store_.execution().trap = reason;
    return store_.take_trap(Status::unwind);
  }
  if (module_.start) {
    auto trap = store_.call(instance_->function(*module_.start), {}, {});
    if (trap) return std::move(*trap);
  }
  return instance_;
}

Result<void> Instantiation::check_imports(std::span<const Extern> imports) const {
  if (imports.size() != module_.imports.size()) {
    return Error{ErrorCode::link,
                 0,
                 "the module has " + std::to_string(module_.imports.size()) + " imports, " +
                     std::to_string(imports.size()) + " are given",
                 {}};
  }
  for (usize i = 0; i < imports.size(); ++i) {
    const wasm::Import& wanted = module_.imports[i];
    const wasm::ExternType found = type_of(imports[i]);
    if (matches(found, wanted.type)) continue;
    std::string message = "incompatible import type: ";
    message.append(wanted.module).append(".").append(wanted.name);
    message +=
        " is " + wasm::to_string(found, &module_) + ", the module wants " + wasm::to_string(wanted.type, &module_);
    return Error{ErrorCode::link, 0, std::move(message), {}};
  }
  return {};
}

Result<void> Instantiation::check_limits() const {
  const StoreLimits& limits = store_.settings().limits;
  const u64 instances = store_.instances_.size() + 1;
  if (instances > limits.instances) return limit_error("instances", instances, limits.instances);
  const u64 memories = store_.memories_.size() + module_.memories.size() - module_.imported_memories;
  if (memories > limits.memories) return limit_error("memories", memories, limits.memories);
  const u64 tables = store_.tables_.size() + module_.tables.size() - module_.imported_tables;
  if (tables > limits.tables) return limit_error("tables", tables, limits.tables);
  return {};
}

// Allocation

void Instantiation::take_imports(std::span<const Extern> imports) {
  Instance& instance = *instance_;
  usize functions = 0, tables = 0, memories = 0, globals = 0, tags = 0;
  for (const Extern& import : imports) {
    if (auto* function = std::get_if<Function*>(&import)) instance.functions_[functions++] = *function;
    if (auto* table = std::get_if<Table*>(&import)) instance.tables_[tables++] = *table;
    if (auto* memory = std::get_if<std::shared_ptr<Memory>>(&import)) instance.memories_[memories++] = memory->get();
    if (auto* global = std::get_if<Global*>(&import)) instance.globals_[globals++] = *global;
    if (auto* tag = std::get_if<Tag*>(&import)) instance.tags_[tags++] = *tag;
  }
}

void Instantiation::make_functions() {
  const u32 imported = module_.imported_functions;
  Function* const own = instance_->own_functions_.data();
  Function** const all = instance_->functions_.data();
  ModuleCode& code = loaded_->code();
  VmContext* const context = &instance_->context_;
  for (u32 i = imported; i < module_.functions.size(); ++i) {
    Function* const function = new (own + (i - imported)) Function;
    function->type = module_.functions[i];
    function->context = context;
    function->index = FuncIndex(i);
    function->code.store(code.entry(FuncIndex(i)), std::memory_order_relaxed);
    all[i] = function;
  }
}

Result<void> Instantiation::make_memories_and_tables() {
  // Fuel is paid for each byte of a segment, in the order of the segments.
  const MemoryImages* const images = store_.settings().fuel ? nullptr : loaded_->memory_images();
  has_images_ = images != nullptr;
  for (usize i = module_.imported_memories; i < module_.memories.size(); ++i) {
    auto memory =
        store_.make_memory(module_.memories[i], has_images_ ? (*images)[i - module_.imported_memories] : nullptr);
    if (!memory) return std::move(memory).error();
    instance_->memories_[i] = memory->get();
  }
  for (usize i = module_.imported_tables; i < module_.tables.size(); ++i) {
    auto table = store_.make_table(module_.tables[i].type);
    if (!table) return std::move(table).error();
    instance_->tables_[i] = *table;
  }
  return {};
}

void Instantiation::make_tags_and_globals() {
  for (usize i = 0; i < instance_->own_tags_.size(); ++i) {
    const usize index = module_.imported_tags + i;
    instance_->tags_[index] = new (&instance_->own_tags_[i]) Tag{module_.tags[index].type, &store_};
  }
  for (usize i = 0; i < instance_->own_globals_.size(); ++i) {
    const usize index = module_.imported_globals + i;
    instance_->globals_[index] = new (&instance_->own_globals_[i]) Global{module_.globals[index].type, &store_, {}};
  }
}

void Instantiation::fill_context() {
  Instance& instance = *instance_;
  std::ranges::transform(instance.tables_, instance.table_views_.begin(), [](Table* table) { return &table->view(); });
  std::ranges::transform(instance.memories_, instance.memory_views_.begin(),
                         [](Memory* memory) { return &memory->view(); });
  std::ranges::transform(instance.globals_, instance.global_cells_.begin(),
                         [](Global* global) { return &global->cell; });

  VmContext& vm = instance.context_;
  vm.memory0 = instance.memory_views_.empty() ? &store_.no_memory_ : instance.memory_views_[0];
  vm.execution = &store_.execution();
  vm.functions = instance.functions_.data();
  vm.globals = instance.global_cells_.data();
  vm.tables = instance.table_views_.data();
  vm.memories = instance.memory_views_.data();
  vm.tags = instance.tags_.data();
  vm.types = module_.types.data();
  vm.calling = {&store_.no_memory_, &vm.execution->host_unwind};
  const wasm::Export* memory = module_.find_export("memory");
  if (memory != nullptr && memory->kind == wasm::ExternKind::memory) {
    vm.calling.exported_memory = instance.memory_views_[memory->index];
  }
  vm.instance = &instance;
  vm.code = &loaded_->code();
}

Result<void> Instantiation::allocate(std::span<const Extern> imports) {
  auto instance = std::make_unique<Instance>(store_, loaded_);
  instance_ = instance.get();
  loaded_->code().expect_calls();
  take_imports(imports);
  // What can fail comes first, and leaves at most some unused memories behind.
  if (auto made = make_memories_and_tables(); !made) return made;
  make_functions();
  make_tags_and_globals();
  fill_context();
  store_.instances_.push_back(std::move(instance));
  return {};
}

// Initialisation

TrapReason Instantiation::initialise_globals() {
  for (usize i = module_.imported_globals; i < module_.globals.size(); ++i) {
    ConstValue value;
    const TrapReason reason = evaluate(instance_->context_, module_, module_.globals[i].init, value);
    if (reason != TrapReason::none) return reason;
    GlobalCell& cell = instance_->globals_[i]->cell;
    std::memcpy(cell.slots, value.slots, module_.globals[i].type.type.slots() * sizeof(u64));
  }
  return TrapReason::none;
}

TrapReason Instantiation::initialise_tables() {
  for (usize i = module_.imported_tables; i < module_.tables.size(); ++i) {
    if (!module_.tables[i].init) continue;
    ConstValue value;
    TrapReason reason = evaluate(instance_->context_, module_, *module_.tables[i].init, value);
    if (reason != TrapReason::none) return reason;
    Table& table = *instance_->tables_[i];
    reason = in_element_slices(store_.execution(), table.size(), false, [&](u64 begin, u64 count) {
      std::fill_n(table.elements() + begin, count, value.slots[0]);
    });
    if (reason != TrapReason::none) return reason;
  }
  return TrapReason::none;
}

TrapReason Instantiation::element(const wasm::ElemSegment& segment, u64 index, Ref& ref) {
  if (!segment.functions.empty()) {
    ref = reinterpret_cast<Ref>(instance_->functions_[segment.functions[index].value]);
    return TrapReason::none;
  }
  ConstValue value;
  const TrapReason reason = evaluate(instance_->context_, module_, segment.expressions[index], value);
  ref = value.slots[0];
  if (reason == TrapReason::none && index % limits::slice_elements == 0) return interruption(store_.execution());
  return reason;
}

TrapReason Instantiation::evaluate_elem(const wasm::ElemSegment& segment, std::vector<Ref>& refs) {
  refs.reserve(segment.size());
  for (u64 i = 0; i < segment.size(); ++i) {
    Ref ref = null_ref;
    const TrapReason reason = element(segment, i, ref);
    if (reason != TrapReason::none) return reason;
    refs.push_back(ref);
  }
  return TrapReason::none;
}

TrapReason Instantiation::evaluate_elems() {
  for (usize i = 0; i < module_.elems.size(); ++i) {
    const wasm::ElemSegment& segment = module_.elems[i];
    // Lists of function indices have no effects: active ones are written to their table later, without a copy.
    const bool is_kept = segment.mode == wasm::SegmentMode::passive ||
                         (segment.mode == wasm::SegmentMode::active && segment.functions.empty());
    if (!is_kept) continue;
    if (instance_->elems_.empty()) instance_->elems_.resize(module_.elems.size());
    const TrapReason reason = evaluate_elem(segment, instance_->elems_[i]);
    if (reason != TrapReason::none) return reason;
  }
  return TrapReason::none;
}

TrapReason Instantiation::run_elem(const wasm::ElemSegment& segment) {
  Table& table = instance_->table(segment.table);
  ConstValue value;
  TrapReason reason = evaluate(instance_->context_, module_, segment.offset, value);
  if (reason != TrapReason::none) return reason;
  const u64 to = offset_of(value, table.type().limits.is_64);
  if (!table.contains(to, segment.size())) return TrapReason::table_out_of_bounds;
  const std::span<const Ref> kept = instance_->elem(ElemIndex(u32(&segment - module_.elems.data())));
  return in_element_slices(store_.execution(), segment.size(), false, [&](u64 begin, u64 count) {
    for (u64 i = begin; i < begin + count; ++i) {
      table.elements()[to + i] =
          kept.empty() ? reinterpret_cast<Ref>(instance_->functions_[segment.functions[i].value]) : kept[i];
    }
  });
}

TrapReason Instantiation::run_elems() {
  for (usize i = 0; i < module_.elems.size(); ++i) {
    if (module_.elems[i].mode != wasm::SegmentMode::active) continue;
    const TrapReason reason = run_elem(module_.elems[i]);
    if (reason != TrapReason::none) return reason;
    instance_->drop_elem(ElemIndex(u32(i)));
  }
  return TrapReason::none;
}

TrapReason Instantiation::run_data(const wasm::DataSegment& segment) {
  Memory& memory = instance_->memory(segment.memory);
  ConstValue value;
  const TrapReason reason = evaluate(instance_->context_, module_, segment.offset, value);
  if (reason != TrapReason::none) return reason;
  const u64 to = offset_of(value, memory.type().limits.is_64);
  const auto bytes = memory.bytes().slice(to, segment.bytes.size());
  if (!bytes) return TrapReason::memory_out_of_bounds;
  return in_byte_slices(store_.execution(), bytes->size(), false, [&](u64 begin, u64 count) {
    std::memcpy(bytes->data() + begin, segment.bytes.data() + begin, count);
  });
}

/// A fault for each small page would take longer than the copying.
void Instantiation::prefer_large_pages() {
  if (module_.datas.empty()) return;
  std::vector<u64> written_bytes(module_.memories.size());
  for (const wasm::DataSegment& segment : module_.datas) {
    if (segment.mode == wasm::SegmentMode::active) written_bytes[segment.memory.value] += segment.bytes.size();
  }
  for (usize i = module_.imported_memories; i < written_bytes.size(); ++i) {
    Memory& memory = *instance_->memories_[i];
    const u64 size_bytes = memory.size_bytes();
    if (size_bytes < limits::large_page_memory_bytes) continue;
    if (written_bytes[i] >= size_bytes / limits::large_page_sparseness) memory.prefer_large_pages();
  }
}

TrapReason Instantiation::run_datas() {
  if (!has_images_) prefer_large_pages();
  for (usize i = 0; i < module_.datas.size(); ++i) {
    if (module_.datas[i].mode != wasm::SegmentMode::active) continue;
    const TrapReason reason = has_images_ ? TrapReason::none : run_data(module_.datas[i]);
    if (reason != TrapReason::none) return reason;
    instance_->drop_data(DataIndex(u32(i)));
  }
  return TrapReason::none;
}

TrapReason Instantiation::initialise() {
  using Step = TrapReason (Instantiation::*)();
  constexpr Step steps[] = {&Instantiation::initialise_globals, &Instantiation::initialise_tables,
                            &Instantiation::evaluate_elems, &Instantiation::run_elems, &Instantiation::run_datas};
  for (const Step step : steps) {
    const TrapReason reason = (this->*step)();
    if (reason == TrapReason::none) continue;
    if (has_images_) take_images_back();
    return reason;
  }
  return TrapReason::none;
}

/// No data segment has been run when an earlier step traps, which a function that is in an imported table already could
/// see.
void Instantiation::take_images_back() {
  for (usize i = module_.imported_memories; i < module_.memories.size(); ++i) {
    std::memset(instance_->memories_[i]->view().base, 0, instance_->memories_[i]->image_bytes());
  }
}

}  // namespace wisp::runtime
