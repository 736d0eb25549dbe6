#pragma once

#include <atomic>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "wisp/trap_reason.hpp"

#include "abi/host_function.hpp"
#include "base/index.hpp"
#include "base/int.hpp"
#include "wasm/types.hpp"

/// The structures that every tier reads and writes while a guest runs. Their owners are Store, Instance, Memory, Table,
/// Global and Heap; a tier only follows the pointers.
namespace wisp::runtime {

class Store;
class Instance;
class LoadedModule;
class ModuleCode;
struct GcObject;
struct VmContext;
struct CodeLocation;
struct ActiveCall;
class Sampler;

using abi::MemoryView;
using wisp::TrapReason;

/// A reference in a slot. 0 is null. Of the `func` hierarchy it is a `Function*`. Of the `any`, `extern` and `exn`
/// hierarchies it is an i31 (bit 0 set, value in bits 1 to 31) or a `GcObject*`. `extern.convert_any` and its inverse
/// change nothing.
using Ref = u64;
inline constexpr Ref null_ref = 0;

/// How an activation of guest code ends; the value that tiers return to their caller.
enum class Status : u32 {
  returned = 0,
  unwind,     // a trap, an exit or an interruption; Execution::trap says which
  exception,  // a guest exception is on its way; Execution::exception holds it
};

/// A function instance; a funcref is its address. It lives as long as its store.
struct Function {
  const wasm::DefType* type = nullptr;
  /// The instance that defines it; null for a function of the host.
  VmContext* context = nullptr;
  /// What the tier enters; set by the tier (first to something that compiles on demand). Of a host function: unused.
  std::atomic<const void*> code = nullptr;
  /// Of a function of the host only.
  abi::HostCode host;
  void* host_context = nullptr;
  /// Index in the defining module; of a host function: a number for messages.
  FuncIndex index;

  bool is_host() const { return host.entry != nullptr; }
};

/// Where a table's elements are now. The address of the view is stable; `elements` may move when the table grows.
struct TableView {
  Ref* elements = nullptr;
  u64 size = 0;
};

/// A global's value; v128 takes both slots.
struct alignas(16) GlobalCell {
  u64 slots[2] = {0, 0};
};

/// A tag instance; compared by address.
struct Tag {
  const wasm::DefType* type = nullptr;
  Store* store = nullptr;
};

/// Why `Execution::interrupt` is set.
enum class Interruption : u32 {
  none,
  requested,
  deadline,
  sample,  // the guest is to say where it is, and to go on
};

/// The running state of one store: what calls, traps and interruption need. One per store (one thread at a time).
struct Execution {
  /// The value stack: 8-byte slots that grow upwards; `stack_limit` is its end. Frames of the guest live here.
  u64* stack_base = nullptr;
  u64* stack_limit = nullptr;
  /// First slot above the frames of everything that runs now. The collector scans [stack_base, stack_top).
  /// A tier keeps it current whenever it calls a libcall or a host function.
  u64* stack_top = nullptr;
  /// The lowest native stack pointer that guest code may reach; host functions still have headroom below it.
  uintptr_t native_stack_limit = 0;
  /// An `Interruption`: set (by any thread, or a signal handler) to make the guest stop at the next loop header or
  /// function entry, with the trap that `interruption` (calls.hpp) names.
  std::atomic<u32> interrupt = 0;
  /// For code that asks both questions at once: `native_stack_limit`, or as long as `interrupt` is set an address that
  /// no stack pointer reaches. `renew_entry_limit` (calls.hpp) after either has changed.
  std::atomic<uintptr_t> entry_limit = 0;
  /// For code that does not ask: a word that cannot be read as long as `interrupt` is set (poll_page.hpp). Null if the
  /// tier does not catch faults.
  const u32* poll = nullptr;
  bool fuel_enabled = false;
  i64 fuel = 0;  // may go below zero; the guest stops when it does

  TrapReason trap = TrapReason::none;
  abi::Unwind host_unwind;   // why a function of the host ends the guest, until `unwind` says it
  abi::Unwind unwind;        // details if a host function ended the guest
  Ref exception = null_ref;  // if Status::exception: an ExceptionObject (heap.hpp)
  /// Where frames that are left by `unwind` or `exception` are noted, innermost first; empty as long as none are.
  std::vector<CodeLocation>* backtrace = nullptr;
  Store* store = nullptr;
  /// Of a store that is sampled: who is to be told where it is, and the calls that are under way, innermost first.
  Sampler* sampler = nullptr;
  const ActiveCall* calls = nullptr;
};

/// What the code of one instance sees. Arrays are indexed by the module's index spaces (imports first).
struct VmContext {
  /// What functions of the host see.
  abi::CallingInstance calling;
  MemoryView* memory0 = nullptr;  // memories[0], or an empty view if the instance has no memory
  Execution* execution = nullptr;
  Function* const* functions = nullptr;
  GlobalCell* const* globals = nullptr;
  TableView* const* tables = nullptr;
  MemoryView* const* memories = nullptr;
  Tag* const* tags = nullptr;
  const wasm::DefType* const* types = nullptr;
  Instance* instance = nullptr;
  /// The module's code in the store's tier: what `Tier::load` returned.
  ModuleCode* code = nullptr;

  /// Of what `calling` is part of.
  static VmContext& of(abi::CallingInstance& calling) { return reinterpret_cast<VmContext&>(calling); }
};
static_assert(std::is_standard_layout_v<VmContext> && offsetof(VmContext, calling) == 0);

}  // namespace wisp::runtime
