#include "text/assemble.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "text/binary_writer.hpp"
#include "text/binder.hpp"
#include "text/field_parser.hpp"
#include "text/type_parser.hpp"
#include "text/wat.hpp"

namespace wisp::text {
namespace {

/// Names of sections in `(@custom "…" (before …))`, in the order of `section_order`.
constexpr std::string_view section_words[] = {
    "type",   "import", "func", "table",     "memory", "tag",  "global",
    "export", "start",  "elem", "datacount", "code",   "data",
};
static_assert(std::size(section_words) == std::size(section_order));

/// Keeps the error that comes first in the source.
void keep_first(std::optional<Error>& kept, std::optional<Error> other) {
  if (other && (!kept || other->offset < kept->offset)) kept = std::move(other);
}

class ModuleParser {
 public:
  ModuleParser(const TokenList& list, const wasm::Features& features) : a_(list, features), in_(a_.in) {}

  Result<std::vector<u8>> run(bool in_script) {
    const bool wrapped = in_.take_open("module");
    if (wrapped) {
      if (in_script) in_.take_word("definition");
      header();
      if (in_.take_word("binary")) return binary();
    }
    if (in_.failed()) return *in_.error();

    // A later pass may find an error in front of the one that stopped an earlier pass.
    std::optional<Error> error;
    const Fields fields = bind_fields(a_);
    if (!in_.failed()) tail(wrapped);
    note_error(error);
    for (u32 annotation : fields.annotations) module_annotation(annotation);
    note_error(error);
    for (u32 field : fields.types) type(field);
    note_error(error);
    encode_fields(a_, fields);
    note_error(error);
    if (error) return *error;
    return write_module(a_);
  }

 private:
  void header() {
    a_.module_name = in_.take_id();
    const std::optional<u32> annotation = in_.take_annotation("name");
    if (!annotation) return;
    const u32 offset = in_.list().tokens[*annotation].offset;
    if (in_.take_annotation("name")) return in_.fail(offset, "@name annotation: multiple module names");
    a_.module_name = annotation_strings(a_, *annotation);
    if (!is_utf8(as_bytes(a_.module_name))) in_.fail(offset, "@name annotation: malformed UTF-8 encoding");
  }

  /// `(module binary "…")`
  Result<std::vector<u8>> binary() {
    std::string bytes;
    while (in_.more()) in_.string(bytes);
    tail(true);
    if (in_.failed()) return *in_.error();
    const Bytes view = as_bytes(bytes);
    return std::vector<u8>(view.begin(), view.end());
  }

  void tail(bool wrapped) {
    if (wrapped) in_.expect_close();
    if (in_.failed()) return;
    const std::vector<u32> annotations = in_.take_annotations();
    if (wrapped && !annotations.empty()) {
      return in_.fail(token(annotations[0]).offset, "misplaced annotation: it stands behind the module");
    }
    if (!in_.at(TokenKind::end)) in_.unexpected("the end of the input");
  }

  void note_error(std::optional<Error>& error) {
    keep_first(error, in_.take_error());
    a_.lenient = error.has_value();
  }

  void type(u32 field) {
    if (in_.failed()) return;
    in_.jump(field);
    type_field(a_);
  }

  const Token& token(u32 index) const { return in_.list().tokens[index]; }
  std::string_view text(u32 index) const { return in_.list().text(token(index)); }

  void module_annotation(u32 annotation) {
    if (in_.failed()) return;
    const u32 offset = token(annotation).offset;
    const std::string_view title = text(annotation).substr(1);
    if (title == "@custom" || title == "@\"custom\"") return custom(annotation);
    if (title == "@name") return in_.fail(offset, "misplaced @name annotation");
    in_.fail(offset, std::string(title) + " annotation: not in a function");
  }

  /// `(@custom "name" place? "bytes"…)`
  void custom(u32 annotation) {
    const std::string title = "@custom annotation: ";
    u32 at = annotation + 1;
    if (token(at).kind != TokenKind::string) return in_.fail(token(at).offset, title + "missing section name");
    CustomSection section;
    decode_string(text(at), section.name);
    if (!is_utf8(as_bytes(section.name))) return in_.fail(token(at).offset, title + "malformed UTF-8 encoding");
    section.place = u32(std::size(section_order));
    ++at;
    if (token(at).kind == TokenKind::open) {
      place(at, section.place);
      at = token(at).link + 1;
    }
    for (; at < token(annotation).link && !in_.failed(); ++at) {
      if (token(at).kind != TokenKind::string) return in_.fail(token(at).offset, title + "unexpected token");
      decode_string(text(at), section.bytes);
    }
    a_.customs.push_back(std::move(section));
  }

  /// `(before x)` or `(after x)`, where x is a section, `first` or `last`.
  void place(u32 open, u32& out) {
    const std::string title = "@custom annotation: ";
    const bool before = text(open + 1) == "before";
    if (!before && text(open + 1) != "after") return in_.fail(token(open).offset, title + "malformed placement");
    if (token(open).link != open + 3) return in_.fail(token(open).offset, title + "malformed section kind");
    const std::string_view word = text(open + 2);
    if (word == (before ? "first" : "last")) {
      out = before ? 0 : u32(std::size(section_order));
      return;
    }
    const auto* found = std::ranges::find(section_words, word);
    if (found == std::end(section_words)) return in_.fail(token(open + 2).offset, title + "malformed section kind");
    out = u32(found - section_words) + (before ? 0 : 1);
  }

  Assembly a_;
  Cursor& in_;
};

}  // namespace

Result<std::vector<u8>> assemble(std::string_view source, const wasm::Features& features) {
  const TokenList list = tokenize(source);
  return ModuleParser(list, features).run(false);
}

Result<std::vector<u8>> assemble_script_module(std::string_view source, const wasm::Features& features) {
  const TokenList list = tokenize(source);
  return ModuleParser(list, features).run(true);
}

}  // namespace wisp::text
