#include "interp/interpreter.hpp"

#include "interp/module_code.hpp"
#include "interp/ops_calls.hpp"
#include "runtime/instance.hpp"

namespace wisp::interp {

namespace {

class Interpreter final : public runtime::Tier {
 public:
  explicit Interpreter(const InterpreterConfig& config) : config_(config) {}

  std::unique_ptr<runtime::ModuleCode> load(std::shared_ptr<const wasm::Module> module) override {
    return std::make_unique<ModuleCode>(std::move(module), config_.fuel, config_.linked_calls);
  }

  Status call(Execution& execution, Function& function, u64* slots) override {
    const Word* const code = cell_of(&function)->load(std::memory_order_acquire);
    VmContext* const context = function.context;
    const MemoryView& view = *context->memory0;
    const Status status =
        handler_at(code)(code, slots, context, view.base, view.size_bytes.load(std::memory_order_relaxed), 0, Vector{});
    if (status != Status::returned) resolve(*execution.backtrace);
    return status;
  }

  runtime::SampledCode place(const VmContext& vm, const void* pc) override {
    const FunctionCode* const function = static_cast<ModuleCode*>(vm.code)->find(static_cast<const Word*>(pc));
    WISP_CHECK(function != nullptr);
    return {.instance = vm.instance, .function = function->function, .kind = FrameKind::interpreted};
  }

 private:
  /// Frames were noted as addresses of slot code, since they are many where a recursion ran away.
  static void resolve(std::vector<runtime::CodeLocation>& backtrace) {
    for (runtime::CodeLocation& location : backtrace) {
      auto& code = static_cast<ModuleCode&>(location.instance->loaded().code());
      const Word* const pc = static_cast<const Word*>(location.address);
      const FunctionCode* const function = code.find(pc);
      WISP_CHECK(function != nullptr);
      location.function = function->function;
      location.offset = code.origin(*function, pc);
    }
  }

  InterpreterConfig config_;
};

}  // namespace

std::unique_ptr<runtime::Tier> make_interpreter(const InterpreterConfig& config) {
  return std::make_unique<Interpreter>(config);
}

}  // namespace wisp::interp
