#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "wisp/sample.hpp"

#include "runtime/vm.hpp"

/// How it is found out where a guest is while it goes on.
namespace wisp::runtime {

class Store;

/// What the frame pointer of native code points to.
struct NativeFrame {
  const NativeFrame* caller;
  const u8* return_address;
};

/// A call that is under way: one that interpreted or baseline code makes, if it was made to be sampled, or one of a
/// function of the host. On the native stack, so that the calls of a store are a list.
struct ActiveCall {
  const ActiveCall* outer;
  const VmContext* vm;  // of the calling code
  const void* pc;       // the calling instruction, as the tier counts; null if the callee is of the host
  const Function* host;
  const NativeFrame* frame;  // of the calling code
};

/// A frame of a sample. The function is the callee's, or the number of the import that it is of the host.
struct SampledCode {
  static constexpr FuncIndex unknown{~u32{0}};

  const Instance* instance = nullptr;
  FuncIndex function = unknown;
  FrameKind kind = FrameKind::interpreted;
};

/// Gathers where a store's guests are, in their own thread.
class Sampler {
 public:
  using Take = std::function<void(u64 intervals, std::span<const SampledCode> frames)>;
  Sampler(Store& store, Take take) : store_(store), take_(std::move(take)) {}

  /// Whether the guest has been asked for one.
  bool is_due() const;
  /// Takes a sample: `innermost`, if the guest is at work in it, and what has called it. `frame` is the native frame of
  /// a function that stands in for the innermost code, and so was called by what called that; null in a function of the
  /// host, whose call is under way.
  void take(const std::optional<SampledCode>& innermost, const NativeFrame* frame);

 private:
  void add(const SampledCode& code);
  void add(const ActiveCall& call);

  Store& store_;
  Take take_;
  std::vector<SampledCode> frames_;
  usize left_out_ = 0;
};

/// Also when the guest is to stop: then it is its last one.
inline bool is_sample_due(const Execution& execution) {
  return execution.sampler != nullptr && execution.sampler->is_due();
}

/// The native frame of the function that this stands in; with it, the function has one.
#define WISP_NATIVE_FRAME() (static_cast<const ::wisp::runtime::NativeFrame*>(__builtin_frame_address(0)))

}  // namespace wisp::runtime
