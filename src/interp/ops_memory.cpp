#include "interp/ops_memory.hpp"

#define WISP_ROW_memory WISP_VARIANTS
#include "interp/handler_rows.hpp"
#include "interp/no_rows.hpp"

namespace wisp::interp {

const Handler memory_handlers[] = {
#define WISP_SLOT_ROW(family, id, semantics, shape) WISP_ROW_##family(semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace wisp::interp
