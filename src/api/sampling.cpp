#include <map>
#include <memory>

#include "api/access.hpp"

namespace wisp {

namespace {

/// Samples in the words of the API; a name is looked up once.
class Describer {
 public:
  explicit Describer(std::function<void(const Sample&)> take) : take_(std::move(take)) {}

  void operator()(u64 intervals, std::span<const runtime::SampledCode> frames) {
    sample_.intervals = intervals;
    sample_.frames.clear();
    for (const runtime::SampledCode& code : frames) sample_.frames.push_back(described(code));
    take_(sample_);
  }

 private:
  struct Order {
    bool operator()(const runtime::SampledCode& a, const runtime::SampledCode& b) const {
      return std::tie(a.instance, a.function.value, a.kind) < std::tie(b.instance, b.function.value, b.kind);
    }
  };

  const SampledFrame& described(const runtime::SampledCode& code) {
    const auto [at, is_new] = known_.try_emplace(code);
    if (is_new) at->second = describe(code);
    return at->second;
  }

  static SampledFrame describe(const runtime::SampledCode& code) {
    SampledFrame frame{.kind = code.kind, .module = {}, .function = {}, .function_index = code.function.value};
    if (code.kind == FrameKind::host) {
      if (code.function == runtime::SampledCode::unknown) return frame;
      u32 number = code.function.value;
      for (const wasm::Import& import : code.instance->module().imports) {
        if (import.kind() != wasm::ExternKind::func || number-- != 0) continue;
        frame.module = import.module;
        frame.function = import.name;
        break;
      }
      return frame;
    }
    frame.module = module_name(*code.instance);
    frame.function = demangle(code.instance->loaded().function_name(code.function));
    return frame;
  }

  std::function<void(const Sample&)> take_;
  Sample sample_;
  std::map<runtime::SampledCode, SampledFrame, Order> known_;
};

}  // namespace

Result<void> Store::set_sampler(std::chrono::nanoseconds interval, std::function<void(const Sample&)> take) {
  const EngineState& engine = Access::state(state_->engine);
  if (!engine.config.sampled) return Error{ErrorCode::argument, 0, "guests of this engine cannot be sampled", {}};
  if (interval < shortest_sample_interval) {
    return Error{ErrorCode::argument, 0, "the interval between samples is shorter than 10 microseconds", {}};
  }
  auto describer = std::make_shared<Describer>(std::move(take));
  state_->store->set_sampler(
      [describer](u64 intervals, std::span<const runtime::SampledCode> frames) { (*describer)(intervals, frames); });
  state_->has_sampler = true;
  Access::state(state_->engine).timer.sample(state_->store->control(), interval);
  return {};
}

void Store::clear_sampler() {
  Access::state(state_->engine).timer.stop_sampling(*state_->store->control());
  state_->store->set_sampler({});
}

}  // namespace wisp
