#include "baseline/optimized_calls.hpp"

#include <cstring>

#include "baseline/module_code.hpp"
#include "runtime/calls.hpp"
#include "runtime/store.hpp"

namespace wisp::baseline {

using runtime::TrapReason;
using runtime::VmContext;

namespace {

ModuleCode& code_of(const VmContext* vm) {
  return *static_cast<ModuleCode*>(vm->code);
}

/// The instruction before a return address: the call.
#define WISP_CALLER() (static_cast<const u8*>(__builtin_return_address(0)) - 1)

[[gnu::noinline]] void note_frame(VmContext* vm) {
  code_of(vm).note_optimized(*vm, WISP_CALLER(), false);
}

[[gnu::noinline]] void trap(VmContext* vm, u32 reason) {
  vm->execution->trap = TrapReason(reason);
  code_of(vm).note_optimized(*vm, WISP_CALLER(), false);
}

TrapReason why_interrupted(const VmContext* vm) {
  const TrapReason reason = runtime::interruption(*vm->execution);
  return reason == TrapReason::none ? TrapReason::interrupted : reason;
}

[[gnu::noinline]] void refused(VmContext* vm) {
  // Above this frame are rbp and the return address, and then the caller.
  const uintptr_t stack = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 2 * sizeof(void*);
  const bool has_no_stack = stack < vm->execution->native_stack_limit;
  vm->execution->trap = has_no_stack ? TrapReason::stack_overflow : why_interrupted(vm);
  code_of(vm).note_optimized(*vm, WISP_CALLER(), false);
}

[[gnu::noinline]] void interrupted(VmContext* vm) {
  vm->execution->trap = why_interrupted(vm);
  code_of(vm).note_optimized(*vm, WISP_CALLER(), true);
}

/// Takes a sample if the guest is asked for one; whether it is to stop.
[[gnu::noinline]] bool stops(VmContext* vm) {
  runtime::Execution& execution = *vm->execution;
  if (runtime::is_sample_due(execution)) execution.sampler->take(std::nullopt, WISP_NATIVE_FRAME());
  return runtime::interruption(execution) != TrapReason::none;
}

void caught(VmContext* vm) {
  vm->execution->exception = runtime::null_ref;
  vm->execution->backtrace->clear();
}

bool is_subtype(const wasm::DefType* sub, const wasm::DefType* super) {
  return sub->is_subtype_of(super);
}

struct Call {
  std::string_view name;
  const void* function;
};

bool is_poll(const u8* address) {
  return address == reinterpret_cast<const u8*>(running->poll);
}

bool is_in_memory(const VmContext& vm, const u8* address) {
  const u8* const base = vm.memory0->base;
  return address >= base && address < base + runtime::limits::guarded_reservation_bytes + runtime::limits::guard_bytes;
}

/// An instance of the module that the code is of, whose memory has the address if it is one of a memory.
const VmContext* faulted_context(const u8* pc, const u8* address) {
  for (const auto& instance : running->store->instances()) {
    VmContext& vm = instance->context();
    if ((is_poll(address) || is_in_memory(vm, address)) && code_of(&vm).contains_optimized(pc)) return &vm;
  }
  return nullptr;
}

}  // namespace

constinit thread_local runtime::Execution* running = nullptr;

/// A fault is the same as a trap: the frames that the instruction belongs to are noted, and the function returns.
extern "C" [[gnu::used]] void wisp_optimized_fault(const u8* pc, const u8* address) {
  const VmContext* const vm = faulted_context(pc, address);
  WISP_CHECK(vm != nullptr);
  vm->execution->trap = is_poll(address) ? why_interrupted(vm) : TrapReason::memory_out_of_bounds;
  code_of(vm).note_optimized(*vm, pc, true);
}

static_assert(u32(runtime::Status::unwind) == 1);

[[gnu::naked]] static void fault_landing() {
  asm("andq $-16, %rsp\n"
      "movq %rax, %rdi\n"
      "movq %rdx, %rsi\n"
      "call wisp_optimized_fault\n"
      "movl $1, %eax\n"  // Status::unwind
      "leave\n"
      "ret\n");
}

const void* optimized_fault_landing() {
  return reinterpret_cast<const void*>(&fault_landing);
}

const void* optimized_call(std::string_view name) {
  const Call calls[] = {{"note_frame", reinterpret_cast<const void*>(&note_frame)},
                        {"trap", reinterpret_cast<const void*>(&trap)},
                        {"refused", reinterpret_cast<const void*>(&refused)},
                        {"interrupted", reinterpret_cast<const void*>(&interrupted)},
                        {"stops", reinterpret_cast<const void*>(&stops)},
                        {"caught", reinterpret_cast<const void*>(&caught)},
                        {"is_subtype", reinterpret_cast<const void*>(&is_subtype)},
                        {"call_host", reinterpret_cast<const void*>(&runtime::call_host)},
                        {"import_left", reinterpret_cast<const void*>(&runtime::import_left)},
                        {"memmove", reinterpret_cast<const void*>(&std::memmove)},
                        {"memset", reinterpret_cast<const void*>(&std::memset)}};
  for (const Call& call : calls) {
    if (call.name == name) return call.function;
  }
  return nullptr;
}

void take_sample_of_compiling(const VmContext* vm, const runtime::NativeCell& cell, const runtime::NativeFrame* frame) {
  const runtime::Execution& execution = *vm->execution;
  if (!runtime::is_sample_due(execution)) return;
  const runtime::SampledCode code{
      .instance = vm->instance, .function = code_of(vm).function_of(cell), .kind = FrameKind::compiling};
  execution.sampler->take(code, frame);
}

}  // namespace wisp::baseline
