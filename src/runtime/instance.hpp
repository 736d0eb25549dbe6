#pragma once

#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "runtime/loaded_module.hpp"
#include "runtime/memory.hpp"
#include "runtime/table.hpp"

namespace wisp::runtime {

/// An external value; the alternatives are in the order of wasm::ExternKind.
/// https://webassembly.github.io/spec/core/exec/runtime.html#external-values
using Extern = std::variant<Function*, Table*, std::shared_ptr<Memory>, Global*, Tag*>;

/// A module instance. It lives as long as its store.
/// https://webassembly.github.io/spec/core/exec/runtime.html#module-instances
class Instance {
 public:
  Instance(Store& store, std::shared_ptr<const LoadedModule> loaded);
  Instance(const Instance&) = delete;

  Store& store() const { return store_; }
  const LoadedModule& loaded() const { return *loaded_; }
  const std::shared_ptr<const LoadedModule>& shared_loaded() const { return loaded_; }
  const wasm::Module& module() const { return loaded_->module(); }
  VmContext& context() { return context_; }

  Function& function(FuncIndex index) const { return *functions_[index.value]; }
  Table& table(TableIndex index) const { return *tables_[index.value]; }
  Memory& memory(MemoryIndex index) const { return *memories_[index.value]; }
  Global& global(GlobalIndex index) const { return *globals_[index.value]; }
  Tag& tag(TagIndex index) const { return *tags_[index.value]; }
  Extern external(wasm::ExternKind kind, u32 index) const;

  /// A segment's elements; none once it is dropped.
  std::span<const Ref> elem(ElemIndex index) const {
    return elems_.empty() ? std::span<const Ref>() : elems_[index.value];
  }
  void drop_elem(ElemIndex index) {
    if (!elems_.empty()) elems_[index.value] = {};
  }
  /// A segment's bytes; none once it is dropped.
  Bytes data(DataIndex index) const { return data_dropped_[index.value] ? Bytes() : module().datas[index.value].bytes; }
  void drop_data(DataIndex index) { data_dropped_[index.value] = true; }

  /// A name for messages; empty if there is none. Given by whoever instantiated the module.
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

 private:
  friend class Instantiation;
  friend class Store;

  Store& store_;
  std::shared_ptr<const LoadedModule> loaded_;
  VmContext context_;
  std::string name_;
  std::vector<std::vector<Ref>> elems_;  // empty if no segment is kept

  /// All that follows, whose numbers the module says: one piece of memory, and nothing to destroy.
  std::unique_ptr<u8[]> block_;
  std::span<Function> own_functions_;
  std::span<Global> own_globals_;
  std::span<Tag> own_tags_;
  // By index, the imported ones first.
  std::span<Function*> functions_;
  std::span<Table*> tables_;
  std::span<TableView*> table_views_;
  std::span<Memory*> memories_;
  std::span<MemoryView*> memory_views_;
  std::span<Global*> globals_;
  std::span<GlobalCell*> global_cells_;
  std::span<Tag*> tags_;
  std::span<bool> data_dropped_;
};

}  // namespace wisp::runtime
