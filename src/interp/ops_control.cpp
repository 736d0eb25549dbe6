#include "interp/ops_control.hpp"

#define WISP_ROW_control WISP_VARIANTS
#include "interp/handler_rows.hpp"
#include "interp/no_rows.hpp"

namespace wisp::interp {

const Handler control_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_ROW_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::interp
