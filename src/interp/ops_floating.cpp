#include "interp/ops_numeric.hpp"

#define WISP_ROW_floating WISP_VARIANTS
#include "interp/handler_rows.hpp"
#include "interp/no_rows.hpp"

namespace wisp::interp {

const Handler floating_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_ROW_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::interp
