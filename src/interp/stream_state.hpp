#pragma once

#include "base/bytes.hpp"
#include "interp/slot_code.hpp"
#include "interp/vectors.hpp"
#include "runtime/vm.hpp"

/// The machine state of the interpreter: op bodies read their operands from the code stream at `pc`.
namespace wisp::interp {

using runtime::Status;
using runtime::VmContext;

#define WISP_STATE_PARAMETERS                                                                             \
  const ::wisp::interp::Word *pc, ::wisp::u64 *frame, ::wisp::runtime::VmContext *vm, ::wisp::u8 *memory, \
      ::wisp::u64 memory_size, ::wisp::u64 acc, ::wisp::interp::Vector vacc
#define WISP_STATE_ARGUMENTS pc, frame, vm, memory, memory_size, acc, vacc

/// The state of a running activation.
struct StreamState {
  const Word* pc;  // the current instruction
  u64* frame;      // slot 0
  VmContext* vm;
  u8* memory;  // memory 0; what the view says, as of the last call or growth
  u64 memory_size;
  u64 acc;      // the last integer or reference result; an i32 is zero-extended
  Vector vacc;  // the last float or vector result
};
using State = StreamState;

/// Branches that repeat a loop look whether somebody wants the guest to stop.
inline constexpr bool loops_check_themselves = false;

/// Where code begins that can be entered: slot code.
using CodePointer = const Word*;
using Handler = __attribute__((preserve_none)) Status (*)(WISP_STATE_PARAMETERS);

inline Handler handler_at(CodePointer pc) {
  return reinterpret_cast<Handler>(*pc);
}

/// Where an instruction is, for `note_frame` and the like.
inline const Word* place_of(const State& s) {
  return s.pc;
}

/// Goes on with the instruction `words` after the current one.
#define WISP_NEXT(words) WISP_GOTO(s.pc + (words))
/// The same where nothing is in the accumulators, as after a call.
#define WISP_NEXT_FORGETTING(words) WISP_GOTO_FORGETTING(s.pc + (words))
/// Goes on at the target of the branch.
#define WISP_GOTO_TARGET() WISP_GOTO(s.pc + i32(wide_field(s)))
/// Goes on with the current instruction once more.
#define WISP_REPEAT() WISP_GOTO(s.pc)
/// Goes on with the instruction at `target`.
#define WISP_GOTO(target)                                                                                      \
  do {                                                                                                         \
    const Word* const wisp_next = (target);                                                                    \
    [[clang::musttail]] return handler_at(wisp_next)(wisp_next, s.frame, s.vm, s.memory, s.memory_size, s.acc, \
                                                     s.vacc);                                                  \
  } while (false)
#define WISP_GOTO_FORGETTING(target)                                                                                  \
  do {                                                                                                                \
    const Word* const wisp_next = (target);                                                                           \
    [[clang::musttail]] return handler_at(wisp_next)(wisp_next, s.frame, s.vm, s.memory, s.memory_size, 0, Vector{}); \
  } while (false)
/// Goes on in `handler` with the current instruction: slow paths, which keep the fast ones free of spills.
#define WISP_TAIL(handler) \
  [[clang::musttail]] return handler(s.pc, s.frame, s.vm, s.memory, s.memory_size, s.acc, s.vacc)
#define WISP_TAIL_FORGETTING(handler, acc) \
  [[clang::musttail]] return handler(s.pc, s.frame, s.vm, nullptr, 0, acc, Vector{})

/// Where a function is entered now.
using CodeCell = std::atomic<const Word*>;

/// Slot code is interpreted, however often.
template <bool of_loop>
inline bool used_up(const CodeCell*) {
  return false;
}

/// Enters a function and never comes back.
#define WISP_ENTER_CELL(cell) WISP_GOTO((cell)->load(std::memory_order_acquire))
/// Calls a function.
inline Status call_cell(const State& s, CodeCell* cell, u64* frame, VmContext* vm, u8* memory, u64 memory_size) {
  const Word* const code = cell->load(std::memory_order_acquire);
  return handler_at(code)(code, frame, vm, memory, memory_size, s.acc, s.vacc);
}

/// The 16-bit operand fields of word 1, the 32 bits that take the place of the last two, and further words.
inline u32 field(const State& s, u32 index) {
  return load_le<u16>(reinterpret_cast<const u8*>(s.pc) + 8 + 2 * index);
}
inline u32 wide_field(const State& s) {
  return load_le<u32>(reinterpret_cast<const u8*>(s.pc) + 12);
}
inline u64 word(const State& s, u32 index) {
  return s.pc[index];
}
inline u32 low_word(const State& s, u32 index) {
  return u32(s.pc[index]);
}
inline u32 high_word(const State& s, u32 index) {
  return u32(s.pc[index] >> 32);
}
/// The slot that a field, or a further word, names.
inline u64* slot_at(const State& s, u32 index) {
  return s.frame + field(s, index);
}
inline u64* slot_of_word(const State& s, u32 index) {
  return s.frame + word(s, index);
}
/// The numbers that the wide field, and the low half of word 2, add to an address, or are one.
inline u64 offset_field(const State& s) {
  return wide_field(s);
}
inline u64 constant_address(const State& s) {
  return wide_field(s);
}
inline u64 offset_word(const State& s) {
  return low_word(s, 2);
}
inline u32 shift_left_by_field_3(const State& s, u32 value) {
  return value << field(s, 3);
}
/// The target with this number of a br_table.
inline CodePointer table_target(const State& s, u32 index) {
  return s.pc + load_le<i32>(reinterpret_cast<const u8*>(s.pc + 2) + u64{4} * index);
}

}  // namespace wisp::interp
