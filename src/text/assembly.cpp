#include "text/assembly.hpp"

#include "base/leb128.hpp"
#include "base/utf8.hpp"
#include "text/literals.hpp"

namespace wisp::text {

u32 bind(Assembly& a, IndexSpace& space) {
  const u32 index = space.size();
  space.names.emplace_back();
  if (!a.in.at(TokenKind::id)) return index;
  const u32 offset = a.in.offset();
  const std::string_view id = a.in.take_id();
  if (!space.ids.emplace(id, index).second) {
    a.in.fail(offset, "duplicate " + std::string(space.noun) + " $" + excerpt(id));
  } else {
    space.names.back() = id;
  }
  return index;
}

u64 number(Assembly& a, int bits, std::string_view noun) {
  const std::string_view text = a.in.word();
  const Literal literal = parse_unsigned(text, bits);
  if (literal.status == LiteralStatus::out_of_range) {
    a.in.fail(a.in.offset(), "i" + std::to_string(bits) + " constant out of range: " + excerpt(text));
  } else if (literal.status == LiteralStatus::not_a_number) {
    a.in.unexpected(noun);
  } else {
    a.in.advance();
  }
  return literal.bits;
}

u32 index_of(Assembly& a, const IndexSpace& space) {
  if (!a.in.at(TokenKind::id)) return u32(number(a, 32, std::string("a ") + std::string(space.noun) + " index"));
  const u32 offset = a.in.offset();
  const std::string_view id = a.in.take_id();
  const auto found = space.ids.find(id);
  if (found != space.ids.end()) return found->second;
  if (!a.lenient) a.in.fail(offset, "unknown " + std::string(space.noun) + " $" + excerpt(id));
  return 0;
}

u32 optional_index(Assembly& a, const IndexSpace& space, u32 otherwise) {
  return a.in.at_index() ? index_of(a, space) : otherwise;
}

std::string annotation_strings(Assembly& a, u32 annotation) {
  const TokenList& list = a.in.list();
  std::string text;
  for (u32 i = annotation + 1; i < list.tokens[annotation].link; ++i) {
    const Token& token = list.tokens[i];
    if (token.kind != TokenKind::string) {
      a.in.fail(token.offset,
                std::string(list.text(list.tokens[annotation]).substr(1)) + " annotation: unexpected token");
      break;
    }
    decode_string(list.text(token), text);
  }
  return text;
}

void name_annotation(Assembly& a, std::string& name) {
  const std::optional<u32> annotation = a.in.take_annotation("name");
  if (!annotation) return;
  const u32 offset = a.in.list().tokens[*annotation].offset;
  if (a.in.take_annotation("name")) return a.in.fail(offset, "@name annotation: multiple names");
  std::string text = annotation_strings(a, *annotation);
  if (a.in.failed()) return;
  if (!is_utf8(as_bytes(text))) return a.in.fail(offset, "@name annotation: malformed UTF-8 encoding");
  name = std::move(text);
}

void write_name(ByteBuffer& out, std::string_view name) {
  write_uleb(out, name.size());
  append(out, name);
}

void append(ByteBuffer& out, std::string_view bytes) {
  const Bytes view = as_bytes(bytes);
  out.insert(out.end(), view.begin(), view.end());
}

}  // namespace wisp::text
