#pragma once

#include <span>
#include <string>

#include "base/int.hpp"

namespace wisp::fuzz {

/// A valid module in the text format, made by decisions that the bytes take: small changes of the bytes are small
/// changes of the module. It uses all features; it imports a few functions of the module "host", and exports every
/// function of its own.
std::string generate_module(std::span<const u8> decisions);

}  // namespace wisp::fuzz
