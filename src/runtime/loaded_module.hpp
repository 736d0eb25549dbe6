#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "runtime/memory_image.hpp"
#include "runtime/tier.hpp"
#include "wasm/module.hpp"
#include "wasm/names.hpp"

namespace wisp::runtime {

/// A module with its code in one tier; shared by its instances, thread-safe.
class LoadedModule {
 public:
  /// `is_valid`: whether all bodies have been validated already.
  LoadedModule(std::shared_ptr<const wasm::Module> module, Tier& tier, bool is_valid = true)
      : module_(std::move(module)), code_(tier.load(module_)), is_valid_(is_valid) {}

  const wasm::Module& module() const { return *module_; }
  ModuleCode& code() const { return *code_; }
  /// Read from the name section when they are first asked for.
  const wasm::Names& names() const;
  /// What the module's memories start with. To be asked once for each instance: an image costs more than copying the
  /// data segments once, so the first instance gets none. Null: the data segments are to be copied.
  const MemoryImages* memory_images() const;
  /// From the name section, or else the first name that the function is exported by; empty if there is none.
  std::string_view function_name(FuncIndex function) const;
  bool is_valid() const { return is_valid_; }

 private:
  std::shared_ptr<const wasm::Module> module_;
  std::unique_ptr<ModuleCode> code_;
  bool is_valid_;
  mutable std::once_flag names_read_;
  mutable wasm::Names names_;
  mutable std::atomic<bool> was_instantiated_ = false;
  mutable std::once_flag images_made_;
  mutable std::unique_ptr<const MemoryImages> images_;
};

}  // namespace wisp::runtime
