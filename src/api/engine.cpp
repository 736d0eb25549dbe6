#include <bit>

#include "api/access.hpp"
#include "baseline/baseline.hpp"
#include "interp/interpreter.hpp"
#include "runtime/optimizer.hpp"
#include "sys/library.hpp"

namespace wisp {

namespace {

const wasm::FeatureInfo* find_feature(std::string_view name) {
  for (const wasm::FeatureInfo& feature : wasm::feature_table) {
    if (feature.name == name) return &feature;
  }
  return nullptr;
}

/// Code without machine code for this processor is interpreted.
std::unique_ptr<runtime::Tier> make_tier(const Config& config) {
  if (config.tier == Tier::interpreter)
    return interp::make_interpreter({.fuel = config.fuel, .linked_calls = config.sampled});
  using baseline::Optimize;
  const Optimize optimize = config.tier == Tier::automatic    ? Optimize::hot
                            : config.tier == Tier::optimizing ? Optimize::at_once
                                                              : Optimize::never;
  const bool is_kept = config.code_cache != nullptr && config.interruptible && !config.sampled;
  return baseline::make_baseline({.fuel = config.fuel,
                                  .guard_pages = config.memory_mode == MemoryMode::guard_pages,
                                  .interruptible = config.interruptible,
                                  .sampled = config.sampled,
                                  .optimize = optimize,
                                  .make_compiler = make_optimizing_compiler,
                                  .on_wait = config.on_compile,
                                  .on_code = Access::observer(config.code_log),
                                  .cache = is_kept ? Access::disk(*config.code_cache) : nullptr});
}

}  // namespace

std::unique_ptr<runtime::OptimizingCompiler> make_optimizing_compiler() {
  const auto make = reinterpret_cast<runtime::MakeOptimizingCompiler>(
      sys::library_symbol(runtime::optimizing_compiler_library, runtime::make_optimizing_compiler_symbol));
  return std::unique_ptr<runtime::OptimizingCompiler>(make == nullptr ? nullptr : make());
}

std::span<const FeatureInfo> features() {
  static constexpr auto rows = [] {
    std::array<FeatureInfo, std::size(wasm::feature_table)> table;
    for (usize i = 0; i < table.size(); ++i) {
      const wasm::FeatureInfo& row = wasm::feature_table[i];
      table[i] = {row.name, row.on_by_default, row.link};
    }
    return table;
  }();
  return rows;
}

Config::Config() : features_(std::bit_cast<u64>(wasm::Features())) {}

bool Config::set_feature(std::string_view name, bool on) {
  const wasm::FeatureInfo* feature = find_feature(name);
  if (feature == nullptr) return false;
  auto set = std::bit_cast<wasm::Features>(features_);
  set.set(feature->feature, on);
  features_ = std::bit_cast<u64>(set);
  return true;
}

bool Config::has_feature(std::string_view name) const {
  const wasm::FeatureInfo* feature = find_feature(name);
  return feature != nullptr && std::bit_cast<wasm::Features>(features_).has(feature->feature);
}

EngineState::EngineState(const Config& given)
    : config(given),
      features(std::bit_cast<wasm::Features>(Access::features(given))),
      registry(std::make_shared<wasm::TypeRegistry>()),
      tier(make_tier(given)),
      pool(std::make_shared<runtime::SlotPool>(
          runtime::SlotPool::Settings{.idle_slots = given.pooled_slots, .resident_bytes = given.pooled_bytes})) {}

Engine::Engine(const Config& config) : state_(std::make_shared<EngineState>(config)) {}

const Config& Engine::config() const {
  return state_->config;
}

const char* version() {
  return WISP_VERSION;
}

}  // namespace wisp
