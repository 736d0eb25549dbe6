#include "cli/features.hpp"

namespace wisp::cli {

wasm::Features features_of(const Config& config) {
  wasm::Features features;
  for (const wasm::FeatureInfo& feature : wasm::feature_table) {
    features.set(feature.feature, config.has_feature(feature.name));
  }
  return features;
}

}  // namespace wisp::cli
