#include "runtime/heap.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/check.hpp"

namespace wisp::runtime {
namespace {

constexpr u32 granule_bytes = 16;
constexpr u32 largest_cell_bytes = 8 * 1024;
/// Freed blocks in a row from which on the host zeroes them (by giving fresh pages) instead of us.
constexpr u64 host_zeroed_blocks = 16;

/// Sizes grow by an eighth to a quarter, so that at most a quarter of a cell is lost.
constexpr std::array<u32, 32> cell_sizes = {16,   32,   48,   64,   80,   96,   112,  128,  160,  192,  224,
                                            256,  320,  384,  448,  512,  640,  768,  896,  1024, 1280, 1536,
                                            1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192};

/// By size in granules: the first class that it fits in.
constexpr auto classes = [] {
  std::array<u8, largest_cell_bytes / granule_bytes + 1> result{};
  u32 size_class = 0;
  for (u32 granules = 0; granules < result.size(); ++granules) {
    if (granules * granule_bytes > cell_sizes[size_class]) ++size_class;
    result[granules] = u8(size_class);
  }
  return result;
}();

u32 class_of(u64 size_bytes) {
  return classes[(size_bytes + granule_bytes - 1) / granule_bytes];
}

bool bit(const std::vector<u64>& bits, u32 index) {
  return (bits[index / 64] >> (index % 64) & 1) != 0;
}
void set_bit(std::vector<u64>& bits, u32 index) {
  bits[index / 64] |= u64{1} << (index % 64);
}

}  // namespace

Heap::Heap(RootSource& roots, u64 limit_bytes)
    : roots_(roots), limit_bytes_(std::min(limit_bytes, limits::heap_reservation_bytes)) {}

Heap::~Heap() = default;

// Finding and marking

bool Heap::find(Ref word, Cell& cell) const {
  const u64 offset = word - reinterpret_cast<u64>(base_);
  if (offset >= used_bytes_) return false;
  cell.block = offset / block_bytes;
  const Block& block = blocks_[cell.block];
  const u32 in_block = u32(offset % block_bytes);
  if (block.use == Block::Use::large) {
    cell.index = 0;
    return in_block == 0;
  }
  if (block.use != Block::Use::cells || in_block % block.cell_bytes != 0) return false;
  cell.index = in_block / block.cell_bytes;
  return cell.index < block.cell_count && bit(block.allocated, cell.index);
}

bool Heap::contains(Ref word) const {
  Cell cell;
  return find(word, cell);
}

void Heap::mark_object(Ref word) {
  Cell cell;
  if (!find(word, cell)) return;
  Block& block = blocks_[cell.block];
  if (bit(block.marked, cell.index)) return;
  set_bit(block.marked, cell.index);
  if (mark_stack_.size() == limits::mark_stack_entries) {
    mark_stack_overflowed_ = true;
  } else {
    mark_stack_.push_back(object_of(word));
  }
}

bool Heap::stop_tracing() {
  if (marks_until_check_-- != 0) return stopped_;
  marks_until_check_ = limits::marks_between_checks;
  stopped_ = stopped_ || roots_.interrupted();
  return stopped_;
}

void Heap::trace_struct(GcObject& object) {
  u32 end = object_header_bytes;
  for (const wasm::FieldType& field : object.type->fields) {
    const FieldPlace place = place_field(end, field.storage);
    end = place.end;
    if (field.storage.type.is_ref()) mark(load_le<Ref>(reinterpret_cast<u8*>(&object) + place.offset));
  }
}

void Heap::trace_array(GcObject& object) {
  if (!object.type->fields[0].storage.type.is_ref()) return;
  const u8* elements = payload(&object);
  for (u64 i = 0; i < object.length && !stop_tracing(); ++i) mark(load_le<Ref>(elements + i * sizeof(Ref)));
}

void Heap::trace(GcObject& object) {
  switch (object.kind) {
    case GcObject::Kind::struct_:
      return trace_struct(object);
    case GcObject::Kind::array:
      return trace_array(object);
    case GcObject::Kind::exception: {
      auto& exception = static_cast<ExceptionObject&>(object);
      const u64* slot = exception.slots();
      for (const wasm::ValType type : exception.tag->type->func.params) {
        if (type.is_ref()) mark(*slot);
        slot += type.slots();
      }
      return;
    }
    case GcObject::Kind::host:
      return;
  }
}

bool Heap::drain() {
  while (!mark_stack_.empty()) {
    if (stop_tracing()) return false;
    GcObject* object = mark_stack_.back();
    mark_stack_.pop_back();
    trace(*object);
  }
  return !stopped_;
}

bool Heap::trace_all() {
  while (true) {
    if (!drain()) return false;
    if (!mark_stack_overflowed_) return true;
    // Some marked objects were not looked into. Each pass finds at least a stack full of new ones.
    mark_stack_overflowed_ = false;
    for (u64 i = 0; i < blocks_.size(); ++i) {
      const Block& block = blocks_[i];
      for (u32 cell = 0; cell < block.cell_count; ++cell) {
        if (!bit(block.marked, cell)) continue;
        trace(*reinterpret_cast<GcObject*>(address_of(i) + u64{cell} * block.cell_bytes));
        if (!drain()) return false;
      }
    }
  }
}

void Heap::clear_marks() {
  for (Block& block : blocks_) std::ranges::fill(block.marked, 0);
  mark_stack_.clear();
  mark_stack_overflowed_ = false;
  stopped_ = false;
  marks_until_check_ = limits::marks_between_checks;
}

bool Heap::collect() {
  clear_marks();
  roots_.mark_roots(*this);
  const bool complete = trace_all();
  mark_stack_.clear();
  if (!complete) return false;
  sweep();
  ++collections_;
  // As much again may be allocated as is in use.
  collect_at_bytes_ = std::max(limits::first_collection_bytes, live_bytes_ * 2);
  return true;
}

// Sweeping

u64 Heap::sweep_block(u64 index) {
  Block& block = blocks_[index];
  u64 live = 0;
  for (usize word = 0; word < block.allocated.size(); ++word) {
    block.allocated[word] &= block.marked[word];
    live += u64(std::popcount(block.allocated[word]));
  }
  if (live == 0) {
    release(index, block.use == Block::Use::large ? block.run : 1);
    return 0;
  }
  block.next_cell = 0;
  if (block.use == Block::Use::large) return block.run * block_bytes;
  if (live < block.cell_count) partial_[class_of(block.cell_bytes)].push_back(index);
  return live * block.cell_bytes;
}

void Heap::sweep() {
  for (auto& blocks : partial_) blocks.clear();
  live_bytes_ = 0;
  for (u64 i = 0; i < blocks_.size(); ++i) {
    const Block::Use use = blocks_[i].use;
    if (use == Block::Use::cells || use == Block::Use::large) live_bytes_ += sweep_block(i);
  }
}

void Heap::release(u64 first, u64 count) {
  for (u64 i = first; i < first + count; ++i) {
    blocks_[i] = Block{};
    blocks_[i].is_dirty = true;
  }
  if (count >= host_zeroed_blocks && pages_.clear(first * block_bytes, count * block_bytes).ok()) {
    for (u64 i = first; i < first + count; ++i) blocks_[i].is_dirty = false;
  }
  first_free_ = std::min(first_free_, first);
}

// Allocation

void Heap::count_in(u64 bytes) {
  live_bytes_ += bytes;
  peak_bytes_ = std::max(peak_bytes_, live_bytes_);
}

bool Heap::extend(u64 count) {
  if (!pages_) {
    auto pages = sys::PageRange::reserve(std::max(limit_bytes_, block_bytes), block_bytes);
    if (!pages.ok()) return false;
    pages_ = std::move(pages).value();
    base_ = pages_.base();
  }
  if (count > (limit_bytes_ - used_bytes_) / block_bytes) return false;
  // A few at a time, to save calls to the host.
  const u64 wanted = std::min(std::max(count, host_zeroed_blocks), (limit_bytes_ - used_bytes_) / block_bytes);
  if (!pages_.commit(used_bytes_, wanted * block_bytes).ok()) return false;
  used_bytes_ += wanted * block_bytes;
  blocks_.resize(blocks_.size() + wanted);
  return true;
}

bool Heap::find_free_run(u64 count, u64& first) {
  u64 run = 0;
  bool is_first = true;
  for (u64 i = first_free_; i < blocks_.size(); ++i) {
    if (blocks_[i].use != Block::Use::free) {
      run = 0;
      continue;
    }
    if (is_first) first_free_ = i;
    is_first = false;
    if (++run == count) {
      first = i + 1 - count;
      return true;
    }
  }
  if (is_first) first_free_ = blocks_.size();
  return false;
}

bool Heap::take_blocks(u64 count, u64& first) {
  if (find_free_run(count, first)) return true;
  u64 free_at_end = 0;
  while (free_at_end < blocks_.size() && blocks_[blocks_.size() - 1 - free_at_end].use == Block::Use::free) {
    ++free_at_end;
  }
  return extend(count - free_at_end) && find_free_run(count, first);
}

void Heap::zero(u64 first, u64 count) {
  for (u64 i = first; i < first + count; ++i) {
    if (blocks_[i].is_dirty) std::memset(address_of(i), 0, block_bytes);
    blocks_[i].is_dirty = false;
  }
}

void Heap::use_for_cells(Block& block, u32 cell_bytes) {
  block.use = Block::Use::cells;
  block.cell_bytes = cell_bytes;
  block.cell_count = u32(block_bytes / cell_bytes);
  block.next_cell = 0;
  block.allocated.assign((block.cell_count + 63) / 64, 0);
  block.marked.assign(block.allocated.size(), 0);
}

GcObject* Heap::take_cell(Block& block, u8* base) {
  for (u32 word = block.next_cell / 64; word < block.allocated.size(); ++word) {
    const u32 cell = word * 64 + u32(std::countr_one(block.allocated[word]));
    if (cell >= block.cell_count) break;
    if (cell == word * 64 + 64) continue;
    set_bit(block.allocated, cell);
    block.next_cell = cell + 1;
    u8* at = base + u64{cell} * block.cell_bytes;
    std::memset(at, 0, block.cell_bytes);
    count_in(block.cell_bytes);
    return reinterpret_cast<GcObject*>(at);
  }
  block.next_cell = block.cell_count;
  return nullptr;
}

GcObject* Heap::allocate_cell(u32 size_class) {
  if (partial_.empty()) partial_.resize(cell_sizes.size());
  std::vector<u64>& partial = partial_[size_class];
  while (!partial.empty()) {
    if (GcObject* object = take_cell(blocks_[partial.back()], address_of(partial.back()))) return object;
    partial.pop_back();
  }
  u64 block = 0;
  if (!take_blocks(1, block)) return nullptr;
  use_for_cells(blocks_[block], cell_sizes[size_class]);
  partial.push_back(block);
  return take_cell(blocks_[block], address_of(block));
}

GcObject* Heap::allocate_large(u64 size_bytes) {
  const u64 count = (size_bytes + block_bytes - 1) / block_bytes;
  u64 first = 0;
  if (!take_blocks(count, first)) return nullptr;
  zero(first, count);
  for (u64 i = first; i < first + count; ++i) blocks_[i].use = Block::Use::large_rest;
  Block& block = blocks_[first];
  block.use = Block::Use::large;
  block.run = count;
  block.cell_count = 1;
  block.allocated.assign(1, 1);
  block.marked.assign(1, 0);
  count_in(count * block_bytes);
  return reinterpret_cast<GcObject*>(address_of(first));
}

GcObject* Heap::try_allocate(u64 size_bytes) {
  return size_bytes <= largest_cell_bytes ? allocate_cell(class_of(size_bytes)) : allocate_large(size_bytes);
}

BasicOutcome<GcObject*, TrapReason> Heap::allocate(u64 size_bytes) {
  if (size_bytes > limit_bytes_) return TrapReason::allocation_failed;
  bool collected = false;
  if (stress_ || live_bytes_ + size_bytes > collect_at_bytes_) {
    if (!collect()) return TrapReason::interrupted;
    collected = true;
  }
  if (GcObject* object = try_allocate(size_bytes)) return object;
  if (!collected && !collect()) return TrapReason::interrupted;
  if (GcObject* object = try_allocate(size_bytes)) return object;
  return TrapReason::allocation_failed;
}

}  // namespace wisp::runtime
