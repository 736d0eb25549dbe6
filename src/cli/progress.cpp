#include "cli/progress.hpp"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "api/process.hpp"

namespace wisp::cli {
namespace {

constexpr std::chrono::milliseconds between_updates{100};
constexpr std::chrono::milliseconds unnoticed_wait{300};

// https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ (and DEC's: save, restore the
// cursor)
constexpr std::string_view save = "\0337";
constexpr std::string_view restore = "\0338";
constexpr std::string_view erase_to_end_of_line = "\033[K";

void write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

bool has_terminal() {
  const char* const terminal = std::getenv("TERM");
  const bool is_dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  return !is_dumb && is_terminal(StandardStream::error);
}

void ProgressLine::show(std::string_view text) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_shown_ || (is_there_ && now - last_ < between_updates)) return;
  write(fmt::format("{}{}{}{}", save, erase_to_end_of_line, text, restore));
  is_there_ = true;
  last_ = now;
}

void ProgressLine::clear() {
  if (!is_there_) return;
  write(erase_to_end_of_line);
  is_there_ = false;
}

void CompileWait::operator()(bool begins) {
  const auto now = std::chrono::steady_clock::now();
  if (!begins) {
    waited_ += now - began_;
    return line_.clear();
  }
  began_ = now;
  ++count_;
  if (waited_ > unnoticed_wait) line_.show(fmt::format("compiling: function {}", count_));
}

}  // namespace wisp::cli
