#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/leb128.hpp"
#include "wasm/decoder.hpp"
#include "wasm/validator.hpp"

/// Modules written by hand, for tests.
namespace wisp::wasm::test {

using Buffer = std::vector<u8>;

inline Buffer operator+(Buffer a, const Buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Buffer uleb(u64 value) {
  Buffer out;
  write_uleb(out, value);
  return out;
}

inline Buffer sleb(i64 value) {
  Buffer out;
  write_sleb(out, value);
  return out;
}

inline Buffer repeat(const Buffer& part, u64 count) {
  Buffer out;
  out.reserve(part.size() * count);
  for (u64 i = 0; i < count; ++i) out.insert(out.end(), part.begin(), part.end());
  return out;
}

/// The size, then the bytes.
inline Buffer sized(const Buffer& bytes) {
  return uleb(bytes.size()) + bytes;
}

inline Buffer name(std::string_view text) {
  return sized(Buffer(text.begin(), text.end()));
}

/// A vector of the binary format.
inline Buffer vec(const std::vector<Buffer>& items) {
  Buffer out = uleb(items.size());
  for (const Buffer& item : items) out.insert(out.end(), item.begin(), item.end());
  return out;
}

inline Buffer section(u8 id, const Buffer& contents) {
  return Buffer{id} + sized(contents);
}

inline Buffer preamble() {
  return {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
}

/// The items of each section; empty sections are left out.
struct Parts {
  std::vector<Buffer> types{};
  std::vector<Buffer> imports{};
  std::vector<Buffer> functions{};
  std::vector<Buffer> tables{};
  std::vector<Buffer> memories{};
  std::vector<Buffer> tags{};
  std::vector<Buffer> globals{};
  std::vector<Buffer> exports{};
  Buffer start{};
  std::vector<Buffer> elems{};
  Buffer data_count{};
  std::vector<Buffer> bodies{};  // locals and instructions, without the size
  std::vector<Buffer> datas{};

  Buffer build() const {
    Buffer out = preamble();
    const auto add = [&](u8 id, const std::vector<Buffer>& items) {
      if (!items.empty()) out = out + section(id, vec(items));
    };
    add(1, types);
    add(2, imports);
    add(3, functions);
    add(4, tables);
    add(5, memories);
    add(13, tags);
    add(6, globals);
    add(7, exports);
    if (!start.empty()) out = out + section(8, start);
    add(9, elems);
    if (!data_count.empty()) out = out + section(12, data_count);
    std::vector<Buffer> code;
    for (const Buffer& body : bodies) code.push_back(sized(body));
    add(10, code);
    add(11, datas);
    return out;
  }
};

inline const Buffer void_type{0x60, 0x00, 0x00};

inline Features features_without(Feature feature) {
  Features features;
  features.set(feature, false);
  return features;
}

/// Decodes with a registry of its own.
inline Result<std::shared_ptr<const Module>> decode_only(const Buffer& bytes, Features features = {}) {
  return decode(bytes, std::make_shared<TypeRegistry>(), features);
}

/// Decodes and validates the bodies.
inline Result<std::shared_ptr<const Module>> load(const Buffer& bytes, Features features = {}) {
  auto module = decode_only(bytes, features);
  if (!module.ok()) return module;
  WISP_TRY(validate(**module));
  return module;
}

}  // namespace wisp::wasm::test
