#pragma once

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/int.hpp"

namespace wisp {

/// A vector of plain values for loops that append much: growing is out of the way, so that appending is a few
/// instructions that need no registers saved. Memory is kept until the end.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  u32 size() const { return u32(end_ - begin_.get()); }
  bool empty() const { return end_ == begin_.get(); }
  T* data() { return begin_.get(); }
  T* begin() { return begin_.get(); }
  T* end() { return end_; }
  const T* begin() const { return begin_.get(); }
  const T* end() const { return end_; }
  T& operator[](usize index) { return begin_[index]; }
  const T& operator[](usize index) const { return begin_[index]; }
  T& back() { return end_[-1]; }
  const T& back() const { return end_[-1]; }

  void push_back(const T& value) { *extend(1) = value; }
  /// Appends values that have yet to be written.
  T* extend(usize count) {
    if (usize(limit_ - end_) < count) [[unlikely]]
      grow(count);
    return std::exchange(end_, end_ + count);
  }
  void pop_back() { --end_; }
  void truncate(usize size) { end_ = begin_.get() + size; }
  void clear() { end_ = begin_.get(); }
  void assign(usize count, T value) {
    clear();
    std::fill_n(extend(count), count, value);
  }

 private:
  [[gnu::noinline]] void grow(usize count) {
    constexpr usize smallest = 64;
    const usize used = size();
    const usize capacity = std::max({smallest, 2 * used, used + count});
    auto grown = std::make_unique_for_overwrite<T[]>(capacity);
    std::copy_n(begin_.get(), used, grown.get());
    begin_ = std::move(grown);
    end_ = begin_.get() + used;
    limit_ = begin_.get() + capacity;
  }

  std::unique_ptr<T[]> begin_;
  T* end_ = nullptr;
  T* limit_ = nullptr;
};

}  // namespace wisp
