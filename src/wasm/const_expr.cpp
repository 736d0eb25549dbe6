#include "wasm/const_expr.hpp"

#include "wasm/signature.hpp"

namespace wisp::wasm {

bool ConstExprReader::next() {
  WISP_CHECK(reader_.next(op_));
  return op_ != Op::end;
}

bool ConstExprValidator::run(BinaryReader& reader, ValType type, ConstExpr& expression) {
  reader_.reset(Bytes(reader.position(), reader.remaining()), reader.offset());
  functions_.clear();
  operands_.truncate(0);
  slot_height_ = 0;
  base_ = 0;
  frames_.clear();
  frames_.push_back({.type = BlockType(type)});
  if (!instructions()) return reader.fail(reader_.take_error());
  const u64 size = u64(reader_.position() - reader.position());
  expression.code = Bytes(reader.position(), size);
  reader.skip(size);
  return true;
}

bool ConstExprValidator::instructions() {
  while (true) {
    instruction_ = reader_.position();
    Op op{};
    if (!reader_.read_op(op)) return false;
    if (op == Op::end) return check_frame_end();
    const u8 flags = info(op).flags;
    const bool is_extended = (flags & OpFlags::constant_extended) != 0;
    if ((flags & (OpFlags::constant | OpFlags::constant_extended)) == 0) {
      return invalid("constant expression required, but found " + std::string(info(op).text));
    }
    if (is_extended && !reader_.require(Feature::extended_const, offset(), "constant expression required"))
      return false;
    if (!instruction(op)) return false;
  }
}

bool ConstExprValidator::instruction(Op op) {
  u32 popped = 0;
  if (info(op).is_polymorphic()) {
    if (!typed_effect(op, effect_)) return false;
    if (op == Op::ref_func) functions_.push_back(reader_.imm().func);
    return match(effect_.operands, popped) && replace(popped, effect_.results);
  }
  const Signature signature(info(op).signature);
  return reader_.read_immediates(op) && match(std::span(signature.operands).first(signature.operand_count), popped) &&
         replace(popped, std::span(signature.results).first(signature.result_count));
}

}  // namespace wisp::wasm
