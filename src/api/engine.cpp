#include <bit>

#include "api/access.hpp"
#include "interp/interpreter.hpp"

namespace wisp {

namespace {

const wasm::FeatureInfo* find_feature(std::string_view name) {
  for (const wasm::FeatureInfo& feature : wasm::feature_table) {
    if (feature.name == name) return &feature;
  }
  return nullptr;
}

}  // namespace

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
      tier(interp::make_interpreter({.fuel = given.fuel})),
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
