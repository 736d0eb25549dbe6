#include "wasm/binary_reader.hpp"

#include "base/utf8.hpp"

namespace wisp::wasm {

bool BinaryReader::fail(ErrorCode code, u64 offset, std::string message, std::string hint) {
  return fail(Error{code, offset, std::move(message), std::move(hint)});
}

bool BinaryReader::fail(Error error) {
  if (!error_) error_ = std::move(error);
  return false;
}

bool BinaryReader::malformed(u64 offset, std::string message) {
  return fail(ErrorCode::malformed, offset, std::move(message));
}

bool BinaryReader::invalid(u64 offset, std::string message) {
  return fail(ErrorCode::invalid, offset, std::move(message));
}

bool BinaryReader::exceeds(u64 offset, const ImplementationLimit& limit, u64 value) {
  return fail(ErrorCode::limit, offset,
              "implementation limit exceeded: " + std::to_string(value) + " " + std::string(limit.name) + ", at most " +
                  std::to_string(limit.value) + " are supported");
}

bool BinaryReader::unexpected_end() {
  return malformed(base_ + u64(end_ - begin_), "unexpected end of section or function");
}

bool BinaryReader::fail_leb(LebStatus status) {
  switch (status) {
    case LebStatus::ok:
      return true;
    case LebStatus::unexpected_end:
      return unexpected_end();
    case LebStatus::too_long:
      return malformed(offset(), "integer representation too long");
    case LebStatus::too_large:
      return malformed(offset(), "integer too large");
  }
  return false;
}

bool BinaryReader::read_u32_slow(u32& value) {
  u64 wide = 0;
  const LebStatus status = read_uleb<32>(at_, end_, wide);
  value = u32(wide);
  return status == LebStatus::ok || fail_leb(status);
}

bool BinaryReader::read_u64(u64& value) {
  const LebStatus status = read_uleb<64>(at_, end_, value);
  return status == LebStatus::ok || fail_leb(status);
}

bool BinaryReader::read_s32_slow(i32& value) {
  i64 wide = 0;
  const LebStatus status = read_sleb<32>(at_, end_, wide);
  value = i32(wide);
  return status == LebStatus::ok || fail_leb(status);
}

bool BinaryReader::read_s33(i64& value) {
  const LebStatus status = read_sleb<33>(at_, end_, value);
  return status == LebStatus::ok || fail_leb(status);
}

bool BinaryReader::read_s64(i64& value) {
  const LebStatus status = read_sleb<64>(at_, end_, value);
  return status == LebStatus::ok || fail_leb(status);
}

bool BinaryReader::read_bytes(u64 count, Bytes& value) {
  if (count > remaining()) return unexpected_end();
  value = Bytes(at_, count);
  at_ += count;
  return true;
}

bool BinaryReader::read_count(u32& value) {
  const u64 start = offset();
  if (!read_u32(value)) return false;
  return value <= remaining() || malformed(start, "length out of bounds");
}

bool BinaryReader::read_count(u32& value, const ImplementationLimit& limit) {
  const u64 start = offset();
  if (!read_count(value)) return false;
  return value <= limit.value || exceeds(start, limit, value);
}

bool BinaryReader::read_name(std::string_view& value) {
  const u64 start = offset();
  u32 length = 0;
  Bytes bytes;
  if (!read_count(length, limits::name_bytes) || !read_bytes(length, bytes)) return false;
  if (!is_utf8(bytes)) return malformed(start, "malformed UTF-8 encoding");
  value = as_text(bytes);
  return true;
}

}  // namespace wisp::wasm
