#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "api/api_test.hpp"

/// What `perf` reads of the machine code of guests.
namespace wisp {
namespace {

using test::World;
using testing::IsSupersetOf;

constexpr const char* module_text = R"((module
  (func $fib (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0)) (else (i32.add
      (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $_ZN4deep6calledEv (result i32) (call $fib (i32.const 10)))
  (func (result i32) (call $_ZN4deep6calledEv))
  (func (export "run\0a") (result i32) (call 2))))";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> expected_names() {
  const Tier tier = test::config().tier;
  if (tier == Tier::interpreter) return {};
  // The others have become part of the last one.
  if (tier == Tier::optimizing) return {"fib [optimized]", "run? [optimized]"};
  return {"fib [baseline]", "deep::called() [baseline]", "func 2 [baseline]", "run? [baseline]"};
}

void run(World& world) {
  const Instance instance = world.instantiate(module_text);
  const auto outcome = instance.func("run\n")->call();
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ((*outcome)[0].i32(), 55);
}

TEST(CodeLog, PerfMapHasALineForEachPiece) {
  Config config = test::config();
  config.code_log = CodeLog::perf_map().value();
  const std::string path = config.code_log->path();
  World world(config);
  run(world);
  std::istringstream lines(contents(path));
  std::filesystem::remove(path);
  std::set<std::string> names;
  std::map<std::uint64_t, std::uint64_t> ends;
  for (std::string line; std::getline(lines, line);) {
    unsigned long long start = 0;
    unsigned long long size = 0;
    int name = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "%llx %llx %n", &start, &size, &name), 2) << line;
    EXPECT_GT(size, 0u);
    names.insert(line.substr(std::size_t(name)));
    const auto next = ends.emplace(start, start + size).first;
    if (next != ends.begin()) EXPECT_LE(std::prev(next)->second, start) << line;
    if (std::next(next) != ends.end()) EXPECT_LE(start + size, std::next(next)->first) << line;
  }
  EXPECT_THAT(names, IsSupersetOf(expected_names()));
  if (config.tier == Tier::interpreter) EXPECT_TRUE(names.empty());
}

/// Reads the records of a dump one after the other.
class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
  template <class T>
  T number() {
    T value = 0;
    if (bytes_.size() - at_ < sizeof value) return overrun<T>();
    std::memcpy(&value, &bytes_[at_], sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string text() {
    const std::size_t begin = at_;
    const std::size_t end = bytes_.find('\0', begin);
    if (end == std::string::npos) return overrun<std::string>();
    return bytes_.substr(std::exchange(at_, end + 1), end - begin);
  }
  std::string raw(std::size_t size) {
    if (bytes_.size() - at_ < size) return overrun<std::string>();
    return bytes_.substr(std::exchange(at_, at_ + size), size);
  }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t at() const { return at_; }

 private:
  template <class T>
  T overrun() {
    ADD_FAILURE() << "the file is cut off";
    at_ = bytes_.size();
    return T();
  }
  std::string bytes_;
  std::size_t at_ = 0;
};

/// tools/perf/Documentation/jitdump-specification.txt
TEST(CodeLog, JitDumpHoldsTheCode) {
  Config config = test::config();
  config.code_log = CodeLog::jit_dump(testing::TempDir()).value();
  const std::string path = config.code_log->path();
  World world(config);
  run(world);
  Reader reader(contents(path));
  std::filesystem::remove(path);
  EXPECT_EQ(reader.number<std::uint32_t>(), 0x4a695444u);
  EXPECT_EQ(reader.number<std::uint32_t>(), 1u);
  EXPECT_EQ(reader.number<std::uint32_t>(), 40u);
  EXPECT_EQ(reader.number<std::uint32_t>(), 62u);
  reader.number<std::uint32_t>();
  const auto process = reader.number<std::uint32_t>();
  EXPECT_THAT(path, testing::HasSubstr("jit-" + std::to_string(process) + ".dump"));
  auto time = reader.number<std::uint64_t>();
  reader.number<std::uint64_t>();
  std::set<std::string> names;
  for (std::uint64_t number = 0; !reader.at_end(); ++number) {
    const std::size_t begin = reader.at();
    ASSERT_EQ(reader.number<std::uint32_t>(), 0u) << "nothing but code is loaded while it runs";
    const auto size = reader.number<std::uint32_t>();
    const auto then = reader.number<std::uint64_t>();
    EXPECT_GE(then, time);
    time = then;
    EXPECT_EQ(reader.number<std::uint32_t>(), process);
    reader.number<std::uint32_t>();
    const auto address = reader.number<std::uint64_t>();
    EXPECT_EQ(reader.number<std::uint64_t>(), address);
    const auto code_bytes = reader.number<std::uint64_t>();
    EXPECT_EQ(reader.number<std::uint64_t>(), number);
    names.insert(reader.text());
    const std::string code = reader.raw(code_bytes);
    EXPECT_EQ(reader.at() - begin, size);
    EXPECT_EQ(std::memcmp(code.data(), reinterpret_cast<const void*>(address), code.size()), 0);
  }
  EXPECT_THAT(names, IsSupersetOf(expected_names()));
}

TEST(CodeLog, SaysWhyThereIsNone) {
  const auto log = CodeLog::jit_dump("/nowhere");
  ASSERT_FALSE(log.ok());
  EXPECT_THAT(log.error().message, testing::StartsWith("cannot write to /nowhere/jit-"));
}

}  // namespace
}  // namespace wisp
