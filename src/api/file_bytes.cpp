#include "api/file_bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <vector>

#include "api/limits.hpp"
#include "base/leb128.hpp"
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

/// Memory that was not cleared. A large file is read three times as fast into large pages: the first `filled_bytes` are
/// about to be read.
std::shared_ptr<u8> allocate(usize size_bytes, usize filled_bytes) {
  if (size_bytes >= limits::large_file_bytes) {
    auto pages = sys::PageRange::reserve(size_bytes, sys::large_page_bytes);
    if (pages.ok()) pages->prefer_large_pages(sys::round_up_to_pages(filled_bytes));
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

struct Range {
  u64 begin;
  u64 end;
};

bool read_at(std::FILE* file, u64 offset, MutableBytes bytes) {
  return std::fseek(file, long(offset), SEEK_SET) == 0 &&
         std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size();
}

/// Where the contents of large custom sections are; nothing if this is no module, or an odd one, which the decoder will
/// say what is wrong with.
std::vector<Range> large_custom_sections(std::FILE* file, u64 size_bytes) {
  constexpr u8 preamble[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  u8 head[64];
  std::vector<Range> found;
  if (size_bytes < limits::large_file_bytes || !read_at(file, 0, {head, sizeof preamble})) return {};
  if (std::memcmp(head, preamble, sizeof preamble) != 0) return {};
  u64 at = sizeof preamble;
  for (u32 count = 0; at != size_bytes; ++count) {
    const MutableBytes start(head, std::min<u64>(sizeof head, size_bytes - at));
    if (count == limits::sections || !read_at(file, at, start)) return {};
    const u8* cursor = head + 1;
    const u8* const end = head + start.size();
    u64 section_bytes = 0;
    u64 name_bytes = 0;
    if (read_uleb<32>(cursor, end, section_bytes) != LebStatus::ok) return {};
    const u64 next = at + u64(cursor - head) + section_bytes;
    if (next > size_bytes) return {};
    if (head[0] == 0 && section_bytes >= limits::large_section_bytes &&
        read_uleb<32>(cursor, end, name_bytes) == LebStatus::ok && name_bytes <= u64(end - cursor)) {
      found.push_back({at + u64(cursor - head) + name_bytes, next});
    }
    at = next;
  }
  return found;
}

/// What was left out of a file.
class LeftOut final : public wasm::UnreadBytes {
 public:
  LeftOut(std::shared_ptr<std::FILE> file, std::shared_ptr<u8> memory, std::vector<Range> ranges)
      : file_(std::move(file)), memory_(std::move(memory)), ranges_(std::move(ranges)) {}

  void read(u64 offset, u64 size_bytes) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(ranges_, [&](const Range& range) {
      const bool is_wanted = range.begin >= offset && range.end <= offset + size_bytes;
      // A file that has become shorter gives what it still has.
      if (is_wanted) (void)read_at(file_.get(), range.begin, {memory_.get() + range.begin, range.end - range.begin});
      return is_wanted;
    });
  }

 private:
  std::mutex mutex_;  // for all below
  std::shared_ptr<std::FILE> file_;
  std::shared_ptr<u8> memory_;
  std::vector<Range> ranges_;
};

}  // namespace

ReadStatus read_all(std::FILE* file, u64 limit_bytes, FileBytes& into) {
  std::setvbuf(file, nullptr, _IONBF, 0);
  constexpr usize first_bytes = usize{1} << 16;
  // One byte more than there is, to see the end without asking for more room. Otherwise twice the size each time.
  usize room = std::max<usize>(first_bytes, size_of(file, limit_bytes) + 1);
  std::shared_ptr<u8> memory = allocate(room, room);
  usize used = 0;
  errno = 0;
  while (const usize got = std::fread(memory.get() + used, 1, room - used, file)) {
    used += got;
    if (used > limit_bytes) return ReadStatus::too_large;
    if (used < room) continue;
    room *= 2;
    std::shared_ptr<u8> larger = allocate(room, room);
    std::copy_n(memory.get(), used, larger.get());
    memory = std::move(larger);
  }
  if (std::ferror(file) != 0) return ReadStatus::failed;
  into.bytes = {memory.get(), used};
  into.owner = std::move(memory);
  return ReadStatus::ok;
}

ReadStatus read_module(const std::shared_ptr<std::FILE>& file, u64 limit_bytes, FileBytes& into) {
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
  const u64 size_bytes = std::ftell(file.get()) == 0 ? size_of(file.get(), limit_bytes) : 0;
  std::vector<Range> left_out = large_custom_sections(file.get(), size_bytes);
  if (left_out.empty()) {
    if (size_bytes != 0 && std::fseek(file.get(), 0, SEEK_SET) != 0) return ReadStatus::failed;
    return read_all(file.get(), limit_bytes, into);
  }
  const std::shared_ptr<u8> memory = allocate(size_bytes, left_out.front().begin);
  left_out.push_back({size_bytes, size_bytes});
  u64 at = 0;
  for (const Range& range : left_out) {
    errno = EIO;  // unless there is another reason, the file has just become shorter
    if (!read_at(file.get(), at, {memory.get() + at, range.begin - at})) return ReadStatus::failed;
    at = range.end;
  }
  left_out.pop_back();
  into.bytes = {memory.get(), size_bytes};
  into.owner = memory;
  into.unread = std::make_shared<LeftOut>(file, memory, std::move(left_out));
  return ReadStatus::ok;
}

}  // namespace wisp
