#include "baseline/baseline.hpp"

#include <chrono>
#include <mutex>

#include <gtest/gtest.h>

#include "runtime/instance.hpp"
#include "runtime/optimizer.hpp"
#include "runtime/store.hpp"
#include "wasm/test_module.hpp"

namespace wisp::baseline {
namespace {

using wasm::test::Buffer;
using wasm::test::Parts;

/// What a compiler could have known of a call when it was asked for the function that makes it.
struct Asked {
  FuncIndex function;
  u64 offset = 0;  // of the call
  std::mutex mutex;
  std::optional<std::vector<FuncIndex>> callees;
};

class AskedCompiler final : public runtime::OptimizingCompiler {
 public:
  explicit AskedCompiler(Asked& asked) : asked_(asked) {}
  Result<runtime::ObjectCode> compile(const runtime::CompileJob& job) override {
    const std::lock_guard lock(asked_.mutex);
    if (job.function == asked_.function) asked_.callees = job.call_sites->callees(asked_.offset);
    return Error{ErrorCode::limit, 0, "only asked", ""};
  }
  std::string_view identity() const override { return ""; }

 private:
  Asked& asked_;
};

TEST(Baseline, NotesWhereCallsThroughTablesLead) {
  Parts parts;
  const Buffer index_type{0x60, 1, 0x7f, 0};
  parts.types = {wasm::test::void_type, index_type};
  parts.functions = {{0}, {0}, {0}, {1}};
  parts.tables = {{0x70, 0, 3}};
  parts.elems = {{0, 0x41, 0, 0x0b, 3, 0, 1, 2}};
  const Buffer nothing{0, 0x0b};
  parts.bodies = {nothing, nothing, nothing, {0, 0x20, 0, 0x11, 0, 0, 0x0b}};  // local.get 0, call_indirect 0
  const std::shared_ptr<const wasm::Module> module = wasm::test::load(parts.build()).value();

  Asked asked;
  asked.function = FuncIndex(3);
  asked.offset = module->bodies[3].offset + 3;
  BaselineConfig config;
  config.optimize = Optimize::hot;
  config.make_compiler = [&] { return std::make_unique<AskedCompiler>(asked); };
  const auto tier = make_baseline(std::move(config));
  const auto store = std::move(runtime::Store::create(*tier, {})).value();
  const auto made = store->instantiate(std::make_shared<runtime::LoadedModule>(module, *tier), {});
  runtime::Function& caller = std::get<runtime::Instance*>(made)->function(FuncIndex(3));
  // Functions 0 and 2, and not 1.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (bool is_asked = false; !is_asked && std::chrono::steady_clock::now() < deadline;) {
    for (u64 element : {u64{0}, u64{2}}) ASSERT_FALSE(store->call(caller, {&element, 1}, {}));
    const std::lock_guard lock(asked.mutex);
    is_asked = asked.callees.has_value();
  }
  const std::lock_guard lock(asked.mutex);
  EXPECT_EQ(asked.callees, (std::vector{FuncIndex(0), FuncIndex(2)}));
}

}  // namespace
}  // namespace wisp::baseline
