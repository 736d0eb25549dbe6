#pragma once

#include <array>
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
  static constexpr u32 granule_bytes = 16;
  static constexpr u32 largest_small_bytes = 8 * 1024;

  /// What a block of the heap is used for. Bits are indexed by cell.
  struct Block {
    enum class Use : u8 { free, cells, large, large_rest } use = Use::free;
    bool is_dirty = false;  // does not read as zero
    u32 cell_bytes = 0;     // of `cells`
    u32 cell_count = 0;
    u32 next_cell = 0;           // cells before it are taken
    u64 run = 0;                 // of `large`: blocks that the object takes
    std::vector<u64> allocated;  // of `large`: one bit
    std::vector<u64> marked;
  };

  struct Place {
    u64 block;
    u32 cell;
  };

  static u32 class_of(u64 size_bytes);
  bool find(Ref word, Place& place) const;
  void mark_object(Ref word);
  bool trace_marked();
  void trace(GcObject& object);
  void trace_fields(const GcObject& object);
  void sweep();
  void release(u64 block);

  GcObject* try_allocate(u64 size_bytes);
  GcObject* allocate_cell(u32 size_class);
  GcObject* take_cell(u64 block);
  GcObject* allocate_large(u64 size_bytes);
  bool take_blocks(u64 count, u64& first);
  bool extend(u64 count);
  void count_in(u64 bytes);
  bool must_collect(u64 size_bytes) const;

  RootSource& roots_;
  u64 limit_bytes_;
  sys::PageRange pages_;
  u8* base_ = nullptr;
  u64 used_bytes_ = 0;  // of the reservation: committed blocks
  std::vector<Block> blocks_;
  std::vector<std::vector<u64>> partial_;  // by size class: blocks that may have free cells
  u64 first_free_ = 0;                     // no block before it is free
  std::vector<GcObject*> mark_stack_;
  u64 live_bytes_ = 0;
  u64 peak_bytes_ = 0;
  u64 collect_at_bytes_ = 0;
  u64 collections_ = 0;
  bool stress_ = false;
};

}  // namespace wisp::runtime
