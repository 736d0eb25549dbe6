#pragma once

#include "interp/numeric_memory.hpp"
#include "interp/slow_paths.hpp"

/// Bodies of the loads and stores.
namespace wisp::interp {

/// The address of an access to memory 0 with 32-bit addresses: no sum of address and offset overflows 64 bits.
template <u32 place>
inline u64 effective_address(const State& s) {
  if constexpr (place == 0) {
    return u64(operand<Place::slot, u32, 1>(s)) + offset_field(s);
  } else if constexpr (place == 1) {
    return u64(operand<Place::acc, u32, 1>(s)) + offset_field(s);
  } else if constexpr (place == 2) {
    return constant_address(s);
  } else {
    return u64(operand<pin_place(place - 3), u32, 1>(s)) + offset_field(s);
  }
}

#ifdef WISP_GUARDED
// Guard pages find out.
#define WISP_CHECK_ACCESS(address, size) \
  do {                                   \
  } while (false)
#else
#define WISP_CHECK_ACCESS(address, size)                                                         \
  do {                                                                                           \
    if (__builtin_expect((address) + (size) > s.memory_size, 0)) WISP_TAIL(memory_check_failed); \
  } while (false)
#endif

template <class Semantics, u32 variant>
WISP_HANDLER load(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using Raw = typename Semantics::Raw;
  const u64 address = effective_address<(variant >> 1)>(s);
  WISP_CHECK_ACCESS(address, sizeof(Raw));
  result<variant & result_to_slot>(s, Semantics::convert(load_le<Raw>(s.memory + address)));
  WISP_NEXT(2);
}

/// x: field 1; y: field 2, or the high half of word 2.
template <class Semantics, bool to_slot, Places places>
WISP_HANDLER load_indexed_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using Raw = typename Semantics::Raw;
  const u32 x = operand<places.a, u32, 1>(s);
  u32 y = 0;
  if constexpr (places.b == Place::immediate) {
    y = high_word(s, 2);
  } else {
    y = operand<places.b, u32, 2>(s);
  }
  const u64 address = u64(u32(shift_left_by_field_3(s, x) + y)) + offset_word(s);
  WISP_CHECK_ACCESS(address, sizeof(Raw));
  result<to_slot>(s, Semantics::convert(load_le<Raw>(s.memory + address)));
  WISP_NEXT(3);
}

template <class Semantics, u32 variant>
inline constexpr Handler load_indexed = load_indexed_at<Semantics, variant & result_to_slot,
                                                        Places{(variant & 2) != 0 ? Place::acc : Place::slot,
                                                               (variant & 4) != 0 ? Place::immediate : Place::slot}>;

template <class Semantics, Place value_place, u32 address_place>
WISP_HANDLER store_at(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using A = typename Semantics::A;
  using Raw = typename Semantics::Raw;
  const u64 address = effective_address<address_place>(s);
  WISP_CHECK_ACCESS(address, sizeof(Raw));
  A value;
  if constexpr (value_place == Place::immediate) {
    value = word_value<A>(s);
  } else {
    value = operand<value_place, A, 0>(s);
  }
  store_le<Raw>(s.memory + address, Semantics::convert(value));
  WISP_NEXT(value_place == Place::immediate ? 3 : 2);
}

template <class Semantics, u32 variant>
inline constexpr Handler store = store_at < Semantics,
                         variant % 3 == 0   ? Place::slot
                         : variant % 3 == 1 ? Place::acc
                                            : Place::immediate,
                         variant / 3 >
    ;

/// `size` bytes at an address of any memory; null if they are not all inside. Address: field 1; memory: field 2;
/// offset: word 2. The size is read each time: another thread may grow the memory.
template <bool is_64>
inline u8* locate_any(const State& s, u64 size) {
  const MemoryView& view = *s.vm->memories[field(s, 2)];
  const u64 limit = view.size_bytes.load(std::memory_order_relaxed);
  const u64 base = is_64 ? operand<Place::slot, u64, 1>(s) : u64(operand<Place::slot, u32, 1>(s));
  u64 address = 0;
  if (__builtin_add_overflow(base, word(s, 2), &address)) return nullptr;
  if (size > limit || address > limit - size) return nullptr;
  return view.base + address;
}

#define WISP_LOCATE(at, size)                               \
  u8* const at = locate_any<(variant & 1) != 0>(s, (size)); \
  WISP_TRAP_IF(at == nullptr, TrapReason::memory_out_of_bounds)

template <class Semantics, u32 variant>
WISP_HANDLER load_any(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using Raw = typename Semantics::Raw;
  WISP_LOCATE(at, sizeof(Raw));
  result<true>(s, Semantics::convert(load_le<Raw>(at)));
  WISP_NEXT(3);
}

template <class Semantics, u32 variant>
WISP_HANDLER store_any(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using Raw = typename Semantics::Raw;
  WISP_LOCATE(at, sizeof(Raw));
  store_le<Raw>(at, Semantics::convert(operand<Place::slot, typename Semantics::A, 0>(s)));
  WISP_NEXT(3);
}

template <class Semantics, u32 variant>
WISP_HANDLER load_lane(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using Raw = typename Semantics::Raw;
  WISP_LOCATE(at, sizeof(Raw));
  Raw lanes[16 / sizeof(Raw)];
  std::memcpy(lanes, slot_at(s, 3), sizeof lanes);
  lanes[word(s, 3)] = load_le<Raw>(at);
  V128 vector;
  std::memcpy(&vector, lanes, sizeof vector);
  result<true>(s, vector);
  WISP_NEXT(4);
}

template <class Semantics, u32 variant>
WISP_HANDLER store_lane(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  using Raw = typename Semantics::Raw;
  WISP_LOCATE(at, sizeof(Raw));
  const u8* vector = reinterpret_cast<const u8*>(slot_at(s, 3));
  store_le<Raw>(at, load_le<Raw>(vector + word(s, 3) * sizeof(Raw)));
  WISP_NEXT(4);
}

}  // namespace wisp::interp
