// validate_bench FILE: decodes and validates a module on one thread; one line a measurement, in megabytes of code a
// second, the median of several rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "wasm/decoder.hpp"
#include "wasm/validator.hpp"

namespace {

using namespace wisp;

/// What a consumer costs that listens to everything and does next to nothing.
struct CountingSink : wasm::NullSink {
  u64 instructions = 0;
  void plain(wasm::Op, const wasm::Imm&) { ++instructions; }
  void local_get(LocalIndex, wasm::ValType) { ++instructions; }
  void local_set(LocalIndex, wasm::ValType) { ++instructions; }
  void local_tee(LocalIndex, wasm::ValType) { ++instructions; }
  void end(const wasm::ControlFrame&) { ++instructions; }
};

template <class Run>
double median_seconds(Run run) {
  constexpr int rounds = 9;
  std::vector<double> seconds;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::nth_element(seconds, seconds.begin() + rounds / 2);
  return seconds[rounds / 2];
}

void count_instructions(const wasm::Module& module) {
  CountingSink sink;
  wasm::BodyValidator<CountingSink> validator(module);
  for (u32 i = 0; i < module.bodies.size(); ++i) {
    if (!validator.run(FuncIndex(module.imported_functions + i), sink).ok()) std::abort();
  }
  if (sink.instructions == 0) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: validate_bench FILE\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be opened\n", argv[1]);
    return 1;
  }
  const std::vector<u8> bytes{std::istreambuf_iterator<char>(file), {}};
  const auto registry = std::make_shared<wasm::TypeRegistry>();
  const auto module = wasm::decode(bytes, registry, {});
  if (!module.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], module.error().message.c_str());
    return 1;
  }
  const wasm::Module& decoded = **module;
  const double megabytes = double(decoded.code_section_size_bytes) / 1e6;
  const auto show = [&](const char* name, double seconds) { std::printf("%s %.1f\n", name, megabytes / seconds); };
  show("decode, bodies left out", median_seconds([&] {
         if (!wasm::decode(bytes, registry, {}).ok()) std::abort();
       }));
  show("validate", median_seconds([&] {
         if (!wasm::validate(decoded).ok()) std::abort();
       }));
  show("validate with a sink", median_seconds([&] { count_instructions(decoded); }));
  return 0;
}
