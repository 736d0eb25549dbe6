#pragma once

#include "runtime/vm.hpp"

/// What tiers call at the edges of guest code.
namespace wisp::runtime {

/// Whoever sets `interrupt` may do that at the same time.
void renew_entry_limit(Execution& execution);

/// Calls a function of the host. `slots` holds the parameters and receives the results; it lies below
/// `execution.stack_top`. `caller` is the context of the calling code. On `unwind`, `Execution::trap` is set.
Status call_host(VmContext& caller, Function& function, u64* slots);
/// How the call of an import ends that did not return and said `how`: a function of the host that was entered directly,
/// HostResult::unwind; anything else, its Status and HostResult::unwind on top.
Status import_left(VmContext& caller, u64 how);

/// The trap to end the guest with because `Execution::interrupt` is set; `none` if it has been cleared meanwhile.
TrapReason interruption(const Execution& execution);

/// Whether a non-null reference has the type, by its dynamic type.
/// https://webassembly.github.io/spec/core/exec/values.html
bool ref_matches(Ref ref, wasm::HeapType type);
inline bool ref_matches(Ref ref, wasm::ValType type) {
  return ref == null_ref ? type.nullable() : ref_matches(ref, type.heap());
}

}  // namespace wisp::runtime
