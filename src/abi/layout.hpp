#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/bytes.hpp"

/// Declares `enum class Type : Repr { ... }` with values from 0 in this order. The names of the enumerators are those
/// of the interface definition; where C++ does not allow one, it gets an underscore behind (keywords) or before
/// (digits) that is not part of the name.
#define WISP_ABI_ENUM(Type, Repr, ...)               \
  enum class Type : Repr { __VA_ARGS__ };            \
  constexpr std::string_view abi_enumerators(Type) { \
    return #__VA_ARGS__;                             \
  }

/// A field of a record whose C++ name is the name in the interface definition.
#define WISP_ABI_FIELD(Type, name) \
  ::wisp::abi::Field {             \
    #name, &Type::name             \
  }

namespace wisp::abi {

template <class E>
concept NamedEnum = requires(E e) { abi_enumerators(e); };

/// What an enumerator of E is called where the interface definition says it in another way than the list does.
template <class E>
constexpr std::string_view display_name(std::string_view name) {
  return name;
}

/// The enumerators of an enum that WISP_ABI_ENUM declared.
template <NamedEnum E>
struct EnumTable {
  static constexpr std::string_view list = abi_enumerators(E{});
  static constexpr u32 count = static_cast<u32>(std::ranges::count(list, ',')) + 1;

  static constexpr std::array<std::string_view, count> names = [] {
    std::array<std::string_view, count> result;
    usize begin = 0;
    for (auto& name : result) {
      const usize end = std::min(list.find(',', begin), list.size());
      name = list.substr(begin, end - begin);
      name.remove_prefix(std::min(name.find_first_not_of(" _"), name.size()));
      name.remove_suffix(name.size() - 1 - name.find_last_not_of(" _"));
      name = display_name<E>(name);
      begin = end + 1;
    }
    return result;
  }();
};

/// The name in the interface definition.
template <NamedEnum E>
constexpr std::string_view name_of(E value) {
  return EnumTable<E>::names[static_cast<usize>(value)];
}

/// A set of flags. `Bit` names the bits from the lowest on, and its underlying type is that of the set.
template <NamedEnum Bit>
struct Flags {
  using Repr = std::underlying_type_t<Bit>;
  Repr bits = 0;

  static constexpr u32 count = EnumTable<Bit>::count;
  static constexpr u64 known = count == 64 ? ~u64{0} : (u64{1} << count) - 1;

  constexpr Flags() = default;
  constexpr explicit Flags(Repr value) : bits(value) {}
  constexpr Flags(std::initializer_list<Bit> set) {
    for (Bit bit : set) add(bit);
  }

  constexpr bool has(Bit bit) const { return (bits >> static_cast<u32>(bit)) & 1; }
  constexpr void add(Bit bit) { bits = static_cast<Repr>(bits | (Repr{1} << static_cast<u32>(bit))); }
  constexpr bool operator==(const Flags&) const = default;
};

/// How a value of type T lies in guest memory: `size`, `alignment`, `load` (false if the bytes are no value of T) and
/// `store` (which writes every byte of `size`, padding as zero). Callers check the bounds.
template <class T>
struct Layout;

template <class T>
  requires std::is_integral_v<T>
struct Layout<T> {
  static constexpr u32 size = sizeof(T);
  static constexpr u32 alignment = sizeof(T);
  static bool load(const u8* from, T& value) {
    value = load_le<T>(from);
    return true;
  }
  static void store(u8* to, const T& value) { store_le(to, value); }
};

template <NamedEnum E>
struct Layout<E> {
  using Repr = std::underlying_type_t<E>;
  static constexpr u32 size = sizeof(Repr);
  static constexpr u32 alignment = sizeof(Repr);
  static bool load(const u8* from, E& value) {
    value = static_cast<E>(load_le<Repr>(from));
    return static_cast<Repr>(value) < EnumTable<E>::count;
  }
  static void store(u8* to, const E& value) { store_le(to, static_cast<Repr>(value)); }
};

template <class Bit>
struct Layout<Flags<Bit>> {
  using Repr = typename Flags<Bit>::Repr;
  static constexpr u32 size = sizeof(Repr);
  static constexpr u32 alignment = sizeof(Repr);
  static bool load(const u8* from, Flags<Bit>& value) {
    value.bits = load_le<Repr>(from);
    return (value.bits & ~Flags<Bit>::known) == 0;
  }
  static void store(u8* to, const Flags<Bit>& value) { store_le(to, value.bits); }
};

template <class Record, class T>
struct Field {
  using Value = T;
  std::string_view name;
  T Record::* member;
};

/// A type that lists its fields in order: `static constexpr auto fields = std::tuple{WISP_ABI_FIELD(...), ...}`.
template <class T>
concept Record = requires { T::fields; };

/// A type that lists its tag and, for each value of the tag, the field that holds the payload:
/// `static constexpr auto tag = &T::...` and `static constexpr auto cases = std::tuple{WISP_ABI_FIELD(...), ...}`.
template <class T>
concept TaggedUnion = requires {
  T::tag;
  T::cases;
};

constexpr u32 align_up(u32 offset, u32 alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

template <Record T>
struct Layout<T> {
  static constexpr usize count = std::tuple_size_v<std::remove_cvref_t<decltype(T::fields)>>;
  static constexpr auto indices = std::make_index_sequence<count>{};
  template <usize i>
  using FieldLayout = Layout<typename std::tuple_element_t<i, std::remove_cvref_t<decltype(T::fields)>>::Value>;

  static constexpr u32 alignment = []<usize... i>(std::index_sequence<i...>) {
    return std::max({FieldLayout<i>::alignment...});
  }(indices);

  /// Where each field begins, and behind the last one where the record ends before it is padded.
  static constexpr std::array<u32, count + 1> offsets = []<usize... i>(std::index_sequence<i...>) {
    std::array<u32, count + 1> result{};
    u32 end = 0;
    ((result[i] = align_up(end, FieldLayout<i>::alignment), end = result[i] + FieldLayout<i>::size), ...);
    result[count] = end;
    return result;
  }(indices);

  static constexpr u32 size = align_up(offsets[count], alignment);

  static bool load(const u8* from, T& value) {
    return [&]<usize... i>(std::index_sequence<i...>) {
      return (FieldLayout<i>::load(from + offsets[i], value.*std::get<i>(T::fields).member) && ...);
    }(indices);
  }

  static void store(u8* to, const T& value) {
    std::memset(to, 0, size);
    [&]<usize... i>(std::index_sequence<i...>) {
      (FieldLayout<i>::store(to + offsets[i], value.*std::get<i>(T::fields).member), ...);
    }(indices);
  }
};

template <TaggedUnion T>
struct Layout<T> {
  static constexpr usize count = std::tuple_size_v<std::remove_cvref_t<decltype(T::cases)>>;
  static constexpr auto indices = std::make_index_sequence<count>{};
  using Tag = std::remove_cvref_t<decltype(std::declval<T&>().*T::tag)>;
  template <usize i>
  using CaseLayout = Layout<typename std::tuple_element_t<i, std::remove_cvref_t<decltype(T::cases)>>::Value>;
  static_assert(count == EnumTable<Tag>::count);

  static constexpr u32 payload_alignment = []<usize... i>(std::index_sequence<i...>) {
    return std::max({CaseLayout<i>::alignment...});
  }(indices);
  static constexpr u32 alignment = std::max(Layout<Tag>::alignment, payload_alignment);
  static constexpr u32 payload_offset = align_up(Layout<Tag>::size, payload_alignment);
  static constexpr u32 size = []<usize... i>(std::index_sequence<i...>) {
    return align_up(payload_offset + std::max({CaseLayout<i>::size...}), alignment);
  }(indices);

  static bool load(const u8* from, T& value) {
    if (!Layout<Tag>::load(from, value.*T::tag)) return false;
    const auto chosen = static_cast<usize>(value.*T::tag);
    return [&]<usize... i>(std::index_sequence<i...>) {
      return ((i != chosen || CaseLayout<i>::load(from + payload_offset, value.*std::get<i>(T::cases).member)) && ...);
    }(indices);
  }

  static void store(u8* to, const T& value) {
    std::memset(to, 0, size);
    Layout<Tag>::store(to, value.*T::tag);
    const auto chosen = static_cast<usize>(value.*T::tag);
    [&]<usize... i>(std::index_sequence<i...>) {
      ((i == chosen ? CaseLayout<i>::store(to + payload_offset, value.*std::get<i>(T::cases).member) : void()), ...);
    }(indices);
  }
};

}  // namespace wisp::abi
