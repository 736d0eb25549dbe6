#include "cli/wast.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "cli/input.hpp"
#include "cli/limits.hpp"
#include "cli/output.hpp"
#include "cli/script_runner.hpp"

namespace wisp::cli {
namespace {

namespace fs = std::filesystem;

/// The scripts below a folder, in the order of their names.
std::vector<std::string> scripts_below(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at.depth() > int(limits::folder_depth)) at.disable_recursion_pending();
    if (at->path().extension() == ".wast") found.push_back(at->path().string());
  }
  if (error) {
    throw Failure(
        Message(MessageId::unreadable, fmt::format("cannot read {}: {}", printable(folder), error.message())));
  }
  if (found.empty())
    throw Failure(Message(MessageId::no_file, fmt::format("there are no .wast files in {}", printable(folder))));
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> scripts_of(const std::vector<std::string>& names) {
  std::vector<std::string> scripts;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (!fs::is_directory(name, ignored)) {
      scripts.push_back(name);
      continue;
    }
    for (std::string& script : scripts_below(name)) scripts.push_back(std::move(script));
  }
  return scripts;
}

ScriptReport run_script(const Invocation& invocation, const std::string& file) {
  const std::vector<u8> source = read_file(file);
  auto runner = ScriptRunner::create(Engine(invocation.config), {invocation.strict_messages, invocation.timeout});
  if (!runner) throw Failure(Message(MessageId::host, runner.error().message));
  return (*runner)->run(as_text(source));
}

/// The failures in the order of their lines, at most as many as are wanted.
std::string show_failures(ScriptReport& report, const std::string& file, u64 wanted) {
  std::ranges::stable_sort(report.failures, {}, &ScriptFailure::line);
  std::string out;
  const usize shown = usize(std::min<u64>(wanted, report.failures.size()));
  for (usize i = 0; i < shown; ++i) {
    out += fmt::format("{}:{}: {}\n", printable(file), report.failures[i].line, report.failures[i].text);
  }
  if (shown < report.failures.size())
    out += fmt::format("{}: {} more\n", printable(file), report.failures.size() - shown);
  return out;
}

}  // namespace

int wast(const Invocation& invocation, const Reporter& reporter) {
  const std::vector<std::string> scripts = scripts_of(invocation.files);
  ScriptReport all;
  usize failed_files = 0;
  for (const std::string& file : scripts) {
    ScriptReport report = run_script(invocation, file);
    const u64 other = report.failures.size() - (report.total - report.passed);
    if (invocation.summary) {
      print_out(fmt::format("{} {} {} {}\n", file, report.passed, report.total, other));
    } else {
      print_out(
          fmt::format("{} {} {}/{}\n", report.ok() ? "ok  " : "FAIL", printable(file), report.passed, report.total));
    }
    if (!report.ok()) {
      ++failed_files;
      const std::string failures = show_failures(report, file, invocation.max_failures);
      std::fwrite(failures.data(), 1, failures.size(), stderr);
    }
    all.passed += report.passed;
    all.total += report.total;
  }
  if (!invocation.summary && scripts.size() > 1) print_out(fmt::format("{}/{} assertions\n", all.passed, all.total));
  if (failed_files == 0) return 0;
  const Message message(MessageId::script, fmt::format("{} of {} scripts failed", failed_files, scripts.size()));
  if (!invocation.summary) reporter.report(message);
  return message.exit_code();
}

}  // namespace wisp::cli
