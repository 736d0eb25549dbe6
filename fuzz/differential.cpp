// What fuzz/differential drives: makes modules, and runs them under one tier.
//
// differential tiers: the names of the tiers that there are, a line each
// differential make FOLDER FIRST COUNT: the modules of these seeds, as FOLDER/SEED.wasm, or FOLDER/SEED.tiers.wasm if
//   only our own tiers can be compared
// differential run TIER: for each path on standard input a line that says what the module does
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "wisp/wisp.hpp"

#include "base/check.hpp"
#include "generate.hpp"

namespace {

/// A module that runs longer is told apart by its trap.
constexpr std::chrono::seconds time_limit(20);
/// Of so many modules one is for our own tiers only.
constexpr std::uint64_t own_share = 8;

/// A way of executing code that must not differ from the others.
struct Variant {
  const char* name;
  wisp::Tier tier;
  wisp::MemoryMode memory_mode;
};
constexpr Variant variants[] = {
    {"interpreter", wisp::Tier::interpreter, wisp::MemoryMode::guard_pages},
    {"interpreter+checks", wisp::Tier::interpreter, wisp::MemoryMode::explicit_checks},
    {"baseline", wisp::Tier::baseline, wisp::MemoryMode::guard_pages},
    {"baseline+checks", wisp::Tier::baseline, wisp::MemoryMode::explicit_checks},
};

/// The decisions of a seed: SplitMix64, between 40 and 10240 bytes.
std::vector<std::uint8_t> decisions_of(std::uint64_t seed) {
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u;
  const auto next = [&] {
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  };
  std::vector<std::uint8_t> decisions(std::size_t{40} << (next() % 9));
  for (std::uint8_t& decision : decisions) decision = std::uint8_t(next());
  return decisions;
}

int make(const std::string& folder, std::uint64_t first, std::uint64_t count) {
  const wisp::Engine engine;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const bool own = seed % own_share == 0;
    const auto purpose = own ? wisp::fuzz::Purpose::compare_tiers : wisp::fuzz::Purpose::compare;
    const auto module = wisp::Module::from_text(engine, wisp::fuzz::generate_module(decisions_of(seed), purpose));
    if (!module.ok()) {
      std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), module.error().message.c_str());
      return 1;
    }
    std::ofstream file(folder + "/" + std::to_string(seed) + (own ? ".tiers.wasm" : ".wasm"), std::ios::binary);
    file.write(reinterpret_cast<const char*>(module->bytes().data()), std::streamsize(module->bytes().size()));
    if (!file) return 1;
  }
  return 0;
}

std::uint32_t crc32(const std::uint8_t* bytes, std::size_t size) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> rows{};
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      rows[i] = i;
      for (int bit = 0; bit < 8; ++bit) rows[i] = (rows[i] >> 1) ^ ((rows[i] & 1) != 0 ? 0xedb88320u : 0);
    }
    return rows;
  }();
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < size; ++i) crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >> 8);
  return ~crc;
}

void define_host(wisp::Linker& linker) {
  const bool defined =
      linker.define("host", "a", [](std::int32_t a, std::int64_t b) { return b * 3 + a; }).ok() &&
      linker.define("host", "b", [](double x) { return std::tuple<std::int32_t, float>(x > 1 ? 1 : 0, 1.5f); }).ok() &&
      linker.define("host", "c", [] {}).ok();
  WISP_CHECK(defined);
}

std::string results_of(const wisp::Func& func) {
  const auto outcome = func.call();
  if (const wisp::Trap* trap = outcome.trap()) return "!" + std::string(wisp::text_of(trap->reason));
  if (!outcome.ok()) return "!error: " + outcome.message();
  std::string text;
  for (const wisp::Value& value : *outcome) text += (text.empty() ? "" : ",") + std::to_string(value.i64());
  return text;
}

/// Calls `run0` and so on in order, then `state`; then sizes and checksums of the memories.
std::string observe(const wisp::Engine& engine, const std::string& path) {
  const auto module = wisp::Module::from_file(engine, path);
  if (!module.ok()) return "!error: " + module.error().message;
  auto store = wisp::Store::create(engine);
  if (!store.ok()) return "!error: " + store.error().message;
  store->set_timeout(time_limit);
  wisp::Linker linker(engine);
  define_host(linker);
  auto instance = linker.instantiate(*store, *module);
  if (!instance.ok()) return "!error: " + instance.message();
  std::string text;
  const auto call = [&](const std::string& name) {
    const auto func = instance->func(name);
    if (func) text += name + "=" + results_of(*func) + ";";
    return func.has_value();
  };
  for (int i = 0; call("run" + std::to_string(i)); ++i) {
  }
  call("state");
  for (const char* name : {"m", "n", "o", "p"}) {
    const auto bytes = instance->memory(name)->bytes();
    const auto all = bytes.slice(0, bytes.size_bytes());
    char line[64];
    std::snprintf(line, sizeof line, "%s=%zu:%08x;", name, all->size(), crc32(all->data(), all->size()));
    text += line;
  }
  return text;
}

int run(std::string_view name) {
  const auto* variant = std::ranges::find_if(variants, [&](const Variant& each) { return each.name == name; });
  if (variant == std::end(variants)) return 64;
  wisp::Config config;
  config.tier = variant->tier;
  config.memory_mode = variant->memory_mode;
  const wisp::Engine engine(config);
  for (std::string path; std::getline(std::cin, path);) std::cout << observe(engine, path) << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "tiers" && argc == 2) {
    for (const Variant& variant : variants) std::puts(variant.name);
    return 0;
  }
  if (command == "make" && argc == 5)
    return make(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10));
  if (command == "run" && argc == 3) return run(argv[2]);
  std::fprintf(stderr, "usage: differential tiers | make FOLDER FIRST COUNT | run TIER\n");
  return 64;
}
