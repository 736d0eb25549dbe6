#include "runtime/memory_image.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "runtime/limits.hpp"
#include "wasm/const_expr.hpp"

namespace wisp::runtime {
namespace {

/// The value of an offset that is a single constant.
std::optional<u64> constant_of(const wasm::Module& module, const wasm::ConstExpr& expression) {
  wasm::ConstExprReader reader(module, expression);
  if (!reader.next()) return std::nullopt;
  const wasm::Op op = reader.op();
  const u64 bits = reader.imm().bits;
  if (reader.next()) return std::nullopt;
  if (op == wasm::Op::i32_const) return u64{u32(bits)};
  return op == wasm::Op::i64_const ? std::optional(bits) : std::nullopt;
}

/// The end of what a segment writes, if it writes to a memory of its module and fits there from the start.
std::optional<u64> end_of(const wasm::Module& module, const wasm::DataSegment& segment) {
  if (segment.memory.value < module.imported_memories) return std::nullopt;
  const auto offset = constant_of(module, segment.offset);
  const wasm::MemoryType& type = module.memories[segment.memory.value];
  u64 size_bytes = 0;
  u64 end = 0;
  if (!offset || __builtin_mul_overflow(type.limits.min, type.page_size_bytes(), &size_bytes)) return std::nullopt;
  if (__builtin_add_overflow(*offset, segment.bytes.size(), &end) || end > size_bytes) return std::nullopt;
  return end;
}

}  // namespace

std::shared_ptr<const MemoryImage> MemoryImage::make(std::vector<u8> bytes) {
  auto image = std::make_shared<MemoryImage>();
  if (bytes.size() <= limits::copied_image_bytes) {
    image->copied_ = std::move(bytes);
    return image;
  }
  auto pages = sys::PageImage::make(bytes);
  if (!pages.ok()) return nullptr;
  image->pages_ = std::move(pages).value();
  return image;
}

std::unique_ptr<const MemoryImages> make_memory_images(const wasm::Module& module) {
  std::vector<u64> ends(module.memories.size());
  u64 written_bytes = 0;
  for (const wasm::DataSegment& segment : module.datas) {
    if (segment.mode != wasm::SegmentMode::active) continue;
    const auto end = end_of(module, segment);
    if (!end) return nullptr;
    written_bytes += segment.bytes.size();
    u64& largest = ends[segment.memory.value];
    // What nobody writes to needs no image, wherever it is.
    if (!segment.bytes.empty()) largest = std::max(largest, *end);
  }
  u64 image_bytes = 0;
  for (const u64 end : ends) {
    if (__builtin_add_overflow(image_bytes, end, &image_bytes)) return nullptr;
  }
  if (image_bytes > limits::image_bytes || image_bytes / limits::image_sparseness > written_bytes) return nullptr;

  std::vector<std::vector<u8>> contents(module.memories.size());
  for (usize i = 0; i < ends.size(); ++i) contents[i].resize(ends[i]);
  for (const wasm::DataSegment& segment : module.datas) {
    if (segment.mode != wasm::SegmentMode::active || segment.bytes.empty()) continue;
    std::ranges::copy(segment.bytes, contents[segment.memory.value].data() + *constant_of(module, segment.offset));
  }
  auto images = std::make_unique<MemoryImages>();
  for (usize i = module.imported_memories; i < contents.size(); ++i) {
    std::shared_ptr<const MemoryImage>& image = images->emplace_back();
    if (contents[i].empty()) continue;
    image = MemoryImage::make(std::move(contents[i]));
    if (image == nullptr) return nullptr;
  }
  return images;
}

}  // namespace wisp::runtime
