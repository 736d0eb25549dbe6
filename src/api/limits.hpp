#pragma once

#include "sys/pages.hpp"

/// Implementation limits of what reads modules for the embedder.
namespace wisp::limits {

/// A file of so many bytes is read into large pages, and only its large custom sections are left for later.
inline constexpr u64 large_file_bytes = 2 * sys::large_page_bytes;
inline constexpr u64 large_section_bytes = 64 * 1024;
/// Sections that are looked at for that.
inline constexpr u32 sections = 256;

}  // namespace wisp::limits
