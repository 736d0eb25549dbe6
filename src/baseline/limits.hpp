#pragma once

#include <chrono>

#include "base/int.hpp"

namespace wisp::baseline::limits {

/// Code memory that is mapped at once: distances in it have 31 bits. The first region of a module is made for its size.
inline constexpr u64 region_bytes = u64{1} << 30;
inline constexpr u64 first_region_bytes = 1024 * 1024;
/// Machine code that a byte of a module's code is expected to become; a guess too low costs another region.
inline constexpr u64 expansion = 16;

/// Code memory that is got ahead of code, once a module has used as much.
inline constexpr u64 prepared_bytes = u64{256} << 10;

/// Slots of a frame that may be in registers.
inline constexpr u32 pinnable_slots = 4096;

/// Calls of a function, or iterations of its loops, after which the optimizing compiler gets it; and iterations between
/// two questions whether it is done.
inline constexpr i32 calls_before_optimizing = 2'000;
inline constexpr i32 iterations_before_optimizing = 20'000;
inline constexpr i32 iterations_between_questions = 5'000;
/// Such questions in other loops of a function, of one of which there is code already, before another one gets its own.
inline constexpr u32 questions_between_loops = 64;
/// A counter that nobody is to be asked about any more.
inline constexpr i32 uses_without_end = 1 << 30;

/// Time without anything to compile after which what was compiled goes to the cache.
inline constexpr std::chrono::seconds idle_before_writing{2};

}  // namespace wisp::baseline::limits
