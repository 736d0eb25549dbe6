#pragma once

#include <vector>

#include "wasm/body_checker.hpp"
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

/// Validates constant expressions of a module that is being decoded: they see what has been decoded so far.
/// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
class ConstExprValidator : private BodyChecker {
 public:
  explicit ConstExprValidator(const Module& module) : BodyChecker(module) { is_constant_ = true; }

  /// Reads an expression of the given type; the reader then stands after its `end`. After a failure the reader has the
  /// error.
  bool run(BinaryReader& reader, ValType type, ConstExpr& expression);

  /// Functions that the last expression refers to.
  std::span<const FuncIndex> functions() const { return functions_; }

 private:
  bool instructions();
  bool instruction(Op op);

  std::vector<FuncIndex> functions_;
};

}  // namespace wisp::wasm
