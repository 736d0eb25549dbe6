#include "cli/wast.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "cli/input.hpp"
#include "cli/json.hpp"
#include "cli/limits.hpp"
#include "cli/output.hpp"
#include "cli/wast_runner.hpp"

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
  const std::string name = printable(folder);
  if (error) {
    throw Failure(Message(MessageId::unreadable, fmt::format("cannot read {}: {}", name, error.message())));
  }
  if (found.empty()) throw Failure(Message(MessageId::no_file, fmt::format("there are no .wast files in {}", name)));
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

/// What the user sees while the scripts run.
class Progress {
 public:
  explicit Progress(const Invocation& invocation) : invocation_(invocation) {}

  void show(const std::string& file, const ScriptReport& report) {
    files_ += 1;
    failed_files_ += !report.failures.empty();
    sum_.passed += report.passed;
    sum_.total += report.total;
    if (invocation_.json) {
      json_["files"].push_back(as_json(file, report));
      return;
    }
    print_out(invocation_.summary ? summary_line(file, report) : line(file, report));
    show_failures(file, report.failures);
  }

  void finish() {
    if (invocation_.json) {
      json_["passed"] = sum_.passed;
      json_["total"] = sum_.total;
      print_out(to_text(json_, 2) + "\n");
    } else if (!invocation_.summary && files_ > 1) {
      print_out(fmt::format("{} of {} files, {} of {} assertions passed\n", files_ - failed_files_, files_, sum_.passed,
                            sum_.total));
    }
  }

  bool all_passed() const { return failed_files_ == 0; }

 private:
  static std::string line(const std::string& file, const ScriptReport& report) {
    const std::string_view verdict = report.failures.empty() ? "ok  " : "FAIL";
    return fmt::format("{} {} {}/{}\n", verdict, printable(file), report.passed, report.total);
  }

  static std::string summary_line(const std::string& file, const ScriptReport& report) {
    return fmt::format("{} {} {} {}\n", file, report.passed, report.total, report.other_failures());
  }

  static Json as_json(const std::string& file, const ScriptReport& report) {
    Json failures = Json::array();
    for (const ScriptFailure& failure : report.failures) {
      failures.push_back({{"line", failure.line}, {"message", failure.message}});
    }
    return {{"path", file}, {"passed", report.passed}, {"total", report.total}, {"failures", std::move(failures)}};
  }

  void show_failures(const std::string& file, const std::vector<ScriptFailure>& failures) const {
    const usize shown = usize(std::min<u64>(failures.size(), invocation_.max_failures));
    std::string out;
    for (usize i = 0; i < shown; ++i) {
      out += fmt::format("{}:{}: {}\n", printable(file), failures[i].line, printable(failures[i].message));
    }
    if (shown < failures.size()) {
      out += fmt::format("{}:{}: {} more failures\n", printable(file), failures[shown].line, failures.size() - shown);
    }
    std::fwrite(out.data(), 1, out.size(), stderr);
  }

  const Invocation& invocation_;
  Json json_ = Json::object();
  ScriptReport sum_;
  usize files_ = 0;
  usize failed_files_ = 0;
};

}  // namespace

int wast(const Invocation& invocation) {
  const ScriptSettings settings{invocation.config, invocation.strict_messages, invocation.timeout};
  Progress progress(invocation);
  for (const std::string& file : scripts_of(invocation.files)) {
    const FileBytes source = read_file(file);
    progress.show(file, run_script(as_text(source.bytes), settings));
  }
  progress.finish();
  return progress.all_passed() ? 0 : 1;
}

}  // namespace wisp::cli
