#pragma once

#include "wasm/code_reader.hpp"
#include "wasm/module.hpp"

namespace wisp::wasm {

/// Walks a valid constant expression in evaluation order, for its evaluator.
///
///     ConstExprReader reader(module, global.init);
///     while (reader.next()) evaluate(reader.op(), reader.imm());
class ConstExprReader {
 public:
  ConstExprReader(const Module& module, const ConstExpr& expression) : reader_(module, expression.code, 0) {}

  /// Moves to the next instruction; false at the final `end`.
  bool next();
  Op op() const { return op_; }
  const Imm& imm() const { return reader_.imm(); }

 private:
  CodeReader reader_;
  Op op_ = Op::end;
};

}  // namespace wisp::wasm
