#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/int.hpp"
#include "base/result.hpp"

namespace wisp::text {

/// https://webassembly.github.io/spec/core/text/lexical.html#tokens
enum class TokenKind : u8 {
  open,        // `(`; `link` is the index of its `)`, or of `end` if it is not closed
  close,       // `)`
  atom,        // a keyword or a number
  id,          // `$name` or `$"name"`
  string,      // with its quotes, not decoded
  annotation,  // `(@id` of an annotation that means something here; its tokens follow; `link` is the index of its `)`
  reserved,    // characters that make no token
  error,       // `link` is an index into `TokenList::errors`
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  u32 offset = 0;
  u32 size = 0;
  u32 link = 0;
};

/// A whole source text as tokens. The last one is `end`. Annotations that mean nothing here are left out.
struct TokenList {
  std::string_view source;
  std::vector<Token> tokens;
  std::vector<std::string> decoded;  // of quoted identifiers and annotation names; `Token::link` is one past the index
  std::vector<Error> errors;

  std::string_view text(const Token& token) const { return source.substr(token.offset, token.size); }
  /// Without the `$`, decoded.
  std::string_view id(const Token& token) const {
    return token.link == 0 ? text(token).substr(1) : std::string_view(decoded[token.link - 1]);
  }
};

/// Never fails as a whole: what is no token becomes one of kind `error`.
TokenList tokenize(std::string_view source);

/// Appends what a string literal, quotes included, stands for. The literal came from `tokenize`, so it is well-formed.
void decode_string(std::string_view literal, std::string& out);

}  // namespace wisp::text
