#include "baseline/module_code.hpp"

#include <algorithm>

#include "baseline/limits.hpp"
#include "runtime/memory.hpp"

namespace wisp::baseline {

namespace {

/// Whether memory 0 needs no checks.
bool is_guarded(const wasm::Module& module, bool guard_pages) {
  if (!guard_pages || module.memories.empty()) return false;
  return runtime::layout_of(module.memories[0], runtime::MemoryMode::guard_pages).is_guarded;
}

usize first_region_bytes(const wasm::Module& module) {
  return std::max<usize>(limits::first_region_bytes, module.code_section_size_bytes * limits::expansion);
}

}  // namespace

ModuleCode::ModuleCode(std::shared_ptr<const wasm::Module> module, const Settings& settings)
    : module_(std::move(module)),
      layouts_(*module_),
      cells_(std::make_unique<runtime::NativeCell[]>(module_->bodies.size())),
      lowering_({.module = *module_,
                 .layouts = layouts_,
                 .cells = cells_.get(),
                 .cell_bytes = sizeof(runtime::NativeCell),
                 .fuel = settings.fuel,
                 .encoding = interp::Encoding::numbers}),
      validator_(*module_),
      compiler_(is_guarded(*module_, settings.guard_pages)),
      space_(fault_landing_address(), first_region_bytes(*module_)) {
  for (usize i = 0; i < module_->bodies.size(); ++i) cells_[i].entry.store(lazy_entry(), std::memory_order_relaxed);
}

void ModuleCode::compile(runtime::NativeCell& cell) {
  const std::lock_guard lock(mutex_);
  // Another thread may have been faster.
  if (cell.entry.load(std::memory_order_relaxed) != lazy_entry()) return;
  const FuncIndex function(u32(&cell - cells_.get()) + module_->imported_functions);
  const interp::FunctionCode slot_code = lower_function(validator_, lowering_, function);
  std::optional<CodeBlock> block;
  WISP_CHECK(compile_into(space_, slot_code, block));
  space_.keep(compiler_.size_bytes());
  auto native = std::make_unique<NativeFunction>(compiler_.take(slot_code));
  const u8* const code = native->code;
  functions_.emplace(code, std::move(native));
  cell.entry.store(reinterpret_cast<runtime::NativeEntry>(const_cast<u8*>(code)), std::memory_order_release);
}

bool ModuleCode::compile_into(CodeSpace& space, const interp::FunctionCode& slot_code,
                              std::optional<CodeBlock>& block) {
  for (u64 size = Compiler::estimate(slot_code.word_count); size <= limits::region_bytes; size *= 2) {
    block = space.room(u32(size));
    if (!block) return false;
    if (compiler_.compile(slot_code, *block)) return true;
  }
  return false;
}

const NativeFunction* ModuleCode::find(const u8* pc) const {
  const std::lock_guard lock(mutex_);
  auto after = functions_.upper_bound(pc);
  if (after == functions_.begin()) return nullptr;
  const NativeFunction& function = *std::prev(after)->second;
  return pc < function.code + function.size_bytes ? &function : nullptr;
}

ModuleCode::Origins ModuleCode::origins_of(const NativeFunction& function) {
  Origins origins;
  lowering_.record_origins(&origins);
  const interp::FunctionCode slot_code = lower_function(validator_, lowering_, function.function);
  lowering_.record_origins(nullptr);
  CodeSpace scratch(nullptr, 0);
  std::optional<CodeBlock> block;
  WISP_CHECK(compile_into(scratch, slot_code, block));
  for (interp::Origin& origin : origins) origin.word = compiler_.position_of(origin.word);
  return origins;
}

u64 ModuleCode::origin(const NativeFunction& function, const u8* pc) {
  const std::lock_guard lock(mutex_);
  Origins& origins = origins_[&function];
  if (origins.empty()) origins = origins_of(function);
  const auto at = std::ranges::upper_bound(origins, u32(pc - function.code), {}, &interp::Origin::word);
  return at == origins.begin() ? 0 : std::prev(at)->offset;
}

}  // namespace wisp::baseline
