#include "interp/ops_objects.hpp"

#define WISP_ROW_objects WISP_VARIANTS
#include "interp/handler_rows.hpp"
#include "interp/no_rows.hpp"

namespace wisp::interp {

const Handler objects_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_ROW_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::interp
