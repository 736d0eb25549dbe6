#include "baseline/pinned/pinned_numeric.hpp"
#include "interp/ops_branch.hpp"

// Two rows each: a branch on a comparison of floats has one for the negated comparison.
#define WISP_PINNED_branch(semantics, shape) WISP_PINNED_SHAPE_##shape(semantics)
#define WISP_PINNED_SHAPE_branch_compare(semantics) pinned_branch<interp::numeric::semantics, false>, no_pinned_row,
#define WISP_PINNED_SHAPE_branch_compare_float(semantics) \
  pinned_branch<interp::numeric::semantics, false>, pinned_branch<interp::numeric::semantics, true>,
#define WISP_PINNED_SHAPE_handlers_2(semantics) pinned_##semantics, no_pinned_row,
#define WISP_PINNED_SHAPE_handlers_4(semantics) pinned_##semantics, no_pinned_row,
#include "baseline/pinned/no_pinned_rows.hpp"

namespace wisp::baseline {

constexpr PinnedRow pinned_jump{};
constexpr PinnedRow pinned_br_table{};

template <bool if_zero>
constexpr PinnedRow pinned_br_if = make_row([]<usize pair>() -> Handler {
  if constexpr (has_pin_alone<u32>(pair)) {
    return interp::br_if_at<if_zero, false, places_of(pair).a>;
  } else {
    return nullptr;
  }
});
constexpr PinnedRow pinned_br_if_nonzero = pinned_br_if<false>;
constexpr PinnedRow pinned_br_if_zero = pinned_br_if<true>;

constexpr PinnedRow pinned_increment_br_if_ne = make_row([]<usize pair>() -> Handler {
  constexpr Places places = places_of(pair);
  if constexpr (has_pin<u32, u32>(places) && places.a != Place::acc && places.a != Place::immediate &&
                places.b != Place::acc) {
    return interp::increment_br_if_ne_at<places>;
  } else {
    return nullptr;
  }
});

extern const PinnedRow pinned_branch_handlers[];
const PinnedRow pinned_branch_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_PINNED_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::baseline
