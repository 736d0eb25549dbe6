#pragma once

#include <span>

#include "interp/function_code.hpp"
#include "runtime/tier.hpp"
#include "runtime/vm.hpp"

/// What frames say of themselves, and how they end that an exception or a trap leaves; the same for code of every kind.
namespace wisp::interp {

/// Adds a frame to the backtrace, as an address in its code; the middle of a long backtrace is left out.
void note_frame(const runtime::VmContext* vm, const void* pc);

/// The same for a place that is known.
void note_location(const runtime::VmContext& vm, const runtime::CodeLocation& location);

/// Takes the sample that the guest is asked for, if it is, at an address in its code. `frame` is the native frame of a
/// function that the code has left to.
void take_sample(const runtime::VmContext* vm, const void* pc, const runtime::NativeFrame* frame);

/// The clause that catches the exception at a position in the code, innermost first; null if there is none.
const CatchHandler* find_handler(const runtime::VmContext* vm, std::span<const TryRegion> regions,
                                 std::span<const CatchHandler> handlers, u32 position);

/// Puts what a clause catches into its slots; the exception is over.
void deliver(const runtime::VmContext* vm, const CatchHandler& handler, u64* frame);

}  // namespace wisp::interp
