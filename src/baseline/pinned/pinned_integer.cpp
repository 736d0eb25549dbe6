#include "baseline/pinned/pinned_numeric.hpp"

#define WISP_PINNED_integer(semantics, shape) WISP_PINNED_SHAPE_##shape(semantics)
#define WISP_PINNED_SHAPE_unary(semantics) pinned_unary<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_binary(semantics) pinned_binary<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_commutative(semantics) pinned_commutative<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_compare(semantics) pinned_commutative<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_handlers_4(semantics) pinned_##semantics,
#define WISP_PINNED_SHAPE_handlers_1(semantics) no_pinned_row,
#include "baseline/pinned/no_pinned_rows.hpp"

namespace wisp::baseline {

constexpr PinnedRow pinned_i32_shl_add = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (has_pin<u32, u32>(places) && places.a != Place::immediate && places.b != Place::immediate &&
                places.b != Place::acc) {
    return interp::i32_shl_add_at<false, places>;
  } else {
    return nullptr;
  }
});

extern const PinnedRow pinned_integer_handlers[];
const PinnedRow pinned_integer_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_PINNED_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::baseline
