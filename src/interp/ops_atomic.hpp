#pragma once

#include "interp/ops_memory.hpp"

/// Bodies of the atomic memory instructions, but for wait and notify.
/// https://github.com/WebAssembly/threads
namespace wisp::interp {

/// The bytes of an atomic access; bases are page-aligned, so the pointer tells the alignment.
#define WISP_LOCATE_ATOMIC(at)                                                    \
  using Raw = typename Semantics::Raw;                                            \
  u8* const wisp_bytes = locate_any<(variant & 1) != 0>(s, sizeof(Raw));          \
  WISP_TRAP_IF(wisp_bytes == nullptr, TrapReason::memory_out_of_bounds);          \
  WISP_TRAP_IF(u64(wisp_bytes) % sizeof(Raw) != 0, TrapReason::unaligned_atomic); \
  Raw* const at = reinterpret_cast<Raw*>(wisp_bytes)

template <class Semantics, u32 variant>
WISP_HANDLER atomic_load(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_LOCATE_ATOMIC(at);
  result<true>(s, typename Semantics::R(__atomic_load_n(at, __ATOMIC_SEQ_CST)));
  WISP_NEXT(3);
}

template <class Semantics, u32 variant>
WISP_HANDLER atomic_store(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_LOCATE_ATOMIC(at);
  __atomic_store_n(at, Raw(operand<Place::slot, typename Semantics::R, 0>(s)), __ATOMIC_SEQ_CST);
  WISP_NEXT(3);
}

template <class Semantics, u32 variant>
WISP_HANDLER atomic_rmw(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_LOCATE_ATOMIC(at);
  const Raw value = Raw(operand<Place::slot, typename Semantics::R, 3>(s));
  result<true>(s, typename Semantics::R(Semantics::exchange(at, value)));
  WISP_NEXT(3);
}

/// The expected value is wrapped to the width: https://github.com/WebAssembly/threads/issues/195.
template <class Semantics, u32 variant>
WISP_HANDLER atomic_cmpxchg(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using R = typename Semantics::R;
  WISP_LOCATE_ATOMIC(at);
  Raw found = Raw(operand<Place::slot, R, 3>(s));
  const Raw replacement = Raw(load_slot<R>(slot_of_word(s, 3)));
  __atomic_compare_exchange_n(at, &found, replacement, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  result<true>(s, R(found));
  WISP_NEXT(4);
}

template <u32 variant>
WISP_HANDLER atomic_fence(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  WISP_NEXT(2);
}

}  // namespace wisp::interp
