#pragma once

#include <optional>

#include "base/int.hpp"
#include "sys/node.hpp"

namespace wisp::core {

enum class Right : u64 {
#define WISP_RIGHT(name, bit, changes) name = u64{1} << bit,
#include "wasi/core/rights.def"
#undef WISP_RIGHT
};

/// A set of rights. Sets only ever shrink on their way from a mount to what is opened through it.
class Rights {
 public:
  constexpr Rights() = default;
  constexpr Rights(Right right) : bits_(u64(right)) {}

  static constexpr Rights all() {
    u64 bits = 0;
#define WISP_RIGHT(name, bit, changes) bits |= u64(Right::name);
#include "wasi/core/rights.def"
#undef WISP_RIGHT
    return Rights(bits);
  }
  /// The rights that can change what is stored.
  static constexpr Rights changing() {
    u64 bits = 0;
#define WISP_RIGHT(name, bit, changes) bits |= (changes) ? u64(Right::name) : 0;
#include "wasi/core/rights.def"
#undef WISP_RIGHT
    return Rights(bits);
  }
  /// Nothing if a bit is set that is no right.
  static constexpr std::optional<Rights> from_bits(u64 bits) {
    if ((bits & ~all().bits_) != 0) return std::nullopt;
    return Rights(bits);
  }
  /// The rights that mean something for an open node of this type.
  static Rights applicable_to(sys::FileType type);

  constexpr u64 bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool contains(Rights other) const { return (other.bits_ & ~bits_) == 0; }
  constexpr bool contains_any(Rights other) const { return (other.bits_ & bits_) != 0; }

  constexpr Rights operator|(Rights other) const { return Rights(bits_ | other.bits_); }
  constexpr Rights operator&(Rights other) const { return Rights(bits_ & other.bits_); }
  constexpr Rights without(Rights other) const { return Rights(bits_ & ~other.bits_); }
  constexpr bool operator==(const Rights&) const = default;

 private:
  constexpr explicit Rights(u64 bits) : bits_(bits) {}
  u64 bits_ = 0;
};

constexpr Rights operator|(Right a, Right b) {
  return Rights(a) | Rights(b);
}

/// What a handle allows: `base` for operations on it, `inheriting` the most that something opened through it can get.
struct HandleRights {
  Rights base;
  Rights inheriting;

  bool operator==(const HandleRights&) const = default;
};

}  // namespace wisp::core
