#pragma once

#include <span>

#include "base/bytes.hpp"
#include "base/outcome.hpp"
#include "sys/errno.hpp"

namespace wisp::sys {

/// The granularity of everything below, in bytes; a power of two.
usize page_size_bytes();

/// What hosts mostly have besides pages.
inline constexpr usize large_page_bytes = usize{2} << 20;

/// `value` rounded up to whole pages; 0 if that does not fit.
usize round_up_to_pages(usize value);

/// Bytes that any number of page ranges can show without copying them; immutable.
class PageImage {
 public:
  PageImage() = default;
  PageImage(PageImage&& other) noexcept;
  PageImage& operator=(PageImage&& other) noexcept;
  ~PageImage();

  /// A copy of `bytes`, which are not empty.
  static Outcome<PageImage> make(Bytes bytes);

  Bytes bytes() const { return {base_, size_bytes_}; }
  explicit operator bool() const { return base_ != nullptr; }

 private:
  friend class PageRange;
  PageImage(int descriptor, usize size_bytes) : descriptor_(descriptor), size_bytes_(size_bytes) {}

  int descriptor_ = -1;
  u8* base_ = nullptr;
  usize size_bytes_ = 0;
};

/// A reserved range of address space. Nothing in it can be touched until it is committed; the whole range goes back
/// to the host when the object dies. Addresses and lengths of the calls below are multiples of the page size.
class PageRange {
 public:
  PageRange() = default;
  PageRange(PageRange&& other) noexcept;
  PageRange& operator=(PageRange&& other) noexcept;
  ~PageRange();

  /// Takes `size_bytes` (rounded up to pages) of address space, aligned to `alignment` (a power of two, 0 for a
  /// page), without memory behind it.
  static Outcome<PageRange> reserve(usize size_bytes, usize alignment = 0);

  u8* base() const { return base_; }
  usize size_bytes() const { return size_bytes_; }
  explicit operator bool() const { return base_ != nullptr; }

  /// Makes [offset, offset + length) readable and writable. Pages never committed before read as zero.
  [[nodiscard]] Outcome<void> commit(usize offset, usize length);
  /// Makes [offset, offset + length) readable, but not writable.
  [[nodiscard]] Outcome<void> allow_reading(usize offset, usize length);
  /// Gives the memory back and makes the pages inaccessible; committed again, they read as zero.
  [[nodiscard]] Outcome<void> decommit(usize offset, usize length);
  /// Makes committed pages inaccessible; committed again, they have what was in them. Safe in a signal handler.
  [[nodiscard]] Outcome<void> deny(usize offset, usize length);
  /// Makes committed pages read as zero without changing whether they can be touched.
  [[nodiscard]] Outcome<void> clear(usize offset, usize length);
  /// Makes the first pages read as the image, and zero behind its end; a page is copied when it is first written to.
  /// `clear` makes them read as the image again.
  [[nodiscard]] Outcome<void> show(const PageImage& image);
  /// Asks the host to put large pages behind the first bytes: filling them as a whole is then several times as fast,
  /// and a part that is touched takes more memory. The range had better be aligned to `large_page_bytes`.
  void prefer_large_pages(usize length);

 private:
  PageRange(u8* base, usize size_bytes) : base_(base), size_bytes_(size_bytes) {}
  void release();

  u8* base_ = nullptr;
  usize size_bytes_ = 0;
};

/// Finds the pages of this process that have contents of their own: those that were written to since they were made or
/// cleared, and maybe some more. Thread-safe.
class PageScanner {
 public:
  /// Not every kernel can do it (Linux: 6.7).
  static Outcome<PageScanner> open();
  PageScanner() = default;
  PageScanner(PageScanner&& other) noexcept;
  PageScanner& operator=(PageScanner&& other) noexcept;
  ~PageScanner();

  struct Run {
    u8* begin;
    u8* end;
  };
  /// Fills `runs` from the start of [at, end); how many there are. `at` moves to where the scan stopped: at `end`, or
  /// earlier because `runs` was full. Addresses are multiples of the page size.
  Outcome<usize> scan(u8*& at, u8* end, std::span<Run> runs) const;

 private:
  int descriptor_ = -1;
  /// A page that reads as zero in a child process, where the descriptor would tell of the parent's pages.
  PageRange same_process_;
};

}  // namespace wisp::sys
