#include <algorithm>

#include "base/bytes.hpp"
#include "base/utf8.hpp"
#include "text/wat.hpp"

namespace wisp::text {
namespace {

bool begins_character(char c) {
  return (u8(c) & 0xc0) != 0x80;
}

/// Control characters, those above U+007F included, could move the terminal's cursor; each becomes a space.
std::string printable(std::string_view line) {
  std::string out;
  const bool utf8 = is_utf8(as_bytes(line));
  for (usize i = 0; i < line.size(); ++i) {
    const u8 byte = u8(line[i]);
    const bool wide_control = byte == 0xc2 && utf8 && u8(line[i + 1]) < 0xa0;
    if (wide_control) ++i;
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f || wide_control;
    out.push_back(control ? ' ' : byte >= 0x80 && !utf8 ? '?' : char(byte));
  }
  return out;
}

/// Bytes of the shown part of a line on either side of the caret.
constexpr usize shown_before = 100;
constexpr usize shown_after = 60;

}  // namespace

Position position(std::string_view source, u64 offset) {
  const std::string_view before = source.substr(0, usize(std::min<u64>(offset, source.size())));
  const usize line_start = before.rfind('\n') + 1;
  Position where;
  where.line = u32(std::ranges::count(before, '\n')) + 1;
  where.column = u32(std::ranges::count_if(before.substr(line_start), begins_character)) + 1;
  return where;
}

std::string render(std::string_view source, std::string_view file, const Error& error) {
  const usize offset = usize(std::min<u64>(error.offset, source.size()));
  const Position where = position(source, offset);
  std::string out(file);
  out += ":" + std::to_string(where.line) + ":" + std::to_string(where.column) + ": " + error.message + "\n";

  usize start = source.substr(0, offset).rfind('\n') + 1;
  usize end = std::min(source.find_first_of("\r\n", offset), source.size());
  // A line may be megabytes long: only the part around the caret is shown, cut between characters.
  if (offset - start > shown_before) {
    start = offset - shown_before;
    while (start < offset && !begins_character(source[start])) ++start;
  }
  if (end - offset > shown_after) {
    end = offset + shown_after;
    while (end > offset && !begins_character(source[end])) --end;
  }
  const std::string number = std::to_string(where.line);
  const std::string margin(number.size(), ' ');
  out += " " + number + " | ";
  std::string caret;
  for (char c : source.substr(start, offset - start)) {
    if (begins_character(c)) caret.push_back(c == '\t' ? '\t' : ' ');
  }
  out += printable(source.substr(start, end - start));
  out += "\n " + margin + " | " + caret + "^\n";
  if (!error.hint.empty()) out += " " + margin + " = " + error.hint + "\n";
  return out;
}

}  // namespace wisp::text
