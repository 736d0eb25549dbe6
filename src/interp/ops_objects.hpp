#pragma once

#include "interp/slow_paths.hpp"
#include "runtime/objects.hpp"

/// Bodies of the accesses to fields and elements of objects, and of i31 references.
namespace wisp::interp {

/// A field in an object. Object: field 1; offset from its start in bytes: wide; value: field 0.
template <class Stored, class Value, u32 variant>
WISP_HANDLER field_get(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Ref ref = operand<Place::slot, u64, 1>(s);
  WISP_TRAP_IF(ref == runtime::null_ref, TrapReason::null_structure_reference);
  const u8* const object = reinterpret_cast<const u8*>(ref);
  result<variant & result_to_slot>(s, Value(load_le<Stored>(object + wide_field(s))));
  WISP_NEXT(2);
}

template <class Stored, class Value>
WISP_HANDLER field_set(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Ref ref = operand<Place::slot, u64, 1>(s);
  WISP_TRAP_IF(ref == runtime::null_ref, TrapReason::null_structure_reference);
  u8* const object = reinterpret_cast<u8*>(ref);
  store_le<Stored>(object + wide_field(s), Stored(operand<Place::slot, Value, 0>(s)));
  WISP_NEXT(2);
}

/// An array's element. Array: field 1; index: field 2; value: field 0.
#define WISP_LOCATE_ELEMENT(at, Stored)                                     \
  const Ref ref = operand<Place::slot, u64, 1>(s);                          \
  WISP_TRAP_IF(ref == runtime::null_ref, TrapReason::null_array_reference); \
  const u32 index = operand<Place::slot, u32, 2>(s);                        \
  runtime::GcObject* const array = runtime::object_of(ref);                 \
  WISP_TRAP_IF(index >= array->length, TrapReason::array_out_of_bounds);    \
  u8* const at = runtime::payload(array) + u64(index) * sizeof(Stored)

template <class Stored, class Value, u32 variant>
WISP_HANDLER element_get(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_LOCATE_ELEMENT(at, Stored);
  result<variant & result_to_slot>(s, Value(load_le<Stored>(at)));
  WISP_NEXT(2);
}

template <class Stored, class Value>
WISP_HANDLER element_set(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  WISP_LOCATE_ELEMENT(at, Stored);
  store_le<Stored>(at, Stored(operand<Place::slot, Value, 0>(s)));
  WISP_NEXT(2);
}

#define WISP_GET(type, Stored, Value)                                            \
  template <u32 variant>                                                         \
  inline constexpr Handler field_get_##type = field_get<Stored, Value, variant>; \
  template <u32 variant>                                                         \
  inline constexpr Handler element_get_##type = element_get<Stored, Value, variant>;
#define WISP_SET(type, Stored, Value)                                   \
  template <u32 variant>                                                \
  inline constexpr Handler field_set_##type = field_set<Stored, Value>; \
  template <u32 variant>                                                \
  inline constexpr Handler element_set_##type = element_set<Stored, Value>;

WISP_GET(i8_s, i8, u32)
WISP_GET(i8_u, u8, u32)
WISP_GET(i16_s, i16, u32)
WISP_GET(i16_u, u16, u32)
WISP_GET(i32, u32, u32)
WISP_GET(i64, u64, u64)
WISP_GET(f32, f32, f32)
WISP_GET(f64, f64, f64)
WISP_GET(v128, V128, V128)
WISP_SET(i8, u8, u32)
WISP_SET(i16, u16, u32)
WISP_SET(i32, u32, u32)
WISP_SET(i64, u64, u64)
WISP_SET(f32, f32, f32)
WISP_SET(f64, f64, f64)
WISP_SET(v128, V128, V128)
#undef WISP_GET
#undef WISP_SET

// Variant: result also to slot. Operand: field 1.

template <u32 variant>
WISP_HANDLER array_len(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Ref ref = operand<Place::slot, u64, 1>(s);
  WISP_TRAP_IF(ref == runtime::null_ref, TrapReason::null_array_reference);
  result<variant & result_to_slot>(s, runtime::object_of(ref)->length);
  WISP_NEXT(2);
}

template <u32 variant>
WISP_HANDLER ref_i31(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  result<variant & result_to_slot>(s, u64(runtime::i31_ref(operand<Place::slot, u32, 1>(s))));
  WISP_NEXT(2);
}

template <u32 variant>
WISP_HANDLER i31_get_s(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Ref ref = operand<Place::slot, u64, 1>(s);
  WISP_TRAP_IF(ref == runtime::null_ref, TrapReason::null_i31_reference);
  result<variant & result_to_slot>(s, u32(runtime::i31_signed(ref)));
  WISP_NEXT(2);
}

template <u32 variant>
WISP_HANDLER i31_get_u(WISP_STATE_PARAMETERS) {
  State s{WISP_STATE_ARGUMENTS};
  const Ref ref = operand<Place::slot, u64, 1>(s);
  WISP_TRAP_IF(ref == runtime::null_ref, TrapReason::null_i31_reference);
  result<variant & result_to_slot>(s, runtime::i31_unsigned(ref));
  WISP_NEXT(2);
}

}  // namespace wisp::interp
