#include "wisp/wasi.hpp"

#include <chrono>

#include <gmock/gmock.h>

#include "api/api_test.hpp"

namespace wisp {
namespace {

using test::World;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// A guest that copies standard input to standard output, 16 bytes at a time, and exits with what is left of its input.
constexpr std::string_view cat = R"((module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (i32.store (i32.const 0) (i32.const 100))
      (i32.store (i32.const 4) (i32.const 16))
      (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $exit (i32.const 9))))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (if (i32.load (i32.const 8))
        (then
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
          (br $again))))
    (call $exit (i32.const 5)))))";

Wasi add_wasi(World& world, const WasiConfig& config) {
  auto wasi = Wasi::create(world.store, config);
  if (!wasi) ADD_FAILURE() << wasi.error().message;
  if (!wasi) std::abort();
  EXPECT_TRUE(wasi->define_in(world.linker).ok());
  return *wasi;
}

TEST(Wasi, StreamsAndExitCode) {
  World world;
  std::string output;
  WasiConfig config;
  config.stdin_bytes("a text of more than sixteen bytes").stdout_to(output);
  add_wasi(world, config);
  const auto code = run_command(world.linker, world.store, test::parse(world.engine, cat));
  ASSERT_TRUE(code.ok()) << code.message();
  EXPECT_EQ(*code, 5u);
  EXPECT_EQ(output, "a text of more than sixteen bytes");
}

TEST(Wasi, ByDefaultThereIsNothing) {
  World world;
  std::vector<std::string> lines;
  WasiConfig config;
  config.on_trace([&](std::string_view line) { lines.emplace_back(line); });
  add_wasi(world, config);
  const auto code = run_command(world.linker, world.store, test::parse(world.engine, cat));
  ASSERT_TRUE(code.ok());
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines[0], HasSubstr("fd_read"));
}

TEST(Wasi, ABlockingCallEndsWithTheTime) {
  World world;
  add_wasi(world, WasiConfig());
  const auto module = test::parse(world.engine, R"((module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    ;; A subscription to the monotonic clock in an hour.
    (data (i32.const 16) "\01\00\00\00")
    (func (export "_start")
      (i64.store (i32.const 24) (i64.const 3600000000000))
      (drop (call $poll (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 200))))))");
  world.store.set_timeout(5ms);
  const auto code = run_command(world.linker, world.store, module);
  ASSERT_NE(code.trap(), nullptr);
  EXPECT_EQ(code.trap()->reason, TrapReason::deadline);
}

TEST(Wasi, DenialsSayWhatWouldHelp) {
  World world;
  std::vector<Denial> denials;
  WasiConfig config;
  DirOptions options;
  options.read_only = true;
  options.origin = "the origin";
  options.hint = "the hint";
  config.tmpfs("/data", 0, options).on_denial([&](const Denial& denial) { denials.push_back(denial); });
  add_wasi(world, config);
  const auto module = test::parse(world.engine, R"((module
    (import "wasi_snapshot_preview1" "path_create_directory" (func $mkdir (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "new")
    (func (export "_start") (call $exit (call $mkdir (i32.const 3) (i32.const 0) (i32.const 3))))))");
  const auto code = run_command(world.linker, world.store, module);
  ASSERT_TRUE(code.ok()) << code.message();
  EXPECT_NE(*code, 0u);
  ASSERT_EQ(denials.size(), 1u);
  EXPECT_EQ(denials[0].mount, "/data");
  EXPECT_EQ(denials[0].origin, "the origin");
  EXPECT_EQ(denials[0].hint, "the hint");
  EXPECT_THAT(denials[0].rule, HasSubstr("read-only"));
}

TEST(Wasi, ClocksAndRandomCanBeReplaced) {
  const auto run_with = [](const WasiConfig& config) {
    World world;
    add_wasi(world, config);
    const Instance instance = world.instantiate(R"((module
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "random") (result i64) (drop (call $random (i32.const 0) (i32.const 8))) (i64.load (i32.const 0)))
      (func (export "clock") (result i64)
        (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 0))) (i64.load (i32.const 0)))))");
    EXPECT_EQ((*instance.func("clock")->call())[0].i64(), 1234);
    return (*instance.func("random")->call())[0].i64();
  };
  const auto run = [&](std::uint64_t seed) {
    WasiConfig config;
    config.random_seed(seed).realtime_clock([] { return std::uint64_t{1234}; });
    const auto first = run_with(config);
    EXPECT_EQ(run_with(config), first);
    return first;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Wasi, ListensWhereItIsTold) {
  World world;
  WasiConfig config;
  config.listen("127.0.0.1:0");
  const Wasi wasi = add_wasi(world, config);
  ASSERT_EQ(wasi.listen_addresses().size(), 1u);
  EXPECT_THAT(wasi.listen_addresses()[0], HasSubstr("127.0.0.1:"));
  EXPECT_NE(wasi.listen_addresses()[0], "127.0.0.1:0");
}

TEST(Wasi, WhatCannotBeOpenedIsAnError) {
  World world;
  WasiConfig config;
  config.dir("/nonexistent/directory", "/d");
  const auto wasi = Wasi::create(world.store, config);
  ASSERT_FALSE(wasi.ok());
  EXPECT_EQ(wasi.error().code, ErrorCode::io);
  EXPECT_THAT(wasi.error().message, HasSubstr("/nonexistent/directory"));
  WasiConfig nul;
  nul.arg(std::string("a\0b", 3));
  EXPECT_FALSE(Wasi::create(world.store, nul).ok());
}

TEST(Wasi, BelongsToItsStore) {
  World world;
  add_wasi(world, WasiConfig());
  Store other = test::make_store(world.engine);
  const auto instance = world.linker.instantiate(other, test::parse(world.engine, cat));
  ASSERT_NE(instance.error(), nullptr);
  EXPECT_THAT(instance.error()->message, HasSubstr("another store"));
}

TEST(WasiKind, CommandReactorLibrary) {
  const Engine engine(test::config());
  const auto kind = [&](std::string_view text) { return wasi_kind(test::parse(engine, text)); };
  EXPECT_EQ(*kind(R"((module (func (export "_start"))))"), WasiKind::command);
  EXPECT_EQ(*kind(R"((module (func (export "_initialize"))))"), WasiKind::reactor);
  EXPECT_EQ(*kind("(module)"), WasiKind::library);
  EXPECT_FALSE(kind(R"((module (func (export "_start")) (func (export "_initialize"))))").ok());
  EXPECT_FALSE(kind(R"((module (func (export "_start") (param i32))))").ok());
  EXPECT_FALSE(kind(R"((module (global (export "_start") i32 (i32.const 0))))").ok());
  EXPECT_FALSE(kind(R"((module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))))").ok());
}

TEST(WasiKind, ReactorsAreInitialisedOnce) {
  World world;
  auto instance = instantiate_reactor(world.linker, world.store, test::parse(world.engine, R"((module
    (global $count (export "count") (mut i32) (i32.const 0))
    (func (export "_initialize") (global.set $count (i32.add (global.get $count) (i32.const 1))))))"));
  ASSERT_TRUE(instance.ok()) << instance.message();
  EXPECT_EQ(instance->global("count")->get().i32(), 1);
  const auto failed = instantiate_reactor(world.linker, world.store, test::parse(world.engine, R"((module
    (func (export "_initialize") unreachable)))"));
  ASSERT_NE(failed.trap(), nullptr);
}

TEST(WasiKind, ACommandThatTraps) {
  World world;
  const auto code = run_command(world.linker, world.store,
                                test::parse(world.engine, R"((module (func (export "_start") unreachable)))"));
  ASSERT_NE(code.trap(), nullptr);
  EXPECT_EQ(code.trap()->reason, TrapReason::unreachable);
  EXPECT_NE(run_command(world.linker, world.store, test::parse(world.engine, "(module)")).error(), nullptr);
}

}  // namespace
}  // namespace wisp
