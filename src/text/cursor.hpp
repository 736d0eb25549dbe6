#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/lexer.hpp"

namespace wisp::text {

/// A part of the source for a message: of a long one only the beginning.
std::string excerpt(std::string_view text);

/// A place in a token list, with the first error met there. After an error it stands at the end of the list, so that
/// every loop that asks `more()` and every expectation ends by itself.
class Cursor {
 public:
  explicit Cursor(const TokenList& list) : list_(&list) { settle(); }

  const Token& peek() const { return list_->tokens[at_]; }
  u32 offset() const { return peek().offset; }
  u32 index() const { return at_; }
  const TokenList& list() const { return *list_; }

  bool at(TokenKind kind) const { return peek().kind == kind; }
  bool at_word(std::string_view word) const { return at(TokenKind::atom) && list_->text(peek()) == word; }
  /// At `(` and then this word.
  bool at_open(std::string_view word) const;
  /// An identifier, or a word that begins like an unsigned number.
  bool at_index() const;
  /// Neither at a `)` nor at the end.
  bool more() const { return !at(TokenKind::close) && !at(TokenKind::end); }
  /// The word at the cursor, empty if there is none.
  std::string_view word() const { return at(TokenKind::atom) ? list_->text(peek()) : std::string_view(); }
  /// The word behind the current token, likewise.
  std::string_view next_word() const;

  void advance();
  bool take_word(std::string_view word);
  bool take_open(std::string_view word);
  /// `expected` is what the message says in place of the token: "`)`", "a value type".
  void expect(TokenKind kind, std::string_view expected);
  void expect_close() { expect(TokenKind::close, "`)`"); }
  void expect_open(std::string_view word);
  /// The identifier at the cursor without its `$`, if there is one. It is never empty.
  std::string_view take_id();
  /// Appends the decoded string literal at the cursor.
  void string(std::string& out);
  /// A string literal that is UTF-8.
  std::string name();

  /// From the `(` at the cursor to behind its `)`, unread.
  void skip_list();
  void jump(u32 index);
  /// Takes all annotations that stand between the last token and this one; their token indices.
  std::vector<u32> take_annotations() { return std::exchange(pending_, {}); }
  /// Takes the first annotation of that name that stands between the last token and this one; its token index.
  std::optional<u32> take_annotation(std::string_view name);
  /// Whether there are annotations here that nothing took yet.
  bool has_annotations() const { return !pending_.empty(); }

  void fail(u64 offset, std::string message, std::string hint = {});
  void fail(Error error);
  /// The token at the cursor does not belong here.
  void unexpected(std::string_view expected);
  bool failed() const { return error_.has_value(); }
  const std::optional<Error>& error() const { return error_; }
  /// Forgets the error, so that another pass can look for an earlier one.
  std::optional<Error> take_error();

 private:
  std::string annotation_name(u32 token) const;
  /// Moves over annotations at the cursor and remembers them.
  void settle();
  std::string unclosed_hint() const;

  const TokenList* list_;
  u32 at_ = 0;
  std::vector<u32> pending_;  // annotations between the last token and this one
  std::optional<Error> error_;
};

}  // namespace wisp::text
