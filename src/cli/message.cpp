#include "cli/message.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "base/check.hpp"
#include "cli/message_json.hpp"

namespace wisp::cli {
namespace {

/// "W0012", of a number with at most four digits.
struct Code {
  char text[5] = {'W', '0', '0', '0', '0'};
  constexpr explicit Code(int number) {
    for (int i = 4; i > 0; --i, number /= 10) text[i] = char('0' + number % 10);
  }
  constexpr operator std::string_view() const { return {text, sizeof text}; }
};

constexpr Code codes[] = {
#define WISP_MESSAGE(enumerator, number, exit_code, title, help) Code(number),
#include "cli/errors.def"
#undef WISP_MESSAGE
};

/// Where a message is in the table.
enum class Row : u8 {
#define WISP_MESSAGE(enumerator, number, exit_code, title, help) enumerator,
#include "cli/errors.def"
#undef WISP_MESSAGE
};

constexpr MessageInfo message_table[] = {
#define WISP_MESSAGE(enumerator, number, exit_code, title, help) \
  {MessageId::enumerator, codes[usize(Row::enumerator)], exit_code, title, help},
#include "cli/errors.def"
#undef WISP_MESSAGE
};

constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view arrow_color = "\x1b[1;36m";
constexpr std::string_view reset = "\x1b[0m";

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::error:
    case Severity::denied:
      return "\x1b[1;31m";
    case Severity::warning:
      return "\x1b[1;33m";
    case Severity::note:
      return "\x1b[1;36m";
  }
  WISP_UNREACHABLE();
}

/// Adds parts of a text, in colour or without.
class Painter {
 public:
  explicit Painter(bool color) : color_(color) {}
  void add(std::string_view text) { out_ += text; }
  void add(std::string_view paint, std::string_view text) {
    if (color_) out_ += paint;
    out_ += text;
    if (color_) out_ += reset;
  }
  void add_hint(std::string_view indent, std::string_view hint) {
    add(indent);
    add(arrow_color, "→");
    add(fmt::format(" {}\n", hint));
  }
  std::string take() { return std::move(out_); }

 private:
  bool color_;
  std::string out_;
};

/// Frames at either end of a long backtrace that are shown.
constexpr usize shown_frames = 10;

/// How many frames from `first` on are the same as that one.
usize repeats(const std::vector<Frame>& frames, usize first) {
  const auto same = [&](const Frame& other) {
    const Frame& frame = frames[first];
    return other.function_index == frame.function_index && other.offset == frame.offset && other.module == frame.module;
  };
  usize end = first + 1;
  while (end < frames.size() && same(frames[end])) ++end;
  return end - first;
}

std::string frame_place(const Frame& frame, usize times) {
  const std::string module = frame.module.empty() ? "" : printable(frame.module) + ", ";
  return fmt::format("  ({}byte {:#x}){}", module, frame.offset, times > 1 ? fmt::format(", {} times", times) : "");
}

/// A run of the same frame, as of a recursion, is one line.
void add_backtrace(Painter& out, const std::vector<Frame>& frames) {
  struct Line {
    const Frame* frame;
    usize times;
  };
  std::vector<Line> lines;
  for (usize i = 0; i < frames.size(); i += lines.back().times) lines.push_back({&frames[i], repeats(frames, i)});
  for (usize i = 0; i < lines.size(); ++i) {
    if (i == shown_frames && lines.size() > 2 * shown_frames + 1) {
      out.add(dim, fmt::format("  … {} more\n", lines.size() - 2 * shown_frames));
      i = lines.size() - shown_frames;
    }
    const Frame& frame = *lines[i].frame;
    out.add(dim, "  at ");
    out.add(frame.function.empty() ? fmt::format("function {}", frame.function_index) : printable(frame.function));
    out.add(dim, frame_place(frame, lines[i].times));
    out.add("\n");
  }
}

}  // namespace

std::span<const MessageInfo> messages() {
  return message_table;
}

const MessageInfo& info(MessageId id) {
  for (const MessageInfo& one : message_table) {
    if (one.id == id) return one;
  }
  WISP_UNREACHABLE();
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
    case Severity::denied:
      return "denied";
  }
  WISP_UNREACHABLE();
}

std::string render_text(const Message& message, bool color) {
  Painter out(color);
  const bool with_code = message.severity == Severity::error || message.severity == Severity::warning;
  const std::string code = with_code ? fmt::format("[{}]", info(message.id).code) : "";
  out.add(color_of(message.severity), fmt::format("{}{}:", to_string(message.severity), code));
  out.add(" ");
  out.add(bold, message.text);
  out.add("\n");
  if (message.place) {
    out.add(fmt::format("  at {}:{}:{}\n", printable(message.file), message.place->line, message.place->column));
    out.add(message.place->excerpt);
  }
  if (message.offset) out.add(fmt::format("  at byte {0} ({0:#x}) of {1}\n", *message.offset, printable(message.file)));
  for (const std::string& detail : message.details) out.add(fmt::format("  {}\n", detail));
  for (const Item& item : message.items) {
    out.add(fmt::format("  {:<40} ", item.what));
    out.add(dim, item.why);
    out.add("\n");
    if (!item.hint.empty()) out.add_hint("      ", item.hint);
  }
  add_backtrace(out, message.backtrace);
  for (const std::string& hint : message.hints) out.add_hint("  ", hint);
  return out.take();
}

void Reporter::report(const Message& message) const {
  const std::string text = style_.json ? render_json(message) : render_text(message, style_.color);
  // In one piece, so that what the guest writes at the same time does not tear it apart.
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

std::string printable(std::string_view text) {
  std::string out;
  for (usize i = 0; i < text.size(); ++i) {
    const u8 byte = u8(text[i]);
    const u8 next = i + 1 < text.size() ? u8(text[i + 1]) : 0;
    // U+0080 to U+009F are control characters too.
    const bool wide_control = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (wide_control) {
      out += fmt::format("\\u{{{:x}}}", next);
      ++i;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace wisp::cli
