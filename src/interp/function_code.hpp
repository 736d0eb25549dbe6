#pragma once

#include <memory>
#include <vector>

#include "interp/slot_code.hpp"
#include "wasm/immediates.hpp"

namespace wisp::interp {

/// A catch clause, resolved: what it catches, and where control goes with the payload in which slots.
struct CatchHandler {
  wasm::CatchClause::Kind kind;
  TagIndex tag;    // of catch_ and catch_ref
  u32 target = 0;  // word
  u32 slot = 0;    // the first of the payload, and then of the reference
};

/// The body of a try_table: words [begin, end) of the code, and its clauses [first, first + count) among the
/// function's. Inner ones come before outer ones.
struct TryRegion {
  u32 begin = 0;
  u32 end = 0;
  u32 first = 0;
  u32 count = 0;
};

/// Where an instruction comes from: its first word, and the byte offset in the module.
struct Origin {
  u32 word;
  u64 offset;
};

/// Which kind of register can hold a local.
enum class LocalClass : u8 { none, integer, floating };

/// The slot code of one function. It refers to nothing of any instance.
struct FunctionCode {
  FuncIndex function;
  u32 frame_slots = 0;
  u32 word_count = 0;
  bool has_loops = false;
  /// Of a function with loops: what its locals are, by slot; those that take two slots are no candidates for registers.
  std::vector<LocalClass> locals;
  /// Where iterations of loops are counted: the instruction that counts, and the `loop` instruction.
  std::vector<Origin> loops;
  std::unique_ptr<Word[]> words;
  std::vector<TryRegion> regions;
  std::vector<CatchHandler> handlers;
};

}  // namespace wisp::interp
