#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "wisp/error.hpp"
#include "wisp/trap.hpp"
#include "wisp/value.hpp"

namespace wisp {

/// The C++ types of core values: std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, float, double.
template <class T>
concept CoreValue =
    std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::uint32_t> || std::is_same_v<T, std::int64_t> ||
    std::is_same_v<T, std::uint64_t> || std::is_same_v<T, float> || std::is_same_v<T, double>;

namespace detail {

template <CoreValue T>
ValType val_type() {
  if constexpr (std::is_same_v<T, float>) return ValType::f32();
  if constexpr (std::is_same_v<T, double>) return ValType::f64();
  return sizeof(T) == 4 ? ValType::i32() : ValType::i64();
}

template <CoreValue T>
std::uint64_t to_slot(T value) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<std::uint32_t>(value);
  } else {
    return std::bit_cast<std::uint64_t>(value);
  }
}

template <CoreValue T>
T from_slot(std::uint64_t slot) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(static_cast<std::uint32_t>(slot));
  } else {
    return std::bit_cast<T>(slot);
  }
}

/// The core results that a C++ return type stands for.
template <class R>
struct Results;

template <>
struct Results<void> {
  static constexpr std::size_t count = 0;
  static std::vector<ValType> types() { return {}; }
};

template <CoreValue T>
struct Results<T> {
  static constexpr std::size_t count = 1;
  static std::vector<ValType> types() { return {val_type<T>()}; }
  static void store(const T& value, std::uint64_t* slots) { slots[0] = to_slot(value); }
  static T load(const std::uint64_t* slots) { return from_slot<T>(slots[0]); }
};

template <CoreValue... T>
struct Results<std::tuple<T...>> {
  static constexpr std::size_t count = sizeof...(T);
  static std::vector<ValType> types() { return {val_type<T>()...}; }
  static void store(const std::tuple<T...>& values, std::uint64_t* slots) {
    std::apply([&](const T&... value) { ((*slots++ = to_slot(value)), ...); }, values);
  }
  static std::tuple<T...> load(const std::uint64_t* slots) { return std::tuple<T...>{from_slot<T>(*slots++)...}; }
};

template <class R, class... Params>
FuncType func_type() {
  return {{val_type<Params>()...}, Results<R>::types()};
}

}  // namespace detail

template <class Signature>
class TypedFunc;

/// A function of a store: a guest's or the host's.
class Func {
 public:
  FuncType type() const;
  /// An error if the arguments are not of the function's parameter types, or belong to another store.
  Outcome<std::vector<Value>> call(std::span<const Value> arguments = {}) const;
  Outcome<std::vector<Value>> call(std::initializer_list<Value> arguments) const {
    return call(std::span<const Value>(arguments.begin(), arguments.size()));
  }

  /// The same function with its C++ signature, checked here once: `typed<std::int32_t(std::int32_t)>()`.
  template <class Signature>
  Result<TypedFunc<Signature>> typed() const {
    return TypedFunc<Signature>::make(*this);
  }

  /// The same function.
  bool operator==(const Func& other) const { return function_ == other.function_; }

 private:
  friend struct Access;
  template <class Signature>
  friend class TypedFunc;
  Func(std::shared_ptr<struct StoreState> store, void* function) : store_(std::move(store)), function_(function) {}
  Result<void> check_type(const FuncType& wanted) const;
  /// Calls with arguments and results in one place, each from its start; whether there are results. If not, `failure`
  /// says why, once.
  bool call_slots(std::uint64_t* slots, std::size_t arguments, std::size_t results) const;
  Trap failure() const;

  std::shared_ptr<struct StoreState> store_;
  void* function_;
};

/// A function with its C++ signature. Several results are a std::tuple.
template <class R, CoreValue... Params>
class TypedFunc<R(Params...)> {
 public:
  Outcome<R> operator()(Params... arguments) const {
    constexpr std::size_t result_count = detail::Results<R>::count;
    std::uint64_t slots[std::max<std::size_t>({sizeof...(Params), result_count, 1})] = {detail::to_slot(arguments)...};
    if (!func_.call_slots(slots, sizeof...(Params), result_count)) [[unlikely]]
      return func_.failure();
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      return detail::Results<R>::load(slots);
    }
  }

 private:
  friend class Func;
  explicit TypedFunc(Func func) : func_(std::move(func)) {}
  static Result<TypedFunc> make(const Func& func) {
    Result<void> same = func.check_type(detail::func_type<R, Params...>());
    if (!same) return std::move(same).error();
    return TypedFunc(func);
  }

  Func func_;
};

}  // namespace wisp
