#pragma once

#include <memory>
#include <span>
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

/// Words [begin, end) of a loop.
struct LoopRange {
  u32 begin;
  u32 end;
};

/// Which kind of register can hold a local.
enum class LocalClass : u8 { none, integer, floating, vector };

/// The slot code of one function. It refers to nothing of any instance.
struct FunctionCode {
  FuncIndex function;
  u32 frame_slots = 0;
  /// In the order of their beginnings; the lowering's, until it begins another function.
  std::span<const LoopRange> loop_ranges;
  /// Of a function with loops: what its locals are, by slot; the second slot of a vector is nothing by itself.
  std::vector<LocalClass> locals;
  /// Where iterations of loops are counted: the instruction that counts, and the `loop` instruction.
  std::vector<Origin> loops;
  /// Owned by the function if it is to be interpreted; else they are the lowering's, until it begins another function.
  std::span<const Word> words;
  std::unique_ptr<Word[]> owned_words;
  std::vector<TryRegion> regions;
  std::vector<CatchHandler> handlers;
};

}  // namespace wisp::interp
