#include "cli/wast_runner.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "cli/wast_world.hpp"

namespace wisp::cli {
namespace {

using text::AssertAction;
using text::AssertModule;

/// What is wrong; nothing if all is well.
using Complaint = std::optional<std::string>;

bool is_assertion(const text::Command& command) {
  return std::holds_alternative<text::AssertReturn>(command.body) ||
         std::holds_alternative<AssertAction>(command.body) || std::holds_alternative<AssertModule>(command.body);
}

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::limit:
      return "too large";
    case ErrorCode::link:
      return "unlinkable";
    case ErrorCode::io:
    case ErrorCode::argument:
      break;
  }
  return "refused";
}

/// The text in one line.
std::string one_line(std::string_view text) {
  std::string out;
  for (usize at = 0; at < text.size(); ++at) {
    if (text[at] != '\n') {
      out.push_back(text[at]);
      continue;
    }
    out += "; ";
    at = std::min(text.find_first_not_of(" \n", at), text.size()) - 1;
  }
  return out;
}

/// Why there are no results, in a few words.
template <class T>
std::string reason(const Outcome<T>& outcome) {
  return outcome.trap() != nullptr ? outcome.trap()->summary() : outcome.message();
}

/// How a failure differs from the wanted one, if it does.
class Expectation {
 public:
  Expectation(std::string_view wanted, std::string_view message, bool strict)
      : wanted_(wanted), message_(message), strict_(strict) {}

  Complaint kind_differs(std::string_view got) const {
    return fmt::format("wanted {}{}, got {}", wanted_, message_.empty() ? "" : fmt::format(" ({})", message_), got);
  }
  /// The script's message must be in ours, if messages are compared.
  Complaint message_differs(std::string_view got) const {
    if (!strict_ || got.find(message_) != got.npos) return std::nullopt;
    return wrong_message(got);
  }
  /// Which trap it is shows in the message only. Scripts say more than a reason ("uninitialized element 2"), and so do
  /// we.
  Complaint trap_differs(std::string_view got) const {
    if (message_.starts_with(got) || got.starts_with(message_)) return std::nullopt;
    return wrong_message(got);
  }
  bool begins(std::string_view got) const { return !message_.empty() && got.starts_with(message_); }

 private:
  std::string wrong_message(std::string_view got) const {
    return fmt::format("wanted the message \"{}\", got \"{}\"", message_, got);
  }

  std::string_view wanted_;
  std::string_view message_;
  bool strict_;
};

/// Runs the commands of one thread of a script.
class ScriptThread {
 public:
  explicit ScriptThread(std::unique_ptr<ScriptWorld> world);
  ScriptThread(ScriptThread&&) = default;
  ScriptThread& operator=(ScriptThread&&) = delete;
  ~ScriptThread();

  void run(const text::Command& command) {
    report_.total += is_assertion(command);
    const Complaint complaint = std::visit([&](const auto& body) { return execute(body); }, command.body);
    if (complaint) {
      fail(command.line, *complaint);
    } else {
      report_.passed += is_assertion(command);
    }
  }

  void fail(u32 line, std::string_view message) { report_.failures.push_back({line, one_line(message)}); }
  void count_unread_assertion() { ++report_.total; }

  ScriptReport finish() {
    wait_for_all();
    return std::move(report_);
  }

 private:
  struct Other;

  template <class Command>
  Complaint execute(const Command& command) {
    const Result<void> done = world_->run(command);
    if (!done) return done.error().message;
    return std::nullopt;
  }

  Complaint execute(const text::ActionCommand& command) {
    const Outcome<std::vector<Value>> outcome = world_->perform(command.action);
    if (!outcome) return reason(outcome);
    return std::nullopt;
  }

  Complaint execute(const text::AssertReturn& assertion) {
    const Outcome<std::vector<Value>> outcome = world_->perform(assertion.action);
    if (!outcome) return fmt::format("wanted {}, got {}", describe(assertion.results), reason(outcome));
    bool same = outcome->size() == assertion.results.size();
    for (usize i = 0; same && i < outcome->size(); ++i) same = matches((*outcome)[i], assertion.results[i]);
    if (same) return std::nullopt;
    return fmt::format("{}: wanted {}, got {}", assertion.action.name, describe(assertion.results), describe(*outcome));
  }

  Complaint execute(const AssertAction& assertion) {
    constexpr std::string_view names[] = {"a trap", "an exhausted stack", "an exception"};
    const Expectation wanted(names[usize(assertion.kind)], assertion.message, world_->settings().strict_messages);
    const Outcome<std::vector<Value>> outcome = world_->perform(assertion.action);
    if (outcome.ok()) return wanted.kind_differs(describe(*outcome));
    if (outcome.trap() == nullptr) return wanted.kind_differs(outcome.message());
    const Trap& trap = *outcome.trap();
    AssertAction::Kind kind = AssertAction::Kind::trap;
    if (trap.reason == TrapReason::stack_overflow) kind = AssertAction::Kind::exhaustion;
    if (trap.reason == TrapReason::uncaught_exception) kind = AssertAction::Kind::exception;
    if (kind != assertion.kind) return wanted.kind_differs(trap.summary());
    return wanted.trap_differs(trap.summary());
  }

  Complaint execute(const AssertModule& assertion) {
    constexpr std::string_view names[] = {"malformed",           "invalid",           "unlinkable", "a trap",
                                          "a malformed section", "an invalid section"};
    const Expectation wanted(names[usize(assertion.kind)], assertion.message, world_->settings().strict_messages);
    const Result<Module> module = world_->load(assertion.module);
    if (!module) return compare(assertion.kind, wanted, module.error());
    if (assertion.kind != AssertModule::Kind::unlinkable && assertion.kind != AssertModule::Kind::trap) {
      return wanted.kind_differs("a valid module");
    }
    const Outcome<Instance> instance = world_->instantiate(*module);
    if (instance.ok()) return wanted.kind_differs("an instance");
    if (instance.trap() == nullptr) return compare(assertion.kind, wanted, *instance.error());
    if (assertion.kind != AssertModule::Kind::trap) return wanted.kind_differs("trap: " + instance.trap()->summary());
    return wanted.trap_differs(instance.trap()->summary());
  }

  static Complaint compare(AssertModule::Kind kind, const Expectation& wanted, const Error& error) {
    constexpr ErrorCode codes[] = {ErrorCode::malformed, ErrorCode::invalid,   ErrorCode::link,
                                   ErrorCode::argument,  ErrorCode::malformed, ErrorCode::invalid};
    // A script for an older version runs with newer features off, and expects what needs them to be wrong.
    if (error.code == ErrorCode::unsupported && wanted.begins(error.message)) return std::nullopt;
    const bool traps = kind == AssertModule::Kind::trap;
    if (traps || error.code != codes[usize(kind)]) {
      return wanted.kind_differs(fmt::format("{}: {}", name_of(error.code), error.message));
    }
    return wanted.message_differs(error.message);
  }

  Complaint execute(const text::ThreadCommand& command);

  Complaint execute(const text::WaitCommand& command) {
    if (wait_for(command.thread_id)) return std::nullopt;
    return fmt::format("there is no thread ${}", command.thread_id);
  }

  /// False if there is no such thread.
  bool wait_for(const std::string& id);
  void wait_for_all();

  std::unique_ptr<ScriptWorld> world_;
  ScriptReport report_;
  std::vector<std::unique_ptr<Other>> others_;
};

struct ScriptThread::Other {
  ScriptThread script;
  text::ThreadCommand command;
  std::thread thread;
};

Complaint ScriptThread::execute(const text::ThreadCommand& command) {
  Result<std::unique_ptr<ScriptWorld>> world = ScriptWorld::create(world_->engine(), world_->settings());
  if (!world) return world.error().message;
  for (const std::string& id : command.shared_module_ids) {
    const Result<const ScriptExports*> exports = world_->find(id);
    if (!exports) return exports.error().message;
    const Result<void> shared = (*world)->share(id, **exports);
    if (!shared) return shared.error().message;
  }
  wait_for(command.id);
  others_.push_back(std::make_unique<Other>(ScriptThread(*std::move(world)), command, std::thread()));
  Other& other = *others_.back();
  other.thread = std::thread([&other] {
    for (const text::Command& inner : other.command.commands) other.script.run(inner);
  });
  return std::nullopt;
}

bool ScriptThread::wait_for(const std::string& id) {
  for (auto other = others_.begin(); other != others_.end(); ++other) {
    if ((*other)->command.id != id) continue;
    (*other)->thread.join();
    report_.add((*other)->script.finish());
    others_.erase(other);
    return true;
  }
  return false;
}

void ScriptThread::wait_for_all() {
  while (!others_.empty()) wait_for(others_.front()->command.id);
}

ScriptThread::ScriptThread(std::unique_ptr<ScriptWorld> world) : world_(std::move(world)) {}

ScriptThread::~ScriptThread() {
  wait_for_all();
}

/// Whether the command that begins in this line is an assertion, if it cannot be read.
bool looks_like_assertion(std::string_view source, u32 line) {
  for (; line > 1; --line) source.remove_prefix(std::min(source.find('\n'), source.size() - 1) + 1);
  const usize start = source.find_first_not_of(" \t");
  return start != source.npos && source.substr(start).starts_with("(assert_");
}

}  // namespace

void ScriptReport::add(const ScriptReport& other) {
  passed += other.passed;
  total += other.total;
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
}

ScriptReport run_script(std::string_view source, const ScriptSettings& settings) {
  Result<std::unique_ptr<ScriptWorld>> world = ScriptWorld::create(Engine(settings.config), settings);
  if (!world) return {0, 0, {{1, world.error().message}}};
  ScriptThread script(*std::move(world));
  text::ScriptReader reader(source);
  while (true) {
    Result<std::optional<text::Command>> command = reader.next();
    if (!command) {
      if (looks_like_assertion(source, reader.line())) script.count_unread_assertion();
      script.fail(reader.line(), "cannot be read: " + command.error().message);
    } else if (*command) {
      script.run(**command);
    } else {
      ScriptReport report = script.finish();
      std::ranges::sort(report.failures, {}, &ScriptFailure::line);
      return report;
    }
  }
}

}  // namespace wisp::cli
