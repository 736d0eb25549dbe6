#include <cctype>
#include <cstdlib>
#include <utility>

#include <cxxabi.h>

#include "api/access.hpp"

namespace wisp {
namespace {

/// A mangled name can refer to its own parts, and so stand for a text of exponential length. The names are the guest's:
/// what is longer, or refers more often, stays as it is.
constexpr usize max_mangled_bytes = 1024;
constexpr usize max_references = 24;

bool is_bounded(std::string_view name) {
  usize references = 0;
  for (usize i = 0; i + 1 < name.size(); ++i) {
    const bool may_refer = name[i] == 'S' || name[i] == 'T';
    if (may_refer && (name[i + 1] == '_' || std::isdigit(u8(name[i + 1])) || std::isupper(u8(name[i + 1]))))
      ++references;
  }
  return name.size() <= max_mangled_bytes && references <= max_references;
}

/// What Rust's older scheme writes for characters that C++ names cannot have.
constexpr std::pair<std::string_view, std::string_view> rust_escapes[] = {
    {"$LT$", "<"},  {"$GT$", ">"},  {"$LP$", "("},  {"$RP$", ")"},  {"$C$", ","},    {"$BP$", "*"},
    {"$RF$", "&"},  {"$SP$", "@"},  {"$u20$", " "}, {"$u27$", "'"}, {"$u5b$", "["},  {"$u5d$", "]"},
    {"$u7b$", "{"}, {"$u7d$", "}"}, {"$u3b$", ";"}, {"$u2b$", "+"}, {"$u22$", "\""}, {"..", "::"},
};

/// Rust's older scheme: C++ with escapes, and with a hash for a last component.
std::string unescape_rust(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto* escape =
        std::ranges::find_if(rust_escapes, [&](const auto& row) { return text.starts_with(row.first); });
    if (escape != std::end(rust_escapes)) {
      result += escape->second;
      text.remove_prefix(escape->first.size());
    } else {
      // An escape at the start of a component has an underscore before it.
      if (!text.starts_with("_$")) result += text[0];
      text.remove_prefix(1);
    }
  }
  return result;
}

bool ends_in_hash(std::string_view text) {
  constexpr usize hash_bytes = 3 + 16;
  if (text.size() < hash_bytes || !text.substr(text.size() - hash_bytes).starts_with("::h")) return false;
  return std::ranges::all_of(text.substr(text.size() - 16), [](char c) { return std::isxdigit(u8(c)); });
}

/// Rust's newer scheme, as far as it is plain paths. https://doc.rust-lang.org/rustc/symbol-mangling/v0.html
class RustPath {
 public:
  explicit RustPath(std::string_view mangled) : rest_(mangled) {}

  std::optional<std::string> read() {
    // Paths nest outside in: the prefixes come first, the crate next, then the names from the crate on.
    usize depth = 0;
    while (take('N')) {
      if (rest_.empty()) return std::nullopt;
      rest_.remove_prefix(1);  // the namespace
      ++depth;
    }
    if (!take('C')) return std::nullopt;
    std::string path;
    for (usize i = 0; i <= depth; ++i) {
      const auto name = identifier();
      if (!name) return std::nullopt;
      if (i > 0) path += "::";
      path += name->empty() ? "{closure}" : *name;
    }
    return path;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string_view> identifier() {
    if (take('s')) {
      const usize end = rest_.find('_');
      if (end == rest_.npos) return std::nullopt;
      rest_.remove_prefix(end + 1);
    }
    if (rest_.starts_with('u') || rest_.empty() || !std::isdigit(u8(rest_[0]))) return std::nullopt;
    usize length = 0;
    while (!rest_.empty() && std::isdigit(u8(rest_[0])) && length <= max_mangled_bytes) {
      length = length * 10 + usize(rest_[0] - '0');
      rest_.remove_prefix(1);
      if (length == 0) break;
    }
    take('_');
    if (length > rest_.size()) return std::nullopt;
    const std::string_view name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return name;
  }

  std::string_view rest_;
};

}  // namespace

std::string demangle(std::string_view name) {
  std::string mangled(name);
  if (!is_bounded(name)) return mangled;
  if (name.starts_with("_R")) return RustPath(name.substr(2)).read().value_or(mangled);
  if (!name.starts_with("_Z")) return mangled;
  int status = 0;
  char* readable = __cxxabiv1::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
  std::string text = status == 0 ? readable : mangled;
  std::free(readable);
  if (!ends_in_hash(text)) return text;
  return unescape_rust(std::string_view(text).substr(0, text.rfind("::h")));
}

}  // namespace wisp
