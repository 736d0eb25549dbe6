#pragma once

#include <vector>

#include "base/outcome.hpp"
#include "runtime/limits.hpp"
#include "runtime/objects.hpp"
#include "sys/pages.hpp"

namespace wisp::runtime {

/// Tells the heap what is in use.
class RootSource {
 public:
  virtual ~RootSource() = default;
  /// Calls `heap.mark` with everything that may be a reference.
  virtual void mark_roots(class Heap& heap) = 0;
  /// Whether the guest is to stop; a collection then ends without a result.
  virtual bool interrupted() = 0;
};

/// The garbage-collected objects of one store: mark and sweep, objects never move. Objects up to 8 KiB come from
/// blocks of cells of one size, larger ones take blocks of their own. Any word can be asked whether it is a reference.
class Heap {
 public:
  Heap(RootSource& roots, u64 limit_bytes);
  ~Heap();
  Heap(const Heap&) = delete;

  /// A zeroed object of `size_bytes`, header included; null, with the reason, if there is no room even after a
  /// collection. May collect: everything in use must be reachable from the roots.
  BasicOutcome<GcObject*, TrapReason> allocate(u64 size_bytes);

  /// Frees what the roots do not reach; false if the guest is to stop before that is known.
  bool collect();

  /// During `RootSource::mark_roots`: whatever the word is.
  void mark(Ref word) {
    if (word - u64(base_) < used_bytes_) mark_object(word);
  }
  void mark(std::span<const u64> words) {
    for (const u64 word : words) mark(word);
  }

  /// Whether the word is a reference to an object of this heap.
  bool contains(Ref word) const;

  u64 live_bytes() const { return live_bytes_; }
  u64 peak_bytes() const { return peak_bytes_; }
  u64 collections() const { return collections_; }
  /// For tests: collect at every allocation.
  void set_stress(bool on) { stress_ = on; }

 private:
  static constexpr u64 block_bytes = 64 * 1024;

  /// What a block of the heap is used for. Bits are indexed by cell; a large object is one cell.
  struct Block {
    enum class Use : u8 { free, cells, large, large_rest } use = Use::free;
    bool is_dirty = false;  // may not read as zero
    u32 cell_bytes = 0;
    u32 cell_count = 0;
    u32 next_cell = 0;  // cells before it are taken
    u64 run = 0;        // of `large`: blocks that the object takes
    std::vector<u64> allocated;
    std::vector<u64> marked;
  };
  struct Cell {
    u64 block;
    u32 index;
  };

  bool find(Ref word, Cell& cell) const;
  u8* address_of(u64 block) const { return base_ + block * block_bytes; }

  void mark_object(Ref word);
  bool trace_all();
  bool drain();
  void trace(GcObject& object);
  void trace_struct(GcObject& object);
  void trace_array(GcObject& object);
  bool stop_tracing();
  void clear_marks();
  void sweep();
  u64 sweep_block(u64 block);
  void release(u64 first, u64 count);

  GcObject* try_allocate(u64 size_bytes);
  GcObject* allocate_cell(u32 size_class);
  GcObject* take_cell(Block& block, u8* base);
  GcObject* allocate_large(u64 size_bytes);
  void use_for_cells(Block& block, u32 cell_bytes);
  bool take_blocks(u64 count, u64& first);
  bool find_free_run(u64 count, u64& first);
  bool extend(u64 count);
  void zero(u64 first, u64 count);
  void count_in(u64 bytes);

  RootSource& roots_;
  u64 limit_bytes_;
  sys::PageRange pages_;
  u8* base_ = nullptr;
  u64 used_bytes_ = 0;  // of the reservation: committed blocks
  std::vector<Block> blocks_;
  std::vector<std::vector<u64>> partial_;  // by size class: blocks that may have free cells
  u64 first_free_ = 0;                     // no block before it is free
  std::vector<GcObject*> mark_stack_;
  bool mark_stack_overflowed_ = false;
  bool stopped_ = false;
  u32 marks_until_check_ = 0;
  u64 live_bytes_ = 0;
  u64 peak_bytes_ = 0;
  u64 collect_at_bytes_ = limits::first_collection_bytes;
  u64 collections_ = 0;
  bool stress_ = false;
};

}  // namespace wisp::runtime
