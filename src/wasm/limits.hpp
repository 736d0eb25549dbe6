#pragma once

#include <string_view>

#include "base/int.hpp"

namespace wisp::wasm {

/// A named bound on what this implementation accepts; exceeding it is `ErrorCode::limit`, never a crash.
struct ImplementationLimit {
  std::string_view name;
  u64 value;
};

/// The limits that engines agreed on for the web, and a few of our own where those leave a resource unbounded.
/// https://webassembly.github.io/spec/js-api/#limits
namespace limits {
inline constexpr ImplementationLimit module_bytes{"bytes of a module", u64{1} << 30};
inline constexpr ImplementationLimit types{"types", 1'000'000};
inline constexpr ImplementationLimit recursion_groups{"recursion groups", 1'000'000};
inline constexpr ImplementationLimit types_in_group{"types in a recursion group", 1'000'000};
inline constexpr ImplementationLimit subtyping_depth{"levels of supertypes", 63};
inline constexpr ImplementationLimit functions{"functions", 1'000'000};
inline constexpr ImplementationLimit imports{"imports", 1'000'000};
inline constexpr ImplementationLimit exports{"exports", 1'000'000};
inline constexpr ImplementationLimit globals{"globals", 1'000'000};
inline constexpr ImplementationLimit tags{"tags", 1'000'000};
inline constexpr ImplementationLimit tables{"tables", 100'000};
inline constexpr ImplementationLimit memories{"memories", 100};
inline constexpr ImplementationLimit data_segments{"data segments", 100'000};
inline constexpr ImplementationLimit elem_segments{"element segments", 10'000'000};
inline constexpr ImplementationLimit elem_segment_entries{"entries of an element segment", 10'000'000};
inline constexpr ImplementationLimit params{"parameters of a function", 1'000};
inline constexpr ImplementationLimit results{"results of a function", 1'000};
inline constexpr ImplementationLimit struct_fields{"fields of a struct", 10'000};
inline constexpr ImplementationLimit array_new_fixed{"operands of array.new_fixed", 10'000};
inline constexpr ImplementationLimit body_bytes{"bytes of a function body", 7'654'321};
inline constexpr ImplementationLimit locals{"locals of a function", 50'000};
inline constexpr ImplementationLimit br_table_targets{"br_table targets", 65'520};
inline constexpr ImplementationLimit catch_clauses{"catch clauses of a try_table", 65'520};
inline constexpr ImplementationLimit name_bytes{"bytes of a name", 1'000'000};
/// Own: what one body may make the validator, and the tiers after it, keep at a time.
inline constexpr ImplementationLimit control_depth{"levels of nested control constructs", 1'000'000};
inline constexpr ImplementationLimit operand_depth{"operands on the stack", 1'000'000};
/// Values that blocks, branches, calls ... of more than `wide` operands or results pass on in one body: two bytes can
/// move a thousand, so that time would not be linear in the body's size.
inline constexpr u32 wide = 16;
inline constexpr ImplementationLimit wide_values{"values passed on by wide instructions", 50'000'000};

/// Enforced when a module is instantiated or a table grows, not by the decoder: a larger declared maximum is valid.
inline constexpr ImplementationLimit table_entries{"entries of a table", 10'000'000};
}  // namespace limits

}  // namespace wisp::wasm
