#include "cli/grants.hpp"

#include <fmt/format.h>

#include "cli/units.hpp"

namespace wisp::cli {
namespace {

[[noreturn]] void bad_dir(std::string_view text, std::string_view why) {
  throw Failure(Message(MessageId::bad_value, fmt::format("--dir {}: {}", printable(text), why))
                    .hint("--dir HOST[::GUEST][::ro], for example --dir ./data::/data::ro"));
}

/// Takes a mode off the end of the text; whether it was `ro`, or nothing if there was none.
std::optional<bool> take_mode(std::string_view& text) {
  for (std::string_view separator : {"::", ":"}) {
    for (std::string_view mode : {"ro", "readonly", "rw"}) {
      const std::string suffix = std::string(separator) + std::string(mode);
      if (!text.ends_with(suffix)) continue;
      text.remove_suffix(suffix.size());
      return mode != "rw";
    }
  }
  return std::nullopt;
}

}  // namespace

DirGrant parse_dir(std::string_view text) {
  DirGrant grant;
  grant.as_written = fmt::format("--dir {}", text);
  std::string_view rest = text;
  grant.read_only = take_mode(rest).value_or(false);
  // A path with a single colon in its name needs the long form: what a line means must not depend on which files exist.
  std::string_view separator = "::";
  usize at = rest.find(separator);
  if (at == rest.npos) {
    separator = ":";
    at = rest.find(separator);
  }
  grant.host = rest.substr(0, at);
  grant.guest = at == rest.npos ? grant.host : std::string(rest.substr(at + separator.size()));
  if (grant.host.empty()) bad_dir(text, "the directory on this machine is missing");
  if (grant.guest.empty()) bad_dir(text, "the name for the program is missing");
  if (grant.guest.find("::") != std::string::npos) bad_dir(text, "too many parts; the last may be ro or rw");
  return grant;
}

DirGrant parse_mapdir(std::string_view text) {
  const usize at = text.find("::");
  if (at == text.npos || at == 0 || at + 2 == text.size()) {
    throw Failure(Message(MessageId::bad_value, fmt::format("--mapdir {}: not GUEST::HOST", printable(text)))
                      .hint("--dir HOST::GUEST is the newer spelling"));
  }
  DirGrant grant;
  grant.guest = text.substr(0, at);
  grant.host = text.substr(at + 2);
  grant.as_written = fmt::format("--mapdir {}", text);
  return grant;
}

TmpfsGrant parse_tmpfs(std::string_view text) {
  TmpfsGrant grant;
  grant.as_written = fmt::format("--tmpfs {}", text);
  const usize at = text.rfind(':');
  grant.guest = text.substr(0, at);
  if (at != text.npos) {
    const std::optional<u64> size = parse_size(text.substr(at + 1));
    if (!size || *size == 0) {
      throw Failure(Message(MessageId::bad_value,
                            fmt::format("--tmpfs {}: not a size: {}", printable(text), printable(text.substr(at + 1))))
                        .hint("--tmpfs GUEST[:SIZE], for example --tmpfs /tmp:64M"));
    }
    grant.size_bytes = *size;
  }
  if (grant.guest.empty()) {
    throw Failure(Message(MessageId::bad_value, "--tmpfs: the name for the program is missing")
                      .hint("--tmpfs GUEST[:SIZE], for example --tmpfs /tmp:64M"));
  }
  return grant;
}

Preload parse_preload(std::string_view text) {
  const usize at = text.find('=');
  if (at == text.npos || at + 1 == text.size()) {
    throw Failure(Message(MessageId::bad_value, fmt::format("--preload {}: not NAME=FILE", printable(text)))
                      .hint("--preload NAME=FILE, for example --preload env=helpers.wasm"));
  }
  return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

}  // namespace wisp::cli
