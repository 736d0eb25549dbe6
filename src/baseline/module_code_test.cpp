#include "baseline/module_code.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "wasm/test_module.hpp"

namespace wisp::baseline {
namespace {

using wasm::test::Parts;

/// Knows what was called, and no code.
class CalledFunctions final : public runtime::ModuleCache {
 public:
  explicit CalledFunctions(std::vector<FuncIndex> earlier) : earlier_(std::move(earlier)) {}

  std::optional<runtime::ObjectCode> find(const runtime::CodeUnit&) override { return std::nullopt; }
  bool is_known_valid() override { return false; }
  void note_valid() override {}
  std::vector<FuncIndex> called_earlier() override { return earlier_; }
  void note_called(FuncIndex function) override { noted.push_back(function); }
  void store(const runtime::CodeUnit&, const runtime::ObjectCode&) override { ++stored; }
  void begin(const runtime::CodeUnit&) override {}
  void forget_begun() override { ++forgotten; }
  void write() override { written = true; }

  std::vector<FuncIndex> noted;
  int stored = 0;
  int forgotten = 0;
  std::atomic<bool> written = false;

 private:
  std::vector<FuncIndex> earlier_;
};

/// One that comes from another build than the rest.
struct ForeignCompiler final : runtime::OptimizingCompiler {
  Result<runtime::ObjectCode> compile(const runtime::CompileJob&) override { return Error{}; }
  std::string_view identity() const override { return "another build"; }
};

runtime::NativeCell& cell(ModuleCode& code, u32 function) {
  return *static_cast<runtime::NativeCell*>(const_cast<void*>(code.entry(FuncIndex(function))));
}

bool is_compiled(ModuleCode& code, u32 function) {
  return cell(code, function).entry.load() != lazy_entry();
}

/// Four functions that return at once.
class ModuleCodeTest : public testing::Test {
 protected:
  void SetUp() override {
    Parts parts;
    parts.types = {wasm::test::void_type};
    parts.functions.assign(4, {0});
    parts.bodies.assign(4, {0, 0x0b});
    module_ = *wasm::test::load(parts.build());
  }

  std::unique_ptr<ModuleCode> load(const std::shared_ptr<CalledFunctions>& cache, Optimize optimize = Optimize::hot) {
    return std::make_unique<ModuleCode>(
        module_, ModuleCode::Settings{.optimize = optimize, .background = &background_, .cache = cache});
  }

  std::shared_ptr<const wasm::Module> module_;
  Background background_{[] { return nullptr; }};
};

TEST_F(ModuleCodeTest, WhatWasCalledEarlierIsCompiledAheadOfCalls) {
  const auto cache = std::make_shared<CalledFunctions>(std::vector{FuncIndex(2), FuncIndex(0), FuncIndex(1)});
  const auto code = load(cache);
  for (u32 i = 0; i < 4; ++i) EXPECT_FALSE(is_compiled(*code, i));
  code->expect_calls();
  code->expect_calls();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_compiled(*code, 1) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(is_compiled(*code, 0));
  EXPECT_TRUE(is_compiled(*code, 1));
  EXPECT_TRUE(is_compiled(*code, 2));
  EXPECT_FALSE(is_compiled(*code, 3));
  const auto* const pc = reinterpret_cast<const u8*>(cell(*code, 2).entry.load());
  ASSERT_NE(code->find(pc), nullptr);
  EXPECT_EQ(code->find(pc)->function, FuncIndex(2));
  EXPECT_TRUE(cache->noted.empty());
  code->compile(cell(*code, 3));
  EXPECT_EQ(cache->noted, std::vector{FuncIndex(3)});
}

TEST_F(ModuleCodeTest, WhatIsCompiledStaysWhenItIsPrepared) {
  const auto cache = std::make_shared<CalledFunctions>(std::vector<FuncIndex>());
  const auto code = load(cache);
  code->compile(cell(*code, 1));
  const auto entry = cell(*code, 1).entry.load();
  code->prepare();
  code->compile(cell(*code, 1));
  EXPECT_EQ(cell(*code, 1).entry.load(), entry);
}

TEST_F(ModuleCodeTest, NothingIsPreparedWhereTheOptimizingCompilerComesFirst) {
  const auto cache = std::make_shared<CalledFunctions>(std::vector{FuncIndex(1)});
  {
    const auto code = load(cache, Optimize::at_once);
    code->expect_calls();
    code->compile(cell(*code, 0));
  }
  EXPECT_TRUE(cache->noted.empty());
}

TEST_F(ModuleCodeTest, WhatACompilerOfAnotherBuildTriedIsNotKept) {
  const auto cache = std::make_shared<CalledFunctions>(std::vector<FuncIndex>());
  ForeignCompiler compiler;
  load(cache)->optimize(compiler, {FuncIndex(0)});
  EXPECT_EQ(cache->stored, 0);
  EXPECT_EQ(cache->forgotten, 1);
}

TEST_F(ModuleCodeTest, EveryModuleIsWrittenThatSomethingWasCompiledFor) {
  const std::shared_ptr<CalledFunctions> caches[] = {std::make_shared<CalledFunctions>(std::vector<FuncIndex>()),
                                                     std::make_shared<CalledFunctions>(std::vector<FuncIndex>()),
                                                     std::make_shared<CalledFunctions>(std::vector<FuncIndex>())};
  const std::unique_ptr<ModuleCode> codes[] = {load(caches[0]), load(caches[1]), load(caches[2])};
  for (const auto& code : codes) background_.enqueue({code.get(), runtime::CodeUnit{FuncIndex(0)}});
  background_.forget(*codes[1]);
  const auto deadline = std::chrono::steady_clock::now() + limits::idle_before_writing + std::chrono::seconds(10);
  const auto are_written = [&] { return caches[0]->written && caches[2]->written; };
  while (!are_written() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(caches[0]->written);
  EXPECT_FALSE(caches[1]->written);
  EXPECT_TRUE(caches[2]->written);
}

/// Refuses everything, once it may, and remembers what it was asked for.
class Gate final : public runtime::OptimizingCompiler {
 public:
  Result<runtime::ObjectCode> compile(const runtime::CompileJob& job) override {
    std::unique_lock lock(mutex_);
    asked_.push_back({job.function, job.osr_loop});
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    return Error{};
  }
  std::string_view identity() const override { return "another build"; }

  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  std::vector<runtime::CodeUnit> asked(usize count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return asked_.size() >= count; });
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::vector<runtime::CodeUnit> asked_;
};

/// A small function, and a large one of two loops.
class LargeFunction : public testing::Test {
 protected:
  static constexpr FuncIndex small{0};
  static constexpr FuncIndex large{1};

  void SetUp() override {
    Parts parts;
    parts.types = {wasm::test::void_type};
    parts.functions.assign(2, {0});
    wasm::test::Buffer body(runtime::limits::large_body_bytes, 0x01);  // nop
    body[0] = 0;                                                       // no locals
    for (const u8 byte : {0x03, 0x40, 0x41, 0x00, 0x0d, 0x00, 0x0b, 0x03, 0x40, 0x41, 0x00, 0x0d, 0x00, 0x0b, 0x0b}) {
      body.push_back(u8(byte));
    }
    parts.bodies = {{0, 0x0b}, body};
    module_ = *wasm::test::load(parts.build());
    code_ = std::make_unique<ModuleCode>(module_,
                                         ModuleCode::Settings{.optimize = Optimize::hot, .background = &background_});
    code_->compile(cell(*code_, large.value));
    native_ = code_->find(reinterpret_cast<const u8*>(cell(*code_, large.value).entry.load()));
    ASSERT_EQ(native_->loops.size(), 2u);
    cell(*code_, large.value).calls_left = 100;
  }
  void TearDown() override { gate_->open(); }

  void turns(usize loop, u32 times = 1) {
    for (u32 i = 0; i < times; ++i) code_->became_hot(native_->code + native_->loops[loop].word);
  }

  Gate* gate_ = new Gate;
  Background background_{[this] { return std::unique_ptr<runtime::OptimizingCompiler>(gate_); }};
  std::shared_ptr<const wasm::Module> module_;
  std::unique_ptr<ModuleCode> code_;
  const NativeFunction* native_ = nullptr;
};

TEST_F(LargeFunction, ComesLastAndItsLoopsFirst) {
  const runtime::CodeUnit first{small};
  const runtime::CodeUnit loop{large, native_->loops[0].offset};
  background_.enqueue({code_.get(), first});
  (void)gate_->asked(1);
  for (const runtime::CodeUnit& unit : {runtime::CodeUnit{large}, runtime::CodeUnit{small}, loop}) {
    background_.enqueue({code_.get(), unit});
  }
  gate_->open();
  EXPECT_EQ(gate_->asked(4), (std::vector{first, loop, runtime::CodeUnit{small}, runtime::CodeUnit{large}}));
}

TEST_F(LargeFunction, IsReplacedInOneLoop) {
  const runtime::CodeUnit loops[] = {{large, native_->loops[0].offset}, {large, native_->loops[1].offset}};
  turns(0, 2);
  // While that is waited for, no other one is asked for, and the function comes behind.
  turns(1, 1'000);
  EXPECT_EQ(gate_->asked(1), std::vector{loops[0]});
  gate_->open();
  EXPECT_EQ(gate_->asked(2), (std::vector{loops[0], runtime::CodeUnit{large}}));
  turns(1, limits::questions_between_loops - 1);
  turns(0);
  EXPECT_EQ(gate_->asked(2).size(), 2u);
  turns(1);
  EXPECT_EQ(gate_->asked(3), (std::vector{loops[0], runtime::CodeUnit{large}, loops[1]}));
}

}  // namespace
}  // namespace wisp::baseline
