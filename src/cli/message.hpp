#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wisp/trap.hpp"

#include "base/int.hpp"

namespace wisp::cli {

/// What the command can have to say; the number is stable.
enum class MessageId : u8 {
#define WISP_MESSAGE(enumerator, number, exit_code, title, help) enumerator = number,
#include "cli/errors.def"
#undef WISP_MESSAGE
};

struct MessageInfo {
  MessageId id;
  std::string_view code;  // "W0012"
  /// 0 if the message does not end the command.
  int exit_code;
  std::string_view title;
  std::string_view help;
};

/// All messages, by number.
std::span<const MessageInfo> messages();
const MessageInfo& info(MessageId id);

enum class Severity : u8 { error, warning, note, denied };
std::string_view to_string(Severity severity);

/// One of several things that a message is about.
struct Item {
  std::string what;
  std::string why;
  std::string hint;  // may be empty
};

/// A place in a text: line and column count from 1; the excerpt is the source line and its caret, whole lines.
struct TextPlace {
  u32 line = 1;
  u32 column = 1;
  std::string excerpt;
};

/// Something for the user: what, where, why, what to do.
struct Message {
  Message(MessageId message_id, std::string message_text) : id(message_id), text(std::move(message_text)) {}

  Message& hint(std::string line) & {
    if (!line.empty()) hints.push_back(std::move(line));
    return *this;
  }
  Message&& hint(std::string line) && { return std::move(hint(std::move(line))); }
  Message& detail(std::string line) & {
    details.push_back(std::move(line));
    return *this;
  }
  Message&& detail(std::string line) && { return std::move(detail(std::move(line))); }

  int exit_code() const { return info(id).exit_code; }

  MessageId id;
  Severity severity = Severity::error;
  /// What and why, in one line.
  std::string text;
  /// What it is about; empty if it is about the command line.
  std::string file;
  /// In bytes from the start of the binary.
  std::optional<u64> offset;
  std::optional<TextPlace> place;
  std::vector<std::string> details;
  std::vector<Item> items;
  std::vector<Frame> backtrace;
  std::vector<std::string> hints;
};

/// Ends the command with a message.
class Failure {
 public:
  explicit Failure(Message message) : message_(std::move(message)) {}
  const Message& message() const { return message_; }

 private:
  Message message_;
};

/// How messages are written.
struct ReportStyle {
  bool json = false;
  bool color = false;
};

/// Writes messages to standard error.
class Reporter {
 public:
  explicit Reporter(ReportStyle style) : style_(style) {}
  void report(const Message& message) const;
  ReportStyle style() const { return style_; }

 private:
  ReportStyle style_;
};

/// As people read it.
std::string render_text(const Message& message, bool color);

/// The text with its control characters, which could move a terminal's cursor, as `\x1b`.
std::string printable(std::string_view text);

}  // namespace wisp::cli
