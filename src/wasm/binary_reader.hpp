#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "wisp/error.hpp"

#include "base/bytes.hpp"
#include "base/leb128.hpp"
#include "wasm/limits.hpp"

namespace wisp::wasm {

/// Reads the primitives of the binary format from a stretch of a module. A read that fails returns false and leaves its
/// `Error` behind; nothing may be read after that.
/// https://webassembly.github.io/spec/core/binary/values.html
class BinaryReader {
 public:
  /// `offset` is where `bytes` begin in the module.
  BinaryReader(Bytes bytes, u64 offset)
      : at_(bytes.data()), begin_(bytes.data()), end_(bytes.data() + bytes.size()), base_(offset) {}

  void reset(Bytes bytes, u64 offset) {
    at_ = begin_ = bytes.data();
    end_ = begin_ + bytes.size();
    base_ = offset;
    error_.reset();
  }

  u64 offset() const { return offset_of(at_); }
  u64 offset_of(const u8* at) const { return base_ + u64(at - begin_); }
  const u8* position() const { return at_; }
  u64 remaining() const { return u64(end_ - at_); }
  bool at_end() const { return at_ == end_; }
  /// The next byte, which the caller knows to be there or to be -1.
  int peek() const { return at_ == end_ ? -1 : *at_; }
  void skip(u64 count) { at_ += count; }

  bool read_byte(u8& value) {
    if (at_ == end_) [[unlikely]]
      return unexpected_end();
    value = *at_++;
    return true;
  }
  bool read_u32(u32& value) {
    if (at_ != end_ && *at_ < 0x80) [[likely]] {
      value = *at_++;
      return true;
    }
    return read_u32_slow(value);
  }
  bool read_u64(u64& value);
  bool read_s32(i32& value) {
    if (at_ != end_ && *at_ < 0x80) [[likely]] {
      value = i32(i8(u8(*at_++ << 1))) >> 1;
      return true;
    }
    return read_s32_slow(value);
  }
  bool read_s33(i64& value);
  bool read_s64(i64& value);
  /// `count` bytes as they are.
  bool read_bytes(u64 count, Bytes& value);
  /// The number of elements of a vector, each at least a byte long: never more than the bytes that are left.
  bool read_count(u32& value);
  /// Like `read_count`, and not above a limit.
  bool read_count(u32& value, const ImplementationLimit& limit);
  /// https://webassembly.github.io/spec/core/binary/values.html#names
  bool read_name(std::string_view& value);

  bool failed() const { return error_.has_value(); }
  /// Only after a failure.
  Error take_error() { return *std::exchange(error_, std::nullopt); }

  /// All of these return false, for `return fail(...)`.
  [[gnu::cold]] bool fail(ErrorCode code, u64 offset, std::string message, std::string hint = {});
  [[gnu::cold]] bool fail(Error error);
  [[gnu::cold]] bool malformed(u64 offset, std::string message);
  [[gnu::cold]] bool invalid(u64 offset, std::string message);
  [[gnu::cold]] bool exceeds(u64 offset, const ImplementationLimit& limit, u64 value);
  [[gnu::cold]] bool unexpected_end();

 private:
  [[gnu::noinline]] bool read_u32_slow(u32& value);
  [[gnu::noinline]] bool read_s32_slow(i32& value);
  [[gnu::cold]] bool fail_leb(LebStatus status);

  const u8* at_;
  const u8* begin_;
  const u8* end_;
  u64 base_;
  std::optional<Error> error_;
};

}  // namespace wisp::wasm
