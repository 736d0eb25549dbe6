#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "wisp/types.hpp"

namespace wisp {

class Func;
class Store;

/// The 16 bytes of a v128, lowest lane first.
struct V128 {
  std::array<std::uint8_t, 16> bytes{};
  bool operator==(const V128&) const = default;
};

/// A WebAssembly value. A reference in it keeps its object, and the store it belongs to, alive; it can only be given to
/// the same store.
class Value {
 public:
  /// The i32 0.
  Value() : Value(std::int32_t{0}) {}
  Value(std::int32_t value);
  Value(std::uint32_t value);
  Value(std::int64_t value);
  Value(std::uint64_t value);
  Value(float value);
  Value(double value);
  Value(const V128& value);
  Value(const Func& function);
  /// A null reference.
  static Value null(HeapType heap);
  /// An i31 reference; the value wraps to 31 bits.
  static Value i31(std::int32_t value);

  ValType type() const { return type_; }

  /// The value's contents; asking for another type than `type()` is a bug of the caller and aborts.
  std::int32_t i32() const;
  std::int64_t i64() const;
  float f32() const;
  double f64() const;
  V128 v128() const;

  /// Of references.
  bool is_null() const;
  /// Whether it is a non-null reference to something of this type, whatever `type()` says.
  bool is(HeapType heap) const;
  /// What `Store::host_ref` was given; nothing if it is no such reference.
  std::optional<std::uint64_t> host_value() const;
  /// The signed value of an i31 reference; nothing if it is none.
  std::optional<std::int32_t> i31_value() const;
  /// The function that it refers to; nothing if it is no function.
  std::optional<Func> func() const;

  /// For people: "i32:7", "(ref.extern 3)".
  std::string to_string() const;

 private:
  friend struct Access;
  Value(ValType type, std::uint64_t bits) : type_(type), slots_{bits, 0} {}

  ValType type_;
  std::array<std::uint64_t, 2> slots_{};
  /// Of a non-null reference to an object or function: what keeps it alive.
  std::shared_ptr<const struct RefRoot> root_;
};

}  // namespace wisp
