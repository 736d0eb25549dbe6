#pragma once

#include <type_traits>

namespace wisp::sys::linux_host {

/// A system call: what the kernel returns, an error as its negative number. The C library's functions for calls that
/// may block are points at which a thread can be cancelled. That would leave the frames of a guest as they stand, and
/// as soon as a process has threads, every call pays for it.
template <class... Arguments>
[[gnu::always_inline]] inline long system_call(long number, Arguments... arguments) {
  static_assert(sizeof...(Arguments) <= 6);
  const auto word = [](auto argument) {
    if constexpr (std::is_pointer_v<decltype(argument)>) {
      return reinterpret_cast<long>(argument);
    } else {
      return long(argument);
    }
  };
  const long words[6] = {word(arguments)...};
#if defined(__x86_64__)
  register long d asm("r10") = words[3];
  register long e asm("r8") = words[4];
  register long f asm("r9") = words[5];
  long result = number;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(words[0]), "S"(words[1]), "d"(words[2]), "r"(d), "r"(e), "r"(f)
               : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long code asm("x8") = number;
  register long a asm("x0") = words[0];
  register long b asm("x1") = words[1];
  register long c asm("x2") = words[2];
  register long d asm("x3") = words[3];
  register long e asm("x4") = words[4];
  register long f asm("x5") = words[5];
  asm volatile("svc #0" : "+r"(a) : "r"(code), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f) : "memory", "cc");
  return a;
#else
#error "no system calls for this processor"
#endif
}

}  // namespace wisp::sys::linux_host
