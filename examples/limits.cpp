// Guests that want too much: of time, of instructions, of memory, of stack.
#include <chrono>
#include <cstdio>
#include <string>

#include "wisp/wisp.hpp"

namespace {

constexpr const char* program = R"((module
  (memory (export "memory") 1)
  (func (export "spin") (loop $again (br $again)))
  (func $recurse (export "recurse") (call $recurse))
  (func (export "grow") (result i32) (memory.grow (i32.const 1000)))))";

int fail(const std::string& message) {
  std::fprintf(stderr, "limits: %s\n", message.c_str());
  return 1;
}

wisp::StoreLimits small_memory() {
  wisp::StoreLimits limits;
  limits.memory_bytes = 10 * 65536;
  return limits;
}

/// Calls an export in a store of its own and shows how that ends.
int show(const wisp::Module& module, const wisp::Engine& engine, const char* name, void (*prepare)(wisp::Store&)) {
  auto store = wisp::Store::create(engine, small_memory());
  if (!store) return fail(store.error().message);
  const auto instance = wisp::Linker(engine).instantiate(*store, module);
  if (!instance) return fail(instance.message());
  prepare(*store);
  const auto results = instance->func(name)->call();
  if (results.error() != nullptr) return fail(results.message());
  if (const wisp::Trap* trap = results.trap()) {
    std::printf("%s: %s\n", name, trap->summary().c_str());
  } else {
    std::printf("%s: %s\n", name, results->empty() ? "done" : (*results)[0].to_string().c_str());
  }
  return 0;
}

}  // namespace

int main() {
  wisp::Config config;
  config.fuel = true;
  const wisp::Engine engine(config);
  const auto module = wisp::Module::from_text(engine, program);
  if (!module) return fail(module.error().message);

  const auto with_fuel = [](wisp::Store& store) { store.set_fuel(1'000'000); };
  const auto with_deadline = [](wisp::Store& store) {
    store.set_fuel(~std::uint64_t{0});
    store.set_timeout(std::chrono::milliseconds(20));
  };
  int failed = show(*module, engine, "spin", with_fuel);
  failed |= show(*module, engine, "spin", with_deadline);
  failed |= show(*module, engine, "recurse", with_deadline);
  failed |= show(*module, engine, "grow", with_fuel);
  return failed;
}
