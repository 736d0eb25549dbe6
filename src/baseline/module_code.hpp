#pragma once

#include <map>
#include <mutex>

#include "baseline/background.hpp"
#include "baseline/code_names.hpp"
#include "baseline/compiler.hpp"
#include "baseline/optimized_code.hpp"
#include "interp/lower_function.hpp"
#include "runtime/code_cache.hpp"
#include "runtime/native.hpp"
#include "runtime/tier.hpp"

namespace wisp::baseline {

/// When functions get to the optimizing compiler.
enum class Optimize : u8 { never, hot, at_once };

/// The machine code of a module. Functions are compiled when they are first entered, and once more, by the optimizing
/// compiler, when they turn out to be hot.
class ModuleCode final : public runtime::ModuleCode {
 public:
  struct Settings {
    bool fuel = false;
    bool guard_pages = false;
    bool interruptible = true;
    bool sampled = false;
    Optimize optimize = Optimize::never;
    Background* background = nullptr;  // unless never
    /// Told when a guest begins and ends to wait for the compiler; may be empty.
    std::function<void(bool begins)> on_wait = nullptr;
    CodeObserver on_code = nullptr;
    /// Where the optimizing compiler's code is kept; may be null.
    std::shared_ptr<runtime::ModuleCache> cache = nullptr;
  };
  ModuleCode(std::shared_ptr<const wasm::Module> module, const Settings& settings);
  ~ModuleCode() override;

  const void* entry(FuncIndex function) override { return &cells_[function.value - module_->imported_functions]; }

  bool use(const std::shared_ptr<runtime::CodeSource>& source) override;
  /// The first time, sets off the preparing of what earlier processes called.
  void expect_calls() override;

  /// Compiles the function of the cell if nobody has yet.
  void compile(runtime::NativeCell& cell);
  /// Compiles what earlier processes called, before it is called here. In another thread.
  void prepare();
  FuncIndex function_of(const runtime::NativeCell& cell) const {
    return FuncIndex(u32(&cell - cells_.get()) + module_->imported_functions);
  }
  /// Of the module's functions, as `runtime::is_large` says.
  bool is_large(FuncIndex function) const;
  /// Compiles a function, or a loop of one that runs, well. Takes its time, in whatever thread.
  void optimize(runtime::OptimizingCompiler& compiler, const runtime::CodeUnit& unit);
  /// The unit is the next that `optimize` is called for.
  void begin(const runtime::CodeUnit& unit);
  /// It is not called for it: there is no compiler.
  void forget_begun();
  /// Writes what is new in the cache.
  void write_cache();

  /// A counter of uses has run out, at an address of a function. Where to go on instead, with all pins in their slots;
  /// null to go on as before.
  struct Hot {
    runtime::NativeEntry entry = nullptr;
    runtime::NativeCell* cell = nullptr;
    const NativeFunction* function = nullptr;
  };
  Hot became_hot(const u8* pc);

  /// The function that an address belongs to; null if it is none of the baseline's.
  const NativeFunction* find(const u8* pc) const;
  /// The byte offset in the module of the instruction at an address of a function. Compiles the function again to find
  /// out, once.
  u64 origin(const NativeFunction& function, const u8* pc);
  bool contains_optimized(const u8* pc) const;
  void note_optimized(const runtime::VmContext& vm, const u8* pc, bool all) const;
  /// Calls `add` with the functions that an instruction belongs to, innermost first; false if the code is not ours.
  bool for_each_optimized(const u8* pc, const std::function<void(FuncIndex)>& add) const;

 private:
  /// Where in the module the instructions come from, by position in the machine code.
  using Origins = std::vector<interp::Origin>;
  using Clock = std::chrono::steady_clock;
  /// How far a function has come on its way to the optimizing compiler.
  struct Progress {
    bool function_asked = false;
    Clock::time_point not_before = {};          // the compiler has tried for long, in vain so far
    i32 calls_seen = -1;                        // calls left when a loop was last found hot
    bool loop_asked = false;                    // and not answered
    u32 questions = 0;                          // in loops without code, since one was asked for
    std::map<u64, runtime::NativeEntry> loops;  // asked for; null until they are there
  };

  /// What it takes to compile functions, one after the other, and where their code is.
  struct Workshop {
    Workshop(const wasm::Module& module, const interp::LoweringContext& context, bool is_guarded);
    bool compile_into(CodeSpace& to, const interp::FunctionCode& slot_code, std::optional<CodeBlock>& block);
    std::unique_ptr<NativeFunction> compile(FuncIndex function);

    interp::Lowering lowering;
    wasm::BodyValidator<interp::Lowering> validator;
    Compiler compiler;
    CodeSpace space;
  };

  runtime::NativeCell& cell(FuncIndex function) { return cells_[function.value - module_->imported_functions]; }
  bool is_compiled(FuncIndex function);
  /// Lets a function be entered in this code from now on, if it has none.
  void install_locked(std::unique_ptr<NativeFunction> native);
  bool is_remembered() const { return settings_.cache != nullptr && settings_.optimize == Optimize::hot; }
  interp::LoweringContext lowering_context();
  void optimize_now(FuncIndex function);
  Origins origins_of(const NativeFunction& function);
  const NativeFunction* find_locked(const u8* pc) const;
  /// What the optimizing compiler made earlier.
  std::optional<runtime::ObjectCode> find_finished(const runtime::CodeUnit& unit);
  /// Lets the unit be entered in this code from now on; false if it cannot be used.
  bool install(const runtime::CodeUnit& unit, const runtime::ObjectCode& code);
  bool install_locked(const runtime::CodeUnit& unit, const runtime::ObjectCode& code);
  /// False if that is to wait.
  bool ask_for_function(FuncIndex function, Progress& progress);
  /// If the compiler has tried earlier and not come to an end, the guest has to run as long before it tries again.
  void postpone(const runtime::ObjectCode& unfinished, Progress& progress);
  runtime::NativeEntry hot_loop(const NativeFunction& function, u64 loop, Progress& progress);
  /// Null until it is there.
  runtime::NativeEntry code_of_loop(const runtime::CodeUnit& unit, Progress& progress);

  std::shared_ptr<const wasm::Module> module_;
  Settings settings_;
  bool is_guarded_;
  runtime::StructLayouts layouts_;
  CodeNames code_names_;
  std::unique_ptr<runtime::NativeCell[]> cells_;  // by FuncIndex minus the imported ones
  runtime::CallSites call_sites_;
  std::atomic<bool> cancelled_ = false;
  Clock::time_point loaded_ = Clock::now();

  std::shared_ptr<runtime::CodeSource> precompiled_;  // null if there is none

  std::once_flag expected_;                        // calls
  std::vector<FuncIndex> to_prepare_;              // written once, before `prepare`
  std::unique_ptr<Workshop> preparing_ = nullptr;  // its

  mutable std::mutex mutex_;                                        // for all below
  std::map<const u8*, std::unique_ptr<NativeFunction>> functions_;  // by first instruction
  std::map<const NativeFunction*, Origins> origins_;
  std::map<u32, Progress> progress_;  // by FuncIndex
  Workshop workshop_;
  OptimizedCode optimized_;
};

/// What cells hold before their functions are compiled.
runtime::NativeEntry lazy_entry();
/// Where compiled code goes on after a fault in a guest's memory.
const void* fault_landing_address();

}  // namespace wisp::baseline
