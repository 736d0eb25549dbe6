#pragma once

#include "abi/host_function.hpp"
#include "abi/layout.hpp"
#include "abi/trace_text.hpp"

namespace wisp::abi {

/// Where one call's arguments are lifted; it keeps why that failed. The functions that report a failure return false.
///
/// What goes wrong is told by functions that take values and not this object: so it needs no place in memory.
class Lift {
 public:
  Lift(Caller caller, std::string_view function) : caller_(caller), function_(function) {}

  const GuestMemory& memory() const { return caller_.memory(); }

  /// Out of bounds and misaligned pointers trap:
  /// https://github.com/WebAssembly/WASI/blob/wasi-0.1/tools/witx-docs.md#pointers
  [[nodiscard]] bool out_of_bounds(u64 address, u64 count, u32 size) {
    trapped_ = true;
    return trap_out_of_bounds(caller_, function_, address, count, size);
  }
  [[nodiscard]] bool misaligned(u64 address, u32 alignment) {
    trapped_ = true;
    return trap_misaligned(caller_, function_, address, alignment);
  }

  /// The argument is no value of its type, or is refused for a reason that the guest is told as `code` (a number of
  /// the result type).
  [[nodiscard]] bool invalid() {
    invalid_ = true;
    return false;
  }
  [[nodiscard]] bool refused(u32 code) {
    code_ = code;
    return false;
  }

  /// The bytes of `count` records of `size` bytes; fails if they are out of bounds. What is empty is not dereferenced
  /// and can be anywhere.
  [[nodiscard]] bool slice(u64 address, u64 count, u32 size, MutableBytes& bytes) {
    if (count == 0) {
      bytes = {};
      return true;
    }
    const auto found = memory().slice_array(address, count, size);
    if (!found) return out_of_bounds(address, count, size);
    bytes = *found;
    return true;
  }

  bool trapped() const { return trapped_; }
  bool is_invalid() const { return invalid_; }
  u32 code() const { return code_; }

 private:
  // Both give false.
  [[gnu::cold]] static bool trap_out_of_bounds(Caller caller, std::string_view function, u64 address, u64 count,
                                               u32 size);
  [[gnu::cold]] static bool trap_misaligned(Caller caller, std::string_view function, u64 address, u32 alignment);

  Caller caller_;
  std::string_view function_;
  bool trapped_ = false;
  bool invalid_ = false;
  u32 code_ = 0;
};

/// How a parameter of type T crosses the boundary: `core`, the letters of its core value types ('i' i32, 'I' i64);
/// `lift`, which makes it from that many slots or fails; `trace`, which writes it into a trace line after the call.
template <class T>
struct Abi;

template <class T>
  requires std::is_integral_v<T>
struct Abi<T> {
  static constexpr std::string_view core = sizeof(T) == 8 ? "I" : "i";
  static bool lift(Lift& in, const u64* slots, T& value) {
    value = static_cast<T>(slots[0]);
    if constexpr (sizeof(T) < 4) {
      if (static_cast<u32>(slots[0]) != value) return in.invalid();
    }
    return true;
  }
  static void trace(TraceText& out, T value) { render(out, value); }
};

template <NamedEnum E>
struct Abi<E> {
  static constexpr std::string_view core = "i";
  static bool lift(Lift& in, const u64* slots, E& value) {
    const u32 number = static_cast<u32>(slots[0]);
    if (number >= EnumTable<E>::count) return in.invalid();
    value = static_cast<E>(number);
    return true;
  }
  static void trace(TraceText& out, E value) { render(out, value); }
};

template <class Bit>
struct Abi<Flags<Bit>> {
  using Repr = typename Flags<Bit>::Repr;
  static constexpr std::string_view core = sizeof(Repr) == 8 ? "I" : "i";
  static bool lift(Lift& in, const u64* slots, Flags<Bit>& value) {
    const u64 bits = sizeof(Repr) == 8 ? slots[0] : static_cast<u32>(slots[0]);
    if ((bits & ~Flags<Bit>::known) != 0) return in.invalid();
    value.bits = static_cast<Repr>(bits);
    return true;
  }
  static void trace(TraceText& out, Flags<Bit> value) { render(out, value); }
};

/// The address of some number of Ts that only the function knows; aligned, but not checked further.
template <class T>
struct Ptr {
  u32 address = 0;

  /// The bytes of `count` Ts.
  std::optional<MutableBytes> slice(const GuestMemory& memory, u64 count) const {
    if (count == 0) return MutableBytes();
    return memory.slice_array(address, count, Layout<T>::size);
  }
};

template <class T>
struct Abi<Ptr<T>> {
  static constexpr std::string_view core = "i";
  static bool lift(Lift& in, const u64* slots, Ptr<T>& value) {
    value.address = static_cast<u32>(slots[0]);
    return value.address % Layout<T>::alignment == 0 || in.misaligned(value.address, Layout<T>::alignment);
  }
  static void trace(TraceText& out, Ptr<T> value) { out.hex(value.address); }
};

/// Where the function stores a result in the guest's memory.
template <class T>
class Out {
 public:
  Out() = default;
  explicit Out(u8* to) : to_(to) {}

  void set(const T& value) const { Layout<T>::store(to_, value); }
  /// What was stored.
  T get() const {
    T value{};
    (void)Layout<T>::load(to_, value);
    return value;
  }

 private:
  u8* to_ = nullptr;
};

template <class T>
struct Abi<Out<T>> {
  static constexpr std::string_view core = "i";
  static bool lift(Lift& in, const u64* slots, Out<T>& value) {
    const u32 address = static_cast<u32>(slots[0]);
    if (address % Layout<T>::alignment != 0) return in.misaligned(address, Layout<T>::alignment);
    MutableBytes bytes;
    if (!in.slice(address, 1, Layout<T>::size, bytes)) return false;
    value = Out<T>(bytes.data());
    return true;
  }
  static void trace(TraceText& out, Out<T>) { out.append("…"); }
};

template <class T>
inline constexpr bool is_out = false;
template <class T>
inline constexpr bool is_out<Out<T>> = true;

/// A region of guest memory that the function fills.
struct Buffer {
  MutableBytes bytes;
};

template <>
struct Abi<Buffer> {
  static constexpr std::string_view core = "ii";
  static bool lift(Lift& in, const u64* slots, Buffer& value) {
    return in.slice(static_cast<u32>(slots[0]), static_cast<u32>(slots[1]), 1, value.bytes);
  }
  static void trace(TraceText& out, const Buffer& value) {
    if (out.transferred) {
      out.quoted(value.bytes.first(std::min<usize>(*out.transferred, value.bytes.size())));
    } else {
      out.append("…");
    }
    out.append(", ");
    out.decimal(u64{value.bytes.size()});
  }
};

/// Text in guest memory; not yet checked to be UTF-8. Another thread of the guest can change it.
struct String {
  Bytes bytes;
};

template <>
struct Abi<String> {
  static constexpr std::string_view core = "ii";
  static bool lift(Lift& in, const u64* slots, String& value) {
    MutableBytes bytes;
    if (!in.slice(static_cast<u32>(slots[0]), static_cast<u32>(slots[1]), 1, bytes)) return false;
    value.bytes = bytes;
    return true;
  }
  static void trace(TraceText& out, const String& value) { out.quoted(value.bytes); }
};

/// The call itself takes no core value.
template <>
struct Abi<Caller> {
  static constexpr std::string_view core = "";
};

/// How a call ends, and its result if it has one.
struct Lowered {
  HostResult how = HostResult::returned;
  u32 result = 0;
};

/// How a result type ends the call: `core`; `invalid()` and `refused(code)`, the results that report a failed lift;
/// `lower`; `succeeded`; `trace`.
template <class R>
struct ResultAbi;

template <>
struct ResultAbi<HostResult> {
  static constexpr std::string_view core = "";
  static HostResult invalid() { return HostResult::returned; }
  static HostResult refused(u32) { return HostResult::returned; }
  static Lowered lower(HostResult result) { return {result}; }
  static bool succeeded(HostResult) { return false; }
  static void trace(TraceText& out, HostResult) { out.append("?"); }
};

}  // namespace wisp::abi
