#pragma once

#include <memory>
#include <string>

#include "wisp/code_cache.hpp"

#include "cli/command_line.hpp"
#include "cli/message.hpp"

namespace wisp::cli {

/// The code cache of a command line, or why there is none.
struct ChosenCache {
  std::shared_ptr<CodeCache> cache;
  std::string directory;  // empty: nobody said, and there is no home directory
  std::string problem;
  std::string hint;      // what to do about it; may be empty
  bool is_news = false;  // that there is a problem: nobody needs to know that the default one is not there
};
ChosenCache choose_cache(const Invocation& invocation);
/// Why there is none, and what to do.
Message about_cache(const ChosenCache& chosen, std::string_view what_else);

/// `wisp cache`: the exit code. Throws `Failure`.
int cache(const Invocation& invocation);

}  // namespace wisp::cli
