#include "baseline/compiler.hpp"

#include <cstring>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace wisp::baseline {

using interp::Word;

namespace {

u32 words_of(Word first) {
  return u32(first >> 16);
}

}  // namespace

bool Compiler::compile(const interp::FunctionCode& slot_code, const CodeBlock& block) {
  block_ = block;
  size_ = 0;
  if (positions_.size() <= slot_code.word_count) positions_.resize(slot_code.word_count + 1);
  branches_.clear();
  cold_references_.clear();
  table_references_.clear();
  colds_.clear();
  if (!emit_hot(slot_code) || !emit_cold(slot_code) || !emit_tables(slot_code)) return false;
  fix_branches();
  return true;
}

bool Compiler::emit_hot(const interp::FunctionCode& slot_code) {
  const Word* const words = slot_code.words.get();
  pins_.choose(slot_code);
  dirty_ = 0;
  for (u32 word = 0; word < slot_code.word_count; word += words_of(words[word])) {
    positions_[word] = size_;
    const Instruction instruction{words + word, word};
    const bool emitted =
        pins_.any() ? emit_with_pins(instruction) : emit(stencil_of(instruction.op()), instruction);
    if (!emitted) return false;
  }
  positions_[slot_code.word_count] = size_;
  return true;
}

/// The stencil's first part.
bool Compiler::emit(const Stencil& stencil, const Instruction& instruction) {
  const u32 position = size_;
  if (stencil.hot_bytes > block_.size_bytes - position) return false;
  std::memcpy(block_.writable + position, stencil_code.data() + stencil.code, stencil.hot_bytes);
  const u32 first_fixup = u32(cold_references_.size());
  const Hole* const holes = stencil_holes.data() + stencil.first_hole;
  for (u32 i = 0; i < stencil.hot_hole_count; ++i) fill(holes[i], instruction, position, position);
  size_ += stencil.hot_bytes;
  if (stencil.cold_bytes != 0) colds_.push_back({&stencil, instruction.word, position, first_fixup});
  return true;
}

bool Compiler::emit_cold(const interp::FunctionCode& slot_code) {
  const u32 hot_references = u32(cold_references_.size());
  for (usize i = 0; i < colds_.size(); ++i) {
    const Cold& cold = colds_[i];
    const Stencil& stencil = *cold.stencil;
    const u32 position = size_;
    if (stencil.cold_bytes > block_.size_bytes - position) return false;
    std::memcpy(block_.writable + position, stencil_code.data() + stencil.code + stencil.hot_bytes, stencil.cold_bytes);
    const u32 end = i + 1 < colds_.size() ? colds_[i + 1].first_fixup : hot_references;
    for (u32 f = cold.first_fixup; f < end; ++f) {
      const Fixup& reference = cold_references_[f];
      store_distance(reference.at, i64(position) + reference.to - (reference.at + 4));
    }
    const Instruction instruction{slot_code.words.get() + cold.word, cold.word};
    const Hole* const holes = stencil_holes.data() + stencil.first_hole;
    // Offsets of holes count from the start of the first part.
    for (u32 h = stencil.hot_hole_count; h < stencil.hole_count; ++h) {
      fill(holes[h], instruction, position - stencil.hot_bytes, cold.hot_position);
    }
    size_ += stencil.cold_bytes;
  }
  return true;
}

/// The distances of br_tables, from the table to each target.
bool Compiler::emit_tables(const interp::FunctionCode& slot_code) {
  for (const Fixup& reference : table_references_) {
    size_ = (size_ + 3) & ~u32{3};
    const Word* const words = slot_code.words.get() + reference.to;
    const u32 count = u32(words[1] >> 32) + 1;
    const u32 table = size_;
    if (u64{count} * 4 > block_.size_bytes - table) return false;
    store_distance(reference.at, i64(table) - (reference.at + 4));
    const u8* const distances = reinterpret_cast<const u8*>(words + 2);
    for (u32 i = 0; i < count; ++i, size_ += 4) {
      const u32 target = reference.to + u32(load_le<i32>(distances + u64{4} * i));
      store_distance(size_, i64(positions_[target]) - table);
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

/// `part_position`: where the stencil's offset 0 would be, for this part.
void Compiler::fill(const Hole& hole, const Instruction& instruction, u32 part_position, u32 hot_position) {
  const u32 at = part_position + hole.at;
  const u32 end = at + 4;
  switch (hole.kind) {
    case HoleKind::target:
      branches_.push_back({at, instruction.word + instruction.wide(), end});
      return;
    case HoleKind::table:
      table_references_.push_back({at, instruction.word, end});
      return;
    case HoleKind::hot:
      return store_distance(at, i64(hot_position) + hole.addend - end);
    case HoleKind::cold:
      cold_references_.push_back({at, u32(hole.addend), end});
      return;
    case HoleKind::constant:
      return store_distance(at, block_.constants + hole.addend - (block_.code + end));
    case HoleKind::external:
      return store_distance(at, block_.stubs + u64{u32(hole.addend)} * stub_bytes - (block_.code + end));
    default:
      break;
  }
  u8* const to = block_.writable + at;
  const u64 value = operand(hole.kind, instruction) + u64(i64{hole.addend});
  if (hole.size_bytes == 4) {
    store_le<u32>(to, u32(value));
  } else if (hole.size_bytes == 8) {
    store_le<u64>(to, value);
  } else {
    *to = u8(value);
  }
}

u64 Compiler::operand(HoleKind kind, const Instruction& instruction) const {
  switch (kind) {
    case HoleKind::slot_0:
    case HoleKind::slot_1:
    case HoleKind::slot_2:
    case HoleKind::slot_3:
      return u64{instruction.field(u32(kind) - u32(HoleKind::slot_0))} * sizeof(u64);
    case HoleKind::field_0:
    case HoleKind::field_1:
    case HoleKind::field_2:
    case HoleKind::field_3:
      return instruction.field(u32(kind) - u32(HoleKind::field_0));
    case HoleKind::wide:
      return instruction.wide();
    case HoleKind::word_2:
    case HoleKind::word_3:
    case HoleKind::word_4:
      return instruction.words[2 + u32(kind) - u32(HoleKind::word_2)];
    case HoleKind::low_1:
      return u32(instruction.words[1]);
    case HoleKind::low_2:
      return u32(instruction.words[2]);
    case HoleKind::high_2:
      return instruction.words[2] >> 32;
    case HoleKind::slot_word_3:
      return instruction.words[3] * sizeof(u64);
    default:
      WISP_UNREACHABLE();
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
