#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "text/print_names.hpp"
#include "text/printer.hpp"
#include "wasm/code_reader.hpp"

namespace wisp::text {

/// Branch hints of a function: by offset in its body, whether the branch is likely to be taken.
using BranchHints = std::map<u64, bool>;

/// Writes the instructions of one body, or of one constant expression.
class CodePrinter {
 public:
  CodePrinter(const wasm::Module& module, const PrintNames& names, const PrintOptions& options, std::string& out)
      : module_(module), names_(names), options_(options), out_(out) {}

  /// Locals and instructions of a function, each on a line of its own.
  Result<void> body(FuncIndex function, const NamedSpace& locals, const BranchHints* hints);
  /// One instruction as `(i32.const 0)`, several as `(word i32.const 0 …)`, or bare if there is no word.
  Result<void> expression(const wasm::ConstExpr& expression, std::string_view word);

 private:
  void locals(const std::vector<wasm::LocalRun>& runs, u32 first);
  void new_line(u64 offset, usize indent);
  void close_block();
  void instruction(wasm::Op op, const wasm::Imm& imm);
  void immediates(wasm::Op op, const wasm::Imm& imm);
  void more_immediates(wasm::Op op, const wasm::Imm& imm);
  void open_block(const wasm::BlockType& type);
  void catches(std::span<const wasm::CatchClause> clauses);
  void label(u32 index);
  void memarg(wasm::Op op, const wasm::MemArg& memarg);
  void v128(const std::array<u8, 16>& bytes);
  void field(u32 type, u32 index);
  void word(std::string_view text) {
    out_ += ' ';
    out_ += text;
  }
  void number(u64 value) { word(std::to_string(value)); }

  const wasm::Module& module_;
  const PrintNames& names_;
  const PrintOptions& options_;
  std::string& out_;
  const NamedSpace* locals_ = nullptr;
  const wasm::NameMap* label_names_ = nullptr;
  std::vector<std::string> labels_;                            // of the open constructs; empty where there is no name
  std::unordered_map<std::string, std::vector<u32>> by_name_;  // the open constructs of each name, innermost last
  u32 label_count_ = 0;
};

}  // namespace wisp::text
