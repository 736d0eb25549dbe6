#include "baseline/baseline.hpp"

#include <algorithm>

#include "baseline/optimized_calls.hpp"
#include "runtime/instance.hpp"
#include "runtime/memory.hpp"
#include "runtime/store.hpp"

namespace wisp::baseline {
namespace {

using runtime::CodeLocation;
using runtime::Status;

class Baseline final : public runtime::Tier {
 public:
  explicit Baseline(BaselineConfig config) : config_(std::move(config)), background_(config_.make_compiler) {}

  bool catches_faults() const override { return config_.guard_pages; }

  std::unique_ptr<runtime::ModuleCode> load(std::shared_ptr<const wasm::Module> module) override {
    ModuleCode::Settings settings{.fuel = config_.fuel,
                                  .guard_pages = config_.guard_pages,
                                  .interruptible = config_.interruptible,
                                  .sampled = config_.sampled,
                                  .optimize = config_.fuel ? Optimize::never : config_.optimize,
                                  .background = &background_,
                                  .on_wait = config_.on_wait,
                                  .on_code = config_.on_code};
    if (config_.cache != nullptr && settings.optimize != Optimize::never) {
      settings.cache = config_.cache->open(module, config_.guard_pages && runtime::is_memory0_guarded(*module));
    }
    return std::make_unique<ModuleCode>(std::move(module), settings);
  }

  Status call(runtime::Execution& execution, runtime::Function& function, u64* slots) override {
    auto* const cell =
        static_cast<runtime::NativeCell*>(const_cast<void*>(function.code.load(std::memory_order_relaxed)));
    runtime::VmContext* const context = function.context;
    const runtime::MemoryView& view = *context->memory0;
    const RunningScope running(execution);
    const Status status = cell->entry.load(std::memory_order_acquire)(
        slots, context, view.base, view.size_bytes.load(std::memory_order_relaxed), cell);
    if (status != Status::returned) resolve(*execution.backtrace);
    return status;
  }

  runtime::SampledCode place(const runtime::VmContext& vm, const void* pc) override {
    const NativeFunction* const function = static_cast<ModuleCode*>(vm.code)->find(static_cast<const u8*>(pc));
    WISP_CHECK(function != nullptr);
    return {.instance = vm.instance, .function = function->function, .kind = FrameKind::baseline};
  }

  bool places(const runtime::Store& store, const u8* return_address,
              const std::function<void(const runtime::SampledCode&)>& add) override {
    return std::ranges::any_of(store.instances(), [&](const auto& instance) {
      const auto add_function = [&](FuncIndex function) {
        add({.instance = instance.get(), .function = function, .kind = FrameKind::optimized});
      };
      return static_cast<ModuleCode&>(instance->loaded().code()).for_each_optimized(return_address - 1, add_function);
    });
  }

 private:
  /// Frames were noted as addresses of machine code.
  static void resolve(std::vector<CodeLocation>& backtrace) {
    for (CodeLocation& location : backtrace) {
      if (location.address == nullptr) continue;
      auto& code = static_cast<ModuleCode&>(location.instance->loaded().code());
      const u8* const pc = static_cast<const u8*>(location.address);
      const NativeFunction* const function = code.find(pc);
      WISP_CHECK(function != nullptr);
      location.function = function->function;
      location.offset = code.origin(*function, pc);
    }
  }

  BaselineConfig config_;
  Background background_;
};

}  // namespace

std::unique_ptr<runtime::Tier> make_baseline(BaselineConfig config) {
  return std::make_unique<Baseline>(std::move(config));
}

}  // namespace wisp::baseline
