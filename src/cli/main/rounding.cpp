#include <cstdint>

/// The only function of libm that the command needs, for formatting numbers: a second shared library would take 60 µs
/// of every start.
extern "C" double ceil(double value) {
  constexpr double no_fractions = 0x1p52;
  // NaN comes back, too.
  if (!(value < no_fractions && value > -no_fractions)) return value;
  const auto whole = static_cast<double>(static_cast<std::int64_t>(value));
  return __builtin_copysign(whole < value ? whole + 1 : whole, value);
}
