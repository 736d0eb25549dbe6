// Every script of the core suite: its modules assemble, and what must be malformed is refused in the expected words.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "text/wast.hpp"
#include "text/wat.hpp"

namespace wisp::text {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream content;
  content << stream.rdbuf();
  return std::move(content).str();
}

/// Scripts under `folder`, without those of features that this project does not have.
std::vector<std::filesystem::path> scripts(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".wast" || path.contains("/custom-descriptors/")) continue;
    found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

struct Counts {
  u32 commands = 0;
  u32 assembled = 0;
  u32 refused = 0;
};

/// The threads proposal is written on top of the first version of the format.
wasm::Features features_for(const std::string& file) {
  wasm::Features features;
  if (file.contains("proposals/threads/")) features.set(wasm::Feature::memory64, false);
  return features;
}

/// The message must begin with the expected words.
void expect_refused(const ScriptModule& module, const std::string& expected, const std::string& where) {
  const auto bytes = assemble(module, features_for(where));
  if (bytes.ok()) {
    ADD_FAILURE() << where << ": assembled, but must be refused: " << expected;
  } else if (!bytes.error().message.starts_with(expected)) {
    ADD_FAILURE() << where << ": expected \"" << expected << "\", got \"" << bytes.error().message << "\"";
  }
}

void expect_assembled(const ScriptModule& module, const std::string& source, const std::string& file) {
  const auto bytes = assemble(module, features_for(file));
  const std::string& text = module.form == ScriptModule::Form::quote ? module.quoted : source;
  EXPECT_TRUE(bytes.ok()) << render(text, file, bytes.error());
}

void check(const Command& command, const std::string& source, const std::string& file, Counts& counts) {
  ++counts.commands;
  const std::string where = file + ":" + std::to_string(command.line);
  if (const auto* module = std::get_if<ModuleCommand>(&command.body)) {
    ++counts.assembled;
    return expect_assembled(module->module, source, file);
  }
  const auto* assertion = std::get_if<AssertModule>(&command.body);
  if (assertion == nullptr || assertion->module.form == ScriptModule::Form::binary) return;
  switch (assertion->kind) {
    case AssertModule::Kind::malformed:
    case AssertModule::Kind::malformed_custom:
    case AssertModule::Kind::invalid_custom:
      ++counts.refused;
      return expect_refused(assertion->module, assertion->message, where);
    default:
      ++counts.assembled;
      return expect_assembled(assertion->module, source, file);
  }
}

TEST(Suite, AllModulesAssembleOrAreRefused) {
  const std::filesystem::path folder = std::filesystem::path(WISP_SUITES_DIR) / "core";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no core suite at " << folder;
  Counts counts;
  for (const auto& path : scripts(folder)) {
    if (path.parent_path().filename() == "legacy") continue;
    const std::string file = std::filesystem::relative(path, folder).string();
    const std::string source = read_file(path);
    ScriptReader reader(source);
    while (true) {
      auto command = reader.next();
      if (!command.ok()) {
        ADD_FAILURE() << render(source, file, command.error());
        continue;
      }
      if (!command->has_value()) break;
      check(**command, source, file, counts);
    }
  }
  EXPECT_GT(counts.commands, 60'000u);
  EXPECT_GT(counts.assembled, 4'000u);
  EXPECT_GT(counts.refused, 1'000u);
}

}  // namespace
}  // namespace wisp::text
