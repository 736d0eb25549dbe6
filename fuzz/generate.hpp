#pragma once

#include <span>
#include <string>

#include "base/int.hpp"

namespace wisp::fuzz {

/// What a module is for.
enum class Purpose : u8 {
  /// Whatever can go wrong, with all features.
  crash,
  /// Does the same in every engine, and ends soon: its work is bounded, a NaN that comes out of arithmetic is made the
  /// canonical one, and what an engine may choose is left out, and so is what V8 does not have.
  compare,
  /// The same, to compare our own tiers: relaxed SIMD, wide arithmetic and custom page sizes too.
  compare_tiers,
};

/// A valid module in the text format, made by decisions that the bytes take: small changes of the bytes are small
/// changes of the module. It uses all features; it imports a few functions of the module "host", and exports every
/// function of its own. One to compare exports `run0` and so on, which call them and return what can be seen of their
/// results as i64, `state`, which does that with globals and tables, and its memories.
std::string generate_module(std::span<const u8> decisions, Purpose purpose = Purpose::crash);

}  // namespace wisp::fuzz
