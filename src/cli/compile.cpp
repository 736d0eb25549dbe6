#include "cli/compile.hpp"

#include <fmt/format.h>

#include "api/process.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"

namespace wisp::cli {

int compile(const Invocation& invocation) {
  const std::string& path = invocation.files.front();
  if (invocation.output.empty() && is_terminal(StandardStream::output)) {
    throw Failure(Message(MessageId::missing_value, "machine code is nothing for a terminal: -o OUT says where it goes")
                      .hint(std::string(info(CommandKind::compile).usage)));
  }
  check_place(invocation.output);
  const Engine engine(invocation.config);
  const Module module = load_module(engine, path);
  ProgressLine line(has_terminal());
  const Result<std::vector<std::uint8_t>> compiled = precompile(
      module, [&](u32 done, u32 total) { line.show(fmt::format("compiling: {} of {} functions", done, total)); });
  line.clear();
  if (!compiled) throw Failure(Message(MessageId::no_compiler, compiled.error().message).hint(compiled.error().hint));
  write_file(invocation.output, as_text(*compiled));
  return 0;
}

}  // namespace wisp::cli
