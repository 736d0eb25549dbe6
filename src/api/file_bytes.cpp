#include "api/file_bytes.hpp"

#include <algorithm>
#include <cerrno>

#include "sys/pages.hpp"

namespace wisp {
namespace {

/// How much is left of a file, where it can say so; else 0. Directories claim to be endless.
u64 size_of(std::FILE* file, u64 limit_bytes) {
  const long start = std::ftell(file);
  if (start < 0 || std::fseek(file, 0, SEEK_END) != 0) return 0;
  const long end = std::ftell(file);
  (void)std::fseek(file, start, SEEK_SET);  // it has just been possible to seek
  const u64 left = end > start ? u64(end - start) : 0;
  return left <= limit_bytes ? left : 0;
}

/// Memory that was not cleared. A large file is read three times as fast into large pages.
std::shared_ptr<u8> allocate(usize size_bytes) {
  constexpr usize large_bytes = 2 * sys::large_page_bytes;
  if (size_bytes >= large_bytes) {
    auto pages = sys::PageRange::reserve(size_bytes, sys::large_page_bytes);
    if (pages.ok()) pages->prefer_large_pages(pages->size_bytes());
    if (pages.ok() && pages->commit(0, pages->size_bytes()).ok()) {
      auto kept = std::make_shared<sys::PageRange>(*std::move(pages));
      u8* const base = kept->base();
      return {std::move(kept), base};
    }
  }
  auto memory = std::make_unique_for_overwrite<u8[]>(size_bytes);
  u8* const base = memory.get();
  return {std::shared_ptr<u8[]>(std::move(memory)), base};
}

}  // namespace

ReadStatus read_all(std::FILE* file, u64 limit_bytes, FileBytes& into) {
  std::setvbuf(file, nullptr, _IONBF, 0);
  constexpr usize first_bytes = usize{1} << 16;
  // One byte more than there is, to see the end without asking for more room. Otherwise twice the size each time.
  usize room = std::max<usize>(first_bytes, size_of(file, limit_bytes) + 1);
  std::shared_ptr<u8> memory = allocate(room);
  usize used = 0;
  errno = 0;
  while (const usize got = std::fread(memory.get() + used, 1, room - used, file)) {
    used += got;
    if (used > limit_bytes) return ReadStatus::too_large;
    if (used < room) continue;
    room *= 2;
    std::shared_ptr<u8> larger = allocate(room);
    std::copy_n(memory.get(), used, larger.get());
    memory = std::move(larger);
  }
  if (std::ferror(file) != 0) return ReadStatus::failed;
  into.bytes = {memory.get(), used};
  into.owner = std::move(memory);
  return ReadStatus::ok;
}

}  // namespace wisp
