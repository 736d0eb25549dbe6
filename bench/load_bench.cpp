// load_bench FILE TIER: from the file of a program to its first call of the host, in nanoseconds.
#include <chrono>
#include <cstdio>

#include "tiers.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const auto start = std::chrono::steady_clock::now();
  const wisp::Engine engine = wisp::bench::engine_of(argv[2]);
  const auto module = wisp::Module::from_file(engine, argv[1]);
  auto store = wisp::Store::create(engine);
  if (!module || !store) return 1;
  wisp::Linker linker(engine);
  linker.set_unknown_imports(wisp::UnknownImports::trap);
  auto instance = linker.instantiate(*store, *module);
  if (!instance) return 1;
  const auto begin = instance->func("_start");
  if (!begin || begin->call().trap() == nullptr) return 1;
  const auto elapsed = std::chrono::steady_clock::now() - start;
  std::printf("ns=%lld\n", static_cast<long long>(std::chrono::nanoseconds(elapsed).count()));
  return 0;
}
