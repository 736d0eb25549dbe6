#include "baseline/pinned/pinned_numeric.hpp"

#define WISP_PINNED_floating(semantics, shape) WISP_PINNED_SHAPE_##shape(semantics)
#define WISP_PINNED_SHAPE_unary(semantics) pinned_unary<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_binary(semantics) pinned_binary<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_commutative(semantics) pinned_commutative<interp::numeric::semantics>,
#define WISP_PINNED_SHAPE_compare(semantics) pinned_commutative<interp::numeric::semantics>,
#include "baseline/pinned/no_pinned_rows.hpp"

namespace wisp::baseline {

extern const PinnedRow pinned_floating_handlers[];
const PinnedRow pinned_floating_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_PINNED_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::baseline
