#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/int.hpp"

/// A child does things while its parent looks at each of its system calls, and may have one fail.
namespace wisp {

struct Call {
  u64 number;
  u64 arguments[6];
  std::string path;        // of the first path argument, if the call has one
  std::string other_path;  // of the second
  u64 resolve = 0;         // of openat2
};

/// Where a call has its paths, and its flags; -1 for none.
struct PathCall {
  int path;
  int other_path;
  int flags;
};
inline const std::map<u64, PathCall>& path_calls() {
  static const std::map<u64, PathCall> calls = {
      {SYS_openat2, {1, -1, -1}},  {SYS_newfstatat, {1, -1, 3}},  {SYS_mkdirat, {1, -1, -1}},
      {SYS_unlinkat, {1, -1, -1}}, {SYS_readlinkat, {1, -1, -1}}, {SYS_symlinkat, {2, -1, -1}},
      {SYS_linkat, {1, 3, -1}},    {SYS_renameat, {1, 3, -1}},    {SYS_renameat2, {1, 3, -1}},
      {SYS_utimensat, {1, -1, 3}},
  };
  return calls;
}
/// Calls that name nothing.
inline const std::vector<u64>& harmless_calls() {
  static const std::vector<u64> calls = {
      SYS_read,       SYS_write,          SYS_readv,         SYS_writev,    SYS_pread64,   SYS_pwrite64,
      SYS_preadv,     SYS_pwritev,        SYS_preadv2,       SYS_pwritev2,  SYS_close,     SYS_lseek,
      SYS_fstat,      SYS_fcntl,          SYS_ftruncate,     SYS_fallocate, SYS_fadvise64, SYS_fsync,
      SYS_fdatasync,  SYS_getdents64,     SYS_brk,           SYS_mmap,      SYS_munmap,    SYS_mremap,
      SYS_mprotect,   SYS_madvise,        SYS_clock_gettime, SYS_futex,     SYS_getrandom, SYS_exit,
      SYS_exit_group, SYS_rt_sigprocmask, SYS_getpid,        SYS_gettid,    SYS_tgkill,    SYS_copy_file_range,
  };
  return calls;
}

inline std::string text_at(pid_t child, u64 address) {
  std::string text;
  while (address != 0 && text.size() < 5000) {
    char byte = 0;
    iovec to = {&byte, 1};
    iovec from = {reinterpret_cast<void*>(address), 1};
    if (process_vm_readv(child, &to, 1, &from, 1, 0) != 1 || byte == '\0') break;
    text += byte;
    ++address;
  }
  return text;
}

inline Call call_of(pid_t child, const __ptrace_syscall_info& info) {
  Call call = {};
  call.number = info.entry.nr;
  std::copy(std::begin(info.entry.args), std::end(info.entry.args), call.arguments);
  const auto at = path_calls().find(call.number);
  if (at == path_calls().end()) return call;
  call.path = text_at(child, call.arguments[at->second.path]);
  if (at->second.other_path >= 0) call.other_path = text_at(child, call.arguments[at->second.other_path]);
  if (call.number == SYS_openat2) {
    open_how how = {};
    iovec to = {&how, sizeof how};
    iovec from = {reinterpret_cast<void*>(call.arguments[2]), sizeof how};
    EXPECT_EQ(process_vm_readv(child, &to, 1, &from, 1, 0), ssize_t(sizeof how));
    call.resolve = how.resolve;
  }
  return call;
}

/// The error that a call is to fail with instead of being made; 0 to let it be.
using Injection = std::function<int(const Call&)>;

#if defined(__x86_64__)
inline constexpr bool can_inject = true;
/// At the entry of a call: makes it one that does not exist.
inline void suppress_call(pid_t child) {
  ptrace(PTRACE_POKEUSER, child, offsetof(user_regs_struct, orig_rax), -1L);
}
/// At its exit: what it returns.
inline void set_result(pid_t child, long result) {
  ptrace(PTRACE_POKEUSER, child, offsetof(user_regs_struct, rax), result);
}
#else
inline constexpr bool can_inject = false;
inline void suppress_call(pid_t) {}
inline void set_result(pid_t, long) {}
#endif

/// A child process that `body` runs in; it ends with exit code 0, or 98 if `body` is false.
inline pid_t start_traced(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child != 0) return child;
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(99);
  raise(SIGSTOP);
  _exit(body() ? 0 : 98);
}

/// The calls that `body` makes in a child process, where it must be true; nothing where a child cannot be traced.
inline std::optional<std::vector<Call>> trace(const std::function<bool()>& body, const Injection& inject = nullptr) {
  const pid_t child = start_traced(body);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) return std::nullopt;
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  std::vector<Call> calls;
  int error = 0;
  while (ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) == 0 && waitpid(child, &status, 0) == child &&
         !WIFEXITED(status)) {
    __ptrace_syscall_info info = {};
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      ADD_FAILURE() << "the child stopped with status " << status;
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return calls;
    }
    ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      calls.push_back(call_of(child, info));
      error = inject ? inject(calls.back()) : 0;
      if (error != 0) suppress_call(child);
    } else if (const int injected = std::exchange(error, 0); injected != 0) {
      set_result(child, -injected);
    }
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
  // The first is the rest of the stop, the last is the end.
  while (!calls.empty() && (calls.back().number == SYS_exit_group || calls.back().number == SYS_exit)) calls.pop_back();
  return calls;
}

}  // namespace wisp
