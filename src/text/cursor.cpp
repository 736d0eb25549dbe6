#include "text/cursor.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/utf8.hpp"
#include "text/keywords.hpp"
#include "text/literals.hpp"
#include "text/wat.hpp"

namespace wisp::text {
namespace {

/// Edits (insert, delete, replace) that make one word the other; `bound` + 1 stands for any larger number.
u32 edit_distance(std::string_view a, std::string_view b, u32 bound) {
  if (a.size() > b.size() + bound || b.size() > a.size() + bound) return bound + 1;
  std::vector<u32> row(b.size() + 1);
  for (u32 j = 0; j < row.size(); ++j) row[j] = j;
  for (usize i = 1; i <= a.size(); ++i) {
    u32 diagonal = row[0];
    row[0] = u32(i);
    for (usize j = 1; j <= b.size(); ++j) {
      const u32 replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return std::min(row[b.size()], bound + 1);
}

/// The instruction that the author may have meant; empty if none is close.
std::string_view similar_op(std::string_view word) {
  constexpr usize longest_op = 64;
  if (word.size() < 3 || word.size() > longest_op) return {};
  // Early instructions had their words the other way round: get_local.
  const usize underscore = word.find('_');
  if (underscore != std::string_view::npos) {
    const std::string turned = std::string(word.substr(underscore + 1)) + "." + std::string(word.substr(0, underscore));
    if (const std::optional<wasm::Op> op = find_op(turned)) return info(*op).text;
  }
  std::string_view best;
  u32 best_distance = 3;
  for (const wasm::OpInfo& op : wasm::op_table) {
    const u32 distance = edit_distance(word, op.text, best_distance);
    if (distance < best_distance) {
      best_distance = distance;
      best = op.text;
    }
  }
  return best;
}

std::string quoted(std::string_view text) {
  return "`" + excerpt(text) + "`";
}

}  // namespace

std::string excerpt(std::string_view text) {
  constexpr usize longest = 60;
  if (text.size() <= longest) return std::string(text);
  usize end = longest;
  while ((u8(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

bool Cursor::at_open(std::string_view word) const {
  if (!at(TokenKind::open)) return false;
  return next_word() == word;
}

std::string_view Cursor::next_word() const {
  if (at(TokenKind::end)) return {};
  u32 index = at_ + 1;
  while (list_->tokens[index].kind == TokenKind::annotation) index = list_->tokens[index].link + 1;
  const Token& next = list_->tokens[index];
  return next.kind == TokenKind::atom ? list_->text(next) : std::string_view();
}

bool Cursor::at_index() const {
  if (at(TokenKind::id)) return true;
  const std::string_view text = word();
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

void Cursor::advance() {
  if (at(TokenKind::end)) return;
  if (!pending_.empty()) {
    const u32 annotation = pending_.front();
    return fail(list_->tokens[annotation].offset, "misplaced @" + annotation_name(annotation) + " annotation");
  }
  ++at_;
  settle();
}

bool Cursor::take_word(std::string_view word) {
  if (!at_word(word)) return false;
  advance();
  return true;
}

bool Cursor::take_open(std::string_view word) {
  if (!at_open(word)) return false;
  advance();
  advance();
  return true;
}

void Cursor::expect(TokenKind kind, std::string_view expected) {
  if (!at(kind)) return unexpected(expected);
  advance();
}

void Cursor::expect_open(std::string_view word) {
  if (!take_open(word)) unexpected(quoted("(" + std::string(word)));
}

std::string_view Cursor::take_id() {
  if (!at(TokenKind::id)) return {};
  const std::string_view id = list_->id(peek());
  advance();
  return id;
}

void Cursor::string(std::string& out) {
  if (!at(TokenKind::string)) return unexpected("a string");
  decode_string(list_->text(peek()), out);
  advance();
}

std::string Cursor::name() {
  const u32 start = offset();
  std::string text;
  string(text);
  if (!failed() && !is_utf8(as_bytes(text))) fail(start, "malformed UTF-8 encoding");
  return text;
}

void Cursor::skip_list() {
  if (!at(TokenKind::open)) return unexpected("`(`");
  at_ = peek().link;
  if (!at(TokenKind::close)) return unexpected("`)`");
  ++at_;
  pending_.clear();
  settle();
}

void Cursor::jump(u32 index) {
  at_ = index;
  pending_.clear();
  settle();
}

std::optional<u32> Cursor::take_annotation(std::string_view name) {
  const auto found = std::ranges::find_if(pending_, [&](u32 token) { return annotation_name(token) == name; });
  if (found == pending_.end()) return std::nullopt;
  const u32 token = *found;
  pending_.erase(found);
  return token;
}

std::string Cursor::annotation_name(u32 token) const {
  const std::string_view written = list_->text(list_->tokens[token]).substr(2);
  std::string name;
  if (written.starts_with('"')) {
    decode_string(written, name);
  } else {
    name = written;
  }
  return name;
}

void Cursor::settle() {
  while (at(TokenKind::annotation)) {
    pending_.push_back(at_);
    at_ = peek().link;
    if (at(TokenKind::close)) ++at_;
  }
}

void Cursor::fail(u64 offset, std::string message, std::string hint) {
  fail(Error{ErrorCode::malformed, offset, std::move(message), std::move(hint)});
}

void Cursor::fail(Error error) {
  if (!error_) error_ = std::move(error);
  at_ = u32(list_->tokens.size()) - 1;
  pending_.clear();
}

std::optional<Error> Cursor::take_error() {
  return std::exchange(error_, std::nullopt);
}

std::string Cursor::unclosed_hint() const {
  const u32 end = u32(list_->tokens.size()) - 1;
  for (u32 i = end; i-- > 0;) {
    const Token& token = list_->tokens[i];
    if (token.kind != TokenKind::open || token.link != end) continue;
    const Position where = position(list_->source, token.offset);
    return "the `(` at " + std::to_string(where.line) + ":" + std::to_string(where.column) + " is not closed";
  }
  return {};
}

void Cursor::unexpected(std::string_view expected) {
  const std::string_view text = list_->text(peek());
  const std::string wanted = expected.empty() ? std::string() : ", expected " + std::string(expected);
  switch (peek().kind) {
    case TokenKind::error:
      return fail(list_->errors[peek().link]);
    case TokenKind::end:
      return fail(offset(), "unexpected token: end of input" + wanted, unclosed_hint());
    case TokenKind::reserved:
      return fail(offset(), "unknown operator " + excerpt(text));
    case TokenKind::atom:
      if (!is_keyword(text) && !is_number(text)) {
        const std::string_view similar = similar_op(text);
        return fail(offset(), "unknown operator " + excerpt(text),
                    similar.empty() ? std::string() : "did you mean " + quoted(similar) + "?");
      }
      [[fallthrough]];
    default:
      return fail(offset(), "unexpected token " + quoted(text) + wanted);
  }
}

}  // namespace wisp::text
