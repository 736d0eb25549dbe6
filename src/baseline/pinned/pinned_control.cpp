#include "baseline/pinned/pinned_rows.hpp"
#include "interp/ops_control.hpp"

// Two rows each: a select has one for a condition in the accumulator, and one for a condition in a slot. Those of
// floats and vectors choose between addresses, which costs less than a branch that is not predicted.
#define WISP_PINNED_control(semantics, shape) WISP_PINNED_SHAPE_##shape(semantics)
#define WISP_PINNED_SHAPE_handlers_1(semantics) no_pinned_row, no_pinned_row,
#define WISP_PINNED_SHAPE_handlers_2(semantics) no_pinned_row, no_pinned_row,
#define WISP_PINNED_SHAPE_handlers_4(semantics) pinned_##semantics<Place::acc>, pinned_##semantics<Place::slot>,
#define WISP_PINNED_SHAPE_handlers_12(semantics) no_pinned_row, no_pinned_row,
#define WISP_PINNED_SHAPE_handlers_16(semantics) pinned_##semantics<Place::acc>, pinned_##semantics<Place::slot>,
#include "baseline/pinned/no_pinned_rows.hpp"

namespace wisp::baseline {

template <class T, Place condition>
constexpr PinnedRow pinned_select = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  constexpr bool has_immediate = places.a == Place::immediate || places.b == Place::immediate;
  constexpr bool has_acc = places.a == Place::acc || places.b == Place::acc;
  if constexpr (has_pin<T, T>(places) && !has_acc && !(has_immediate && sizeof(T) == 8)) {
    return interp::select_at<T, false, condition, places>;
  } else {
    return nullptr;
  }
});

template <Place condition>
constexpr PinnedRow pinned_select_i32 = pinned_select<u32, condition>;
template <Place condition>
constexpr PinnedRow pinned_select_i64 = pinned_select<u64, condition>;
template <Place condition>
constexpr PinnedRow pinned_select_f32{};
template <Place condition>
constexpr PinnedRow pinned_select_f64{};
template <Place condition>
constexpr PinnedRow pinned_select_v128{};

extern const PinnedRow pinned_control_handlers[];
const PinnedRow pinned_control_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_PINNED_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::baseline
