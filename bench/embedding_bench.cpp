// embedding_bench [MODULE...]: what an embedder pays through the public API; one line a measurement, in nanoseconds,
// the median of several rounds. With files: their instantiation.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "wisp/wisp.hpp"

namespace {

using namespace wisp;

/// The median time of one of `count` calls of `run`, over several rounds.
template <class Run>
void measure(const char* name, int count, Run run) {
  constexpr int rounds = 11;
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) run();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    times.push_back(time.count() / count);
  }
  std::ranges::sort(times);
  std::printf("%-44s %10.1f %10.1f\n", name, times[rounds / 2], times[0]);
}

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}
template <class T>
T must(Outcome<T> outcome) {
  if (outcome) return *std::move(outcome);
  std::fprintf(stderr, "%s\n", outcome.message().c_str());
  std::exit(1);
}

Module module_of(const Engine& engine, const std::string& text) {
  return must(Module::from_text(engine, text));
}

constexpr const char* nothing = R"((module (func (export "run") (param i32) (result i32) local.get 0)))";

constexpr const char* one_page = R"((module
  (memory (export "memory") 1)
  (data (i32.const 1024) "some text that the module brings with it")
  (func (export "run") (param i32) (result i32)
    (i32.store (i32.const 4096) (local.get 0))
    (i32.load (i32.const 4096)))))";

constexpr const char* importing = R"((module
  (import "env" "nop" (func $nop (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (call $nop (local.get $sum)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))))";

std::string many_functions(int count) {
  std::string text = "(module (table " + std::to_string(count) + " funcref) (elem (i32.const 0) func";
  for (int i = 0; i < count; ++i) text += " " + std::to_string(i);
  text += ")";
  for (int i = 0; i < count; ++i) text += "(func)";
  return text + R"((func (export "run") (param i32) (result i32) local.get 0)))";
}

void instantiate_and_call(const Engine& engine, const Linker& linker, const Module& module) {
  Store store = must(Store::create(engine));
  const Instance instance = must(linker.instantiate(store, module));
  const auto run = must(instance.func("run")->typed<std::int32_t(std::int32_t)>());
  if (must(run(7)) != 7) std::abort();
}

void instances() {
  const Engine engine;
  const Linker linker(engine);
  const std::pair<const char*, std::string> programs[] = {
      {"instantiate, call, drop: no memory", nothing},
      {"instantiate, call, drop: one page", one_page},
      {"instantiate, call, drop: 10,000 functions", many_functions(10000)},
  };
  measure("store: create and drop", 2000, [&] { (void)must(Store::create(engine)); });
  for (const auto& [name, text] : programs) {
    const Module module = module_of(engine, text);
    const int count = text.size() > 10000 ? 20 : 2000;
    measure(name, count, [&] { instantiate_and_call(engine, linker, module); });
  }
}

void calls() {
  const Engine engine;
  Linker linker(engine);
  if (!linker.define("env", "nop", [](std::int32_t value) { return value + 1; })) std::abort();
  Store store = must(Store::create(engine));
  const Instance plain = must(linker.instantiate(store, module_of(engine, nothing)));
  const Func run = *plain.func("run");
  const auto typed = must(run.typed<std::int32_t(std::int32_t)>());
  measure("host to guest and back: typed", 100000, [&] { (void)must(typed(1)); });
  measure("host to guest and back: values", 100000, [&] { (void)must(run.call({Value(1)})); });
  const Instance caller = must(linker.instantiate(store, module_of(engine, importing)));
  const auto loop = must(caller.func("run")->typed<std::int32_t(std::int32_t)>());
  measure("guest to host and back, with its loop, x1000", 20, [&] { (void)must(loop(1000)); });
}

void files(int count, char** names) {
  const Engine engine;
  for (int i = 0; i < count; ++i) {
    const Module module = must(Module::from_file(engine, names[i]));
    Linker linker(engine);
    linker.set_unknown_imports(UnknownImports::trap);
    measure(names[i], 20, [&] {
      Store store = must(Store::create(engine));
      (void)must(linker.instantiate(store, module));
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    files(argc - 1, argv + 1);
    return 0;
  }
  instances();
  calls();
  return 0;
}
