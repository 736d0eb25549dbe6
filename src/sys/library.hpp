#pragma once

#include <string>

namespace wisp::sys {

/// A shared library that was found, for the rest of the process; the address of one of its symbols, null if the library
/// or the symbol is not there. A name without a slash is looked for beside the program (or the library) that this is
/// linked into, then where the system looks.
void* library_symbol(const std::string& library, const char* symbol);

}  // namespace wisp::sys
