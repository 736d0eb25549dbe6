#pragma once

#include "base/int.hpp"

/// Implementation limits of the command.
namespace wisp::cli::limits {

/// Of a file that is read.
inline constexpr u64 file_bytes = u64{1} << 30;
/// Different refusals that are shown; a program that tries everything would fill the screen.
inline constexpr u64 shown_denials = 20;
/// Folders below one given to `wisp wast`.
inline constexpr u32 folder_depth = 16;

/// Names that are tried for a file beside the one that is written: others may be left of commands that were killed.
inline constexpr u32 temporary_files = 100;

/// Rows of a profile that one sample may become.
inline constexpr u64 rows_of_sample = 1000;

}  // namespace wisp::cli::limits
