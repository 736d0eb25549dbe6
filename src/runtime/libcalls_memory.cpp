#include <cstring>

#include "runtime/libcalls.hpp"
#include "runtime/slices.hpp"
#include "runtime/store.hpp"

/// https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
namespace wisp::runtime::libcall {
namespace {

Memory& memory_at(VmContext& vm, u64 index) {
  return vm.instance->memory(MemoryIndex(u32(index)));
}

u64 address(const Memory& memory, u64 slot) {
  return memory.type().limits.is_64 ? slot : u32(slot);
}

/// The operand that counts bytes between two memories.
u64 narrower(const Memory& a, const Memory& b, u64 slot) {
  return a.type().limits.is_64 && b.type().limits.is_64 ? slot : u32(slot);
}

/// Checks the address operand of an atomic instruction.
TrapReason atomic_address(Memory& memory, u64 slot, u64 offset, u32 width, u64& at) {
  if (__builtin_add_overflow(address(memory, slot), offset, &at)) return TrapReason::memory_out_of_bounds;
  if (at % width != 0) return TrapReason::unaligned_atomic;
  return memory.bytes().contains(at, width) ? TrapReason::none : TrapReason::memory_out_of_bounds;
}

struct WaitOperands {
  u32 width;
  u64 expected;
  i64 timeout_ns;
};

TrapReason atomic_wait(VmContext& vm, u64* operands, Memory& memory, u64 offset, const WaitOperands& wait) {
  u64 at = 0;
  const TrapReason wrong = atomic_address(memory, operands[0], offset, wait.width, at);
  if (wrong != TrapReason::none) return wrong;
  if (!memory.type().shared) return TrapReason::expected_shared_memory;
  Store& store = *vm.execution->store;
  const auto result = memory.wait(at, wait.width, wait.expected, wait.timeout_ns, &store.control()->event);
  if (result == Memory::WaitResult::interrupted) {
    const TrapReason reason = interruption(*vm.execution);
    return reason == TrapReason::none ? TrapReason::interrupted : reason;
  }
  operands[0] = u64(result);
  return TrapReason::none;
}

}  // namespace

TrapReason memory_grow(VmContext& vm, u64* operands, u64 first, u64) {
  Memory& memory = memory_at(vm, first);
  const auto grown = memory.grow(address(memory, operands[0]));
  if (grown.ok()) {
    operands[0] = *grown;
    return TrapReason::none;
  }
  if (grown.error() == Memory::GrowFailure::budget && vm.execution->store->settings().limits.trap_on_memory_limit) {
    return TrapReason::memory_limit;
  }
  operands[0] = memory.type().limits.is_64 ? ~u64{0} : ~u32{0};
  return TrapReason::none;
}

TrapReason memory_fill(VmContext& vm, u64* operands, u64 first, u64) {
  Memory& memory = memory_at(vm, first);
  const u64 to = address(memory, operands[0]);
  const u8 value = u8(operands[1]);
  const auto bytes = memory.bytes().slice(to, address(memory, operands[2]));
  if (!bytes) return TrapReason::memory_out_of_bounds;
  return in_byte_slices(*vm.execution, bytes->size(), false,
                        [&](u64 begin, u64 count) { std::memset(bytes->data() + begin, value, count); });
}

TrapReason memory_copy(VmContext& vm, u64* operands, u64 first, u64 second) {
  Memory& to = memory_at(vm, first);
  Memory& from = memory_at(vm, second);
  const u64 length = narrower(to, from, operands[2]);
  const auto target = to.bytes().slice(address(to, operands[0]), length);
  const auto source = from.bytes().slice(address(from, operands[1]), length);
  if (!target || !source) return TrapReason::memory_out_of_bounds;
  const bool backwards = target->data() > source->data();
  return in_byte_slices(*vm.execution, length, backwards, [&](u64 begin, u64 count) {
    std::memmove(target->data() + begin, source->data() + begin, count);
  });
}

TrapReason memory_init(VmContext& vm, u64* operands, u64 first, u64 second) {
  Memory& memory = memory_at(vm, second);
  const Bytes data = vm.instance->data(DataIndex(u32(first)));
  const u64 from = u32(operands[1]);
  const u64 length = u32(operands[2]);
  const auto target = memory.bytes().slice(address(memory, operands[0]), length);
  if (!target || from + length > data.size()) return TrapReason::memory_out_of_bounds;
  return in_byte_slices(*vm.execution, length, false, [&](u64 begin, u64 count) {
    std::memcpy(target->data() + begin, data.data() + from + begin, count);
  });
}

TrapReason data_drop(VmContext& vm, u64*, u64 first, u64) {
  vm.instance->drop_data(DataIndex(u32(first)));
  return TrapReason::none;
}

TrapReason memory_atomic_notify(VmContext& vm, u64* operands, u64 first, u64 second) {
  Memory& memory = memory_at(vm, first);
  u64 at = 0;
  const TrapReason wrong = atomic_address(memory, operands[0], second, 4, at);
  if (wrong != TrapReason::none) return wrong;
  operands[0] = memory.notify(at, u32(operands[1]));
  return TrapReason::none;
}

TrapReason memory_atomic_wait32(VmContext& vm, u64* operands, u64 first, u64 second) {
  return atomic_wait(vm, operands, memory_at(vm, first), second, {4, u32(operands[1]), i64(operands[2])});
}

TrapReason memory_atomic_wait64(VmContext& vm, u64* operands, u64 first, u64 second) {
  return atomic_wait(vm, operands, memory_at(vm, first), second, {8, operands[1], i64(operands[2])});
}

}  // namespace wisp::runtime::libcall
