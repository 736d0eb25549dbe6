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
  if constexpr (has_pin_alone<u32>(pair)) {
    return interp::load<Semantics, 2 * address_place(places_of(pair).a)>;
  } else {
    return nullptr;
  }
});

template <class Semantics>
constexpr PinnedRow pinned_load_indexed = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (has_pin<u32, u32>(places) && places.a != Place::immediate && places.b != Place::acc) {
    return interp::load_indexed_at<Semantics, false, places>;
  } else {
    return nullptr;
  }
});

/// a: the value; b: the address. Lowering writes constant vectors to slots.
template <class Semantics>
constexpr PinnedRow pinned_store = make_row([]<usize pair>() -> Handler {
  using A = typename Semantics::A;
  constexpr Places places = places_of(pair);
  constexpr bool is_constant_vector = places.a == Place::immediate && std::is_same_v<A, interp::V128>;
  if constexpr (has_pin<A, u32>(places) && !is_constant_vector) {
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
