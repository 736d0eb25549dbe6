#pragma once

#include <memory>
#include <optional>
#include <span>
#include <variant>

#include "runtime/store.hpp"

namespace wisp::runtime {

/// One instantiation of a module, step by step in the order of the specification.
/// https://webassembly.github.io/spec/core/exec/modules.html#instantiation
class Instantiation {
 public:
  Instantiation(Store& store, std::shared_ptr<const LoadedModule> loaded)
      : store_(store), module_(loaded->module()), loaded_(std::move(loaded)) {}

  std::variant<Instance*, Error, TrapInfo> run(std::span<const Extern> imports, ImportTypes types);

 private:
  Result<void> check_imports(std::span<const Extern> imports) const;
  Result<void> check_limits() const;
  Result<void> allocate(std::span<const Extern> imports);
  void take_imports(std::span<const Extern> imports);
  void make_functions();
  Result<void> make_memories_and_tables();
  void make_tags_and_globals();
  void fill_context();

  TrapReason initialise_globals();
  TrapReason initialise_tables();
  TrapReason evaluate_elems();
  TrapReason run_elems();
  void prefer_large_pages();
  TrapReason run_datas();
  TrapReason initialise();
  void take_images_back();

  TrapReason element(const wasm::ElemSegment& segment, u64 index, Ref& ref);
  TrapReason evaluate_elem(const wasm::ElemSegment& segment, std::vector<Ref>& refs);
  TrapReason run_elem(const wasm::ElemSegment& segment);
  TrapReason run_data(const wasm::DataSegment& segment);

  Store& store_;
  const wasm::Module& module_;
  std::shared_ptr<const LoadedModule> loaded_;
  Instance* instance_ = nullptr;
  /// The active data segments are in the memories already.
  bool has_images_ = false;
};

}  // namespace wisp::runtime
