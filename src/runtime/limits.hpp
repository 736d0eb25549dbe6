#pragma once

#include <chrono>

#include "base/int.hpp"

namespace wisp::runtime::limits {

/// Address space behind a 32-bit memory in guard-page mode: index and offset are 32 bits each, so base + index + offset
/// stays below 8 GiB; the guard behind it takes the width of the access.
inline constexpr u64 guarded_reservation_bytes = u64{8} << 30;
inline constexpr u64 guard_bytes = 64 * 1024;
/// The largest 32-bit memory.
inline constexpr u64 memory32_bytes = u64{4} << 30;
/// The largest 64-bit memory: its address space is reserved when it is created, so that it never moves.
inline constexpr u64 memory64_bytes = u64{64} << 30;

/// A memory's image is copied up to this size, and beyond it shown page by page: below it, copying all of it is cheaper
/// than the faults of the few pages that are written to.
inline constexpr u64 copied_image_bytes = 128 * 1024;
/// A memory of so many bytes gets large pages, if data segments fill at least such a part of it.
inline constexpr u64 large_page_memory_bytes = u64{4} << 20;
inline constexpr u64 large_page_sparseness = 2;
/// The images of a module together, and how many times larger than its data segments they may be.
inline constexpr u64 image_bytes = u64{64} << 20;
inline constexpr u64 image_sparseness = 4;
/// Up to this size, cleaning all of an idle slot is cheaper than asking the host what was written.
inline constexpr u64 cleared_whole_bytes = 128 * 1024;
/// Memory that one idle slot keeps; beyond it, all goes back to the host.
inline constexpr u64 resident_slot_bytes = u64{16} << 20;
/// Value stacks that an engine keeps for the next stores, each with all the memory that it ever used.
inline constexpr u64 idle_stacks = 8;
/// Of a table's elements, what is cleared for the next table; one that has more goes back to the host.
inline constexpr u64 pooled_table_bytes = u64{1} << 20;
/// Work of a bulk operation between two looks at `Execution::interrupt`: below a millisecond each.
inline constexpr u64 slice_bytes = 1024 * 1024;
inline constexpr u64 slice_elements = 64 * 1024;
/// Bytes, respectively elements, that a bulk operation moves for one unit of fuel.
inline constexpr u64 bytes_per_fuel = 64;
inline constexpr u64 elements_per_fuel = 8;
/// Live bytes at which the first collection happens, and objects that the collector remembers to look into; beyond
/// that it finds them again by their marks.
inline constexpr u64 first_collection_bytes = 4 * 1024 * 1024;
inline constexpr u64 mark_stack_entries = 1024 * 1024;
/// Objects (or elements) that the collector marks between two looks at `Execution::interrupt`.
inline constexpr u32 marks_between_checks = 4096;

/// Address space of the objects of one store, and the largest array in bytes.
inline constexpr u64 heap_reservation_bytes = u64{4} << 30;
inline constexpr u64 array_bytes = u64{1} << 30;

/// Slots of one frame: operands name slots with 16 bits. A function that needs more traps with `stack_overflow` when it
/// is called; 50,000 locals of any scalar type fit.
inline constexpr u32 frame_slots = 65'535;

/// Bytes from which on a body is a large one (`is_large` in optimizer.hpp).
inline constexpr u64 large_body_bytes = 32 * 1024;

/// Native stack that a host function finds at least when guest code calls it.
inline constexpr u64 host_headroom_bytes = 256 * 1024;
/// Calls of guest code by host functions that guest code called, at a time.
inline constexpr u32 nested_calls = 200;

/// The code cache: all its files (the oldest go first), one of them, and the code of one function.
inline constexpr usize code_cache_files = 4096;
inline constexpr u64 code_cache_bytes = u64{512} << 20;
inline constexpr u64 cached_module_bytes = u64{128} << 20;
inline constexpr u64 cached_entry_bytes = u64{16} << 20;
/// How often the key is looked for, and for how long it is waited each time for another process that makes it.
inline constexpr int key_attempts = 20;
inline constexpr std::chrono::milliseconds key_wait{1};
/// The age from which on nobody is still writing a temporary file.
inline constexpr i64 temporary_file_seconds = 3600;
/// Functions of a module that are remembered as called; fewer than the lower number are not worth remembering, nor is
/// the file to be written for fewer new ones.
inline constexpr usize called_functions_min = 256;
inline constexpr usize called_functions_max = 8192;

/// Frames of a sample; the middle of a longer one is left out.
inline constexpr usize sampled_frames = 256;

}  // namespace wisp::runtime::limits
