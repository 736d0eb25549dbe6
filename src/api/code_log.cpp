#include "wisp/code_log.hpp"

#include "api/access.hpp"
#include "sys/host.hpp"

namespace wisp {

struct CodeLog::State {
  sys::OpenedCodeLog opened;
};

CodeLog::CodeLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
CodeLog::~CodeLog() = default;

Result<std::shared_ptr<CodeLog>> CodeLog::perf_map() {
  WISP_TRY_ASSIGN(auto opened, sys::open_perf_map());
  return std::shared_ptr<CodeLog>(new CodeLog(std::make_unique<State>(State{std::move(opened)})));
}

Result<std::shared_ptr<CodeLog>> CodeLog::jit_dump(const std::string& directory) {
  WISP_TRY_ASSIGN(auto opened, sys::open_jit_dump(directory));
  return std::shared_ptr<CodeLog>(new CodeLog(std::make_unique<State>(State{std::move(opened)})));
}

const std::string& CodeLog::path() const {
  return state_->opened.path;
}

baseline::CodeObserver Access::observer(std::shared_ptr<CodeLog> log) {
  if (log == nullptr) return {};
  return [log = std::move(log)](std::string_view function, std::string_view kind, std::span<const u8> code) {
    log->state_->opened.log->add(demangle(function) + " [" + std::string(kind) + "]", code);
  };
}

}  // namespace wisp
