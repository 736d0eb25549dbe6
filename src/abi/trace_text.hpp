#pragma once

#include <optional>
#include <string>

#include "abi/layout.hpp"

namespace wisp::abi {

/// Receives one rendered line, without a line end, for each host call.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void line(std::string_view text) = 0;
};

/// The text of one traced call as it grows.
class TraceText {
 public:
  /// How many bytes of guest text are shown before "..." takes the rest's place.
  static constexpr usize max_quoted_bytes = 64;
  /// How many elements of an array are shown.
  static constexpr usize max_elements = 8;

  void append(std::string_view text) { text_ += text; }
  void decimal(u64 value) { text_ += std::to_string(value); }
  void decimal(i64 value) { text_ += std::to_string(value); }
  void hex(u64 value);
  /// In double quotes, with everything that is not printable ASCII escaped.
  void quoted(Bytes bytes);

  /// `", "` unless this is the first item since `begin`.
  void begin(char bracket) {
    text_ += bracket;
    first_ = true;
  }
  void separate() {
    if (!first_) text_ += ", ";
    first_ = false;
  }
  void end(char bracket) {
    text_ += bracket;
    first_ = false;
  }

  /// How many bytes the call moved, where it says so: what input buffers show of themselves.
  std::optional<u32> transferred;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool first_ = true;
};

template <class T>
  requires std::is_integral_v<T>
void render(TraceText& out, T value) {
  if constexpr (std::is_signed_v<T>) {
    out.decimal(static_cast<i64>(value));
  } else {
    out.decimal(static_cast<u64>(value));
  }
}

template <NamedEnum E>
void render(TraceText& out, E value) {
  const auto index = static_cast<u64>(value);
  index < EnumTable<E>::count ? out.append(name_of(value)) : out.decimal(index);
}

/// Appends `a|b|0x40`, `0` for the empty set, for a large set `fd_{a,b}|c`, and with few left out `~(a|b)` or `all`.
void render_flags(TraceText& out, u64 bits, const std::string_view* names, u32 count);

template <class Bit>
void render(TraceText& out, Flags<Bit> flags) {
  render_flags(out, flags.bits, EnumTable<Bit>::names.data(), Flags<Bit>::count);
}

template <TaggedUnion T>
void render(TraceText& out, const T& value);

template <Record T>
void render(TraceText& out, const T& value) {
  out.begin('{');
  std::apply(
      [&](auto... field) {
        (..., (out.separate(), out.append(field.name), out.append("="), render(out, value.*field.member)));
      },
      T::fields);
  out.end('}');
}

template <TaggedUnion T>
void render(TraceText& out, const T& value) {
  const auto chosen = static_cast<usize>(value.*T::tag);
  usize index = 0;
  std::apply(
      [&](auto... field) {
        (..., (index++ == chosen ? (out.append(field.name), render(out, value.*field.member)) : void()));
      },
      T::cases);
}

}  // namespace wisp::abi
