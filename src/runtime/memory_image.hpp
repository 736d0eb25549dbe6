#pragma once

#include <memory>
#include <vector>

#include "sys/pages.hpp"
#include "wasm/module.hpp"

namespace wisp::runtime {

/// What a memory holds once its module's active data segments are in it, from address 0 on; zero behind that.
/// Immutable.
class MemoryImage {
 public:
  /// Large ones become pages that memories show without a copy; nothing if the host cannot make them.
  static std::shared_ptr<const MemoryImage> make(std::vector<u8> bytes);

  Bytes bytes() const { return pages_ ? pages_.bytes() : Bytes(copied_); }
  /// What memories show; null if the bytes are to be copied.
  const sys::PageImage* pages() const { return pages_ ? &pages_ : nullptr; }

 private:
  std::vector<u8> copied_;
  sys::PageImage pages_;
};

/// The images of a module's own memories, by MemoryIndex minus the imported ones; null for one that starts as zeros.
using MemoryImages = std::vector<std::shared_ptr<const MemoryImage>>;

/// Nothing if the module's data segments have effects that an image does not have: they write to an imported memory, to
/// a place that is not known before, or do not fit; or if images would be too large for what they save.
std::unique_ptr<const MemoryImages> make_memory_images(const wasm::Module& module);

}  // namespace wisp::runtime
