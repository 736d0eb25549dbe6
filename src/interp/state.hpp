#pragma once

#include <bit>
#include <cstring>

#include "base/bytes.hpp"
#include "interp/slot_code.hpp"
#include "interp/vectors.hpp"
#include "runtime/vm.hpp"

/// The machine state that op bodies pass along in registers, and how they reach their operands and their successor.
/// Here operands come from the code stream at `pc`; the same bodies can be compiled with other definitions of this
/// file's accessors and macros.
namespace wisp::interp {

using runtime::Execution;
using runtime::Function;
using runtime::MemoryView;
using runtime::Ref;
using runtime::Status;
using runtime::TrapReason;
using runtime::VmContext;

/// What the vector accumulator holds: an f32, an f64 or a v128.
using Vector = f32 __attribute__((vector_size(16)));

#define WISP_STATE_PARAMETERS                                                                             \
  const ::wisp::interp::Word *pc, ::wisp::u64 *frame, ::wisp::runtime::VmContext *vm, ::wisp::u8 *memory, \
      ::wisp::u64 memory_size, ::wisp::u64 acc, ::wisp::interp::Vector vacc
#define WISP_STATE_ARGUMENTS pc, frame, vm, memory, memory_size, acc, vacc
#define WISP_HANDLER [[clang::preserve_none]] static ::wisp::runtime::Status
#define WISP_EXTERN_HANDLER [[clang::preserve_none]] ::wisp::runtime::Status

/// The state of a running activation.
struct State {
  const Word* pc;  // the current instruction
  u64* frame;      // slot 0
  VmContext* vm;
  u8* memory;  // memory 0; what the view says, as of the last call or growth
  u64 memory_size;
  u64 acc;      // the last integer or reference result; an i32 is zero-extended
  Vector vacc;  // the last float or vector result
};

using Handler = __attribute__((preserve_none)) Status (*)(WISP_STATE_PARAMETERS);

inline Handler handler_at(const Word* pc) {
  return reinterpret_cast<Handler>(*pc);
}

/// Goes on with the instruction `words` after the current one.
#define WISP_NEXT(words) WISP_GOTO(s.pc + (words))
/// Goes on with the instruction at `target`.
#define WISP_GOTO(target)                                                                                      \
  do {                                                                                                         \
    const Word* const wisp_next = (target);                                                                    \
    [[clang::musttail]] return handler_at(wisp_next)(wisp_next, s.frame, s.vm, s.memory, s.memory_size, s.acc, \
                                                     s.vacc);                                                  \
  } while (false)
/// Goes on in `handler` with the current instruction: slow paths, which keep the fast ones free of spills.
#define WISP_TAIL(handler) \
  [[clang::musttail]] return handler(s.pc, s.frame, s.vm, s.memory, s.memory_size, s.acc, s.vacc)
/// Ends the guest.
#define WISP_TRAP_IF(condition, reason)       \
  do {                                        \
    if (__builtin_expect(!!(condition), 0)) { \
      s.acc = u64(reason);                    \
      WISP_TAIL(trap_exit);                   \
    }                                         \
  } while (false)

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
/// The target of the branch whose distance in words is in the wide field.
inline const Word* branch_target(const State& s) {
  return s.pc + i32(wide_field(s));
}

template <class T>
inline constexpr bool in_vector_register = std::is_same_v<T, f32> || std::is_same_v<T, f64> || std::is_same_v<T, V128>;

template <class T>
inline T load_slot(const u64* slot) {
  T value;
  std::memcpy(&value, slot, sizeof value);
  return value;
}

/// Integers fill their slot, so that it can be copied whole; an f32 leaves the upper half alone.
template <class T>
inline void store_slot(u64* slot, T value) {
  if constexpr (std::is_integral_v<T>) {
    *slot = u64(std::make_unsigned_t<T>(value));
  } else {
    std::memcpy(slot, &value, sizeof value);
  }
}

template <class T>
inline T load_acc(const State& s) {
  if constexpr (std::is_same_v<T, V128>) {
    return std::bit_cast<V128>(s.vacc);
  } else if constexpr (std::is_same_v<T, f64>) {
    return std::bit_cast<f64 __attribute__((vector_size(16)))>(s.vacc)[0];
  } else if constexpr (std::is_same_v<T, f32>) {
    return s.vacc[0];
  } else {
    return T(s.acc);
  }
}

template <class T>
inline void store_acc(State& s, T value) {
  if constexpr (std::is_same_v<T, V128>) {
    s.vacc = std::bit_cast<Vector>(value);
  } else if constexpr (in_vector_register<T>) {
    // The other lanes are left undefined: no instruction is spent on them.
    using One = T __attribute__((vector_size(sizeof(T))));
    const One one = {value};
    if constexpr (sizeof(T) == 8) {
      s.vacc = std::bit_cast<Vector>(__builtin_shufflevector(one, one, 0, -1));
    } else {
      s.vacc = __builtin_shufflevector(one, one, 0, -1, -1, -1);
    }
  } else {
    s.acc = u64(std::make_unsigned_t<T>(value));
  }
}

/// Where an operand is. Each has `get<T>(state)`; `extra` is how many words it adds after word 1.
enum class Place : u8 { slot, acc, immediate };

template <Place place, class T, u32 field_index>
inline T operand(const State& s) {
  if constexpr (place == Place::slot) {
    return load_slot<T>(s.frame + field(s, field_index));
  } else if constexpr (place == Place::acc) {
    return load_acc<T>(s);
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(wide_field(s));
  } else {
    return std::bit_cast<T>(word(s, 2));
  }
}

/// Words of an instruction with the immediate places given.
template <class T, Place... places>
inline constexpr u32 instruction_words = 2 + (((places == Place::immediate) && sizeof(T) == 8) || ...);

/// A result: in the accumulator always, and in the slot of field 0 if `to_slot`.
template <bool to_slot, class T>
inline void result(State& s, T value) {
  if constexpr (to_slot) store_slot<T>(s.frame + field(s, 0), value);
  store_acc<T>(s, value);
}

}  // namespace wisp::interp
