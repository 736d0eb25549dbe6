#include "cli/compile.hpp"

#include <fmt/format.h>

#include "api/process.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"

namespace wisp::cli {
namespace {

Message about_compiler(const Error& error) {
  const bool is_not_there = error.code == ErrorCode::unsupported;
  return Message(is_not_there ? MessageId::no_compiler : MessageId::bad_value, error.message).hint(error.hint);
}

Message about_what_is_left_out(const std::string& path, const Precompiled& compiled) {
  Message message(MessageId::precompiled, fmt::format("{}: the compiler gave up on {} of {} functions", printable(path),
                                                      compiled.left_out, compiled.functions));
  message.severity = Severity::note;
  return std::move(message).hint("they run as they do without --precompiled");
}

}  // namespace

int compile(const Invocation& invocation, const Reporter& reporter) {
  const std::string& path = invocation.files.front();
  if (invocation.output.empty() && is_terminal(StandardStream::output)) {
    throw Failure(Message(MessageId::missing_value, "machine code is nothing for a terminal: -o OUT says where it goes")
                      .hint(std::string(info(CommandKind::compile).usage)));
  }
  check_place(invocation.output);
  const Engine engine(invocation.config);
  const Module module = load_module(engine, path);
  ProgressLine line(has_terminal());
  const Result<Precompiled> compiled = precompile(
      module, [&](u32 done, u32 total) { line.show(fmt::format("compiling: {} of {} functions", done, total)); });
  line.clear();
  if (!compiled) throw Failure(about_compiler(compiled.error()));
  write_file(invocation.output, as_text(compiled->bytes));
  if (compiled->left_out != 0) reporter.report(about_what_is_left_out(path, *compiled));
  return 0;
}

}  // namespace wisp::cli
