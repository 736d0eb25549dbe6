#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "runtime/memory_image.hpp"
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
  /// What the module's memories start with. To be asked once for each instance: an image costs more than copying the
  /// data segments once, so the first instance gets none. Null: the data segments are to be copied.
  const MemoryImages* memory_images() const;

 private:
  std::shared_ptr<const wasm::Module> module_;
  std::unique_ptr<ModuleCode> code_;
  mutable std::once_flag names_read_;
  mutable wasm::Names names_;
  mutable std::atomic<bool> was_instantiated_ = false;
  mutable std::once_flag images_made_;
  mutable std::unique_ptr<const MemoryImages> images_;
};

}  // namespace wisp::runtime
