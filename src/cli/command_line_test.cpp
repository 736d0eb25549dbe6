#include "cli/command_line.hpp"

#include <gtest/gtest.h>

#include "cli/help.hpp"

namespace wisp::cli {
namespace {

using Words = std::vector<std::string_view>;

Invocation parse(const Words& words) {
  return parse_command_line(words);
}

/// Why a command line is refused; `internal` if it is not.
MessageId refusal(const Words& words) {
  try {
    parse(words);
  } catch (const Failure& failure) {
    return failure.message().id;
  }
  return MessageId::internal;
}

std::string hints(const Words& words) {
  std::string out;
  try {
    parse(words);
  } catch (const Failure& failure) {
    for (const std::string& hint : failure.message().hints) out += hint + "\n";
  }
  return out;
}

TEST(CommandLine, EverythingAfterTheFileIsTheProgramsOwn) {
  const Invocation line = parse({"--fuel", "5", "app.wasm", "--fuel", "6", "--", "run"});
  EXPECT_EQ(line.command, CommandKind::run);
  EXPECT_EQ(line.run.fuel, 5u);
  EXPECT_EQ(line.files, std::vector<std::string>{"app.wasm"});
  EXPECT_EQ(line.arguments, (std::vector<std::string>{"--fuel", "6", "--", "run"}));
}

TEST(CommandLine, OptionsMayStandBeforeAndAfterTheCommand) {
  const Invocation line = parse({"--color=never", "run", "--timeout=2m", "app.wasm"});
  EXPECT_EQ(line.color, ColorWhen::never);
  EXPECT_EQ(line.timeout, std::chrono::minutes(2));
}

TEST(CommandLine, AFileMayHaveTheNameOfACommand) {
  EXPECT_EQ(parse({"--", "wat"}).files, std::vector<std::string>{"wat"});
  EXPECT_EQ(parse({"run", "wat"}).files, std::vector<std::string>{"wat"});
  EXPECT_EQ(parse({"wat", "wat"}).command, CommandKind::wat);
}

TEST(CommandLine, Profiles) {
  using Kind = ProfileSettings::Kind;
  struct Case {
    Words words;
    Kind kind;
    std::string file = "wisp-profile.json";
    std::chrono::nanoseconds interval = std::chrono::milliseconds(1);
  };
  const Case cases[] = {
      {{"app.wasm"}, Kind::none},
      {{"--profile", "app.wasm"}, Kind::guest},
      {{"--profile=guest", "app.wasm"}, Kind::guest},
      {{"--profile", "guest", "app.wasm"}, Kind::guest},
      {{"--profile", "guest,a.json", "app.wasm"}, Kind::guest, "a.json"},
      {{"--profile=guest,a.json,5ms", "app.wasm"}, Kind::guest, "a.json", std::chrono::milliseconds(5)},
      {{"--profile=guest,,5ms", "app.wasm"}, Kind::guest, "wisp-profile.json", std::chrono::milliseconds(5)},
      {{"--profile=guest,a.json,", "app.wasm"}, Kind::guest, "a.json"},
      {{"--profile", "perfmap", "app.wasm"}, Kind::perf_map},
      {{"--profile=jitdump", "app.wasm"}, Kind::jit_dump}};
  for (const Case& c : cases) {
    const Invocation line = parse(c.words);
    EXPECT_EQ(line.files, std::vector<std::string>{"app.wasm"});
    EXPECT_EQ(line.run.profile.kind, c.kind) << c.words[0];
    EXPECT_EQ(line.run.profile.file, c.file);
    EXPECT_EQ(line.run.profile.interval, c.interval);
  }
  EXPECT_EQ(refusal({"--profile=vtune", "app.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"--profile=jitdump,a.json", "app.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"--profile=guest,a.json,0", "app.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"--profile=guest,a.json,1ms,b", "app.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"--profile", "--uninterruptible", "app.wasm"}), MessageId::bad_value);
  EXPECT_TRUE(parse({"--profile=jitdump", "--uninterruptible", "app.wasm"}).warnings.empty());
  EXPECT_EQ(parse({"--profile=jitdump", "--tier=interpreter", "app.wasm"}).warnings.size(), 1u);
}

TEST(CommandLine, Directories) {
  struct Case {
    std::string_view text, host, guest;
    bool read_only;
  };
  const Case cases[] = {
      {"data", "data", "data", false},
      {"data::/d", "data", "/d", false},
      {"data::/d::ro", "data", "/d", true},
      {"data::/d:ro", "data", "/d", true},
      {"data:/d", "data", "/d", false},
      {"data:/d:ro", "data", "/d", true},
      {"data:/d:readonly", "data", "/d", true},
      {"data::/d::rw", "data", "/d", false},
      {"data::ro", "data", "data", true},
      {"a:b::/d", "a:b", "/d", false},
      {".", ".", ".", false},
  };
  for (const Case& one : cases) {
    const Invocation line = parse({"--dir", one.text, "app.wasm"});
    const DirGrant& grant = line.run.dirs.at(0);
    EXPECT_EQ(grant.host, one.host) << one.text;
    EXPECT_EQ(grant.guest, one.guest) << one.text;
    EXPECT_EQ(grant.read_only, one.read_only) << one.text;
    EXPECT_EQ(grant.as_written, "--dir " + std::string(one.text));
  }
  for (const std::string_view bad : {"::/d", "data::", "::ro", "a::b::c"}) {
    EXPECT_EQ(refusal({"--dir", bad, "app.wasm"}), MessageId::bad_value) << bad;
  }
}

TEST(CommandLine, TmpfsPreloadAndEnv) {
  const Invocation line =
      parse({"--tmpfs=/tmp:64M", "--preload", "env=x=y.wasm", "--env=A=1=2", "--env", "B", "app.wasm"});
  EXPECT_EQ(line.run.tmpfs.at(0).guest, "/tmp");
  EXPECT_EQ(line.run.tmpfs.at(0).size_bytes, 64u << 20);
  EXPECT_EQ(line.run.preloads.at(0).name, "env");
  EXPECT_EQ(line.run.preloads.at(0).file, "x=y.wasm");
  EXPECT_EQ(line.run.env.at(0).second, "1=2");
  EXPECT_FALSE(line.run.env.at(1).second.has_value());
  EXPECT_EQ(refusal({"--tmpfs=/tmp:lots", "app.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"--preload", "x.wasm", "app.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"--env", "=1", "app.wasm"}), MessageId::bad_value);
}

TEST(CommandLine, MemoryCapsOfBothKinds) {
  const Invocation ours = parse({"--max-memory=1M", "app.wasm"});
  EXPECT_EQ(ours.run.limits.memory_bytes, 1u << 20);
  EXPECT_TRUE(ours.run.limits.trap_on_memory_limit);
  const Invocation theirs = parse({"-Wmax-memory-size=1048576", "app.wasm"});
  EXPECT_EQ(theirs.run.limits.memory_bytes, 1u << 20);
  EXPECT_FALSE(theirs.run.limits.trap_on_memory_limit);
  EXPECT_TRUE(parse({"-Wmax-memory-size=1M,trap-on-grow-failure", "app.wasm"}).run.limits.trap_on_memory_limit);
}

TEST(CommandLine, WasmtimesSpellings) {
  const Invocation line = parse({"-W", "fuel=100,timeout=1s,simd=n", "-Sinherit-env,inherit-stdin=n", "-W",
                                 "unknown-imports-trap=y", "-O", "opt-level=2", "app.wasm"});
  EXPECT_EQ(line.run.fuel, 100u);
  EXPECT_TRUE(line.config.fuel);
  EXPECT_EQ(line.timeout, std::chrono::seconds(1));
  EXPECT_FALSE(line.config.has_feature("simd"));
  EXPECT_TRUE(line.run.inherit_env);
  EXPECT_FALSE(line.run.inherit_stdin);
  EXPECT_EQ(line.run.unknown_imports, UnknownImports::trap);
  EXPECT_EQ(parse({"-S", "threads=n,http=n", "app.wasm"}).files.size(), 1u);
  EXPECT_FALSE(parse({"-C", "cache=n", "app.wasm"}).use_cache);
  EXPECT_TRUE(parse({"-C", "cache", "app.wasm"}).use_cache);
  EXPECT_EQ(refusal({"-S", "threads", "app.wasm"}), MessageId::unknown_key);
  EXPECT_EQ(refusal({"-W", "simd=perhaps", "app.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"-W", "fule=1", "app.wasm"}), MessageId::unknown_key);
  EXPECT_NE(hints({"-W", "fule=1", "app.wasm"}).find("-W fuel"), std::string::npos);
}

TEST(CommandLine, EveryFeatureIsAKey) {
  for (const FeatureInfo& feature : features()) {
    const std::string off = std::string(feature.name) + "=n";
    EXPECT_FALSE(parse({"-W", off, "app.wasm"}).config.has_feature(feature.name)) << off;
    EXPECT_FALSE(parse({"--disable", feature.name, "app.wasm"}).config.has_feature(feature.name)) << off;
  }
  EXPECT_EQ(refusal({"--enable", "smid", "app.wasm"}), MessageId::unknown_feature);
  EXPECT_NE(hints({"--enable", "smid", "app.wasm"}).find("simd"), std::string::npos);
}

TEST(CommandLine, Refusals) {
  EXPECT_EQ(refusal({"--dri", ".", "app.wasm"}), MessageId::unknown_option);
  EXPECT_EQ(refusal({"-x", "app.wasm"}), MessageId::unknown_option);
  EXPECT_EQ(refusal({"--dir"}), MessageId::missing_value);
  EXPECT_EQ(refusal({"--stats=yes", "app.wasm"}), MessageId::missing_value);
  EXPECT_EQ(refusal({"--dir", "app.wasm"}), MessageId::no_file);
  EXPECT_EQ(refusal({"validate", "--dir", ".", "app.wasm"}), MessageId::wrong_command);
  EXPECT_EQ(refusal({"inspect", "a.wasm", "b.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"--timeout=-1s", "app.wasm"}), MessageId::bad_value);
  EXPECT_EQ(refusal({"--color", "blue", "app.wasm"}), MessageId::bad_value);
  EXPECT_NE(hints({"--dri", ".", "app.wasm"}).find("--dir"), std::string::npos);
}

TEST(CommandLine, StyleIsKnownEvenIfTheLineIsWrong) {
  const Words words = {"--error-format", "json", "--color=never", "--wrong"};
  const auto [json, color] = message_style(words);
  EXPECT_TRUE(json);
  EXPECT_EQ(color, ColorWhen::never);
  EXPECT_FALSE(message_style(Words{"app.wasm", "--error-format=json"}).first);
}

TEST(Help, EveryOptionIsExplainedUnlessItIsAnOldName) {
  for (const OptionInfo& option : options()) {
    bool found = false;
    for (const CommandInfo& command : commands()) {
      found = found || command_help(command.kind).find("--" + std::string(option.name)) != std::string::npos;
    }
    EXPECT_EQ(found, !option.help.empty()) << option.name;
  }
}

TEST(Help, EveryMessageAndCommandHasItsPage) {
  for (const MessageInfo& message : messages()) {
    EXPECT_NE(help_about(message.code).find(message.title), std::string::npos) << message.code;
  }
  EXPECT_EQ(help_about("w12"), help_about("W0012"));
  for (const CommandInfo& command : commands()) EXPECT_EQ(help_about(command.name), command_help(command.kind));
  EXPECT_THROW(help_about("W9999"), Failure);
}

}  // namespace
}  // namespace wisp::cli
