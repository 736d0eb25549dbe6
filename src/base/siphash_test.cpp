#include "base/siphash.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace wisp {
namespace {

constexpr Hash128 key = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

std::vector<u8> counting(usize size) {
  std::vector<u8> bytes(size);
  for (usize i = 0; i < size; ++i) bytes[i] = u8(i);
  return bytes;
}

// vectors_sip128 of the reference implementation: https://github.com/veorq/SipHash/blob/master/vectors.h
TEST(SipHash, PublishedVectors) {
  constexpr std::pair<usize, Hash128> vectors[] = {
      {0, {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93}},
      {1, {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45}},
      {2, {0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff, 0xe4}},
      {3, {0x9c, 0x70, 0xb6, 0x0c, 0x52, 0x67, 0xa9, 0x4e, 0x5f, 0x33, 0xb6, 0xb0, 0x29, 0x85, 0xed, 0x51}},
      {8, {0x3b, 0x62, 0xa9, 0xba, 0x62, 0x58, 0xf5, 0x61, 0x0f, 0x83, 0xe2, 0x64, 0xf3, 0x14, 0x97, 0xb4}},
  };
  for (const auto& [size, expected] : vectors) EXPECT_EQ(SipHash(key).add(counting(size)).finish(), expected) << size;
}

TEST(SipHash, PiecesAreTheWhole) {
  const std::vector<u8> bytes = counting(100);
  const Hash128 whole = SipHash(key).add(bytes).finish();
  for (usize first = 0; first <= 40; ++first) {
    for (usize second = 0; second <= 20; ++second) {
      SipHash hash(key);
      hash.add(Bytes(bytes).first(first)).add(Bytes(bytes).subspan(first, second));
      EXPECT_EQ(hash.add(Bytes(bytes).subspan(first + second)).finish(), whole) << first << ' ' << second;
    }
  }
}

TEST(SipHash, TwoAtOnceAreTwo) {
  const std::vector<u8> bytes = counting(200);
  for (usize first = 0; first <= 40; ++first) {
    for (usize second = 0; second <= 40; ++second) {
      SipHash a(key);
      SipHash b(key);
      a.add(1);
      SipHash::add_to_both(a, Bytes(bytes).first(first), b, Bytes(bytes).subspan(first, second));
      EXPECT_EQ(a.add(7).finish(), SipHash(key).add(1).add(Bytes(bytes).first(first)).add(7).finish());
      EXPECT_EQ(b.finish(), SipHash(key).add(Bytes(bytes).subspan(first, second)).finish());
    }
  }
}

TEST(SipHash, EveryByteOfKeyAndMessageMatters) {
  const std::vector<u8> bytes = counting(31);
  const Hash128 whole = SipHash(key).add(bytes).finish();
  for (usize i = 0; i < bytes.size(); ++i) {
    std::vector<u8> changed = bytes;
    changed[i] ^= 1;
    EXPECT_FALSE(equal_in_constant_time(SipHash(key).add(changed).finish(), whole));
  }
  for (usize i = 0; i < key.size(); ++i) {
    Hash128 other = key;
    other[i] ^= 1;
    EXPECT_FALSE(equal_in_constant_time(SipHash(other).add(bytes).finish(), whole));
  }
}

}  // namespace
}  // namespace wisp
