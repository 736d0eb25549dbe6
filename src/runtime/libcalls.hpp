#pragma once

#include <array>
#include <string_view>

#include "runtime/vm.hpp"

/// The functions of the runtime that tiers call for instructions that are not worth expanding.
namespace wisp::runtime {

/// All libcalls have this type. `operands` is the first operand's slot; the others follow in order, a v128 in two
/// slots. Results take the place of the operands from the first slot on. i32 operands are read from the low half of
/// their slot; i32 results fill the slot zero-extended. The immediates are those of the row in libcalls.def, zero where
/// it has fewer than two. Anything but `none` ends the guest, whose operands may then be overwritten.
///
/// The caller has set `Execution::stack_top` above its frame, has every live reference in a slot below that, and
/// assumes afterwards that tables and memories have grown (`TableView::elements`, `MemoryView::size_bytes`).
using Libcall = TrapReason (*)(VmContext& vm, u64* operands, u64 first, u64 second);

enum class LibcallId : u8 {
#define WISP_LIBCALL(name, signature, immediates) name,
#include "runtime/libcalls.def"
#undef WISP_LIBCALL
};

namespace libcall {
#define WISP_LIBCALL(name, signature, immediates) TrapReason name(VmContext& vm, u64* operands, u64 first, u64 second);
#include "runtime/libcalls.def"
#undef WISP_LIBCALL
}  // namespace libcall

struct LibcallInfo {
  std::string_view name;
  std::string_view signature;
  std::string_view immediates;
};

inline constexpr LibcallInfo libcall_table[] = {
#define WISP_LIBCALL(name, signature, immediates) {#name, signature, immediates},
#include "runtime/libcalls.def"
#undef WISP_LIBCALL
};

inline constexpr const LibcallInfo& info(LibcallId id) {
  return libcall_table[u8(id)];
}

/// By LibcallId. Apart from the names, because a compiler in a library of its own knows those only.
inline constexpr Libcall libcall_functions[] = {
#define WISP_LIBCALL(name, signature, immediates) libcall::name,
#include "runtime/libcalls.def"
#undef WISP_LIBCALL
};

inline constexpr Libcall function_of(LibcallId id) {
  return libcall_functions[u8(id)];
}

}  // namespace wisp::runtime
