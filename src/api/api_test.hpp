#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "wisp/wisp.hpp"

/// What the tests of the API share.
namespace wisp::test {

/// The settings to test with: of the tier that the environment names, as every test runs on every tier.
inline Config config() {
  Config config;
  const char* const named = std::getenv("WISP_TEST_TIER");
  const std::string_view name = named == nullptr ? "automatic" : named;
  config.tier = name == "interpreter"  ? Tier::interpreter
                : name == "baseline"   ? Tier::baseline
                : name == "optimizing" ? Tier::optimizing
                                       : Tier::automatic;
  return config;
}

inline Module parse(const Engine& engine, std::string_view text) {
  auto module = Module::from_text(engine, text);
  if (!module) ADD_FAILURE() << module.error().message;
  if (!module) std::abort();
  return *module;
}

inline Store make_store(const Engine& engine, const StoreLimits& limits = {}) {
  auto store = Store::create(engine, limits);
  if (!store) std::abort();
  return *store;
}

/// An engine, a store and a linker, and instances of modules in the text format.
struct World {
  explicit World(const Config& config = test::config(), const StoreLimits& limits = {})
      : engine(config), store(make_store(engine, limits)), linker(engine) {}

  Outcome<Instance> try_instantiate(std::string_view text) { return linker.instantiate(store, parse(engine, text)); }
  Instance instantiate(std::string_view text) {
    auto instance = try_instantiate(text);
    if (!instance) ADD_FAILURE() << instance.message();
    if (!instance) std::abort();
    return *instance;
  }
  /// The reason why a call of the export ends with a trap.
  static TrapReason reason(const Instance& instance, std::string_view name,
                           std::initializer_list<Value> arguments = {}) {
    const auto outcome = instance.func(name)->call(arguments);
    return outcome.trap() != nullptr ? outcome.trap()->reason : TrapReason::none;
  }

  Engine engine;
  Store store;
  Linker linker;
};

}  // namespace wisp::test
