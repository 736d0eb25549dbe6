#pragma once

#include "base/int.hpp"

namespace wisp::llvm_tier::limits {

/// The largest body that is compiled, in instructions as BodyFacts counts them: LLVM takes more than linear time for
/// some. The evaluation loop of CPython has 52,000.
inline constexpr u32 body_instructions = 100'000;
/// Values of locals and operands that ways may bring to where they meet. LLVM may need 50 bytes for each; the largest
/// functions of CPython and Perl have a million at most.
inline constexpr u64 merged_values = 8'000'000;
/// After optimization, as many of them for which it is worth looking for registers in common: the time for that grows
/// faster. The largest functions of Perl have 100,000.
inline constexpr u64 coalesced_values = 150'000;
/// Bytes that one instruction fills or copies without anybody being able to interrupt it.
inline constexpr u64 moved_bytes = 64 * 1024;
/// Native stack that the code of one function may take for a frame, in bytes: below what is kept free for host
/// functions.
inline constexpr u32 native_frame_bytes = 64 * 1024;
/// Processor time that may go into the optimization of one function.
inline constexpr u64 optimization_ns = 10'000'000'000;
/// Blocks in front of a load in which it is looked for another access to the same place.
inline constexpr u32 searched_blocks = 50;
/// Blocks of a loop that are looked at for where in the module it is.
inline constexpr usize located_blocks = 50;
/// A function of more blocks is prepared for the selection of instructions once, and then only where that changed it.
inline constexpr u32 often_prepared_blocks = 1'000;
/// Turns of an innermost loop that nobody has to be able to interrupt.
inline constexpr u32 unchecked_turns = 4096;
/// Loops that read no memory, of so many instructions at most, are written so many times in a row, for one check.
inline constexpr u32 check_unroll_instructions = 24;
inline constexpr u32 check_unroll = 4;
/// Loops that are written a second time, for when nothing in them can fault: instructions, accesses, and bytes between
/// two turns; and turns beyond which the second form is not taken.
inline constexpr u32 bounded_loop_instructions = 100;
inline constexpr usize bounded_loop_accesses = 10;
inline constexpr u64 bounded_step_bytes = 1 << 20;
inline constexpr u64 bounded_turns = u64{1} << 33;
/// Distance of stores in successive turns, in elements, up to which a loop is worth vectorizing.
inline constexpr u32 regular_stride = 4;
/// Bodies that may be offered to the inliner: instructions of one, of all for one function, and values that may meet in
/// one.
inline constexpr u32 inline_instructions = 160;
inline constexpr u32 inline_total_instructions = 4'000;
inline constexpr u64 inline_merged_values = 10'000;
/// Functions that a call through a table is compared with, before it is made in the general way.
inline constexpr u32 likely_callees = 4;
/// A body of so few instructions is part of whatever calls it, though it may be long in machine code: a call of the
/// host is, with all that can come of it.
inline constexpr u32 always_inline_instructions = 24;
/// A function that calls itself becomes part of itself so many times, as long as it has no more instructions than that
/// with all of them.
inline constexpr u32 unrolled_calls = 4;
inline constexpr u32 unrolled_call_instructions = 800;
/// A return of so many instructions is written once for each way to it.
inline constexpr u32 split_return_instructions = 6;
/// Instructions that lead to a jump through a table and are repeated wherever a turn of the loop ends, and how often.
inline constexpr u32 dispatch_instructions = 24;
inline constexpr u32 dispatch_copies = 1'000;
/// Calls of calls of … that are offered.
inline constexpr u32 inline_depth = 4;

}  // namespace wisp::llvm_tier::limits
