#pragma once

#include "text/assembly.hpp"
#include "text/keywords.hpp"
#include "text/type_parser.hpp"

namespace wisp::text {

/// Instructions of the text format, written in the binary format as they are read.
/// https://webassembly.github.io/spec/core/text/instructions.html
class CodeParser {
 public:
  explicit CodeParser(Assembly& a) : a_(a), in_(a.in) {}

  /// The instructions up to the `)` that they stand in, and the final `end`.
  void expression(ByteBuffer& out);
  /// Exactly one folded instruction, and the final `end`.
  void folded_expression(ByteBuffer& out);
  /// A function's instructions, appended to its locals in `out`, which begins where the body does.
  void body(ByteBuffer& out, u32 func_index);

 private:
  struct Label {
    std::string_view name;        // in the source; empty if there is none
    std::string_view shown_name;  // in the name section
    u32 shadowed = 0;             // the outer label of the same name plus 1, or 0
  };

  /// What the next `)`, `else` or `end` closes.
  struct Frame {
    enum class Kind : u8 {
      flat_block,  // `block`, `loop`, `try_table`, or the else of a flat `if`; until `end`
      flat_if,     // until `else` or `end`
      plain,       // `(op …`: operands follow, then the instruction is written
      block,       // `(block …`, `(loop …`, `(try_table …`: instructions follow
      condition,   // `(if …` before its `(then`
      then,        // inside `(then …`
      after_then,  // behind it
      else_,       // inside `(else …`
      after_else,
    };
    Kind kind;
    u32 offset = 0;               // of the construct in the source
    u32 pending_start = 0;        // of plain and condition: where its bytes begin in pending_
    Label label = {};             // of condition: of the `if`
    std::optional<u8> hint = {};  // of plain and condition: the branch hint
  };

  void run(ByteBuffer& out, bool single);
  void step();
  void flat();
  void folded();
  void close();
  void flat_end();
  void flat_else();
  void open_then();
  void open_else();
  void unknown_instruction();

  void take_hint();
  void use_hint(wasm::Op op, u32 offset);
  void place_hint(std::optional<u8> hint);

  /// Opcode and immediates of the instruction whose name has been read.
  void encode(wasm::Op op, ByteBuffer& to);
  void immediates(wasm::Op op, ByteBuffer& to);
  void constant(wasm::Op op, ByteBuffer& to);
  void segment_immediates(wasm::Op op, ByteBuffer& to);
  void type_immediates(wasm::Op op, ByteBuffer& to);
  void block_type(ByteBuffer& to);
  void catch_clauses(ByteBuffer& to);
  void label(ByteBuffer& to);
  void br_table(ByteBuffer& to);
  void br_on_cast(ByteBuffer& to);
  void call_indirect(ByteBuffer& to);
  void cast(wasm::Op op, ByteBuffer& to);
  void select(ByteBuffer& to);
  void memarg(wasm::Op op, ByteBuffer& to, bool with_lane);
  u64 memarg_field(std::string_view key, u64 otherwise);
  void lane(ByteBuffer& to);
  void shuffle(ByteBuffer& to);
  void v128(ByteBuffer& to);
  void float_constant(int bits, ByteBuffer& to);
  void segment_pair(const IndexSpace& segments, const IndexSpace& spaces, ByteBuffer& to);
  void index_pair(const IndexSpace& space, ByteBuffer& to);
  void index(const IndexSpace& space, ByteBuffer& to) { put(to, index_of(a_, space)); }
  static void put(ByteBuffer& to, u64 value);

  void push_label(Label label);
  void pop_label();
  bool needs_feature(wasm::Op op, u32 offset);

  Assembly& a_;
  Cursor& in_;
  ByteBuffer* out_ = nullptr;
  std::vector<Frame> frames_;
  ByteBuffer pending_;  // instructions that wait for their operands, the innermost last
  std::vector<Label> labels_;
  std::unordered_map<std::string_view, u32> innermost_;  // by name: the label plus 1
  Label opened_label_;                                   // of the block instruction that was encoded last

  bool in_function_ = false;
  u32 label_count_ = 0;  // of the function so far
  std::vector<std::pair<u32, std::string>> label_names_;
  std::vector<BranchHint> hints_;
  std::optional<u8> hint_;  // in front of the instruction that is being read
};

}  // namespace wisp::text
