#include "api/file_bytes.hpp"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace wisp
