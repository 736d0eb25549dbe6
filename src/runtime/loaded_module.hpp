#pragma once

#include <memory>
#include <mutex>

#include "runtime/tier.hpp"
#include "wasm/module.hpp"
#include "wasm/names.hpp"

namespace wisp::runtime {

/// A valid module with its code in one tier; shared by its instances, thread-safe.
class LoadedModule {
 public:
  LoadedModule(std::shared_ptr<const wasm::Module> module, Tier& tier)
      : module_(std::move(module)), code_(tier.load(module_)) {}

  const wasm::Module& module() const { return *module_; }
  ModuleCode& code() const { return *code_; }
  /// Read from the name section when they are first asked for.
  const wasm::Names& names() const;

 private:
  std::shared_ptr<const wasm::Module> module_;
  std::unique_ptr<ModuleCode> code_;
  mutable std::once_flag names_read_;
  mutable wasm::Names names_;
};

}  // namespace wisp::runtime
