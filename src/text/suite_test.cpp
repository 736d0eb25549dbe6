// Every script of the core suite: its modules assemble, and what must be malformed is refused in the expected words.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "text/printer.hpp"
#include "text/wast.hpp"
#include "text/wat.hpp"
#include "wasm/decoder.hpp"
#include "wasm/validator.hpp"

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

/// Calls `use` for every command of every script, with its file and source.
template <class Use>
void for_each_command(const std::filesystem::path& folder, Use use) {
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
      use(**command, source, file);
    }
  }
}

TEST(Suite, AllModulesAssembleOrAreRefused) {
  const std::filesystem::path folder = std::filesystem::path(WISP_SUITES_DIR) / "core";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no core suite at " << folder;
  Counts counts;
  for_each_command(folder, [&](const Command& command, const std::string& source, const std::string& file) {
    check(command, source, file, counts);
  });
  EXPECT_GT(counts.commands, 60'000u);
  EXPECT_GT(counts.assembled, 4'000u);
  EXPECT_GT(counts.refused, 1'000u);
}

/// Bytes, then text, then bytes again: both texts and both modules must be the same.
void expect_round_trip(const std::vector<u8>& bytes, const wasm::Features& features, const std::string& where) {
  const auto registry = std::make_shared<wasm::TypeRegistry>();
  const auto module = wasm::decode(bytes, registry, features);
  ASSERT_TRUE(module.ok()) << where << ": " << module.error().message;
  const auto valid = wasm::validate(**module);
  EXPECT_TRUE(valid.ok()) << where << ": " << valid.error().message;
  const auto text = print(**module, {.offsets = false, .custom_sections = true});
  ASSERT_TRUE(text.ok()) << where << ": " << text.error().message;
  const auto again = assemble(*text, features);
  ASSERT_TRUE(again.ok()) << where << "\n" << render(*text, "printed", again.error());
  const auto second = wasm::decode(*again, registry, features);
  ASSERT_TRUE(second.ok()) << where << ": " << second.error().message << "\n" << *text;
  EXPECT_EQ((*module)->types, (*second)->types) << where;
  EXPECT_EQ((*module)->functions, (*second)->functions) << where;
  const auto second_text = print(**second, {.offsets = false, .custom_sections = true});
  ASSERT_TRUE(second_text.ok()) << where << ": " << second_text.error().message;
  EXPECT_EQ(*text, *second_text) << where;
}

TEST(Suite, PrintedModulesAssembleToTheSame) {
  const std::filesystem::path folder = std::filesystem::path(WISP_SUITES_DIR) / "core";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no core suite at " << folder;
  u32 count = 0;
  for_each_command(folder, [&](const Command& command, const std::string&, const std::string& file) {
    const auto* module = std::get_if<ModuleCommand>(&command.body);
    if (module == nullptr) return;
    const auto bytes = assemble(module->module, features_for(file));
    if (!bytes.ok()) return;
    ++count;
    expect_round_trip(*bytes, features_for(file), file + ":" + std::to_string(command.line));
  });
  EXPECT_GT(count, 1'500u);
}

}  // namespace
}  // namespace wisp::text
