#include "cli/cache.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "cli/json.hpp"
#include "cli/output.hpp"
#include "cli/units.hpp"

namespace wisp::cli {
namespace {

/// https://specifications.freedesktop.org/basedir-spec/latest/
std::string default_directory() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/wisp";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.cache/wisp" : std::string();
}

std::string show_stats(const CodeCache::Stats& stats, const std::string& directory, bool json) {
  if (json) {
    return to_text(Json{{"directory", directory},
                        {"files", stats.files},
                        {"functions", stats.functions},
                        {"size_bytes", stats.size_bytes},
                        {"limit_bytes", stats.limit_bytes}},
                   2) +
           "\n";
  }
  return fmt::format("directory  {}\nmodules    {}\nfunctions  {}\nsize       {} of at most {}\n", printable(directory),
                     stats.files, stats.functions, show_size(stats.size_bytes), show_size(stats.limit_bytes));
}

/// Where it is, if it is to be used, or why it is nowhere.
ChosenCache place_cache(const Invocation& invocation) {
  ChosenCache chosen;
  chosen.directory = invocation.cache_directory.empty() ? default_directory() : invocation.cache_directory;
  if (chosen.directory.empty()) chosen.problem = "neither XDG_CACHE_HOME nor HOME says where";
  chosen.is_news = !invocation.cache_directory.empty();
  return chosen;
}

void open_cache(ChosenCache& chosen) {
  Result<std::shared_ptr<CodeCache>> opened = CodeCache::open(chosen.directory);
  if (opened) {
    chosen.cache = *std::move(opened);
  } else {
    chosen.problem = opened.error().message;
    chosen.hint = opened.error().hint;
  }
}

}  // namespace

ChosenCache choose_cache(const Invocation& invocation) {
  const Config& config = invocation.config;
  const bool is_useful = !config.fuel && (config.tier == Tier::automatic || config.tier == Tier::optimizing);
  if (!invocation.use_cache || !is_useful) return {};
  ChosenCache chosen = place_cache(invocation);
  if (!chosen.problem.empty()) return chosen;
  for (const DirGrant& grant : invocation.run.dirs) {
    if (!CodeCache::is_exposed(chosen.directory, grant.host)) continue;
    chosen.problem = fmt::format("{} lets the program reach {}, and make code that would be believed", grant.as_written,
                                 chosen.directory);
    chosen.is_news = true;
    return chosen;
  }
  open_cache(chosen);
  return chosen;
}

Message about_cache(const ChosenCache& chosen, std::string_view what_else) {
  return Message(MessageId::cache, fmt::format("no code cache: {}", printable(chosen.problem)))
      .hint(printable(chosen.hint))
      .hint(std::string(what_else));
}

int cache(const Invocation& invocation) {
  const std::string what = invocation.files.empty() ? std::string() : invocation.files.front();
  if (invocation.files.size() != 1 || (what != "stats" && what != "clean")) {
    throw Failure(Message(MessageId::bad_value, "`wisp cache` is followed by `stats` or `clean`")
                      .hint(std::string(info(CommandKind::cache).usage)));
  }
  ChosenCache chosen = place_cache(invocation);
  if (chosen.problem.empty() && what == "clean") {
    const Result<void> cleaned = CodeCache::clean(chosen.directory);
    if (cleaned) return 0;
    chosen.problem = cleaned.error().message;
    chosen.hint = cleaned.error().hint;
  } else if (chosen.problem.empty()) {
    open_cache(chosen);
  }
  if (chosen.cache == nullptr) throw Failure(about_cache(chosen, "--cache DIR takes another directory"));
  print_out(show_stats(chosen.cache->stats(), chosen.directory, invocation.json));
  return 0;
}

}  // namespace wisp::cli
