#include "api/file_bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "wisp/engine.hpp"

#include "base/leb128.hpp"

namespace wisp {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

File file_with(const std::string& text, long skipped = 0) {
  File file(std::tmpfile());
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file.get()), text.size());
  EXPECT_EQ(std::fseek(file.get(), skipped, SEEK_SET), 0);
  return file;
}

TEST(FileBytes, HoldWhatIsLeft) {
  for (const usize size : {0, 1, 65'535, 65'536, 65'537, 1'000'000, 5'000'000}) {
    std::string text;
    for (usize i = 0; i < size; ++i) text += char('a' + i % 23);
    FileBytes all;
    ASSERT_EQ(read_all(file_with(text).get(), 1 << 24, all), ReadStatus::ok);
    EXPECT_EQ(as_text(all.bytes), text) << size;
  }
  FileBytes rest;
  ASSERT_EQ(read_all(file_with("skipped and read", 8).get(), 100, rest), ReadStatus::ok);
  EXPECT_EQ(as_text(rest.bytes), "and read");
}

TEST(FileBytes, OfAPipe) {
  std::FILE* pipe = popen("head -c 300000 /dev/zero; echo end", "r");
  ASSERT_NE(pipe, nullptr);
  FileBytes bytes;
  EXPECT_EQ(read_all(pipe, 1 << 20, bytes), ReadStatus::ok);
  pclose(pipe);
  ASSERT_EQ(bytes.bytes.size(), 300'004u);
  EXPECT_TRUE(as_text(bytes.bytes).ends_with("end\n"));
}

TEST(FileBytes, LimitsAndErrors) {
  FileBytes bytes;
  EXPECT_EQ(read_all(file_with("12345").get(), 5, bytes), ReadStatus::ok);
  EXPECT_EQ(read_all(file_with("123456").get(), 5, bytes), ReadStatus::too_large);
  const File endless(std::fopen("/dev/zero", "rb"));
  EXPECT_EQ(read_all(endless.get(), 1 << 20, bytes), ReadStatus::too_large);
  const File directory(std::fopen("/", "rb"));
  EXPECT_EQ(read_all(directory.get(), 1 << 20, bytes), ReadStatus::failed);
  EXPECT_EQ(errno, EISDIR);
}

void append_custom(std::vector<u8>& to, std::string_view name, std::string_view contents) {
  to.push_back(0);
  write_uleb(to, 1 + name.size() + contents.size());
  write_uleb(to, name.size());
  to.insert(to.end(), name.begin(), name.end());
  to.insert(to.end(), contents.begin(), contents.end());
}

/// Of a type, with custom sections around it that are mostly left out.
std::string module_with_large_sections() {
  std::vector<u8> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
  append_custom(bytes, "first", std::string(3'000'000, '1'));
  bytes.insert(bytes.end(), {1, 4, 1, 0x60, 0, 0});
  append_custom(bytes, "small", "2");
  append_custom(bytes, "last", std::string(2'000'000, '3'));
  append_custom(bytes, "end", "4");
  return {bytes.begin(), bytes.end()};
}

std::shared_ptr<std::FILE> shared_file_with(const std::string& text) {
  return {file_with(text).release(), Close()};
}

TEST(ModuleFile, LargeCustomSectionsAreReadWhenTheyAreAskedFor) {
  const std::string text = module_with_large_sections();
  FileBytes file;
  ASSERT_EQ(read_module(shared_file_with(text), 1 << 24, file), ReadStatus::ok);
  ASSERT_NE(file.unread, nullptr);
  ASSERT_EQ(file.bytes.size(), text.size());
  EXPECT_EQ(std::ranges::count(file.bytes, u8('1')), 0);
  EXPECT_EQ(std::ranges::count(file.bytes, u8('3')), 0);
  const Engine engine;
  const Result<Module> module = load_file(engine, file);
  ASSERT_TRUE(module.ok());
  EXPECT_EQ(module->sections().size(), 5u);
  EXPECT_EQ(as_text(*module->custom_section("end")), "4");
  EXPECT_EQ(std::ranges::count(file.bytes, u8('3')), 0);
  EXPECT_EQ(as_text(*module->custom_section("last")), std::string(2'000'000, '3'));
  EXPECT_EQ(std::ranges::count(file.bytes, u8('1')), 0);
  EXPECT_EQ(as_text(module->bytes()), text);
}

TEST(ModuleFile, ThatBecomesShorterHasZerosThere) {
  // The same test of another tier may run at the same time.
  const std::string path = testing::TempDir() + "becomes_shorter." + std::to_string(std::random_device()()) + ".wasm";
  std::ofstream(path, std::ios::binary) << module_with_large_sections();
  FileBytes file;
  ASSERT_EQ(read_module({std::fopen(path.c_str(), "rb"), Close()}, 1 << 24, file), ReadStatus::ok);
  std::filesystem::resize_file(path, 4'000'000);
  const Engine engine;
  const Result<Module> module = load_file(engine, file);
  ASSERT_TRUE(module.ok());
  EXPECT_EQ(as_text(*module->custom_section("first")), std::string(3'000'000, '1'));
  const auto last = *module->custom_section("last");
  EXPECT_EQ(last.size(), 2'000'000u);
  EXPECT_EQ(last.front(), '3');
  EXPECT_EQ(last.back(), 0);
  std::filesystem::remove(path);
}

TEST(ModuleFile, WhatIsNoCustomSectionStaysAsItWas) {
  // As if the file had been another one when its sections were looked for: the type is where something was left out.
  const std::string text = module_with_large_sections();
  FileBytes file;
  ASSERT_EQ(read_module(shared_file_with(text), 1 << 24, file), ReadStatus::ok);
  std::vector<u8> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
  append_custom(bytes, "first", std::string(3'000'000, 0));
  bytes[8] = 11;  // a section of data
  std::ranges::copy(bytes, const_cast<u8*>(file.bytes.data()));
  EXPECT_FALSE(load_file(Engine(), file).ok());
  EXPECT_EQ(std::ranges::count(file.bytes, u8('1')), 0);
}

TEST(ModuleFile, OddOnesAreReadAsTheyAre) {
  const std::string good = module_with_large_sections();
  std::string cut_off = good.substr(0, good.size() - 1);
  std::string other = good;
  other[3] = 'n';
  std::string long_name = good;
  long_name[12] = '\x7f';  // the name of the first section, of which only some is looked at
  for (const std::string& text : {cut_off, other, std::string(good, 0, 100)}) {
    FileBytes file;
    ASSERT_EQ(read_module(shared_file_with(text), 1 << 24, file), ReadStatus::ok);
    EXPECT_EQ(file.unread, nullptr);
    EXPECT_EQ(as_text(file.bytes), text);
  }
  FileBytes file;
  ASSERT_EQ(read_module(shared_file_with(long_name), 1 << 24, file), ReadStatus::ok);
  EXPECT_TRUE(as_text(file.bytes).starts_with(long_name.substr(0, 3'000'000)));
  EXPECT_EQ(read_module(shared_file_with(good), good.size() - 1, file), ReadStatus::too_large);
}

}  // namespace
}  // namespace wisp
