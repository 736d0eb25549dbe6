#pragma once

#include "abi/lift.hpp"
#include "wasi/core/dir.hpp"
#include "wasi/p1/limits.hpp"
#include "wasi/p1/types.hpp"

namespace wisp::wasi::p1 {

/// How a function that can end the guest comes back: with an errno, or not to the guest.
class Completion {
 public:
  Completion(Errno error) : error_(error) {}
  Completion(abi::HostResult how) : how_(how) {}

  Errno error() const { return error_; }
  abi::HostResult how() const { return how_; }

 private:
  Errno error_ = Errno::success;
  abi::HostResult how_ = abi::HostResult::returned;
};

/// The buffers that an `iovec_array` names: copied in once, each checked to lie in memory. At most `max_iovecs`.
template <class Buffer>
class IoVectors {
 public:
  IoVectors() {}

  std::span<const Buffer> buffers() const { return {buffers_, count_}; }
  void add(Buffer buffer) { buffers_[count_++] = buffer; }

 private:
  u32 count_ = 0;
  // Not initialised: a call pays for the vectors that it has.
  union {
    Buffer buffers_[max_iovecs];
  };
};
using Iovecs = IoVectors<sys::IoBuffer>;
using Ciovecs = IoVectors<sys::ConstIoBuffer>;
static_assert(max_iovecs <= sys::max_io_buffers);

/// A path of the guest: copied in once, because another thread of the guest can write to the original.
class Path {
 public:
  Path() {}

  std::string_view text() const { return {text_, size_}; }
  /// False if it is longer than core would take.
  bool assign(Bytes bytes) {
    if (bytes.size() > sys::max_path_bytes) return false;
    std::ranges::copy(bytes, text_);
    size_ = static_cast<u32>(bytes.size());
    return true;
  }

 private:
  u32 size_ = 0;
  // Not initialised, like IoVectors.
  union {
    char text_[sys::max_path_bytes];
  };
};

}  // namespace wisp::wasi::p1

namespace wisp::abi {

using wasi::p1::Completion;
using wasi::p1::Errno;
using wasi::p1::Fd;

template <>
struct Layout<Fd> : Layout<u32> {
  static bool load(const u8* from, Fd& value) { return Layout<u32>::load(from, value.value); }
  static void store(u8* to, const Fd& value) { Layout<u32>::store(to, value.value); }
};

inline void render(TraceText& out, Fd value) {
  render(out, value.value);
}

template <>
struct Abi<Fd> {
  static constexpr std::string_view core = "i";
  static bool lift(Lift&, const u64* slots, Fd& value) {
    value.value = static_cast<u32>(slots[0]);
    return true;
  }
  static void trace(TraceText& out, Fd value) { render(out, value); }
};

template <class IoBuffer>
struct Abi<wasi::p1::IoVectors<IoBuffer>> {
  using Iovec = Layout<wasi::p1::Iovec>;
  static constexpr std::string_view core = "ii";

  static bool lift(Lift& in, const u64* slots, wasi::p1::IoVectors<IoBuffer>& value) {
    const u32 address = static_cast<u32>(slots[0]);
    const u32 count = static_cast<u32>(slots[1]);
    if (address % Iovec::alignment != 0) return in.misaligned(address, Iovec::alignment);
    MutableBytes array;
    if (!in.slice(address, count, Iovec::size, array)) return false;
    if (count > wasi::p1::max_iovecs) return in.invalid();

    u64 total = 0;
    for (u32 i = 0; i < count; ++i) {
      wasi::p1::Iovec vector;
      (void)Iovec::load(array.data() + usize{i} * Iovec::size, vector);
      MutableBytes bytes;
      if (!in.slice(vector.buf, vector.buf_len, 1, bytes)) return false;
      value.add({bytes.data(), bytes.size()});
      total += vector.buf_len;
    }
    // The number of bytes moved is reported as a u32.
    return total <= 0xffff'ffff || in.invalid();
  }

  /// Of what is written, all; of what is read, what came in.
  static void trace(TraceText& out, const wasi::p1::IoVectors<IoBuffer>& value) {
    constexpr bool input = std::is_same_v<IoBuffer, sys::IoBuffer>;
    usize left = input ? out.transferred.value_or(0) : ~usize{0};
    usize shown = 0;
    out.begin('[');
    for (const IoBuffer& buffer : value.buffers()) {
      out.separate();
      if (++shown > TraceText::max_elements) {
        out.append("...");
        break;
      }
      const usize filled = std::min(buffer.size_bytes, left);
      left -= filled;
      out.append("{");
      input && !out.transferred ? out.append("…") : out.quoted({buffer.data, filled});
      out.append(", ");
      out.decimal(u64{buffer.size_bytes});
      out.append("}");
    }
    out.end(']');
  }
};

template <>
struct Abi<wasi::p1::Path> {
  static constexpr std::string_view core = "ii";
  static bool lift(Lift& in, const u64* slots, wasi::p1::Path& value) {
    String text;
    if (!Abi<String>::lift(in, slots, text)) return false;
    return value.assign(text.bytes) || in.refused(static_cast<u32>(Errno::nametoolong));
  }
  static void trace(TraceText& out, const wasi::p1::Path& value) { out.quoted(as_bytes(value.text())); }
};

template <>
struct ResultAbi<Errno> {
  static constexpr std::string_view core = "i";
  static Errno invalid() { return Errno::inval; }
  static Errno refused(u32 code) { return static_cast<Errno>(code); }
  static Lowered lower(Errno error) { return {HostResult::returned, static_cast<u32>(error)}; }
  static bool succeeded(Errno error) { return error == Errno::success; }
  static void trace(TraceText& out, Errno error) { render(out, error); }
};

template <>
struct ResultAbi<Completion> : ResultAbi<Errno> {
  static Completion invalid() { return Errno::inval; }
  static Completion refused(u32 code) { return static_cast<Errno>(code); }
  static Lowered lower(Completion completion) { return {completion.how(), static_cast<u32>(completion.error())}; }
  static bool succeeded(Completion completion) { return completion.error() == Errno::success; }
  static void trace(TraceText& out, Completion completion) { render(out, completion.error()); }
};

}  // namespace wisp::abi
