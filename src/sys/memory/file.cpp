#include <algorithm>
#include <cstring>

#include "sys/memory/inode.hpp"

namespace wisp::sys::memory {
namespace {

/// The part of one page at the start of a range of bytes.
struct PageSpan {
  u64 page;
  usize offset;
  usize length;
};
PageSpan first_span(u64 offset, usize length) {
  const usize in_page = usize(offset % page_bytes);
  return {offset / page_bytes, in_page, std::min(length, page_bytes - in_page)};
}

void read_bytes(const Inode& inode, u64 offset, MutableBytes to) {
  auto at = inode.pages.lower_bound(offset / page_bytes);
  while (!to.empty()) {
    const PageSpan span = first_span(offset, to.size());
    if (at != inode.pages.end() && at->first == span.page) {
      std::memcpy(to.data(), at->second->data() + span.offset, span.length);
      ++at;
    } else {
      std::memset(to.data(), 0, span.length);
    }
    offset += span.length;
    to = to.subspan(span.length);
  }
}

/// Writes until the space is used up; how many bytes it wrote.
usize write_bytes(Store& store, Inode& inode, u64 offset, Bytes from) {
  usize written = 0;
  auto at = inode.pages.lower_bound(offset / page_bytes);
  while (written < from.size()) {
    const PageSpan span = first_span(offset + written, from.size() - written);
    if (at == inode.pages.end() || at->first != span.page) {
      if (!store.take(page_bytes)) break;
      at = inode.pages.emplace_hint(at, span.page, std::make_unique<Page>());
    }
    std::memcpy(at->second->data() + span.offset, from.data() + written, span.length);
    written += span.length;
    ++at;
  }
  return written;
}

class MemoryFile final : public Node {
 public:
  MemoryFile(std::shared_ptr<Store> store, Inode& inode, const OpenMode& mode)
      : open_(std::move(store), inode),
        readable_(mode.read || !mode.write),
        writable_(mode.write),
        append_(mode.flags.append) {}

  Outcome<FileStat> stat() override { return open_.stat(); }
  Outcome<void> set_times(TimeUpdate access, TimeUpdate modification) override {
    return open_.set_times(access, modification);
  }
  Outcome<void> sync_data() override { return {}; }
  Outcome<void> sync_file() override { return {}; }
  Outcome<void> set_flags(StatusFlags flags) override {
    append_ = flags.append;
    return {};
  }

  Outcome<usize> read(IoBuffers buffers) override {
    auto count = read_at(buffers, position_);
    if (count.ok()) position_ += *count;
    return count;
  }
  Outcome<usize> read_at(IoBuffers buffers, u64 offset) override {
    if (!readable_) return Errno::badf;
    Inode& inode = open_.inode();
    usize total = 0;
    for (const IoBuffer& buffer : buffers.first(std::min(buffers.size(), max_io_buffers))) {
      if (offset + total >= inode.size_bytes) break;
      const usize length = usize(std::min<u64>(buffer.size_bytes, inode.size_bytes - offset - total));
      read_bytes(inode, offset + total, {buffer.data, length});
      total += length;
    }
    // As with the mount option relatime, so that reading does not cost a look at the clock each time.
    if (total != 0 && inode.accessed <= inode.modified) inode.accessed = open_.store().now();
    return total;
  }

  Outcome<usize> write(ConstIoBuffers buffers) override {
    if (append_) position_ = open_.inode().size_bytes;
    auto count = write_from(buffers, position_);
    if (count.ok()) position_ += *count;
    return count;
  }
  Outcome<usize> write_at(ConstIoBuffers buffers, u64 offset) override {
    // As Linux does: what is open for appending is appended to, wherever the caller points.
    return write_from(buffers, append_ ? open_.inode().size_bytes : offset);
  }

  Outcome<u64> seek(i64 delta, Whence whence) override {
    const u64 bases[] = {0, position_, open_.inode().size_bytes};
    i64 target = 0;
    if (__builtin_add_overflow(i64(bases[u8(whence)]), delta, &target) || target < 0) return Errno::inval;
    position_ = u64(target);
    return position_;
  }
  Outcome<void> set_size(u64 size_bytes) override {
    if (!writable_) return Errno::inval;
    if (size_bytes > largest_file_bytes) return Errno::fbig;
    resize(open_.store(), open_.inode(), size_bytes);
    return {};
  }
  Outcome<void> allocate(u64 offset, u64 length) override;
  Outcome<void> advise(u64, u64, Advice) override { return {}; }
  Outcome<u64> available() override {
    const u64 size = open_.inode().size_bytes;
    return size > position_ ? size - position_ : u64{0};
  }

 private:
  Outcome<usize> write_from(ConstIoBuffers buffers, u64 offset) {
    if (!writable_) return Errno::badf;
    Inode& inode = open_.inode();
    usize total = 0;
    for (const ConstIoBuffer& buffer : buffers.first(std::min(buffers.size(), max_io_buffers))) {
      if (buffer.size_bytes == 0) continue;
      if (offset + total >= largest_file_bytes) break;
      const u64 room = largest_file_bytes - offset - total;
      const Bytes from(buffer.data, usize(std::min<u64>(buffer.size_bytes, room)));
      const usize written = write_bytes(open_.store(), inode, offset + total, from);
      total += written;
      if (written != buffer.size_bytes) {
        if (total == 0) return Errno::nospc;
        break;
      }
    }
    if (total == 0) return offset >= largest_file_bytes && !all_empty(buffers) ? Outcome<usize>(Errno::fbig) : usize{0};
    inode.size_bytes = std::max(inode.size_bytes, offset + total);
    open_.store().touch_modified(inode);
    return total;
  }
  static bool all_empty(ConstIoBuffers buffers) {
    return std::ranges::all_of(buffers, [](const ConstIoBuffer& buffer) { return buffer.size_bytes == 0; });
  }

  OpenInode open_;
  u64 position_ = 0;
  bool readable_;
  bool writable_;
  bool append_;
};

Outcome<void> MemoryFile::allocate(u64 offset, u64 length) {
  if (!writable_) return Errno::badf;
  u64 end = 0;
  if (length == 0) return Errno::inval;
  if (__builtin_add_overflow(offset, length, &end) || end > largest_file_bytes) return Errno::fbig;
  Inode& inode = open_.inode();
  const u64 first = offset / page_bytes;
  const u64 behind = (end - 1) / page_bytes + 1;
  // All or nothing, and the sum is known before anything is made.
  const auto from = inode.pages.lower_bound(first);
  const u64 present = u64(std::distance(from, inode.pages.lower_bound(behind)));
  const u64 missing = behind - first - present;
  if (missing > open_.store().free_bytes() / page_bytes) return Errno::nospc;
  WISP_CHECK(open_.store().take(missing * page_bytes));
  auto hint = from;
  for (u64 page = first; page < behind; ++page) {
    if (hint == inode.pages.end() || hint->first != page) {
      hint = inode.pages.emplace_hint(hint, page, std::make_unique<Page>());
    }
    ++hint;
  }
  inode.size_bytes = std::max(inode.size_bytes, end);
  inode.changed = open_.store().now();
  return {};
}

class Place final : public Node {
 public:
  Place(std::shared_ptr<Store> store, Inode& inode) : open_(std::move(store), inode) {}
  Outcome<FileStat> stat() override { return open_.stat(); }
  Outcome<void> set_times(TimeUpdate access, TimeUpdate modification) override {
    return open_.set_times(access, modification);
  }

 private:
  OpenInode open_;
};

}  // namespace

void resize(Store& store, Inode& inode, u64 size_bytes) {
  if (size_bytes < inode.size_bytes) {
    const u64 kept = (size_bytes + page_bytes - 1) / page_bytes;
    const auto from = inode.pages.lower_bound(kept);
    store.give_back(u64(std::distance(from, inode.pages.end())) * page_bytes);
    inode.pages.erase(from, inode.pages.end());
    // What grows back later is zero.
    const usize in_page = usize(size_bytes % page_bytes);
    const auto last = inode.pages.find(size_bytes / page_bytes);
    if (in_page != 0 && last != inode.pages.end()) {
      std::memset(last->second->data() + in_page, 0, page_bytes - in_page);
    }
  }
  inode.size_bytes = size_bytes;
  store.touch_modified(inode);
}

std::unique_ptr<Node> make_file(std::shared_ptr<Store> store, Inode& inode, const OpenMode& mode) {
  return std::make_unique<MemoryFile>(std::move(store), inode, mode);
}

std::unique_ptr<Node> make_place(std::shared_ptr<Store> store, Inode& inode) {
  return std::make_unique<Place>(std::move(store), inode);
}

}  // namespace wisp::sys::memory
