#pragma once

/// For programs that show text to people: the command.
namespace wisp {

enum class StandardStream : unsigned char { input, output, error };

bool is_terminal(StandardStream stream);

}  // namespace wisp
