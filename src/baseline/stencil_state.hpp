#pragma once

#include "interp/slot_code.hpp"
#include "interp/vectors.hpp"
#include "runtime/native.hpp"

/// The machine state of stencils, and of the functions that they leave to: everything in registers, operands in the
/// code. Operands are the addresses of symbols that nobody defines: the generator makes holes of them
/// (generator/holes.hpp gives them their ranges), and the compiler fills these with what the slot code says.
namespace wisp::interp {

using runtime::Status;
using runtime::VmContext;

/// Hot locals live in `pin0` and so on, floats and vectors in `vpin0` and so on. preserve_none passes the integers in
/// r12, r13, r14, r15, rdi, rsi, (rdx, rcx,) r8, r9, r11, rax, the vectors in xmm0 to xmm7. The two in parentheses are
/// left to instructions that need them: shifts and divisions. At a function's entry the accumulator is the function's
/// cell; nothing is known of the rest.
#define WISP_STATE_PARAMETERS                                                                                         \
  ::wisp::u64 *frame, ::wisp::runtime::VmContext *vm, ::wisp::u8 *memory, ::wisp::u64 memory_size, ::wisp::u64 acc,   \
      ::wisp::u64 pin0, [[maybe_unused]] ::wisp::u64 unused0, [[maybe_unused]] ::wisp::u64 unused1, ::wisp::u64 pin1, \
      ::wisp::u64 pin2, ::wisp::u64 pin3, [[maybe_unused]] const ::wisp::u8 *pc, ::wisp::interp::Vector vacc,         \
      ::wisp::interp::Vector vpin0, ::wisp::interp::Vector vpin1, ::wisp::interp::Vector vpin2,                       \
      ::wisp::interp::Vector vpin3, ::wisp::interp::Vector vpin4, ::wisp::interp::Vector vpin5,                       \
      ::wisp::interp::Vector vpin6
#define WISP_STATE_ARGUMENTS                                                 \
  frame, vm, memory, memory_size, acc, {pin0, pin1, pin2, pin3}, pc, vacc, { \
    vpin0, vpin1, vpin2, vpin3, vpin4, vpin5, vpin6                          \
  }
/// What is passed on: `pc` only to slow paths.
#define WISP_STATE_PASSED(pc)                                                                                          \
  s.frame, s.vm, s.memory, s.memory_size, s.acc, s.pins[0], ::wisp::interp::unknown<u64>(),                            \
      ::wisp::interp::unknown<u64>(), s.pins[1], s.pins[2], s.pins[3], pc, s.vacc, s.vpins[0], s.vpins[1], s.vpins[2], \
      s.vpins[3], s.vpins[4], s.vpins[5], s.vpins[6]

#define WISP_STATE_FORGOTTEN(acc, pc)                                                                           \
  s.frame, s.vm, s.memory, s.memory_size, acc, ::wisp::interp::unknown<u64>(), ::wisp::interp::unknown<u64>(),  \
      ::wisp::interp::unknown<u64>(), ::wisp::interp::unknown<u64>(), ::wisp::interp::unknown<u64>(),           \
      ::wisp::interp::unknown<u64>(), pc, ::wisp::interp::unknown<Vector>(), ::wisp::interp::unknown<Vector>(), \
      ::wisp::interp::unknown<Vector>(), ::wisp::interp::unknown<Vector>(), ::wisp::interp::unknown<Vector>(),  \
      ::wisp::interp::unknown<Vector>(), ::wisp::interp::unknown<Vector>(), ::wisp::interp::unknown<Vector>()

inline constexpr u32 pin_count = 4;
inline constexpr u32 vpin_count = 7;

/// The state of a running activation.
struct StencilState {
  u64* frame;  // slot 0
  VmContext* vm;
  u8* memory;  // memory 0; what the view says, as of the last call or growth
  u64 memory_size;
  u64 acc;  // the last integer or reference result; an i32 is zero-extended
  u64 pins[pin_count];
  const u8* pc;  // in slow paths: the stencil that they were left from
  Vector vacc;   // the last float or vector result
  Vector vpins[vpin_count];
};
using State = StencilState;

/// Loops begin with a `loop_check`.
inline constexpr bool loops_check_themselves = true;

/// Where code begins that can be entered: machine code.
using CodePointer = const u8*;
using CodeCell = runtime::NativeCell;
using Handler = __attribute__((preserve_none)) Status (*)(WISP_STATE_PARAMETERS);

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wuninitialized"
/// A value that nobody looks at: no instruction is spent on it.
template <class T>
[[gnu::always_inline]] inline T unknown() {
  T value;
  return value;
}
#pragma clang diagnostic pop

extern "C" {
#define WISP_HOLE(name) extern const u8 name __attribute__((weak));
WISP_HOLE(wisp_slot_0)
WISP_HOLE(wisp_slot_1)
WISP_HOLE(wisp_slot_2)
WISP_HOLE(wisp_slot_3)
WISP_HOLE(wisp_field_0)
WISP_HOLE(wisp_field_1)
WISP_HOLE(wisp_field_2)
WISP_HOLE(wisp_field_3)
WISP_HOLE(wisp_wide)
WISP_HOLE(wisp_offset)
WISP_HOLE(wisp_offset_word)
WISP_HOLE(wisp_low_1)
WISP_HOLE(wisp_low_2)
WISP_HOLE(wisp_high_2)
WISP_HOLE(wisp_slot_word_3)
#undef WISP_HOLE
[[clang::preserve_none]] Status wisp_continue_2(WISP_STATE_PARAMETERS);
[[clang::preserve_none]] Status wisp_target(WISP_STATE_PARAMETERS);
}

inline u64 hole(const u8& symbol) {
  return reinterpret_cast<u64>(&symbol);
}

/// The stencil's own address.
inline const u8* own_address() {
  const u8* address;
  asm("leaq wisp_pc(%%rip), %0" : "=r"(address));
  return address;
}

inline const u8* place_of(const State&) {
  return own_address();
}

/// Goes on with the next instruction.
#define WISP_NEXT(words) \
  [[clang::musttail]] return ::wisp::interp::wisp_continue_2(WISP_STATE_PASSED(::wisp::interp::unknown<const u8*>()))
/// The same where nothing is in the registers, as after a call.
#define WISP_NEXT_FORGETTING(words)                           \
  [[clang::musttail]] return ::wisp::interp::wisp_continue_2( \
      WISP_STATE_FORGOTTEN(::wisp::interp::unknown<u64>(), ::wisp::interp::unknown<const u8*>()))
/// Goes on at the target of the branch.
#define WISP_GOTO_TARGET() \
  [[clang::musttail]] return ::wisp::interp::wisp_target(WISP_STATE_PASSED(::wisp::interp::unknown<const u8*>()))
/// Goes on at an address.
#define WISP_GOTO(target)                                                                          \
  do {                                                                                             \
    const auto wisp_next = ::wisp::interp::handler_at(target);                                     \
    [[clang::musttail]] return wisp_next(WISP_STATE_PASSED(::wisp::interp::unknown<const u8*>())); \
  } while (false)
#define WISP_REPEAT() WISP_GOTO(s.pc)
#define WISP_GOTO_FORGETTING(target)                                                                 \
  do {                                                                                               \
    const auto wisp_next = ::wisp::interp::handler_at(target);                                       \
    [[clang::musttail]] return wisp_next(                                                            \
        WISP_STATE_FORGOTTEN(::wisp::interp::unknown<u64>(), ::wisp::interp::unknown<const u8*>())); \
  } while (false)
#ifdef WISP_STENCIL
#define WISP_TAIL(handler) [[clang::musttail]] return handler(WISP_STATE_PASSED(::wisp::interp::own_address()))
#define WISP_TAIL_FORGETTING(handler, acc)                                                        \
  do {                                                                                            \
    s.memory = ::wisp::interp::unknown<u8*>();                                                    \
    s.memory_size = ::wisp::interp::unknown<u64>();                                               \
    [[clang::musttail]] return handler(WISP_STATE_FORGOTTEN(acc, ::wisp::interp::own_address())); \
  } while (false)
#else
#define WISP_TAIL(handler) [[clang::musttail]] return handler(WISP_STATE_PASSED(s.pc))
#endif

inline Handler handler_at(CodePointer code) {
  return reinterpret_cast<Handler>(const_cast<u8*>(code));
}

/// Counts a use of a function; whether it was the last one before somebody should look. Threads may lose uses of each
/// other.
template <bool of_loop>
inline bool used_up(CodeCell* cell) {
  std::atomic<i32>& counter = of_loop ? cell->iterations_left : cell->calls_left;
  const i32 left = counter.load(std::memory_order_relaxed) - 1;
  counter.store(left, std::memory_order_relaxed);
  return __builtin_expect(left < 0, 0);
}

/// Enters a function and never comes back.
#define WISP_ENTER_CELL(cell)                                                                                     \
  do {                                                                                                            \
    const auto wisp_entry =                                                                                       \
        ::wisp::interp::handler_at(reinterpret_cast<CodePointer>((cell)->entry.load(std::memory_order_relaxed))); \
    [[clang::musttail]] return wisp_entry(                                                                        \
        WISP_STATE_FORGOTTEN(reinterpret_cast<u64>(cell), ::wisp::interp::unknown<const u8*>()));                 \
  } while (false)
/// Calls a function.
inline Status call_cell(const State&, CodeCell* cell, u64* frame, VmContext* vm, u8* memory, u64 memory_size) {
  return cell->entry.load(std::memory_order_relaxed)(frame, vm, memory, memory_size, cell);
}

inline u64* slot_at(const State& s, u32 index) {
  const u8* const symbols[] = {&wisp_slot_0, &wisp_slot_1, &wisp_slot_2, &wisp_slot_3};
  return reinterpret_cast<u64*>(reinterpret_cast<u8*>(s.frame) + reinterpret_cast<u64>(symbols[index]));
}
inline u64* slot_of_word(const State& s, u32) {
  return reinterpret_cast<u64*>(reinterpret_cast<u8*>(s.frame) + hole(wisp_slot_word_3));
}
inline u32 field(const State&, u32 index) {
  const u8* const symbols[] = {&wisp_field_0, &wisp_field_1, &wisp_field_2, &wisp_field_3};
  return u32(reinterpret_cast<u64>(symbols[index]));
}
inline u32 wide_field(const State&) {
  return u32(hole(wisp_wide));
}
/// A whole word, in an instruction of its own.
inline u64 word(const State&, u32 index) {
  u64 value = 0;
  switch (index) {
    case 2:
      asm("movabsq $wisp_word_2, %0" : "=r"(value));
      break;
    case 3:
      asm("movabsq $wisp_word_3, %0" : "=r"(value));
      break;
    case 4:
      asm("movabsq $wisp_word_4, %0" : "=r"(value));
      break;
    default:
      asm("movabsq $wisp_no_such_word, %0" : "=r"(value));
  }
  return value;
}
inline u32 low_word(const State&, u32 index) {
  return u32(index == 1 ? hole(wisp_low_1) : hole(wisp_low_2));
}
inline u32 high_word(const State&, u32) {
  return u32(hole(wisp_high_2));
}
inline u64 offset_field(const State&) {
  return hole(wisp_offset);
}
inline u64 constant_address(const State&) {
  // In a register: sums of a hole and a number would be computed relative to the code.
  u64 address;
  asm("movl $wisp_offset, %k0" : "=r"(address));
  return address;
}
inline u64 offset_word(const State&) {
  return hole(wisp_offset_word);
}
inline u32 shift_left_by_field_3(const State&, u32 value) {
  asm("shll $wisp_shift_3, %0" : "+r"(value) : : "cc");
  return value;
}
inline CodePointer table_target(const State&, u32 index) {
  const u8* table;
  asm("leaq wisp_table(%%rip), %0" : "=r"(table));
  i32 distance;
  __builtin_memcpy(&distance, table + u64{4} * index, sizeof distance);
  return table + distance;
}

}  // namespace wisp::interp
