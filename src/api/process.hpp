#pragma once

#include <chrono>

/// What a program that is nothing but a host for guests does to its own process: the command.
namespace wisp {

/// Prepares the whole process, once at start: opens /dev/null where standard input, output or error is closed, so that
/// nothing of ours takes its number and looks like it to a guest; lets writing to a pipe that nobody reads be an error
/// instead of the process's end.
void prepare_process();

/// Ends the process: writes what C's streams hold back, and waits for no thread and no destructor.
[[noreturn]] void leave_process(int code);

unsigned process_id();
/// What the calling thread has used.
std::chrono::nanoseconds thread_cpu_time();

enum class StandardStream : unsigned char { input, output, error };

bool is_terminal(StandardStream stream);

}  // namespace wisp
