#include "wasm/module.hpp"

#include <algorithm>

namespace wisp::wasm {

const Export* Module::find_export(std::string_view name) const {
  const auto at = std::ranges::lower_bound(exports_by_name, name, {}, [&](u32 index) { return exports[index].name; });
  return at != exports_by_name.end() && exports[*at].name == name ? &exports[*at] : nullptr;
}

Bytes Module::contents(const CustomSection& section) const {
  if (unread != nullptr) unread->read(section.offset, section.size_bytes);
  return bytes.subspan(section.offset, section.size_bytes);
}

}  // namespace wisp::wasm
