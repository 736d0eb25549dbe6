#include "interp/unwinding.hpp"

#include "interp/limits.hpp"
#include "runtime/objects.hpp"
#include "runtime/store.hpp"
#include "runtime/tier.hpp"

namespace wisp::interp {

using runtime::Ref;
using runtime::VmContext;

void note_frame(const VmContext* vm, const void* pc) {
  note_location(*vm, {.instance = vm->instance, .function = {}, .address = pc});
}

void note_location(const VmContext& vm, const runtime::CodeLocation& location) {
  std::vector<runtime::CodeLocation>* const backtrace = vm.execution->backtrace;
  if (backtrace->size() == limits::backtrace_frames) {
    backtrace->erase(backtrace->begin() + limits::backtrace_frames / 2);
  }
  backtrace->push_back(location);
}

void take_sample(const VmContext* vm, const void* pc, const runtime::NativeFrame* frame) {
  const runtime::Execution& execution = *vm->execution;
  if (!runtime::is_sample_due(execution)) return;
  execution.sampler->take(execution.store->tier().place(*vm, pc), frame);
}

const CatchHandler* find_handler(const VmContext* vm, std::span<const TryRegion> regions,
                                 std::span<const CatchHandler> handlers, u32 position) {
  const auto* exception = reinterpret_cast<const runtime::ExceptionObject*>(vm->execution->exception);
  for (const TryRegion& region : regions) {
    if (position < region.begin || position >= region.end) continue;
    for (u32 i = region.first; i < region.first + region.count; ++i) {
      const CatchHandler& handler = handlers[i];
      const bool has_tag =
          handler.kind == wasm::CatchClause::Kind::catch_ || handler.kind == wasm::CatchClause::Kind::catch_ref;
      if (!has_tag || vm->tags[handler.tag.value] == exception->tag) return &handler;
    }
  }
  return nullptr;
}

void deliver(const VmContext* vm, const CatchHandler& handler, u64* frame) {
  using Kind = wasm::CatchClause::Kind;
  const Ref reference = vm->execution->exception;
  const auto* exception = reinterpret_cast<const runtime::ExceptionObject*>(reference);
  u64* slot = frame + handler.slot;
  if (handler.kind == Kind::catch_ || handler.kind == Kind::catch_ref) {
    const u32 count = runtime::slot_count(exception->tag->type->func.params);
    for (u32 i = 0; i < count; ++i) *slot++ = exception->slots()[i];
  }
  if (handler.kind == Kind::catch_ref || handler.kind == Kind::catch_all_ref) *slot = reference;
  vm->execution->exception = runtime::null_ref;
  vm->execution->backtrace->clear();
}

}  // namespace wisp::interp
