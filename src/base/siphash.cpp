#include "base/siphash.hpp"

#include <algorithm>
#include <bit>

#include "base/check.hpp"

namespace wisp {

SipHash::SipHash(const Hash128& key) {
  const u64 k0 = load_le<u64>(key.data());
  const u64 k1 = load_le<u64>(key.data() + 8);
  v0_ = k0 ^ 0x736f6d6570736575;
  v1_ = k1 ^ 0x646f72616e646f6d ^ 0xee;
  v2_ = k0 ^ 0x6c7967656e657261;
  v3_ = k1 ^ 0x7465646279746573;
}

void SipHash::round() {
  v0_ += v1_;
  v2_ += v3_;
  v1_ = std::rotl(v1_, 13) ^ v0_;
  v3_ = std::rotl(v3_, 16) ^ v2_;
  v0_ = std::rotl(v0_, 32);
  v2_ += v1_;
  v0_ += v3_;
  v1_ = std::rotl(v1_, 17) ^ v2_;
  v3_ = std::rotl(v3_, 21) ^ v0_;
  v2_ = std::rotl(v2_, 32);
}

void SipHash::compress(u64 word) {
  v3_ ^= word;
  round();
  round();
  v0_ ^= word;
}

SipHash& SipHash::add(Bytes bytes) {
  const usize pending = length_bytes_ % 8;
  length_bytes_ += bytes.size();
  if (pending != 0) {
    const usize taken = std::min(8 - pending, bytes.size());
    std::copy_n(bytes.data(), taken, tail_ + pending);
    bytes = bytes.subspan(taken);
    if (pending + taken < 8) return *this;
    compress(load_le<u64>(tail_));
  }
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) compress(load_le<u64>(bytes.data()));
  std::ranges::copy(bytes, tail_);
  return *this;
}

SipHash& SipHash::add(u64 number) {
  u8 bytes[8];
  store_le(bytes, number);
  return add(bytes);
}

void SipHash::add_to_both(SipHash& a, Bytes to_a, SipHash& b, Bytes to_b) {
  WISP_CHECK(a.length_bytes_ % 8 == 0 && b.length_bytes_ % 8 == 0);
  const usize words = std::min(to_a.size(), to_b.size()) / 8;
  SipHash in_registers_a = a;
  SipHash in_registers_b = b;
  for (usize i = 0; i < words; ++i) {
    in_registers_a.compress(load_le<u64>(to_a.data() + i * 8));
    in_registers_b.compress(load_le<u64>(to_b.data() + i * 8));
  }
  a = in_registers_a;
  b = in_registers_b;
  a.length_bytes_ += words * 8;
  b.length_bytes_ += words * 8;
  a.add(to_a.subspan(words * 8));
  b.add(to_b.subspan(words * 8));
}

Hash128 SipHash::finish() {
  const usize pending = length_bytes_ % 8;
  std::fill(tail_ + pending, tail_ + 7, u8{0});
  tail_[7] = u8(length_bytes_);
  compress(load_le<u64>(tail_));
  Hash128 out;
  v2_ ^= 0xee;
  for (int i = 0; i < 4; ++i) round();
  store_le(out.data(), v0_ ^ v1_ ^ v2_ ^ v3_);
  v1_ ^= 0xdd;
  for (int i = 0; i < 4; ++i) round();
  store_le(out.data() + 8, v0_ ^ v1_ ^ v2_ ^ v3_);
  return out;
}

bool equal_in_constant_time(const Hash128& a, const Hash128& b) {
  u8 difference = 0;
  for (usize i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

}  // namespace wisp
