#include "wasi/p1/guest_test.hpp"

namespace wisp::wasi::p1::testing {
namespace {

using ::testing::ElementsAre;

struct TraceTest : GuestTest {};
INSTANTIATE_TEST_SUITE_P(, TraceTest, ::testing::Values("wasi_snapshot_preview1"));

TEST_P(TraceTest, ShowsWhatWentInAndWhatCameBack) {
  const u32 fd = open("file", 1 | 4, 0x42, 1);
  (void)write(fd, "hello\n");
  (void)call("fd_seek", {1, 0, 1, 128});
  const u32 vectors = put_vectors({{reserve(16), 3}, {reserve(16), 16}});
  (void)call("fd_read", {0, vectors, 2, count_at});
  (void)call("fd_read", {77, vectors, 2, count_at});
  (void)call("fd_close", {fd});
  (void)call("clock_time_get", {1, 1000, 128});
  (void)call("clock_time_get", {9, 1000, 128});
  (void)call("fd_prestat_get", {3, 128});
  (void)call("fd_prestat_dir_name", {3, 128, 5});
  (void)call("random_get", {128, 16});
  (void)call("proc_exit", {3});
  const std::string number = std::to_string(fd);
  EXPECT_THAT(
      trace.lines,
      ElementsAre(
          "path_open(3, symlink_follow, \"file\", creat|excl, fd_{read,write}, fd_{read,write}, append, …) = "
          "success (" +
              number + ")",
          "fd_write(" + number + ", [{\"hello\\n\", 6}], …) = success (6)", "fd_seek(1, 0, cur, …) = notcapable",
          "fd_read(0, [{\"som\", 3}, {\"e input\", 16}], …) = success (10)", "fd_read(77, [{…, 3}, {…, 16}], …) = badf",
          "fd_close(" + number + ") = success", "clock_time_get(monotonic, 1000, …) = success (1000000000)",
          "clock_time_get(0x9, 0x3e8, 0x80) = inval", "fd_prestat_get(3, …) = success (dir{pr_name_len=5})",
          "fd_prestat_dir_name(3, …, 5) = success", "random_get(…, 16) = success", "proc_exit(3) = ?"));
}

TEST_P(TraceTest, NamesTheFewerRights) {
  const u32 at = reserve(24);
  (void)call("fd_fdstat_get", {root, at});
  (void)call("fd_fdstat_set_rights", {1, (1 << 30) - 1, (1 << 30) - 2});
  (void)call("fd_fdstat_set_rights", {1, 0xe6 | 1 << 17, 1 << 13});
  EXPECT_THAT(trace.lines.front(), ::testing::HasSubstr("fs_rights_inheriting=all"));
  EXPECT_EQ(trace.lines[1], "fd_fdstat_set_rights(1, all, ~(fd_datasync)) = notcapable");
  EXPECT_EQ(trace.lines[2],
            "fd_fdstat_set_rights(1, fd_{read,seek,tell,write,advise}|path_rename_target, path_open) = notcapable");
}

TEST_P(TraceTest, ShowsTrapsAndInterruptions) {
  (void)call("fd_write", {1, memory_bytes, 1, count_at});
  waiter.stop = true;
  (void)call("sched_yield");
  EXPECT_THAT(
      trace.lines,
      ElementsAre("fd_write(0x1, 0x20000, 0x1, 0x8) = trap: fd_write: pointer out of bounds: 1 times 8 bytes at "
                  "0x20000 in a memory of 0x20000 bytes",
                  "sched_yield() = interrupted"));
}

}  // namespace
}  // namespace wisp::wasi::p1::testing
