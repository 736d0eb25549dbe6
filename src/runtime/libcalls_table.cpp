#include <algorithm>
#include <cstring>

#include "runtime/libcalls.hpp"
#include "runtime/slices.hpp"
#include "runtime/store.hpp"

/// https://webassembly.github.io/spec/core/exec/instructions.html#table-instructions
namespace wisp::runtime {

TrapReason grow_table(Execution& execution, Table& table, Ref value, u64 delta, u64& old_size) {
  old_size = table.size();
  if (!table.reserve(delta)) {
    old_size = table.type().limits.is_64 ? ~u64{0} : ~u32{0};
    return TrapReason::none;
  }
  const u64 end = old_size + delta;
  // Fresh elements are null already.
  const u64 to_fill = value == null_ref ? std::clamp(table.clean_from(), old_size, end) - old_size : delta;
  table.make_dirty(old_size + to_fill);
  const TrapReason reason = in_element_slices(execution, to_fill, false, [&](u64 begin, u64 count) {
    std::fill_n(table.elements() + old_size + begin, count, value);
  });
  if (reason == TrapReason::none) table.publish(delta);
  return reason;
}

namespace libcall {
namespace {

Table& table_at(VmContext& vm, u64 index) {
  return vm.instance->table(TableIndex(u32(index)));
}

u64 address(const Table& table, u64 slot) {
  return table.type().limits.is_64 ? slot : u32(slot);
}

}  // namespace

TrapReason table_grow(VmContext& vm, u64* operands, u64 first, u64) {
  Table& table = table_at(vm, first);
  u64 old_size = 0;
  const TrapReason reason = grow_table(*vm.execution, table, operands[0], address(table, operands[1]), old_size);
  operands[0] = old_size;
  return reason;
}

TrapReason table_fill(VmContext& vm, u64* operands, u64 first, u64) {
  Table& table = table_at(vm, first);
  const u64 to = address(table, operands[0]);
  const u64 length = address(table, operands[2]);
  if (!table.contains(to, length)) return TrapReason::table_out_of_bounds;
  return in_element_slices(*vm.execution, length, false, [&](u64 begin, u64 count) {
    std::fill_n(table.elements() + to + begin, count, operands[1]);
  });
}

TrapReason table_copy(VmContext& vm, u64* operands, u64 first, u64 second) {
  Table& to = table_at(vm, first);
  Table& from = table_at(vm, second);
  const bool both_64 = to.type().limits.is_64 && from.type().limits.is_64;
  const u64 length = both_64 ? operands[2] : u32(operands[2]);
  const u64 target = address(to, operands[0]);
  const u64 source = address(from, operands[1]);
  if (!to.contains(target, length) || !from.contains(source, length)) return TrapReason::table_out_of_bounds;
  return in_element_slices(*vm.execution, length, target > source, [&](u64 begin, u64 count) {
    std::memmove(to.elements() + target + begin, from.elements() + source + begin, count * sizeof(Ref));
  });
}

TrapReason table_init(VmContext& vm, u64* operands, u64 first, u64 second) {
  Table& table = table_at(vm, second);
  const std::span<const Ref> elem = vm.instance->elem(ElemIndex(u32(first)));
  const u64 to = address(table, operands[0]);
  const u64 from = u32(operands[1]);
  const u64 length = u32(operands[2]);
  if (!table.contains(to, length) || from + length > elem.size()) return TrapReason::table_out_of_bounds;
  return in_element_slices(*vm.execution, length, false, [&](u64 begin, u64 count) {
    std::memcpy(table.elements() + to + begin, elem.data() + from + begin, count * sizeof(Ref));
  });
}

TrapReason elem_drop(VmContext& vm, u64*, u64 first, u64) {
  vm.instance->drop_elem(ElemIndex(u32(first)));
  return TrapReason::none;
}

}  // namespace libcall
}  // namespace wisp::runtime
