#pragma once

#include <span>
#include <string_view>

#include "base/int.hpp"

namespace wisp::wasm {

enum class Feature : u8 {
  mvp,  // always on
#define WISP_FEATURE(enumerator, name, on, link) enumerator,
#include "wasm/features.def"
#undef WISP_FEATURE
};

/// A set of features.
class Features {
 public:
  /// The features that are on by default.
  constexpr Features() {
#define WISP_FEATURE(enumerator, name, on, link) set(Feature::enumerator, on);
#include "wasm/features.def"
#undef WISP_FEATURE
  }

  constexpr bool has(Feature feature) const { return feature == Feature::mvp || (bits_ >> u32(feature) & 1) != 0; }
  constexpr void set(Feature feature, bool on) {
    bits_ = (bits_ & ~(u64{1} << u32(feature))) | (u64{on} << u32(feature));
  }
  constexpr bool operator==(const Features&) const = default;

 private:
  u64 bits_ = 0;
};

struct FeatureInfo {
  Feature feature;
  std::string_view name;
  bool on_by_default;
  std::string_view link;
};

inline constexpr FeatureInfo feature_table[] = {
#define WISP_FEATURE(enumerator, name, on, link) {Feature::enumerator, name, on, link},
#include "wasm/features.def"
#undef WISP_FEATURE
};

}  // namespace wisp::wasm
