#include "baseline/module_code.hpp"

#include <algorithm>

#include "baseline/limits.hpp"
#include "runtime/code_identity.hpp"
#include "runtime/memory.hpp"

namespace wisp::baseline {

namespace {

usize first_region_bytes(const wasm::Module& module) {
  return std::max<usize>(limits::first_region_bytes, module.code_section_size_bytes * limits::expansion);
}

}  // namespace

ModuleCode::ModuleCode(std::shared_ptr<const wasm::Module> module, const Settings& settings)
    : module_(std::move(module)),
      settings_(settings),
      is_guarded_(settings.guard_pages && runtime::is_memory0_guarded(*module_)),
      layouts_(*module_),
      code_names_(*module_, settings.on_code),
      cells_(std::make_unique<runtime::NativeCell[]>(module_->bodies.size())),
      workshop_(*module_, lowering_context(), is_guarded_),
      optimized_(*module_, cells_.get(), code_names_) {
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

interp::LoweringContext ModuleCode::lowering_context() {
  const bool is_counted = settings_.optimize == Optimize::hot;
  return {.module = *module_,
          .layouts = layouts_,
          .cells = cells_.get(),
          .cell_bytes = sizeof(runtime::NativeCell),
          .fuel = settings_.fuel,
          .encoding = interp::Encoding::numbers,
          .counts_uses = is_counted,
          .interruptible = settings_.interruptible,
          .linked_calls = settings_.sampled || settings_.on_code,
          .call_sites = is_counted ? &call_sites_ : nullptr};
}

// Compiling

ModuleCode::Workshop::Workshop(const wasm::Module& module, const interp::LoweringContext& context, bool is_guarded)
    : lowering(context),
      validator(module),
      compiler(is_guarded),
      space(fault_landing_address(), first_region_bytes(module)) {}

std::unique_ptr<NativeFunction> ModuleCode::Workshop::compile(FuncIndex function) {
  const interp::FunctionCode slot_code = lower_function(validator, lowering, function);
  std::optional<CodeBlock> block;
  WISP_CHECK(compile_into(space, slot_code, block));
  space.keep(compiler.size_bytes());
  return std::make_unique<NativeFunction>(compiler.take(slot_code));
}

bool ModuleCode::Workshop::compile_into(CodeSpace& to, const interp::FunctionCode& slot_code,
                                        std::optional<CodeBlock>& block) {
  for (u64 size = Compiler::estimate(u32(slot_code.words.size())); size <= limits::region_bytes; size *= 2) {
    block = to.room(u32(size));
    if (!block) return false;
    if (compiler.compile(slot_code, *block)) return true;
  }
  return false;
}

bool ModuleCode::is_large(FuncIndex function) const {
  return runtime::is_large(*module_, function);
}

bool ModuleCode::is_compiled(FuncIndex function) {
  return cell(function).entry.load(std::memory_order_relaxed) != lazy_entry();
}

void ModuleCode::install_locked(std::unique_ptr<NativeFunction> native) {
  const FuncIndex function = native->function;
  // Another thread may have been faster, or another compiler.
  if (is_compiled(function)) return;
  const u8* const code = native->code;
  code_names_.tell(function, "baseline", {code, native->size_bytes});
  functions_.emplace(code, std::move(native));
  cell(function).entry.store(reinterpret_cast<runtime::NativeEntry>(const_cast<u8*>(code)), std::memory_order_release);
}

void ModuleCode::compile(runtime::NativeCell& cell) {
  const FuncIndex function = function_of(cell);
  if (is_remembered()) settings_.cache->note_called(function);
  const std::optional<runtime::ObjectCode> finished = find_finished({function});
  if (finished && install({function}, *finished)) return;
  const bool is_in_vain = finished && finished->tried == runtime::ObjectCode::in_vain;
  if (settings_.optimize == Optimize::at_once && !is_in_vain) optimize_now(function);
  const std::lock_guard lock(mutex_);
  if (finished && finished->object.empty()) postpone(*finished, progress_[function.value]);
  if (!is_compiled(function)) install_locked(workshop_.compile(function));
}

void ModuleCode::expect_calls() {
  if (!is_remembered()) return;
  std::call_once(expected_, [this] {
    to_prepare_ = settings_.cache->called_earlier();
    if (!to_prepare_.empty()) settings_.background->enqueue({this, std::nullopt});
  });
}

void ModuleCode::prepare() {
  preparing_ = std::make_unique<Workshop>(*module_, lowering_context(), is_guarded_);
  for (const FuncIndex function : to_prepare_) {
    if (cancelled_.load(std::memory_order_relaxed)) return;
    if (is_compiled(function)) continue;
    const std::optional<runtime::ObjectCode> finished = find_finished({function});
    if (finished && install({function}, *finished)) continue;
    std::unique_ptr<NativeFunction> native = preparing_->compile(function);
    const std::lock_guard lock(mutex_);
    if (finished && finished->object.empty()) postpone(*finished, progress_[function.value]);
    install_locked(std::move(native));
  }
}

void ModuleCode::optimize_now(FuncIndex function) {
  runtime::OptimizingCompiler* const compiler = settings_.background->compiler();
  if (compiler == nullptr) return;
  if (settings_.on_wait) settings_.on_wait(true);
  optimize(*compiler, {function});
  if (settings_.on_wait) settings_.on_wait(false);
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
  workshop_.lowering.record_origins(&origins);
  const interp::FunctionCode slot_code = lower_function(workshop_.validator, workshop_.lowering, function.function);
  workshop_.lowering.record_origins(nullptr);
  CodeSpace scratch(nullptr, 0);
  std::optional<CodeBlock> block;
  WISP_CHECK(workshop_.compile_into(scratch, slot_code, block));
  for (interp::Origin& origin : origins) origin.word = workshop_.compiler.position_of(origin.word);
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

bool ModuleCode::use(const std::shared_ptr<runtime::CodeSource>& source) {
  // What is kept can be interrupted, and not sampled.
  if (settings_.optimize == Optimize::never || !settings_.interruptible || settings_.sampled) return false;
  precompiled_ = source;
  return true;
}

std::optional<runtime::ObjectCode> ModuleCode::find_finished(const runtime::CodeUnit& unit) {
  if (settings_.optimize == Optimize::never) return std::nullopt;
  std::optional<runtime::ObjectCode> code;
  if (precompiled_ != nullptr) code = precompiled_->find(unit);
  if (!code && settings_.cache != nullptr) code = settings_.cache->find(unit);
  return code;
}

void ModuleCode::optimize(runtime::OptimizingCompiler& compiler, const runtime::CodeUnit& unit) {
  const Result<runtime::ObjectCode> code = compiler.compile({.module = *module_,
                                                             .layouts = layouts_,
                                                             .function = unit.function,
                                                             .is_guarded = is_guarded_,
                                                             .interruptible = settings_.interruptible,
                                                             .sampled = settings_.sampled,
                                                             .osr_loop = unit.loop,
                                                             .call_sites = &call_sites_,
                                                             .cancel = &cancelled_});
  const bool is_usable = code.ok() && install(unit, *code);
  if (unit.loop) {
    const std::lock_guard lock(mutex_);
    progress_[unit.function.value].loop_asked = false;
  }
  if (settings_.cache == nullptr || cancelled_.load(std::memory_order_relaxed)) return;
  // The compiler may be of another build than the rest, and what it made or tried says nothing to the next process.
  if (compiler.identity() != runtime::code_identity()) return forget_begun();
  // That it gave up, after a long time perhaps, is worth knowing too.
  runtime::ObjectCode nothing;
  nothing.tried = runtime::ObjectCode::in_vain;
  nothing.bodies.push_back(unit.function);
  settings_.cache->store(unit, is_usable ? *code : nothing);
}

bool ModuleCode::install(const runtime::CodeUnit& unit, const runtime::ObjectCode& code) {
  const std::lock_guard lock(mutex_);
  return install_locked(unit, code);
}

bool ModuleCode::install_locked(const runtime::CodeUnit& unit, const runtime::ObjectCode& code) {
  const Result<OptimizedCode::Entries> entries = optimized_.load(unit.function, unit.loop.has_value(), code);
  if (!entries) return false;
  if (unit.loop) {
    progress_[unit.function.value].loops[*unit.loop] = entries->slots;
    return true;
  }
  cell(unit.function).registers.store(entries->registers, std::memory_order_release);
  cell(unit.function).entry.store(entries->slots, std::memory_order_release);
  return true;
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
    const bool is_asked = ask_for_function(function->function, progress);
    hot.cell->calls_left.store(is_asked ? limits::uses_without_end : limits::calls_before_optimizing,
                               std::memory_order_relaxed);
  } else {
    hot.cell->iterations_left.store(limits::iterations_between_questions, std::memory_order_relaxed);
    hot.entry = hot_loop(*function, loop->offset, progress);
  }
  return hot;
}

bool ModuleCode::ask_for_function(FuncIndex function, Progress& progress) {
  if (Clock::now() < progress.not_before) return false;
  if (!progress.function_asked) settings_.background->enqueue({this, runtime::CodeUnit{function}});
  progress.function_asked = true;
  return true;
}

void ModuleCode::postpone(const runtime::ObjectCode& unfinished, Progress& progress) {
  progress.not_before = std::max(progress.not_before, loaded_ + unfinished.tried);
}

void ModuleCode::begin(const runtime::CodeUnit& unit) {
  if (settings_.cache != nullptr) settings_.cache->begin(unit);
}

void ModuleCode::forget_begun() {
  if (settings_.cache != nullptr) settings_.cache->forget_begun();
}

void ModuleCode::write_cache() {
  if (settings_.cache != nullptr) settings_.cache->write();
}

/// A function that is called again and again is better off if its next call is faster; one that has not been called
/// since its loop was last found hot needs to go on in that loop.
runtime::NativeEntry ModuleCode::hot_loop(const NativeFunction& function, u64 loop, Progress& progress) {
  const i32 calls_left = cell(function.function).calls_left.load(std::memory_order_relaxed);
  const bool is_only_call = calls_left == limits::calls_before_optimizing - 1;
  const i32 seen = std::exchange(progress.calls_seen, calls_left);
  // The next time it will be known which of the two it is, and before that it is not worth seconds.
  if (seen == -1 && !is_only_call && is_large(function.function)) return nullptr;
  if (seen != calls_left && !is_only_call) {
    ask_for_function(function.function, progress);
    return nullptr;
  }
  const runtime::NativeEntry code = code_of_loop({function.function, loop}, progress);
  // That of a large function was made in haste, and the next call is to find better code.
  if (is_large(function.function)) ask_for_function(function.function, progress);
  return code;
}

runtime::NativeEntry ModuleCode::code_of_loop(const runtime::CodeUnit& unit, Progress& progress) {
  if (const auto asked = progress.loops.find(*unit.loop); asked != progress.loops.end()) return asked->second;
  // Whoever is in a loop comes by another one of the function, most likely, and goes on in that one's code.
  if (progress.loop_asked || (!progress.loops.empty() && ++progress.questions < limits::questions_between_loops)) {
    return nullptr;
  }
  if (Clock::now() < progress.not_before) return nullptr;
  const std::optional<runtime::ObjectCode> finished = find_finished(unit);
  if (finished && install_locked(unit, *finished)) return progress.loops[*unit.loop];
  if (finished && finished->object.empty()) postpone(*finished, progress);
  if (Clock::now() < progress.not_before) return nullptr;
  progress.loops[*unit.loop] = nullptr;
  progress.loop_asked = true;
  progress.questions = 0;
  settings_.background->enqueue({this, unit});
  return nullptr;
}

bool ModuleCode::contains_optimized(const u8* pc) const {
  const std::lock_guard lock(mutex_);
  return optimized_.contains(pc);
}

bool ModuleCode::for_each_optimized(const u8* pc, const std::function<void(FuncIndex)>& add) const {
  const std::lock_guard lock(mutex_);
  return optimized_.for_each(pc, true, [&](const runtime::CodeOrigin& origin) { add(origin.function); });
}

void ModuleCode::note_optimized(const runtime::VmContext& vm, const u8* pc, bool all) const {
  const std::lock_guard lock(mutex_);
  optimized_.note(vm, pc, all);
}

}  // namespace wisp::baseline
