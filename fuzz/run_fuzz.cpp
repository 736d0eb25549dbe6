#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wisp/wisp.hpp"

#include "base/check.hpp"
#include "generate.hpp"

// Runs whatever is valid: instantiates it with default imports, calls every exported function with zeros, with little
// fuel, little memory and little stack. Anything may happen but a crash, a leak or a hang. Bytes that do not begin like
// a module are decisions from which a valid module is made.

namespace {

constexpr std::uint64_t fuel = 20'000;
/// Where every allocation collects: that takes time in proportion to the stack.
constexpr std::uint64_t fuel_with_collections = 1'000;
constexpr int max_calls = 16;

wisp::Engine make_engine(wisp::MemoryMode mode) {
  wisp::Config config;
  config.fuel = true;
  config.stack_bytes = 256 * 1024;
  config.memory_mode = mode;
  return wisp::Engine(config);
}

wisp::Value zero_of(wisp::ValType type) {
  switch (type.kind()) {
    case wisp::ValType::Kind::i32:
      return std::int32_t{0};
    case wisp::ValType::Kind::i64:
      return std::int64_t{0};
    case wisp::ValType::Kind::f32:
      return 0.0f;
    case wisp::ValType::Kind::f64:
      return 0.0;
    case wisp::ValType::Kind::v128:
      return wisp::V128{};
    case wisp::ValType::Kind::ref:
      return wisp::Value::null(type.heap());
  }
  return {};
}

void call_exports(wisp::Store& store, const wisp::Instance& instance, std::uint64_t fuel_of_a_call) {
  int calls = 0;
  for (const auto& [name, value] : instance.exports()) {
    const auto* func = std::get_if<wisp::Func>(&value);
    if (func == nullptr || ++calls > max_calls) continue;
    std::vector<wisp::Value> arguments;
    for (const wisp::ValType type : func->type().params) arguments.push_back(zero_of(type));
    store.set_fuel(fuel_of_a_call);
    const auto outcome = func->call(arguments);
    if (outcome.trap() != nullptr) (void)outcome.message();
  }
}

wisp::Result<wisp::Module> make_module(const wisp::Engine& engine, std::span<const std::uint8_t> bytes) {
  if (wisp::kind_of(bytes) == wisp::InputKind::module) {
    return wisp::Module::from_bytes(engine, bytes, wisp::Validation::serial);
  }
  auto module = wisp::Module::from_text(engine, wisp::fuzz::generate_module(bytes));
  WISP_CHECK(module.ok());
  return module;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const wisp::Engine engines[] = {make_engine(wisp::MemoryMode::guard_pages),
                                         make_engine(wisp::MemoryMode::explicit_checks)};
  if (size == 0) return 0;
  const wisp::Engine& engine = engines[data[size - 1] % 2];
  const auto module = make_module(engine, {data, size});
  if (!module) return 0;
  wisp::StoreLimits limits;
  limits.memory_bytes = 16 << 20;
  limits.table_entries = 100'000;
  limits.heap_bytes = 4 << 20;
  auto store = wisp::Store::create(engine, limits);
  if (!store) return 0;
  const bool collect_always = data[size - 1] % 8 < 2;
  const std::uint64_t fuel_of_a_call = collect_always ? fuel_with_collections : fuel;
  store->set_fuel(fuel_of_a_call);
  store->set_collect_always(collect_always);
  wisp::Linker linker(engine);
  linker.set_unknown_imports(wisp::UnknownImports::default_values);
  auto instance = linker.instantiate(*store, *module);
  if (instance.ok()) call_exports(*store, *instance, fuel_of_a_call);
  return 0;
}
