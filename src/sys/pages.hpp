#pragma once

#include "base/outcome.hpp"
#include "sys/errno.hpp"

namespace wisp::sys {

/// The granularity of everything below, in bytes; a power of two.
usize page_size_bytes();

/// What hosts mostly have besides pages.
inline constexpr usize large_page_bytes = usize{2} << 20;

/// `value` rounded up to whole pages; 0 if that does not fit.
usize round_up_to_pages(usize value);

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
  /// Gives the memory back and makes the pages inaccessible; committed again, they read as zero.
  [[nodiscard]] Outcome<void> decommit(usize offset, usize length);
  /// Makes committed pages read as zero without changing whether they can be touched.
  [[nodiscard]] Outcome<void> clear(usize offset, usize length);
  /// Asks the host to put large pages behind the range: filling it as a whole is then several times as fast, and a
  /// part that is touched takes more memory. The range had better be aligned to `large_page_bytes`.
  void prefer_large_pages();

 private:
  PageRange(u8* base, usize size_bytes) : base_(base), size_bytes_(size_bytes) {}
  void release();

  u8* base_ = nullptr;
  usize size_bytes_ = 0;
};

}  // namespace wisp::sys
