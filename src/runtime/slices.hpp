#pragma once

#include <algorithm>

#include "runtime/calls.hpp"
#include "runtime/limits.hpp"

namespace wisp::runtime {

/// Takes the fuel for a bulk operation on `total` units.
inline TrapReason take_bulk_fuel(Execution& execution, u64 total, u64 units_per_fuel) {
  if (!execution.fuel_enabled) return TrapReason::none;
  execution.fuel -= i64(total / units_per_fuel);
  return execution.fuel < 0 ? TrapReason::out_of_fuel : TrapReason::none;
}

/// Does a bulk operation in parts: `step(begin, count)` for parts of [0, total), from the end if `backwards`. Between
/// two parts the guest can be stopped.
template <class Step>
TrapReason in_slices(const Execution& execution, u64 total, u64 slice, bool backwards, Step step) {
  for (u64 done = 0; done < total;) {
    const u64 count = std::min(slice, total - done);
    step(backwards ? total - done - count : done, count);
    done += count;
    if (done == total) break;
    if (const TrapReason reason = interruption(execution); reason != TrapReason::none) [[unlikely]]
      return reason;
  }
  return TrapReason::none;
}

/// The same for bytes and for elements, with their fuel.
template <class Step>
TrapReason in_byte_slices(Execution& execution, u64 total, bool backwards, Step step) {
  const TrapReason reason = take_bulk_fuel(execution, total, limits::bytes_per_fuel);
  return reason != TrapReason::none ? reason : in_slices(execution, total, limits::slice_bytes, backwards, step);
}
template <class Step>
TrapReason in_element_slices(Execution& execution, u64 total, bool backwards, Step step) {
  const TrapReason reason = take_bulk_fuel(execution, total, limits::elements_per_fuel);
  return reason != TrapReason::none ? reason : in_slices(execution, total, limits::slice_elements, backwards, step);
}

}  // namespace wisp::runtime
