#include "baseline/pinned/pinned_vector.hpp"

#define WISP_PINNED_vector_float(semantics, shape) WISP_PINNED_SHAPE_##shape(semantics)
#include "baseline/pinned/no_pinned_rows.hpp"

namespace wisp::baseline {

extern const PinnedRow pinned_vector_float_handlers[];
const PinnedRow pinned_vector_float_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_PINNED_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::baseline
