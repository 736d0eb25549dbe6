// embed_bench TIER: what instances and calls cost that do nothing; lines NAME NANOSECONDS CHECK, the fastest of several
// rounds.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tiers.hpp"

namespace {

constexpr int rounds = 7;

template <class Run>
double fastest_ns(int operations, Run run) {
  double fastest = 1e18;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run(operations);
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    fastest = std::min(fastest, elapsed.count() / operations);
  }
  return fastest;
}

void show(const char* name, double ns) {
  std::printf("%s %.2f 1\n", name, ns);
}

template <class T>
T must(wisp::Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

wisp::Instance instance_of(wisp::Linker& linker, wisp::Store& store, const wisp::Module& module) {
  auto instance = linker.instantiate(store, module);
  if (!instance) std::exit(1);
  return std::move(*instance);
}

void instantiate_call_drop(const wisp::Engine& engine) {
  const auto module = must(wisp::Module::from_text(engine, R"((module (memory 1)
    (func (export "run") (param i32) (result i32) (i32.store (i32.const 8) (local.get 0)) (i32.load (i32.const 8)))))"));
  wisp::Linker linker(engine);
  show("instantiate_call_drop", fastest_ns(3'000, [&](int operations) {
         for (int i = 0; i < operations; ++i) {
           auto store = must(wisp::Store::create(engine));
           const auto run = must(instance_of(linker, store, module).func("run")->typed<std::int32_t(std::int32_t)>());
           const auto result = run(i);
           if (!result.ok() || *result != i) std::exit(1);
         }
       }));
}

void calls(const wisp::Engine& engine) {
  const auto module = must(wisp::Module::from_text(engine, R"((module
    (import "host" "nop" (func $nop))
    (func (export "nop"))
    (func (export "empty") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "calling") (param i32)
      (loop (call $nop) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))"));
  auto store = must(wisp::Store::create(engine));
  wisp::Linker linker(engine);
  if (!linker.define("host", "nop", [] {}).ok()) std::exit(1);
  const auto instance = instance_of(linker, store, module);
  const auto loop_ns = [&](const char* name) {
    const auto loop = must(instance.func(name)->typed<void(std::int32_t)>());
    return fastest_ns(1'000'000, [&](int operations) {
      if (!loop(operations).ok()) std::exit(1);
    });
  };
  const double empty = loop_ns("empty");
  show("guest_to_host", loop_ns("calling") - empty);
  const auto nop = must(instance.func("nop")->typed<void()>());
  show("host_to_guest", fastest_ns(1'000'000, [&](int operations) {
         for (int i = 0; i < operations; ++i) {
           if (!nop().ok()) std::exit(1);
         }
       }));
}

[[gnu::noinline]] void c_nop() {
  asm volatile("");
}

void c_indirect_call() {
  void (*volatile pointer)() = c_nop;
  show("c_indirect_call", fastest_ns(5'000'000, [&](int operations) {
         for (int i = 0; i < operations; ++i) pointer();
       }));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const wisp::Engine engine = wisp::bench::engine_of(argv[1]);
  instantiate_call_drop(engine);
  calls(engine);
  c_indirect_call();
  return 0;
}
