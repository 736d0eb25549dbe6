#include "cli/app.hpp"

#include <cstdlib>
#include <new>

#include <fmt/format.h>

#include "wisp/engine.hpp"

#include "cli/cache.hpp"
#include "cli/command_line.hpp"
#include "cli/compile.hpp"
#include "cli/help.hpp"
#include "cli/input.hpp"
#include "cli/inspect.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/wast.hpp"

namespace wisp::cli {
namespace {

/// https://no-color.org
bool wants_color(ColorWhen when) {
  if (when != ColorWhen::automatic) return when == ColorWhen::always;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  return has_terminal();
}

ReportStyle style_of(bool json, ColorWhen color) {
  return {json, !json && wants_color(color)};
}

int validate(const Invocation& invocation, const Reporter& reporter) {
  const Engine engine(invocation.config);
  int code = 0;
  for (const std::string& file : invocation.files) {
    try {
      load_module(engine, file);
    } catch (const Failure& failure) {
      reporter.report(failure.message());
      code = failure.message().exit_code();
    }
  }
  return code;
}

int print_wat(const Invocation& invocation) {
  const Engine engine(invocation.config);
  const std::string& path = invocation.files.front();
  const Module module = load_module(engine, path);
  const Result<std::string> text = print_text(module);
  if (!text) throw Failure(about_file(text.error(), path));
  write_file(invocation.output, *text);
  return 0;
}

int help(const Invocation& invocation) {
  std::string out;
  for (const std::string& topic : invocation.files) out += (out.empty() ? "" : "\n") + help_about(topic);
  print_out(invocation.files.empty() ? general_help() : out);
  return 0;
}

int dispatch(const Invocation& invocation, const Reporter& reporter, HostEnvironment environment) {
  if (invocation.wants_help) {
    const bool general = invocation.command == CommandKind::run && !invocation.run_was_named;
    print_out(general ? general_help() : command_help(invocation.command));
    return 0;
  }
  switch (invocation.command) {
    case CommandKind::run:
      return run(invocation, reporter, environment);
    case CommandKind::validate:
      return validate(invocation, reporter);
    case CommandKind::inspect:
      return inspect(invocation);
    case CommandKind::wat:
      return print_wat(invocation);
    case CommandKind::wast:
      return wast(invocation);
    case CommandKind::compile:
      return compile(invocation, reporter);
    case CommandKind::cache:
      return cache(invocation);
    case CommandKind::help:
      return help(invocation);
    case CommandKind::version:
      print_out(fmt::format("wisp {}\n", version()));
      return 0;
  }
  return 0;
}

}  // namespace

int app(std::span<const std::string_view> arguments, HostEnvironment environment) {
  if (arguments.empty()) {
    fmt::print(stderr, "{}", short_usage());
    return info(MessageId::no_file).exit_code;
  }
  const auto [json, color] = message_style(arguments);
  ReportStyle style = style_of(json, color);
  try {
    const Invocation invocation = parse_command_line(arguments);
    style = style_of(invocation.json_messages, invocation.color);
    return dispatch(invocation, Reporter(style), environment);
  } catch (const Failure& failure) {
    Reporter(style).report(failure.message());
    return failure.message().exit_code();
  } catch (const std::bad_alloc&) {
    const Message message(MessageId::internal, "this machine has no memory left");
    Reporter(style).report(message);
    return message.exit_code();
  }
}

}  // namespace wisp::cli
