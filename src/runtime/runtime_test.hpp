#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "runtime/store.hpp"
#include "wasm/type_registry.hpp"

/// What the tests of this part share: a tier that does what a test says, and modules made without their binary format.
namespace wisp::runtime::test {

class FakeCode final : public ModuleCode {
 public:
  const void* entry(FuncIndex) override { return nullptr; }
};

/// Guest functions are what `body` says.
class FakeTier final : public Tier {
 public:
  std::function<Status(Execution&, Function&, u64* slots)> body = [](Execution&, Function&, u64*) {
    return Status::returned;
  };

  std::unique_ptr<ModuleCode> load(std::shared_ptr<const wasm::Module>) override {
    return std::make_unique<FakeCode>();
  }
  Status call(Execution& execution, Function& function, u64* slots) override {
    execution.stack_top = slots + 64;
    const Status status = body(execution, function, slots);
    if (status != Status::returned) execution.backtrace->push_back({function.context->instance, function.index, 0});
    return status;
  }
  SampledCode place(const VmContext&, const void*) override { return {}; }
};

/// The bytes of constant expressions.
struct Code {
  std::vector<u8> bytes;

  static Code i32(u8 below_64) { return {{0x41, below_64, 0x0b}}; }
  static Code i64(u8 below_64) { return {{0x42, below_64, 0x0b}}; }
  static Code null_func() { return {{0xd0, 0x70, 0x0b}}; }
  static Code ref_func(u8 index) { return {{0xd2, index, 0x0b}}; }
  static Code global_get(u8 index) { return {{0x23, index, 0x0b}}; }
};

/// A module under construction. It must not be moved once something was added.
class ModuleBuilder {
 public:
  explicit ModuleBuilder(std::shared_ptr<wasm::TypeRegistry> registry) { module_->registry = std::move(registry); }

  const wasm::DefType* func_type(std::vector<wasm::ValType> params, std::vector<wasm::ValType> results) {
    return add_group(module_->registry->intern_func({std::move(params), std::move(results)}));
  }
  const wasm::DefType* type(wasm::DefType definition, const wasm::DefType* super = nullptr) {
    const wasm::TypeRegistry::Draft draft{std::move(definition), super};
    return add_group(module_->registry->intern({&draft, 1}));
  }
  const wasm::DefType* struct_type(std::vector<wasm::FieldType> fields, const wasm::DefType* super = nullptr) {
    wasm::DefType definition;
    definition.kind = wasm::DefType::Kind::struct_;
    definition.is_final = false;
    definition.fields = std::move(fields);
    return type(std::move(definition), super);
  }
  const wasm::DefType* array_type(wasm::StorageType element) {
    wasm::DefType definition;
    definition.kind = wasm::DefType::Kind::array;
    definition.fields = {{element, true}};
    return type(std::move(definition));
  }

  /// Imports come before definitions of the same kind.
  void import(wasm::ExternType type, std::string_view name = "x") {
    module_->imports.push_back({"m", name, type});
    if (auto* func = std::get_if<wasm::FuncImport>(&type)) {
      module_->functions.push_back(func->type);
      ++module_->imported_functions;
    } else if (auto* table = std::get_if<wasm::TableType>(&type)) {
      module_->tables.push_back({*table, std::nullopt});
      ++module_->imported_tables;
    } else if (auto* memory = std::get_if<wasm::MemoryType>(&type)) {
      module_->memories.push_back(*memory);
      ++module_->imported_memories;
    } else if (auto* global = std::get_if<wasm::GlobalType>(&type)) {
      module_->globals.push_back({*global, {}});
      ++module_->imported_globals;
    } else if (auto* tag = std::get_if<wasm::TagType>(&type)) {
      module_->tags.push_back(*tag);
      ++module_->imported_tags;
    }
  }
  u32 function(const wasm::DefType* type) {
    module_->functions.push_back(type);
    module_->bodies.push_back({});
    return u32(module_->functions.size() - 1);
  }
  void memory(u64 min, std::optional<u64> max = std::nullopt, bool is_64 = false) {
    module_->memories.push_back({{min, max.value_or(0), max.has_value(), is_64}, false, 16});
  }
  void table(u64 min, wasm::ValType element = wasm::ValType::funcref(), std::optional<Code> init = std::nullopt) {
    wasm::Table table{{element, {min, 0, false, false}}, std::nullopt};
    if (init) table.init = expression(*init);
    module_->tables.push_back(table);
  }
  void global(wasm::ValType type, const Code& init) { module_->globals.push_back({{type, true}, expression(init)}); }
  void data(const Code& offset, std::string_view bytes) {
    module_->datas.push_back({wasm::SegmentMode::active, MemoryIndex(0), expression(offset), as_bytes(bytes)});
  }
  void passive_data(std::string_view bytes) {
    module_->datas.push_back({wasm::SegmentMode::passive, MemoryIndex(0), {}, as_bytes(bytes)});
  }
  void elem(wasm::SegmentMode mode, const Code& offset, std::vector<FuncIndex> functions) {
    wasm::ElemSegment segment;
    segment.mode = mode;
    segment.offset = expression(offset);
    segment.functions = std::move(functions);
    module_->elems.push_back(std::move(segment));
  }
  wasm::Module& module() { return *module_; }

  std::shared_ptr<const LoadedModule> load(Tier& tier) { return std::make_shared<LoadedModule>(module_, tier); }

 private:
  const wasm::DefType* add_group(wasm::RecGroupRef group) {
    for (const wasm::DefType* found : group.types()) module_->types.push_back(found);
    module_->groups.push_back(std::move(group));
    return module_->types.back();
  }
  wasm::ConstExpr expression(const Code& code) {
    codes_->push_back(code.bytes);
    return {codes_->back()};
  }

  std::shared_ptr<wasm::Module> module_ = std::make_shared<wasm::Module>();
  /// Expressions refer into it; a list, so that they stay.
  std::shared_ptr<std::deque<std::vector<u8>>> codes_ = std::make_shared<std::deque<std::vector<u8>>>();
};

/// A store with its tier.
struct World {
  std::shared_ptr<wasm::TypeRegistry> registry = std::make_shared<wasm::TypeRegistry>();
  FakeTier tier;
  std::unique_ptr<Store> store;

  explicit World(const StoreSettings& settings = {}) {
    auto made = Store::create(tier, settings);
    WISP_CHECK(made.ok());
    store = std::move(made).value();
  }

  ModuleBuilder build() const { return ModuleBuilder(registry); }
  auto try_instantiate(ModuleBuilder& builder, std::vector<Extern> imports = {}) {
    return store->instantiate(builder.load(tier), imports);
  }
  Instance& instantiate(ModuleBuilder& builder, std::vector<Extern> imports = {}) {
    auto made = try_instantiate(builder, std::move(imports));
    WISP_CHECK(made.index() == 0);
    return *std::get<Instance*>(made);
  }
};

}  // namespace wisp::runtime::test
