#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/leb128.hpp"
#include "interp/interpreter.hpp"
#include "runtime/store.hpp"
#include "wasm/decoder.hpp"
#include "wasm/opcodes.hpp"
#include "wasm/validator.hpp"

/// What the tests of this part share: modules written instruction by instruction, and a store to run them in.
namespace wisp::interp::test {

/// Instructions in the binary format.
class Code {
 public:
  Code& op(wasm::Op op) {
    const u32 code = wasm::info(op).code;
    if (code < 256) {
      bytes_.push_back(u8(code));
    } else {
      bytes_.push_back(u8(code >> 16));
      write_uleb(bytes_, code & 0xffff);
    }
    return *this;
  }
  /// An instruction with indices, labels or other unsigned numbers after it.
  Code& op(wasm::Op o, std::initializer_list<u64> immediates) {
    op(o);
    for (const u64 value : immediates) write_uleb(bytes_, value);
    return *this;
  }
  /// A block, loop or if: [] -> [], or [] -> [i32] and so on by letter.
  Code& open(wasm::Op o, char result = 0) {
    op(o);
    bytes_.push_back(result == 0 ? 0x40 : type_byte(result));
    return *this;
  }
  Code& local_get(u32 index) { return op(wasm::Op::local_get, {index}); }
  Code& local_set(u32 index) { return op(wasm::Op::local_set, {index}); }
  Code& local_tee(u32 index) { return op(wasm::Op::local_tee, {index}); }
  Code& i32(i32 value) {
    op(wasm::Op::i32_const);
    write_sleb(bytes_, value);
    return *this;
  }
  Code& i64(i64 value) {
    op(wasm::Op::i64_const);
    write_sleb(bytes_, value);
    return *this;
  }
  /// A constant of the type of the letter, by its bits.
  Code& constant(char type, u64 bits) {
    if (type == 'i') return i32(wisp::i32(bits));
    if (type == 'I') return i64(wisp::i64(bits));
    op(type == 'f' ? wasm::Op::f32_const : wasm::Op::f64_const);
    for (u32 i = 0; i < (type == 'f' ? 4u : 8u); ++i) bytes_.push_back(u8(bits >> (8 * i)));
    return *this;
  }
  Code& end() { return op(wasm::Op::end); }
  Code& raw(std::initializer_list<u8> bytes) {
    bytes_.insert(bytes_.end(), bytes);
    return *this;
  }

  const std::vector<u8>& bytes() const { return bytes_; }

  static u8 type_byte(char letter) {
    constexpr std::string_view letters = "iIfFv";
    constexpr u8 codes[] = {0x7f, 0x7e, 0x7d, 0x7c, 0x7b};
    return letter == 'x' ? 0x69 : codes[letters.find(letter)];  // x: exnref
  }

 private:
  std::vector<u8> bytes_;
};

/// A module of functions, one page of memory, one table with all functions, one mutable i64 global and tags.
class ModuleText {
 public:
  /// Types are written "params:results" with the letters of opcodes.def. Returns the function's index.
  u32 func(std::string_view type, Code body, std::string_view locals = "") {
    functions_.push_back({type_index(type), std::move(body), std::string(locals), 1});
    return u32(imports_.size() + functions_.size()) - 1;
  }
  /// The same with `count` locals of each letter.
  u32 func_with_many_locals(std::string_view type, Code body, std::string_view locals, u32 count) {
    const u32 index = func(type, std::move(body), locals);
    functions_.back().locals_of_each = count;
    return index;
  }
  /// Before all functions.
  u32 import(std::string_view type) {
    imports_.push_back(type_index(type));
    return u32(imports_.size()) - 1;
  }
  u32 tag(std::string_view params) {
    tags_.push_back(type_index(std::string(params) + ":"));
    return u32(tags_.size()) - 1;
  }
  u32 type_index(std::string_view type);
  std::vector<u8> bytes() const;

 private:
  struct Func {
    u32 type;
    Code body;
    std::string locals;
    u32 locals_of_each;
  };
  std::vector<std::string> types_;
  std::vector<u32> imports_;
  std::vector<Func> functions_;
  std::vector<u32> tags_;
};

/// How a call ended: results, or why not.
struct Outcome {
  std::vector<u64> results;
  std::optional<runtime::TrapInfo> trap;

  TrapReason reason() const { return trap ? trap->reason : TrapReason::none; }
};

/// A store with one instance of a module. Every function is exported by index.
class World {
 public:
  explicit World(const ModuleText& text, const InterpreterConfig& config = {},
                 const runtime::StoreSettings& settings = {}, abi::HostEntry host = nullptr);

  Outcome call(u32 function, std::initializer_list<u64> arguments = {}) {
    return call(function, std::span<const u64>(arguments.begin(), arguments.size()));
  }
  Outcome call(u32 function, std::span<const u64> arguments);
  runtime::Store& store() { return *store_; }
  runtime::Instance& instance() { return *instance_; }
  /// Given to the host functions as their context.
  void* context = nullptr;

 private:
  std::shared_ptr<wasm::TypeRegistry> registry_ = std::make_shared<wasm::TypeRegistry>();
  std::unique_ptr<runtime::Tier> tier_;
  std::unique_ptr<runtime::Store> store_;
  runtime::Instance* instance_ = nullptr;
};

}  // namespace wisp::interp::test
