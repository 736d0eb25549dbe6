#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runtime/call_sites.hpp"
#include "runtime/limits.hpp"
#include "runtime/objects.hpp"
#include "runtime/vm.hpp"

/// The seam to the optimizing compiler: a function of a module in, an object file out. The compiler knows no store and
/// no address of this process; whoever loads the object gives its undefined symbols their meaning.
namespace wisp::runtime {

/// Where code of an object comes from: an instruction, and the call that it was inlined into, if it was.
struct CodeOrigin {
  static constexpr u32 none = ~u32{0};

  FuncIndex function;
  u64 offset = 0;           // of the instruction, in bytes from the start of the module
  u32 inlined_into = none;  // number of the calling instruction's origin
};

/// Which instruction each piece of an object's code belongs to.
struct LocationTable {
  struct Row {
    u32 code_offset;  // from the start of the code section; the row holds up to the next one's
    u32 origin;       // into `origins`, or CodeOrigin::none
  };
  std::vector<Row> rows;  // by code_offset
  std::vector<CodeOrigin> origins;

  /// The origin's number at an offset in the code; `none` if there is none. Of a return address ask for the byte
  /// before.
  u32 find(u64 code_offset) const {
    const auto after = std::ranges::upper_bound(rows, code_offset, {}, &Row::code_offset);
    return after == rows.begin() ? CodeOrigin::none : std::prev(after)->origin;
  }
};

/// A relocatable ELF object for x86-64, one function with its entries, and what is undefined in it.
///
/// Defined symbols (N, M: function indices in decimal):
/// - slots_N   the function as `NativeEntry`; not if the object was made for a loop
/// - regs_N    the same with its parameters in registers: what `NativeCell::registers` is for
/// - adapt_M   for each function M that the code calls: as regs_M, but by way of its cell's `entry`
/// - osr_N     if the object was made for a loop: a `NativeEntry` that goes on at the loop's header, where all locals
/// and
///             operands are in their slots, and ends as slots_N does
/// Undefined symbols:
/// - regs_M    a jump to what the `registers` of M's NativeCell says at that time. It must not be null: adapt_M will
/// do.
/// - cell_M    the address of M's NativeCell
/// - libcall_X the function libcall::X
/// - call_host runtime::call_host
/// - import_left runtime::import_left
/// - is_subtype(const DefType* sub, const DefType* super) -> bool
/// - trap(VmContext*, u32 reason): sets Execution::trap and notes the frame. Called where the code will return
/// `unwind`.
/// - note_frame(VmContext*): notes the frame. Its return address says which; of inlined code only the innermost frame
///   is meant, since the others have their turn when the status reaches them.
/// - refused(VmContext*): as `trap`, with what `interruption` says, or `stack_overflow`. Called where a function begins
///   whose stack pointer is below `Execution::entry_limit`.
/// - interrupted(VmContext*): sets Execution::trap to what `interruption` says (or, if it says none by now,
///   `interrupted`), and notes the frame with all that it is inlined into.
/// - stops(VmContext*) -> bool: called instead of `interrupted` first, if the code is to be sampled; false: it goes on.
/// - memmove, memset
/// - caught(VmContext*): an exception has been delivered: clears Execution::exception and the backtrace.
/// A fault at an address in a guarded memory means `memory_out_of_bounds`, and one at `Execution::poll` what
/// `interrupted` does, with all frames noted; the code's frames begin with rbp, so that `leave; ret` with `unwind` in
/// eax leaves the function.
struct ObjectCode {
  /// What `tried` says of what the compiler gave up for good.
  static constexpr std::chrono::milliseconds in_vain{~u32{0}};

  std::vector<u8> object;
  LocationTable locations;
  /// If the object is empty: how much processor time the compiler has tried for, at most. A process may have ended
  /// while it did.
  std::chrono::milliseconds tried{0};
  /// Functions whose bodies the code was made from, the compiled one among them.
  std::vector<FuncIndex> bodies;
};

/// Whether it would take seconds to do for the function all that the compiler can do. It does less, then, and least if
/// it is to go on in a loop: somebody is in there and waits, and the code for the next call will be better.
inline bool is_large(const wasm::Module& module, FuncIndex function) {
  return module.body(function).code.size() >= limits::large_body_bytes;
}

/// What the compiler is to do.
struct CompileJob {
  const wasm::Module& module;
  const StructLayouts& layouts;
  FuncIndex function;
  /// Memory 0 is laid out so that accesses with 32-bit addresses need no check (MemoryLayout::is_guarded), and faults
  /// are caught, those at `Execution::poll` too.
  bool is_guarded = false;
  /// The code looks whether it is to stop.
  bool interruptible = true;
  /// The code goes on after it has looked, if it is to.
  bool sampled = false;
  /// Of a function that runs already: byte offset in the module of the `loop` instruction at which it is to go on.
  std::optional<u64> osr_loop = std::nullopt;
  /// Where calls through tables have led so far; may be null.
  const CallSites* call_sites = nullptr;
  /// Functions whose code may become part of this one's, by FuncIndex minus the imported ones; null: any.
  const std::vector<bool>* may_inline = nullptr;
  /// Set by anybody to make the compiler give up; may be null.
  const std::atomic<bool>* cancel = nullptr;
};

/// Compiles functions for as long as they may take. Thread-safe.
class OptimizingCompiler {
 public:
  virtual ~OptimizingCompiler() = default;
  /// The module is valid. An error (`limit`): the function is too large, or the job was cancelled.
  virtual Result<ObjectCode> compile(const CompileJob& job) = 0;
  /// Changes with everything that its code depends on besides the job and the processor: `code_identity` of its build.
  virtual std::string_view identity() const = 0;
};

/// The type and the name of the function that the compiler's shared library exports. The caller owns the result; null
/// if this host cannot be compiled for.
using MakeOptimizingCompiler = OptimizingCompiler* (*)();
inline constexpr const char* make_optimizing_compiler_symbol = "wisp_make_optimizing_compiler";
inline constexpr const char* optimizing_compiler_library = "libwisp-llvm.so";

}  // namespace wisp::runtime
