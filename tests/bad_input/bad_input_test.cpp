#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/api_test.hpp"

// Whatever the input is, the answer is a module or an error, in time and memory in proportion to the input.

namespace {

using Bytes = std::vector<std::uint8_t>;

std::string repeat(const std::string& text, int times) {
  std::string all;
  all.reserve(text.size() * std::size_t(times));
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

void append_uleb(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(std::uint8_t(value) | 0x80);
    value >>= 7;
  }
  out.push_back(std::uint8_t(value));
}

/// A module of the given sections (id, contents).
Bytes module_of(const std::vector<std::pair<std::uint8_t, Bytes>>& sections) {
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  for (const auto& [id, contents] : sections) {
    out.push_back(id);
    append_uleb(out, contents.size());
    out.insert(out.end(), contents.begin(), contents.end());
  }
  return out;
}

/// A module with one function [] -> [] whose body is `code` (locals included, the final `end` not).
Bytes module_with_body(Bytes code) {
  code.push_back(0x0b);
  Bytes bodies = {1};
  append_uleb(bodies, code.size());
  bodies.insert(bodies.end(), code.begin(), code.end());
  return module_of({{1, {1, 0x60, 0, 0}}, {3, {1, 0}}, {10, bodies}});
}

class BadInput : public testing::Test {
 protected:
  wisp::Result<wisp::Module> load(const Bytes& bytes) { return wisp::Module::from_bytes(engine_, bytes); }
  Bytes assemble(const std::string& text) {
    auto module = wisp::Module::from_text(engine_, text);
    EXPECT_TRUE(module.ok()) << (module.ok() ? "" : module.error().message);
    if (!module.ok()) return {};
    const auto bytes = module->bytes();
    return {bytes.begin(), bytes.end()};
  }
  /// Refused with an error that says something.
  void expect_refused(const Bytes& bytes, wisp::ErrorCode code) {
    const auto module = load(bytes);
    ASSERT_FALSE(module.ok());
    EXPECT_EQ(module.error().code, code) << module.error().message;
    EXPECT_FALSE(module.error().message.empty());
  }

  /// Calls what a module exports, with zeros, and does not wait long.
  void run(const wisp::Module& module) {
    wisp::Store store = wisp::test::make_store(engine_, {.memory_bytes = 1 << 24, .table_entries = 10'000});
    wisp::Linker linker(engine_);
    linker.set_unknown_imports(wisp::UnknownImports::trap);
    store.set_timeout(std::chrono::milliseconds(10));
    const auto instance = linker.instantiate(store, module);
    if (!instance.ok()) return;
    for (const wisp::ExportType& one : module.exports()) {
      const auto function = instance->func(one.name);
      if (!function) continue;
      std::vector<wisp::Value> arguments;
      for (const wisp::ValType& type : function->type().params) arguments.push_back(zero_of(type));
      (void)function->call(arguments);
    }
  }

  wisp::Engine engine_{wisp::test::config()};

 private:
  static wisp::Value zero_of(const wisp::ValType& type) {
    if (type == wisp::ValType::i32()) return std::int32_t{0};
    if (type == wisp::ValType::i64()) return std::int64_t{0};
    if (type == wisp::ValType::f32()) return 0.0f;
    if (type == wisp::ValType::f64()) return 0.0;
    if (type == wisp::ValType::v128()) return wisp::V128();
    return wisp::Value::null(wisp::HeapType::any);  // refused where it is of another type
  }
};

const char* const samples[] = {
    R"((module (import "m" "f" (func $f (param i32) (result i64))) (memory 1 2) (table 3 funcref)
         (global (mut i32) (i32.const 7)) (export "go" (func $go)) (elem (i32.const 0) $f $go) (data (i32.const 8) "abc")
         (func $go (param i32) (result i32) (local i64)
           (block $b (result i32) (br_if $b (local.get 0) (i32.const 1)) drop
             (loop $l (br_if $l (i32.eqz (i32.load offset=4 (local.get 0))))) (i32.const 3)))))",
    R"((module (rec (type $a (struct (field (mut i32) (ref null $b)))) (type $b (array (mut (ref null $a)))))
         (tag $t (param i32)) (memory i64 1)
         (func (export "gc") (result i32)
           (struct.get $a 0 (struct.new $a (i32.const 5) (array.new_default $b (i32.const 3)))))
         (func (export "eh") (result i32) (block $h (result i32) (try_table (catch $t $h) (throw $t (i32.const 1))) (i32.const 2)))
         (func (export "simd") (param v128) (result v128) (i8x16.add (local.get 0) (v128.const i32x4 1 2 3 4)))))",
};

/// Mutated modules that are valid, and run: compiling them well takes its time.
constexpr int limit_of_runs = 100;

TEST_F(BadInput, EveryTruncationIsAnErrorOrAModule) {
  for (const char* sample : samples) {
    const Bytes whole = assemble(sample);
    ASSERT_TRUE(load(whole).ok());
    int refused = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto module = load(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(size)));
      if (module.ok()) continue;
      ++refused;
      EXPECT_FALSE(module.error().message.empty()) << size;
      EXPECT_LE(module.error().offset, size);
    }
    // Only cuts between sections can leave a module.
    EXPECT_GT(refused, int(whole.size()) - 16);
  }
}

TEST_F(BadInput, MutatedModulesNeverCrash) {
  std::mt19937 random(20240);
  for (const char* sample : samples) {
    const Bytes whole = assemble(sample);
    int refused = 0;
    int ran = 0;
    for (int round = 0; round < 20'000; ++round) {
      Bytes bytes = whole;
      for (int changes = 1 + int(random() % 3); changes > 0; --changes)
        bytes[random() % bytes.size()] = std::uint8_t(random());
      const auto module = load(bytes);
      refused += !module.ok();
      if (module.ok() && ++ran <= limit_of_runs) run(*module);
    }
    EXPECT_GT(refused, 10'000);
  }
}

TEST_F(BadInput, DeepNestingTakesLinearTime) {
  constexpr int depth = 100'000;
  Bytes code = {0};
  for (int i = 0; i < depth; ++i) code.insert(code.end(), {0x02, 0x40});
  code.insert(code.end(), depth, 0x0b);
  EXPECT_TRUE(load(module_with_body(code)).ok());
  const std::string text = "(module (func " + repeat("(block ", depth) + repeat(")", depth) + "))";
  EXPECT_TRUE(wisp::Module::from_text(engine_, text).ok());
}

TEST_F(BadInput, ManyLocalsAreALimitAndCostNothing) {
  Bytes code = {1};
  append_uleb(code, 1'000'000);
  code.push_back(0x7f);
  expect_refused(module_with_body(code), wisp::ErrorCode::limit);
  Bytes overflow = {2};
  append_uleb(overflow, 0xffffffff);
  overflow.push_back(0x7f);
  append_uleb(overflow, 0xffffffff);
  overflow.push_back(0x7e);
  expect_refused(module_with_body(overflow), wisp::ErrorCode::malformed);
}

TEST_F(BadInput, HugeCountsAreNotBelieved) {
  for (const std::uint8_t section : {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13}) {
    Bytes count;
    append_uleb(count, 0xffffffff);
    const auto module = load(module_of({{section, count}}));
    ASSERT_FALSE(module.ok()) << int(section);
  }
}

TEST_F(BadInput, UnterminatedLebIsMalformed) {
  expect_refused(module_of({{1, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80}}}), wisp::ErrorCode::malformed);
  expect_refused(module_of({{1, {0x80}}}), wisp::ErrorCode::malformed);
  Bytes endless = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 0xff, 0xff, 0xff};
  expect_refused(endless, wisp::ErrorCode::malformed);
}

TEST_F(BadInput, SaysWhatItIsInsteadOfAModule) {
  const Bytes component = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
  ASSERT_FALSE(load(component).ok());
  EXPECT_NE(load(component).error().message.find("component"), std::string::npos) << load(component).error().message;
  EXPECT_EQ(wisp::kind_of(component), wisp::InputKind::component);
  ASSERT_FALSE(load({}).ok());
  EXPECT_EQ(wisp::kind_of(Bytes{}), wisp::InputKind::empty);
  const Bytes text = {'(', 'm', 'o', 'd', 'u', 'l', 'e', ')'};
  ASSERT_FALSE(load(text).ok());
  EXPECT_EQ(wisp::kind_of(text), wisp::InputKind::text);
  expect_refused({0x7f, 'E', 'L', 'F', 1, 0, 0, 0}, wisp::ErrorCode::malformed);
}

TEST_F(BadInput, WasiRulesOfCommandsAndReactors) {
  const auto kind = [&](const char* text) { return wisp::wasi_kind(*wisp::Module::from_text(engine_, text)); };
  EXPECT_EQ(*kind("(module (memory (export \"memory\") 1) (func (export \"_start\")))"), wisp::WasiKind::command);
  EXPECT_EQ(*kind("(module (memory (export \"memory\") 1) (func (export \"_initialize\")))"), wisp::WasiKind::reactor);
  const auto both =
      kind("(module (memory (export \"memory\") 1) (func (export \"_start\")) (func (export \"_initialize\")))");
  ASSERT_FALSE(both.ok());
  EXPECT_NE(both.error().message.find("_initialize"), std::string::npos);
  const auto no_memory = kind(
      "(module (import \"wasi_snapshot_preview1\" \"sched_yield\" (func (result i32))) (func (export \"_start\")))");
  ASSERT_FALSE(no_memory.ok());
  EXPECT_NE(no_memory.error().message.find("memory"), std::string::npos);
}

}  // namespace
