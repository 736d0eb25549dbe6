#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/body_state.hpp"
#include "wasm/opcodes.hpp"

namespace wisp::wasm {

/// The validation rules that do not depend on a sink. Like the reader's, the functions that return bool return false
/// after a failure, and the reader keeps the error.
/// https://webassembly.github.io/spec/core/valid/instructions.html
class BodyChecker : public BodyState {
 public:
  explicit BodyChecker(const Module& module)
      : BodyState(module), memory0_address_(module.memories.empty() ? ValType() : memory_address(0)) {}

 protected:
  /// The address type of a memory.
  ValType memory_address(u32 memory) const { return module().memories[memory].limits.address_type(); }

  /// Types of the operands and results of an instruction that is not in opcodes.def with its signature.
  struct Effect {
    std::vector<ValType> operands;
    std::vector<ValType> results;

    void set(std::initializer_list<ValType> from, std::initializer_list<ValType> to) {
      operands.assign(from);
      results.assign(to);
    }
  };

  /// Reads the local declarations and opens the function's frame.
  bool begin_body(FuncIndex function);
  /// The error, completed by function and instruction.
  Error body_error();

  /// Whether the operands of these types are on the stack below the top `skipped` ones. `popped` is how many operands
  /// there are down to the last of these: all, except in unreachable code.
  bool match(std::span<const ValType> types, u32& popped, u32 skipped = 0);
  bool match(ValType type, u32& popped) {
    popped = 1;
    return (available() != 0 && operands_.peek(0) == type) || match(std::span(&type, 1), popped);
  }
  void pop(u32 count);
  bool push(ValType type) {
    slot_height_ += type.slots();
    return operands_.push(type) || too_many_operands();
  }
  bool push(std::span<const ValType> types);
  /// Pops, then pushes; quick where the types are there already.
  bool replace(u32 popped, std::span<const ValType> types) {
    const u32 count = u32(types.size());
    if (count <= popped && operands_.holds(popped, types)) {
      pop(popped - count);
      return true;
    }
    pop(popped);
    return push(types);
  }

  bool check_label(u32 label);
  bool open_frame(ControlFrame::Kind kind, const BlockType& type, u32 popped);
  /// Whether the results, and nothing else, are on the stack of the current frame.
  bool check_frame_end();
  bool begin_else();
  bool close_frame();
  void set_unreachable();

  /// Of a local whose type is not spelled out.
  [[gnu::noinline]] bool check_local(LocalIndex local, ValType& type);
  /// Locals that have no default value must be set before they are read.
  bool check_local_is_set(LocalIndex local, ValType type) {
    return type.is_defaultable() || is_set(local) || unset_local(local);
  }
  void mark_set(LocalIndex local, ValType type) {
    if (!type.is_defaultable()) mark_set(local);
  }

  bool check_index(u32 index, usize count, std::string_view space) {
    return index < count || unknown_index(index, space);
  }
  bool check_memarg(const MemArg& memarg, u8 flags, ValType& address) {
    const bool is_usual = memarg.memory.value == 0 && !memory0_address_.is_bottom() && memarg.offset <= ~u32{0} &&
                          memarg.align_log2 <= (flags & OpFlags::align_mask) && (flags & OpFlags::atomic) == 0;
    address = memory0_address_;
    return is_usual || check_memarg_slow(memarg, flags, address);
  }
  bool check_data_segment();
  bool check_br_table();
  bool check_catches();
  /// Also finds what the reference is where control goes on.
  bool check_br_on_cast(Op op, ValType& rest, u32& popped);
  bool check_br_on_non_null(u32& popped);
  bool check_tail_call(const FuncType& callee);
  bool check_call_indirect(u32& popped);
  bool check_call_ref(u32& popped);
  /// The reference on top of the stack; bottom, in unreachable code, if it is missing.
  bool peek_ref(ValType& type);
  bool check_select(ValType& type, u32& popped);
  bool check_select_typed(ValType& type, u32& popped);
  bool check_body_end();

  /// Reads and checks the immediates of an instruction of `NullSink::typed`, and finds its types.
  bool typed_effect(Op op, Effect& effect);

  /// Fails about the current instruction.
  [[gnu::cold]] bool invalid(std::string message);
  [[gnu::cold]] bool malformed(std::string message);

  bool is_constant_ = false;
  ValType memory0_address_;  // bottom: there is no memory
  Effect effect_;

 private:
  [[gnu::noinline]] bool check_memarg_slow(const MemArg& memarg, u8 flags, ValType& address);
  bool is_set(LocalIndex local) const;
  void mark_set(LocalIndex local);
  void forget_set_locals(u32 keep);
  [[gnu::cold]] bool mismatch(std::string_view who, std::span<const ValType> types);
  [[gnu::cold]] bool unset_local(LocalIndex local);
  [[gnu::cold]] bool unknown_index(u32 index, std::string_view space);
  [[gnu::cold]] bool too_many_operands();
  bool pass_on(usize values) { return values <= limits::wide || pass_on_many(values); }
  [[gnu::noinline]] bool pass_on_many(usize values);
  [[gnu::cold]] bool does_not_match(std::string_view what, ValType sub, ValType super);

  bool global_effect(Op op, Effect& effect);
  bool table_effect(Op op, Effect& effect);
  bool table_pair_effect(Op op, Effect& effect);
  bool memory_effect(Op op, Effect& effect);
  bool ref_effect(Op op, Effect& effect);
  bool struct_effect(Op op, Effect& effect);
  bool array_effect(Op op, Effect& effect);
  bool array_new_effect(Op op, Effect& effect, const DefType& type);
  bool array_write_effect(Op op, Effect& effect, const DefType& type);
  bool check_array_segment(Op op, ValType element);
  void field_operands(Effect& effect, const DefType& type, u64 count);

  std::vector<LocalRun> declared_;
  std::vector<u64> set_bits_;
  std::vector<LocalIndex> set_locals_;
  u32 br_tables_ = 0;
  u64 wide_values_ = 0;
};

}  // namespace wisp::wasm
