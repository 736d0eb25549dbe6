#include "runtime/calls.hpp"

#include <utility>

#include "runtime/objects.hpp"
#include "runtime/sampler.hpp"

namespace wisp::runtime {
namespace {

/// Calls a function of the host in which a sample finds the guest. What it is asked for meanwhile, it says at the end.
[[gnu::noinline]] abi::HostResult call_seen(const ActiveCall& call, abi::CallingInstance& caller, u64* slots) {
  Execution& execution = *call.vm->execution;
  execution.calls = &call;
  const abi::HostResult result = call.host->host.entry(call.host->host_context, caller, slots);
  if (is_sample_due(execution)) execution.sampler->take(std::nullopt, nullptr);
  execution.calls = call.outer;
  return result;
}

/// After a function of the host said that the guest must not go on: notes why.
Status host_unwound(VmContext& caller) {
  using Kind = abi::Unwind::Kind;
  Execution& execution = *caller.execution;
  execution.unwind = std::exchange(execution.host_unwind, {});
  switch (execution.unwind.kind) {
    case Kind::exit:
      execution.trap = TrapReason::exit;
      break;
    case Kind::trap:
      execution.trap = TrapReason::host;
      break;
    case Kind::interrupted:
      execution.trap = interruption(execution);
      if (execution.trap == TrapReason::none) execution.trap = TrapReason::interrupted;
      break;
    case Kind::none:
      // The host function let the end of a guest that it called itself be its own.
      if (execution.trap == TrapReason::none && execution.exception != null_ref) return Status::exception;
      if (execution.trap == TrapReason::none) execution.trap = TrapReason::host;
      break;
  }
  return Status::unwind;
}

}  // namespace

Status import_left(VmContext& caller, u64 how) {
  constexpr auto unwind = u64(abi::HostResult::unwind);
  return how == unwind ? host_unwound(caller) : Status(how - unwind);
}

Status call_host(VmContext& caller, Function& function, u64* slots) {
  Execution& execution = *caller.execution;
  if (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < execution.native_stack_limit) [[unlikely]] {
    execution.trap = TrapReason::stack_overflow;
    return Status::unwind;
  }
  const abi::HostResult result =
      execution.sampler == nullptr
          ? function.host.entry(function.host_context, caller.calling, slots)
          : call_seen({execution.calls, &caller, nullptr, &function, WISP_NATIVE_FRAME()}, caller.calling, slots);
  return result == abi::HostResult::returned ? Status::returned : host_unwound(caller);
}

void renew_entry_limit(Execution& execution) {
  execution.entry_limit.store(execution.native_stack_limit);
  if (execution.interrupt.load() != 0) execution.entry_limit.store(~uintptr_t{0});
}

TrapReason interruption(const Execution& execution) {
  switch (Interruption(execution.interrupt.load())) {
    case Interruption::none:
    case Interruption::sample:
      return TrapReason::none;
    case Interruption::requested:
      return TrapReason::interrupted;
    case Interruption::deadline:
      return TrapReason::deadline;
  }
  return TrapReason::interrupted;
}

bool ref_matches(Ref ref, wasm::HeapType type) {
  using wasm::HeapKind;
  const bool is_object = !is_i31(ref);
  if (const wasm::DefType* defined = type.type()) {
    if (defined->kind == wasm::DefType::Kind::func) {
      return reinterpret_cast<const Function*>(ref)->type->is_subtype_of(defined);
    }
    const wasm::DefType* actual = is_object ? object_of(ref)->type : nullptr;
    return actual != nullptr && actual->is_subtype_of(defined);
  }
  const auto is_kind = [&](GcObject::Kind kind) { return is_object && object_of(ref)->kind == kind; };
  switch (type.kind()) {
    case HeapKind::func:
    case HeapKind::extern_:
    case HeapKind::any:
    case HeapKind::exn:
      return true;  // the static type says which hierarchy it is of
    case HeapKind::eq:
      return !is_kind(GcObject::Kind::host);
    case HeapKind::i31:
      return !is_object;
    case HeapKind::struct_:
      return is_kind(GcObject::Kind::struct_);
    case HeapKind::array:
      return is_kind(GcObject::Kind::array);
    case HeapKind::none:
    case HeapKind::nofunc:
    case HeapKind::noextern:
    case HeapKind::noexn:
    case HeapKind::bottom:
      return false;
  }
  return false;
}

}  // namespace wisp::runtime
