#include "text/lexer.hpp"

#include <array>
#include <optional>

#include "base/bytes.hpp"
#include "base/utf8.hpp"
#include "text/limits.hpp"

namespace wisp::text {
namespace {

// https://webassembly.github.io/spec/core/text/values.html#text-idchar
constexpr auto id_chars = [] {
  std::array<bool, 256> table{};
  for (int c = '!'; c <= '~'; ++c) table[usize(c)] = true;
  for (char c : std::string_view("\"(),;[]{}")) table[u8(c)] = false;
  return table;
}();

bool is_id_char(char c) {
  return id_chars[u8(c)];
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, u32 code_point) {
  if (code_point < 0x80) {
    out.push_back(char(code_point));
    return;
  }
  if (code_point < 0x800) {
    out.push_back(char(0xc0 | (code_point >> 6)));
  } else {
    if (code_point < 0x10000) {
      out.push_back(char(0xe0 | (code_point >> 12)));
    } else {
      out.push_back(char(0xf0 | (code_point >> 18)));
      out.push_back(char(0x80 | ((code_point >> 12) & 0x3f)));
    }
    out.push_back(char(0x80 | ((code_point >> 6) & 0x3f)));
  }
  out.push_back(char(0x80 | (code_point & 0x3f)));
}

bool means_something(std::string_view annotation) {
  return annotation == "name" || annotation == "custom" || annotation == "metadata.code.branch_hint";
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) { list_.source = source; }

  TokenList run() {
    if (size() > max_source_bytes) {
      at_ = size();
      list_.errors.push_back({ErrorCode::limit, 0, "the source is larger than max_source_bytes (1 GiB)", {}});
      push(TokenKind::error, 0).link = 0;
    }
    while (skip_space() && list_.errors.size() < max_lexical_errors) token();
    const u32 end = u32(list_.tokens.size());
    push(TokenKind::end, at_);
    if (annotation_depth_ > 0) close_unclosed_annotation(end);
    for (u32 open : open_) list_.tokens[open].link = end;
    return std::move(list_);
  }

 private:
  u32 size() const { return u32(std::min<usize>(list_.source.size(), max_source_bytes + 1)); }
  bool done() const { return at_ >= size(); }
  char peek(u32 ahead = 0) const { return at_ + ahead < size() ? list_.source[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view text) const { return list_.source.substr(at_).starts_with(text); }

  Token& push(TokenKind kind, u32 offset) {
    list_.tokens.push_back({kind, offset, at_ - offset, 0});
    return list_.tokens.back();
  }

  void fail(u32 offset, std::string message) {
    list_.errors.push_back({ErrorCode::malformed, offset, std::move(message), {}});
    list_.tokens.push_back({TokenKind::error, offset, 0, u32(list_.errors.size()) - 1});
  }

  /// Moves over one character that is not ASCII; false after an error.
  bool wide_char() {
    const u32 start = at_;
    const u8 lead = u8(peek());
    const u32 length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (start + length <= size() && is_utf8(as_bytes(list_.source.substr(start, length)))) {
      at_ += length;
      return true;
    }
    ++at_;
    fail(start, "malformed UTF-8 encoding");
    return false;
  }

  /// Moves to the next token; false at the end of the source.
  bool skip_space() {
    while (!done()) {
      const char c = peek();
      if (is_space(c)) {
        ++at_;
      } else if (c == ';' && peek(1) == ';') {
        line_comment();
      } else if (c == '(' && peek(1) == ';') {
        block_comment();
      } else {
        return true;
      }
    }
    return false;
  }

  void line_comment() {
    while (!done() && peek() != '\n' && peek() != '\r') {
      if (u8(peek()) < 0x80) {
        ++at_;
      } else if (!wide_char()) {
        return;
      }
    }
  }

  void block_comment() {
    const u32 start = at_;
    u32 depth = 0;
    while (!done()) {
      if (looking_at("(;")) {
        ++depth;
        at_ += 2;
      } else if (looking_at(";)")) {
        at_ += 2;
        if (--depth == 0) return;
      } else if (u8(peek()) < 0x80) {
        ++at_;
      } else if (!wide_char() && list_.errors.size() >= max_lexical_errors) {
        return;
      }
    }
    fail(start, "unclosed comment");
  }

  void token() {
    const char c = peek();
    const u32 start = at_;
    if (c == '(') {
      if (peek(1) == '@' && skipped_depth_ == 0 && annotation_depth_ == 0) return annotation();
      ++at_;
      open(start, TokenKind::open);
    } else if (c == ')') {
      ++at_;
      close(start);
    } else if (c == '"' || is_id_char(c)) {
      word();
    } else if (std::string_view(",;[]{}").contains(c)) {
      ++at_;
      if (skipped_depth_ == 0) push(TokenKind::reserved, start);
    } else if (u8(c) >= 0x80) {
      if (wide_char()) fail(start, "illegal character");
    } else {
      ++at_;
      fail(start, "illegal character");
    }
  }

  void open(u32 start, TokenKind kind) {
    if (skipped_depth_ > 0) {
      ++skipped_depth_;
      return;
    }
    if (annotation_depth_ > 0 || kind == TokenKind::annotation) ++annotation_depth_;
    open_.push_back(u32(list_.tokens.size()));
    push(kind, start);
  }

  void close(u32 start) {
    if (skipped_depth_ > 0) {
      --skipped_depth_;
      return;
    }
    if (annotation_depth_ > 0) --annotation_depth_;
    if (!open_.empty()) {
      list_.tokens[open_.back()].link = u32(list_.tokens.size());
      open_.pop_back();
    }
    push(TokenKind::close, start);
  }

  /// `(@id`: begins an annotation that is kept, or one that is skipped up to its `)`.
  void annotation() {
    const u32 start = at_;
    at_ += 2;
    const u32 name_start = at_;
    std::string name;
    if (peek() == '"') {
      if (!string(name_start)) return;
      decode_string(list_.source.substr(name_start, at_ - name_start), name);
      if (!is_utf8(as_bytes(name))) return fail(name_start, "malformed UTF-8 encoding");
    } else {
      while (is_id_char(peek())) ++at_;
      name = list_.source.substr(name_start, at_ - name_start);
    }
    if (name.empty()) return fail(start, "empty annotation id");
    if (means_something(name)) {
      open(start, TokenKind::annotation);
    } else {
      skip_annotation(start);
    }
  }

  void skip_annotation(u32 start) {
    skipped_depth_ = 1;
    const usize errors_before = list_.errors.size();
    while (skip_space() && list_.errors.size() == errors_before) {
      token();
      if (skipped_depth_ == 0) return;
    }
    skipped_depth_ = 0;
    if (list_.errors.size() == errors_before) fail(start, "unclosed annotation");
  }

  void close_unclosed_annotation(u32 end) {
    u32 outermost = end;
    for (u32 open : open_) {
      if (list_.tokens[open].kind == TokenKind::annotation) outermost = std::min(outermost, open);
    }
    if (outermost == end) return;
    list_.errors.push_back({ErrorCode::malformed, list_.tokens[outermost].offset, "unclosed annotation", {}});
    list_.tokens[outermost].kind = TokenKind::error;
    list_.tokens[outermost].link = u32(list_.errors.size()) - 1;
    std::erase(open_, outermost);
  }

  /// A run of identifier characters and strings without a space between them: one token, if it is one.
  void word() {
    const u32 start = at_;
    u32 pieces = 0;
    bool plain = true;
    while (!done() && (peek() == '"' || is_id_char(peek()))) {
      ++pieces;
      if (peek() == '"') {
        const u32 string_start = at_;
        if (!string(string_start)) return;
        plain = false;
      } else {
        while (is_id_char(peek())) ++at_;
      }
    }
    if (skipped_depth_ > 0) return;
    const bool dollar = list_.source[start] == '$';
    if (plain) return plain_word(start, dollar);
    if (pieces == 1) {
      push(TokenKind::string, start);
    } else if (pieces == 2 && dollar && list_.source[start + 1] == '"') {
      quoted_id(start);
    } else {
      push(TokenKind::reserved, start);
    }
  }

  void plain_word(u32 start, bool dollar) {
    if (dollar && at_ == start + 1 && annotation_depth_ == 0) return fail(start, "empty identifier");
    push(dollar ? TokenKind::id : TokenKind::atom, start);
  }

  void quoted_id(u32 start) {
    std::string name;
    decode_string(list_.source.substr(start + 1, at_ - start - 1), name);
    if (name.empty()) return fail(start, "empty identifier");
    if (!is_utf8(as_bytes(name))) return fail(start, "malformed UTF-8 encoding");
    list_.decoded.push_back(std::move(name));
    push(TokenKind::id, start).link = u32(list_.decoded.size());
  }

  /// Moves over a string literal; false after an error.
  bool string(u32 start) {
    const bool of_id = start > 0 && list_.source[start - 1] == '$';
    const bool of_annotation = start > 1 && list_.source.substr(start - 2, 2) == "(@";
    ++at_;
    while (!done()) {
      const char c = peek();
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!escape()) return false;
      } else if (u8(c) >= 0x80) {
        if (!wide_char()) return false;
      } else if (u8(c) < 0x20 || c == 0x7f) {
        // The specification's own tests see no string here at all, so the `$` or `(@` stands alone.
        if (of_id) return fail(start - 1, "empty identifier, or a control character in it"), false;
        if (of_annotation) return fail(start, "empty annotation id, or a control character in it"), false;
        if (c == '\n' || c == '\r') break;
        fail(at_++, "illegal character in a string");
        return false;
      } else {
        ++at_;
      }
    }
    fail(start, "unclosed string");
    return false;
  }

  bool escape() {
    const u32 start = at_++;
    const char c = peek();
    if (c != '\0' && std::string_view("tnr\"'\\").contains(c)) {
      ++at_;
      return true;
    }
    if (c == 'u') {
      ++at_;
      if (unicode_escape()) return true;
    } else if (hex_digit(c) >= 0 && hex_digit(peek(1)) >= 0) {
      at_ += 2;
      return true;
    }
    fail(start, "illegal escape in a string");
    return false;
  }

  /// `{hex digits}` of a Unicode scalar value.
  bool unicode_escape() {
    if (peek() != '{') return false;
    ++at_;
    u32 value = 0;
    const u32 start = at_;
    while (hex_digit(peek()) >= 0 || (peek() == '_' && at_ > start && hex_digit(peek(1)) >= 0)) {
      if (peek() != '_') value = value * 16 + u32(hex_digit(peek()));
      if (value > 0x10ffff) return false;
      ++at_;
    }
    if (at_ == start || peek() != '}' || (value >= 0xd800 && value < 0xe000)) return false;
    ++at_;
    return true;
  }

  TokenList list_;
  std::vector<u32> open_;  // tokens that are not closed yet
  u32 at_ = 0;
  u32 annotation_depth_ = 0;  // parentheses open since a kept annotation began
  u32 skipped_depth_ = 0;     // the same for a skipped one
};

/// One character or escape at `at`, which moves behind it.
void decode_one(std::string_view body, usize& at, std::string& out) {
  if (body[at] != '\\') {
    out.push_back(body[at++]);
    return;
  }
  const char c = body[at + 1];
  at += 2;
  switch (c) {
    case 't':
      out.push_back('\t');
      return;
    case 'n':
      out.push_back('\n');
      return;
    case 'r':
      out.push_back('\r');
      return;
    case '"':
    case '\'':
    case '\\':
      out.push_back(c);
      return;
    case 'u': {
      u32 value = 0;
      for (++at; body[at] != '}'; ++at) {
        if (body[at] != '_') value = value * 16 + u32(hex_digit(body[at]));
      }
      ++at;
      append_utf8(out, value);
      return;
    }
    default:
      out.push_back(char(hex_digit(c) * 16 + hex_digit(body[at])));
      ++at;
  }
}

}  // namespace

TokenList tokenize(std::string_view source) {
  return Lexer(source).run();
}

void decode_string(std::string_view literal, std::string& out) {
  const std::string_view body = literal.substr(1, literal.size() - 2);
  usize at = 0;
  while (at < body.size()) decode_one(body, at, out);
}

}  // namespace wisp::text
