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
      settings_(settings),
      is_guarded_(is_guarded(*module_, settings.guard_pages)),
      layouts_(*module_),
      cells_(std::make_unique<runtime::NativeCell[]>(module_->bodies.size())),
      lowering_({.module = *module_,
                 .layouts = layouts_,
                 .cells = cells_.get(),
                 .cell_bytes = sizeof(runtime::NativeCell),
                 .fuel = settings.fuel,
                 .encoding = interp::Encoding::numbers,
                 .counts_uses = settings.optimize == Optimize::hot}),
      validator_(*module_),
      compiler_(is_guarded_),
      space_(fault_landing_address(), first_region_bytes(*module_)),
      optimized_(*module_, cells_.get()) {
  for (usize i = 0; i < module_->bodies.size(); ++i) {
    cells_[i].entry.store(lazy_entry(), std::memory_order_relaxed);
    cells_[i].calls_left.store(limits::calls_before_optimizing, std::memory_order_relaxed);
    cells_[i].iterations_left.store(limits::iterations_before_optimizing, std::memory_order_relaxed);
  }
}

ModuleCode::~ModuleCode() {
  cancelled_.store(true, std::memory_order_relaxed);
  if (settings_.background != nullptr) settings_.background->forget(*this);
}

void ModuleCode::compile(runtime::NativeCell& cell) {
  const FuncIndex function(u32(&cell - cells_.get()) + module_->imported_functions);
  if (settings_.optimize == Optimize::at_once) {
    if (runtime::OptimizingCompiler* const made = settings_.background->compiler()) optimize(*made, function, {});
  }
  const std::lock_guard lock(mutex_);
  // Another thread may have been faster, or another compiler.
  if (cell.entry.load(std::memory_order_relaxed) != lazy_entry()) return;
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
  return find_locked(pc);
}

const NativeFunction* ModuleCode::find_locked(const u8* pc) const {
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

// Optimizing

void ModuleCode::optimize(runtime::OptimizingCompiler& compiler, FuncIndex function, std::optional<u64> loop) {
  const Result<runtime::ObjectCode> code = compiler.compile({.module = *module_,
                                                             .layouts = layouts_,
                                                             .function = function,
                                                             .is_guarded = is_guarded_,
                                                             .osr_loop = loop,
                                                             .cancel = &cancelled_});
  if (!code) return;
  const std::lock_guard lock(mutex_);
  const Result<OptimizedCode::Entries> entries = optimized_.load(function, loop.has_value(), *code);
  if (!entries) return;
  if (loop) {
    progress_[function.value].loops[*loop] = entries->slots;
    return;
  }
  cell(function).registers.store(entries->registers, std::memory_order_release);
  cell(function).entry.store(entries->slots, std::memory_order_release);
}

ModuleCode::Hot ModuleCode::became_hot(const u8* pc) {
  const std::lock_guard lock(mutex_);
  const NativeFunction* const function = find_locked(pc);
  WISP_CHECK(function != nullptr);
  Progress& progress = progress_[function->function.value];
  Hot hot{.cell = &cell(function->function), .function = function};
  const u32 position = u32(pc - function->code);
  const auto loop = std::ranges::find(function->loops, position, &interp::Origin::word);
  if (loop == function->loops.end()) {
    hot.cell->calls_left.store(limits::uses_without_end, std::memory_order_relaxed);
    ask_for_function(function->function, progress);
  } else {
    hot.cell->iterations_left.store(limits::iterations_between_questions, std::memory_order_relaxed);
    hot.entry = hot_loop(*function, loop->offset, progress);
  }
  return hot;
}

void ModuleCode::ask_for_function(FuncIndex function, Progress& progress) {
  if (!progress.function_asked) settings_.background->enqueue({this, function, std::nullopt});
  progress.function_asked = true;
}

/// A function that is called again and again is better off if its next call is faster; one that has not been called
/// since its loop was last found hot needs to go on in that loop.
runtime::NativeEntry ModuleCode::hot_loop(const NativeFunction& function, u64 loop, Progress& progress) {
  const i32 calls_left = cell(function.function).calls_left.load(std::memory_order_relaxed);
  const bool is_same_call = progress.calls_seen == calls_left || calls_left == limits::calls_before_optimizing - 1;
  progress.calls_seen = calls_left;
  if (!is_same_call) {
    ask_for_function(function.function, progress);
    return nullptr;
  }
  const auto [asked, is_new] = progress.loops.try_emplace(loop, nullptr);
  if (is_new) settings_.background->enqueue({this, function.function, loop});
  return asked->second;
}

bool ModuleCode::contains_optimized(const u8* pc) const {
  const std::lock_guard lock(mutex_);
  return optimized_.contains(pc);
}

void ModuleCode::note_optimized(const runtime::VmContext& vm, const u8* pc, bool all) const {
  const std::lock_guard lock(mutex_);
  optimized_.note(vm, pc, all);
}

}  // namespace wisp::baseline
