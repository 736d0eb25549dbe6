#pragma once

#include <span>
#include <string_view>

namespace wisp::cli {

/// The candidate that a mistyped word most likely stands for; empty if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace wisp::cli
