#include "interp/emitter.hpp"

#include "interp/handler_rows.hpp"

namespace wisp::interp {

namespace {

/// By family.
constexpr const Handler* tables[] = {
    nullptr,
#define WISP_SLOT_FAMILY(family) family##_handlers,
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"
};

}  // namespace

Word Emitter::handler_word(SlotOp op) {
  return reinterpret_cast<Word>(tables[u32(op) >> family_shift][u32(op) & family_mask]);
}

}  // namespace wisp::interp
