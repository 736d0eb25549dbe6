#include "runtime/instance.hpp"

#include <algorithm>
#include <type_traits>

#include "base/check.hpp"

namespace wisp::runtime {

namespace {

/// Cuts arrays from a block; without a block it only adds up what they take.
class Cutter {
 public:
  explicit Cutter(u8* block) : block_(block) {}

  template <class T>
  void cut(std::span<T>& array, usize count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    used_ = (used_ + alignof(T) - 1) & ~(alignof(T) - 1);
    if (block_ != nullptr) array = {reinterpret_cast<T*>(block_ + used_), count};
    used_ += count * sizeof(T);
  }
  usize used_bytes() const { return used_; }

 private:
  u8* block_;
  usize used_ = 0;
};

}  // namespace

Instance::Instance(Store& store, std::shared_ptr<const LoadedModule> loaded)
    : store_(store), loaded_(std::move(loaded)) {
  const wasm::Module& m = module();
  const auto cut_all = [&](Cutter cutter) {
    cutter.cut(own_functions_, m.functions.size() - m.imported_functions);
    cutter.cut(own_globals_, m.globals.size() - m.imported_globals);
    cutter.cut(own_tags_, m.tags.size() - m.imported_tags);
    cutter.cut(functions_, m.functions.size());
    cutter.cut(tables_, m.tables.size());
    cutter.cut(table_views_, m.tables.size());
    cutter.cut(memories_, m.memories.size());
    cutter.cut(memory_views_, m.memories.size());
    cutter.cut(globals_, m.globals.size());
    cutter.cut(global_cells_, m.globals.size());
    cutter.cut(tags_, m.tags.size());
    cutter.cut(data_dropped_, m.datas.size());
    return cutter.used_bytes();
  };
  block_ = std::make_unique_for_overwrite<u8[]>(cut_all(Cutter(nullptr)));
  cut_all(Cutter(block_.get()));
  std::ranges::fill(data_dropped_, false);
}

Extern Instance::external(wasm::ExternKind kind, u32 index) const {
  switch (kind) {
    case wasm::ExternKind::func:
      return functions_[index];
    case wasm::ExternKind::table:
      return tables_[index];
    case wasm::ExternKind::memory:
      return memories_[index]->shared_from_this();
    case wasm::ExternKind::global:
      return globals_[index];
    case wasm::ExternKind::tag:
      return tags_[index];
  }
  WISP_UNREACHABLE();
}

}  // namespace wisp::runtime
