#pragma once

#include <bit>
#include <cstring>

#include "base/bytes.hpp"
#include "interp/slot_code.hpp"
#include "interp/vectors.hpp"
#include "runtime/vm.hpp"

// How op bodies get the machine state, their operands and their successor. The same bodies are compiled for the
// interpreter and, with another header, as stencils.
#ifdef WISP_STATE_HEADER
#include WISP_STATE_HEADER
#else
#include "interp/stream_state.hpp"
#endif

/// What op bodies do with the machine state, however it is passed along.
namespace wisp::interp {

using runtime::Execution;
using runtime::Function;
using runtime::MemoryView;
using runtime::Ref;
using runtime::Status;
using runtime::TrapReason;
using runtime::VmContext;

#define WISP_HANDLER [[clang::preserve_none]] static ::wisp::runtime::Status
#define WISP_EXTERN_HANDLER [[clang::preserve_none]] ::wisp::runtime::Status

/// Ends the guest.
#define WISP_TRAP_IF(condition, reason)       \
  do {                                        \
    if (__builtin_expect(!!(condition), 0)) { \
      s.acc = u64(reason);                    \
      WISP_TAIL(trap_exit);                   \
    }                                         \
  } while (false)

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

/// A value of the type in a register.
template <class T>
inline T from_vector(Vector vector) {
  if constexpr (std::is_same_v<T, V128>) {
    return std::bit_cast<V128>(vector);
  } else {
    T value = std::bit_cast<T __attribute__((vector_size(16)))>(vector)[0];
#if defined(__x86_64__)
    // A scalar from here on: computing with all lanes is slow where the others happen to be denormal.
    asm("" : "+x"(value));
#endif
    return value;
  }
}

template <class T>
inline T load_acc(const State& s) {
  if constexpr (in_vector_register<T>) {
    return from_vector<T>(s.vacc);
  } else {
    return T(s.acc);
  }
}

/// Only stencils have pins.
template <class T, u32 number, class AnyState>
inline T load_pin(const AnyState& s) {
  if constexpr (in_vector_register<T>) {
    return from_vector<T>(s.vpins[number]);
  } else {
    return T(s.pins[number]);
  }
}

template <class T>
inline Vector vector_of(T value) {
  if constexpr (std::is_same_v<T, V128>) {
    return std::bit_cast<Vector>(value);
  } else {
    // The other lanes are left undefined: no instruction is spent on them.
    using One = T __attribute__((vector_size(sizeof(T))));
    const One one = {value};
    if constexpr (sizeof(T) == 8) {
      return std::bit_cast<Vector>(__builtin_shufflevector(one, one, 0, -1));
    } else {
      return __builtin_shufflevector(one, one, 0, -1, -1, -1);
    }
  }
}

template <class T>
inline void store_acc(State& s, T value) {
  if constexpr (in_vector_register<T>) {
    s.vacc = vector_of(value);
  } else {
    s.acc = u64(std::make_unsigned_t<T>(value));
  }
}

/// A value of the words from word 2 on.
template <class T>
inline T word_value(const State& s) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(low_word(s, 2));
  } else if constexpr (sizeof(T) == 8) {
    return std::bit_cast<T>(word(s, 2));
  } else {
    return V128{word(s, 2), word(s, 3)};
  }
}

/// The cell whose address word 2 is.
inline CodeCell* cell_in_word_2(const State& s) {
  return reinterpret_cast<CodeCell*>(word(s, 2));
}

/// After what may have grown memory 0.
inline void reload_memory(State& s) {
  const MemoryView& view = *s.vm->memory0;
  s.memory = view.base;
  s.memory_size = view.size_bytes.load(std::memory_order_relaxed);
}

/// Where an operand is. Each has `get<T>(state)`; `extra` is how many words it adds after word 1.
enum class Place : u8 {
  slot,
  acc,
  immediate,
  pin,  // and up: registers that only stencils have
};
constexpr Place pin_place(u32 number) {
  return Place(u32(Place::pin) + number);
}

/// The places of two operands.
struct Places {
  Place a;
  Place b;
};

template <Place place, class T, u32 field_index>
inline T operand(const State& s) {
  if constexpr (place == Place::slot) {
    return load_slot<T>(slot_at(s, field_index));
  } else if constexpr (place == Place::acc) {
    return load_acc<T>(s);
  } else if constexpr (place >= Place::pin) {
    return load_pin<T, u32(place) - u32(Place::pin)>(s);
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(wide_field(s));
  } else {
    return word_value<T>(s);
  }
}

/// Words of an instruction with the immediate places given.
template <class T, Place... places>
inline constexpr u32 instruction_words = 2 + (((places == Place::immediate) && sizeof(T) == 8) || ...);

/// A result: in the accumulator always, and in the slot of field 0 if `to_slot`.
template <bool to_slot, class T>
inline void result(State& s, T value) {
  if constexpr (to_slot) store_slot<T>(slot_at(s, 0), value);
  store_acc<T>(s, value);
}

/// The same in a pin.
template <Place place, class T, class AnyState>
inline void result_to_pin(AnyState& s, T value) {
  store_acc<T>(s, value);
  s.pins[u32(place) - u32(Place::pin)] = s.acc;
}

}  // namespace wisp::interp
