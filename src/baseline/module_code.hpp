#pragma once

#include <map>
#include <mutex>

#include "baseline/compiler.hpp"
#include "interp/lower_function.hpp"
#include "runtime/native.hpp"
#include "runtime/tier.hpp"

namespace wisp::baseline {

/// The machine code of a module. Functions are compiled when they are first entered.
class ModuleCode final : public runtime::ModuleCode {
 public:
  struct Settings {
    bool fuel = false;
    bool guard_pages = false;
  };
  ModuleCode(std::shared_ptr<const wasm::Module> module, const Settings& settings);

  const void* entry(FuncIndex function) override { return &cells_[function.value - module_->imported_functions]; }

  /// Compiles the function of the cell if nobody has yet.
  void compile(runtime::NativeCell& cell);
  /// The function that an address belongs to; null if it is none of this module's.
  const NativeFunction* find(const u8* pc) const;
  /// The byte offset in the module of the instruction at an address of a function. Compiles the function again to find
  /// out, once.
  u64 origin(const NativeFunction& function, const u8* pc);

 private:
  /// Where in the module the instructions come from, by position in the machine code.
  using Origins = std::vector<interp::Origin>;

  bool compile_into(CodeSpace& space, const interp::FunctionCode& slot_code, std::optional<CodeBlock>& block);
  Origins origins_of(const NativeFunction& function);

  std::shared_ptr<const wasm::Module> module_;
  runtime::StructLayouts layouts_;
  std::unique_ptr<runtime::NativeCell[]> cells_;  // by FuncIndex minus the imported ones

  mutable std::mutex mutex_;                                        // for all below
  std::map<const u8*, std::unique_ptr<NativeFunction>> functions_;  // by first instruction
  std::map<const NativeFunction*, Origins> origins_;
  interp::Lowering lowering_;
  wasm::BodyValidator<interp::Lowering> validator_;
  Compiler compiler_;
  CodeSpace space_;
};

/// What cells hold before their functions are compiled.
runtime::NativeEntry lazy_entry();
/// Where compiled code goes on after a fault in a guest's memory.
const void* fault_landing_address();

}  // namespace wisp::baseline
