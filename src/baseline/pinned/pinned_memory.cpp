#include "baseline/pinned/pinned_rows.hpp"
#include "interp/ops_memory.hpp"

#define WISP_PINNED_memory(semantics, shape) WISP_PINNED_SHAPE_##shape(semantics)
#define WISP_PINNED_SHAPE_load(semantics) pinned_load<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_load_indexed(semantics) pinned_load_indexed<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_store(semantics) pinned_store<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_load_any(semantics) no_pinned_row,
#define WISP_PINNED_SHAPE_store_any(semantics) no_pinned_row,
#define WISP_PINNED_SHAPE_load_lane(semantics) no_pinned_row,
#define WISP_PINNED_SHAPE_store_lane(semantics) no_pinned_row,
#include "baseline/pinned/no_pinned_rows.hpp"

namespace wisp::baseline {

/// The number of an address's place in ops_memory.hpp.
constexpr u32 address_place(Place place) {
  return u32(place);
}

template <class Semantics>
constexpr PinnedRow pinned_load = make_row([]<usize pair>() -> Handler {
  if constexpr (has_pin_alone(pair)) {
    return interp::load<Semantics, 2 * address_place(places_of(pair).a)>;
  } else {
    return nullptr;
  }
});

template <class Semantics>
constexpr PinnedRow pinned_load_indexed = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (has_pin(pair) && places.a != Place::immediate && places.b != Place::acc) {
    return interp::load_indexed_at<Semantics, false, places>;
  } else {
    return nullptr;
  }
});

/// a: the value; b: the address.
template <class Semantics>
constexpr PinnedRow pinned_store = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (has_pin(pair) && !std::is_same_v<typename Semantics::A, interp::V128>) {
    return interp::store_at<Semantics, places.a, address_place(places.b)>;
  } else if constexpr (places.b >= Place::pin && (places.a == Place::slot || places.a == Place::acc)) {
    return interp::store_at<Semantics, places.a, address_place(places.b)>;
  } else {
    return nullptr;
  }
});

extern const PinnedRow pinned_memory_handlers[];
const PinnedRow pinned_memory_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_PINNED_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::baseline
