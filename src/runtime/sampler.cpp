#include "runtime/sampler.hpp"

#include <algorithm>

#include "runtime/limits.hpp"
#include "runtime/store.hpp"

namespace wisp::runtime {

namespace {

/// What is beyond the limit goes round in the second half, until it is known how much there is.
constexpr usize half = limits::sampled_frames / 2;

}  // namespace

void Sampler::add(const SampledCode& code) {
  if (frames_.size() < limits::sampled_frames) return frames_.push_back(code);
  frames_[half + left_out_++ % half] = code;
}

void Sampler::add(const ActiveCall& call) {
  if (call.host == nullptr) return add(store_.tier().place(*call.vm, call.pc));
  SampledCode code{.instance = call.vm->instance, .kind = FrameKind::host};
  const u32 imported = code.instance == nullptr ? 0 : code.instance->module().imported_functions;
  for (u32 i = 0; i < imported; ++i) {
    if (call.vm->functions[i] == call.host) code.function = FuncIndex(i);
  }
  add(code);
}

bool Sampler::is_due() const {
  // Both are asked: between them, the guest may have said already what it was asked for. Then there is nothing to
  // report, but the flag is to be taken back.
  const StoreControl& control = *store_.control();
  return control.samples_due.load(std::memory_order_relaxed) != 0 ||
         control.execution.interrupt.load(std::memory_order_relaxed) == u32(Interruption::sample);
}

void Sampler::take(const std::optional<SampledCode>& innermost, const NativeFrame* frame) {
  StoreControl& control = *store_.control();
  frames_.clear();
  left_out_ = 0;
  if (innermost) add(*innermost);
  const auto add_code = [this](const SampledCode& code) { add(code); };
  const ActiveCall* call = control.execution.calls;
  while (true) {
    if (frame != nullptr && store_.tier().places(store_, frame->return_address, add_code)) {
      frame = frame->caller;
    } else if (call != nullptr) {
      add(*call);
      frame = call->frame;
      call = call->outer;
    } else {
      break;
    }
  }
  if (left_out_ != 0) {
    const std::span second_half = std::span(frames_).subspan(half);
    std::ranges::rotate(second_half, second_half.begin() + std::ptrdiff_t(left_out_ % half));
  }
  const u64 intervals = control.finish_sample();
  if (intervals != 0) take_(intervals, frames_);
}

}  // namespace wisp::runtime
