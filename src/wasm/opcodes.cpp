#include "wasm/opcodes.hpp"

namespace wisp::wasm {

namespace {
constexpr u8 constant = OpFlags::constant;
constexpr u8 constant_extended = OpFlags::constant_extended;
constexpr u8 atomic = OpFlags::atomic;
constexpr u8 align(u8 log2) { return OpFlags::align(log2); }
}  // namespace

const OpInfo op_table[op_count] = {
#define WISP_OP(code, enumerator, text, immediate, signature, feature, flags) \
  {code, text, Immediate::immediate, signature, Feature::feature, u8(flags)},
#include "wasm/opcodes.def"
#undef WISP_OP
};

}  // namespace wisp::wasm
