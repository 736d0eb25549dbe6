#pragma once

#include <array>

#include "base/bytes.hpp"

namespace wisp {

using Hash128 = std::array<u8, 16>;

/// SipHash-2-4 with 128 bits of output: a message authentication code as long as the key is secret.
/// https://www.aumasson.jp/siphash/siphash.pdf
class SipHash {
 public:
  explicit SipHash(const Hash128& key);

  SipHash& add(Bytes bytes);
  /// A number in eight bytes, little-endian.
  SipHash& add(u64 number);
  /// The same for two hashes, of which whole words have been added so far: they do not wait for each other's steps, so
  /// it takes little longer than one.
  static void add_to_both(SipHash& a, Bytes to_a, SipHash& b, Bytes to_b);
  /// Of all that was added; nothing can be added after that.
  Hash128 finish();

 private:
  void compress(u64 word);
  void round();

  u64 v0_, v1_, v2_, v3_;
  u8 tail_[8] = {};  // what does not make a word yet
  u64 length_bytes_ = 0;
};

/// Compares without telling by its time where they differ.
bool equal_in_constant_time(const Hash128& a, const Hash128& b);

}  // namespace wisp
