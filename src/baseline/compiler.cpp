#include "baseline/compiler.hpp"

#include <cstring>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace wisp::baseline {

using interp::Word;

namespace {

/// Where an operand stands in the words of an instruction: `(word >> shift & mask) << scale`.
struct Source {
  u8 word;
  u8 shift;
  u8 scale;
  u64 mask;
};
constexpr Source sources[] = {
    {1, 0, slot_scale, 0xffff},   // slot_0
    {1, 16, slot_scale, 0xffff},  // slot_1
    {1, 32, slot_scale, 0xffff},  // slot_2
    {1, 48, slot_scale, 0xffff},  // slot_3
    {1, 0, 0, 0xffff},            // field_0
    {1, 16, 0, 0xffff},           // field_1
    {1, 32, 0, 0xffff},           // field_2
    {1, 48, 0, 0xffff},           // field_3
    {1, 32, 0, 0xffff'ffff},      // wide
    {2, 0, 0, ~u64{0}},           // word_2
    {3, 0, 0, ~u64{0}},           // word_3
    {4, 0, 0, ~u64{0}},           // word_4
    {1, 0, 0, 0xffff'ffff},       // low_1
    {2, 0, 0, 0xffff'ffff},       // low_2
    {2, 32, 0, 0xffff'ffff},      // high_2
    {3, 0, slot_scale, ~u64{0}},  // slot_word_3
};
static_assert(std::size(sources) == u32(HoleKind::target));

}  // namespace

bool Compiler::compile(const interp::FunctionCode& slot_code, const CodeBlock& block) {
  block_ = block;
  size_ = 0;
  positions_.clear();
  positions_.extend(slot_code.words.size() + 1);
  branches_.clear();
  cold_references_.clear();
  table_references_.clear();
  colds_.clear();
  if (!emit_hot(slot_code) || !emit_cold(slot_code) || !emit_tables(slot_code)) return false;
  fix_branches();
  return true;
}

bool Compiler::emit_hot(const interp::FunctionCode& slot_code) {
  const Word* const words = slot_code.words.data();
  const u32 count = u32(slot_code.words.size());
  pins_.choose(slot_code);
  if (pins_.any()) return emit_hot_with_pins(slot_code);
  for (u32 word = 0; word < count; word += words_of(words[word])) {
    positions_[word] = size_;
    const Instruction instruction{words + word, word};
    if (!emit(stencil_of(instruction.op()), instruction)) return false;
  }
  positions_[count] = size_;
  return true;
}

/// Paths meet at the word. Backward branches go to where loops begin; others are marked before the word is reached.
void Compiler::mark_label(u32 word) {
  if (pins_.any()) labels_[word] = 1;
}

/// `part_position`: where the stencil's offset 0 would be, for this part.
inline void Compiler::fill(std::span<const Hole> holes, const Instruction& instruction, u32 part_position,
                           u32 hot_position) {
  for (const Hole& hole : holes) {
    const u32 at = part_position + hole.at;
    if (hole.kind >= HoleKind::target) {
      fill_distance(hole, instruction, at, hot_position);
      continue;
    }
    const Source& source = sources[u32(hole.kind)];
    const u64 found = (instruction.words[source.word] >> source.shift & source.mask) << source.scale;
    const u64 value = found + u64(i64{hole.addend});
    u8* const to = block_.writable + at;
    if (hole.size_bytes == 4) {
      store_le<u32>(to, u32(value));
    } else if (hole.size_bytes == 8) {
      store_le<u64>(to, value);
    } else {
      *to = u8(value);
    }
  }
}

/// What few stencils have.
void Compiler::finish(const Stencil& stencil, const Instruction& instruction, u32 position) {
  const u32 first_fixup = cold_references_.size();
  fill(stencil_holes.subspan(stencil.first_hole, stencil.hot_hole_count), instruction, position, position);
  if (stencil.cold_bytes != 0) colds_.push_back({&stencil, instruction.word, position, first_fixup});
}

bool Compiler::emit_cold(const interp::FunctionCode& slot_code) {
  const u32 hot_references = cold_references_.size();
  for (u32 i = 0; i < colds_.size(); ++i) {
    const Cold& cold = colds_[i];
    const Stencil& stencil = *cold.stencil;
    const u32 position = size_;
    if (!copy(stencil.code + stencil.hot_bytes, stencil.cold_bytes)) return false;
    const u32 end = i + 1 < colds_.size() ? colds_[i + 1].first_fixup : hot_references;
    for (u32 f = cold.first_fixup; f < end; ++f) {
      const Fixup& reference = cold_references_[f];
      store_distance(reference.at, i64(position) + reference.to - (reference.at + 4));
    }
    const Instruction instruction{slot_code.words.data() + cold.word, cold.word};
    const u32 first_hole = stencil.first_hole + stencil.hot_hole_count;
    // Offsets of holes count from the start of the first part.
    fill(stencil_holes.subspan(first_hole, stencil.cold_hole_count), instruction, position - stencil.hot_bytes,
         cold.hot_position);
  }
  return true;
}

/// The distances of br_tables, from the table to each target.
bool Compiler::emit_tables(const interp::FunctionCode& slot_code) {
  for (const Fixup& reference : table_references_) {
    size_ = (size_ + 3) & ~u32{3};
    const Instruction instruction{slot_code.words.data() + reference.to, reference.to};
    const u32 count = instruction.wide() + 1;
    const u32 table = size_;
    if (u64{count} * 4 > block_.size_bytes - table) return false;
    store_distance(reference.at, i64(table) - (reference.at + 4));
    for (u32 i = 0; i < count; ++i, size_ += 4) {
      store_distance(size_, i64(positions_[instruction.table_target(i)]) - table);
    }
  }
  return true;
}

void Compiler::fix_branches() {
  for (const Fixup& branch : branches_) {
    store_distance(branch.at, i64(positions_[branch.to]) - branch.from);
  }
}

void Compiler::store_distance(u32 at, i64 distance) {
  store_le<i32>(block_.writable + at, i32(distance));
}

/// A hole that is no operand: a distance.
void Compiler::fill_distance(const Hole& hole, const Instruction& instruction, u32 at, u32 hot_position) {
  const u32 end = at + 4;
  if (hole.kind >= HoleKind::hot) {
    const i64 origins[] = {hot_position, block_.constants - block_.code, block_.stubs - block_.code};
    constexpr u8 scales[] = {1, 1, stub_bytes};
    const u32 kind = u32(hole.kind) - u32(HoleKind::hot);
    store_distance(at, origins[kind] + i64{hole.addend} * scales[kind] - end);
  } else if (hole.kind == HoleKind::cold) {
    cold_references_.push_back({at, u32(hole.addend), end});
  } else if (hole.kind == HoleKind::target) {
    const u32 to = instruction.word + instruction.wide();
    branches_.push_back({at, to, end});
    mark_label(to);
  } else {
    table_references_.push_back({at, instruction.word, end});
    for (u32 i = 0; i <= instruction.wide(); ++i) mark_label(instruction.table_target(i));
  }
}

NativeFunction Compiler::take(const interp::FunctionCode& slot_code) const {
  NativeFunction made;
  made.function = slot_code.function;
  made.code = block_.code;
  made.size_bytes = size_;
  made.regions = slot_code.regions;
  made.handlers = slot_code.handlers;
  for (interp::TryRegion& region : made.regions) {
    region.begin = positions_[region.begin];
    region.end = positions_[region.end];
  }
  made.loops = slot_code.loops;
  for (interp::Origin& loop : made.loops) loop.word = positions_[loop.word];
  made.pinned = pins_.pinned();
  for (interp::CatchHandler& handler : made.handlers) handler.target = positions_[handler.target];
  return made;
}

}  // namespace wisp::baseline
