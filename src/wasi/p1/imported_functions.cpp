#include "wasi/p1/p1.hpp"

namespace wisp::wasi::p1 {
namespace {

/// Which versions have a function, and whether each has its own.
enum class Versions : u8 { shared, by_version, preview1_only };

constexpr Versions versions[] = {
#define WISP_P1_FUNCTION(name, which) Versions::which,
#include "wasi/p1/functions.def"
#undef WISP_P1_FUNCTION
};
constexpr usize preview1_count = std::size(versions);
constexpr usize unstable_count = preview1_count - std::ranges::count(versions, Versions::preview1_only);

template <abi::Name name, auto function>
constexpr ImportedFunction row(std::string_view module) {
  using Host = decltype(abi::describe<name>(function));
  return {module, name.view(), Host::signature(), &Host::template code<function>};
}

template <class Version>
constexpr std::array<ImportedFunction, preview1_count> rows(std::string_view module) {
  return {
#define WISP_P1_ROW_shared(name) row<#name, &name>(module)
#define WISP_P1_ROW_by_version(name) row<#name, &name<Version>>(module)
#define WISP_P1_ROW_preview1_only(name) row<#name, &name>(module)
#define WISP_P1_FUNCTION(name, which) WISP_P1_ROW_##which(name),
#include "wasi/p1/functions.def"
#undef WISP_P1_FUNCTION
  };
}

constexpr auto table = [] {
  std::array<ImportedFunction, preview1_count + unstable_count> result{};
  auto* to = std::ranges::copy(rows<Preview1>("wasi_snapshot_preview1"), result.begin()).out;
  usize i = 0;
  for (const ImportedFunction& function : rows<Unstable>("wasi_unstable")) {
    if (versions[i++] != Versions::preview1_only) *to++ = function;
  }
  return result;
}();

}  // namespace

std::span<const ImportedFunction> imported_functions() {
  return table;
}

}  // namespace wisp::wasi::p1
