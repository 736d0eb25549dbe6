#pragma once

#include <memory>
#include <string>

#include "wisp/error.hpp"

#include "sys/code_log.hpp"
#include "sys/directory.hpp"

/// How an embedder gets hold of things by name. Nothing below the API may include this header: what it needs, it is
/// handed.
namespace wisp::sys {

/// Whether this host can do what the rest relies on (Linux: `openat2`, version 5.6). Call it once at start.
Result<void> check_host();

/// Opens a directory by host path, following symbolic links; the object stays with the directory whatever happens to
/// its name.
Outcome<std::unique_ptr<Directory>> open_host_directory(const std::string& path);

/// Opens a directory by host path that nobody but this user can read or write, and makes it if only its last component,
/// or the last two, are missing. An error says what is wrong with one that is there, a symbolic link included.
Result<std::unique_ptr<Directory>> open_private_directory(const std::string& path);

/// Whether one of two directories is the other, or is somewhere in it, by whatever names. What is missing of a path
/// counts as if it had been made. True, too, if that cannot be told of two that are there.
bool directories_overlap(const std::string& one, const std::string& other);

/// Standard input, output or error. The descriptor is not closed with the node. If the descriptor is not open, a node
/// that reads nothing and swallows what is written.
std::unique_ptr<Node> standard_stream(int which);
/// Whether standard input, output or error is a terminal.
bool is_terminal(int which);

/// A listening TCP socket on "HOST:PORT", HOST a numeric address ([...] around IPv6) or "localhost".
Result<std::unique_ptr<Node>> listen_tcp(const std::string& address);
/// The "HOST:PORT" that a socket is bound to.
Outcome<std::string> local_address(Node& socket);

/// Opens /dev/null where standard input, output or error is closed, so that nothing opened later takes its number. For
/// the whole process, before anything else is opened.
void open_standard_streams();

/// Lets the process open as many descriptors as the host allows it to; guests have budgets of their own.
void raise_descriptor_limit();

/// Writing to a pipe or socket that nobody reads, or beyond the largest file that the process may make, is to report
/// `pipe` or `fbig` instead of ending the process. For the whole process.
void ignore_broken_pipes();

struct OpenedCodeLog {
  std::unique_ptr<CodeLog> log;
  std::string path;
};
/// /tmp/perf-PID.map, where `perf report` looks for names.
Result<OpenedCodeLog> open_perf_map();
/// jit-PID.dump in the directory, which `perf inject --jit` reads.
Result<OpenedCodeLog> open_jit_dump(const std::string& directory);

u32 process_id();

/// Ends the process at once, without any destructor and without waiting for other threads.
[[noreturn]] void leave_process(int code);

}  // namespace wisp::sys
