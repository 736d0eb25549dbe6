#include "text/binder.hpp"

#include <algorithm>

namespace wisp::text {
namespace {

class Binder {
 public:
  explicit Binder(Assembly& a) : a_(a), in_(a.in) {}

  Fields run() {
    annotations();
    while (in_.more()) {
      field();
      annotations();
    }
    return std::move(fields_);
  }

 private:
  void annotations() {
    const std::vector<u32> here = in_.take_annotations();
    fields_.annotations.insert(fields_.annotations.end(), here.begin(), here.end());
  }

  void field() {
    const u32 start = in_.index();
    if (!in_.at(TokenKind::open)) return in_.unexpected("a module field");
    const std::string_view word = in_.next_word();
    const bool is_type = word == "type" || word == "rec";
    contents(word);
    if (in_.failed()) return;
    in_.jump(start);
    // A field that is not closed is looked into all the same: what is wrong may stand in front of the end.
    (is_type ? fields_.types : fields_.others).push_back(start);
    in_.skip_list();
  }

  void contents(std::string_view word) {
    if (IndexSpace* space = entity(word)) return definition(*space);
    if (word == "export") return;
    enter();
    if (word == "type") {
      bind_only(a_.types);
    } else if (word == "rec") {
      rec();
    } else if (word == "import") {
      import();
    } else if (word == "elem") {
      bind_only(a_.elems);
    } else if (word == "data") {
      bind_only(a_.datas);
    } else if (word == "start") {
      if (has_start_) in_.fail(in_.offset(), "multiple start sections");
      has_start_ = true;
    } else {
      // The keyword itself does not belong here.
      in_.jump(keyword_);
      in_.unexpected("a module field");
    }
  }

  /// Over the `(` and the keyword; what annotations stand between is for the later passes.
  void enter() {
    in_.take_annotations();
    in_.advance();
    in_.take_annotations();
    keyword_ = in_.index();
    in_.advance();
    in_.take_annotations();
  }

  IndexSpace* entity(std::string_view word) {
    if (word == "func") return &a_.funcs;
    if (word == "table") return &a_.tables;
    if (word == "memory") return &a_.memories;
    if (word == "global") return &a_.globals;
    if (word == "tag") return &a_.tags;
    return nullptr;
  }

  void bind_only(IndexSpace& space) {
    bind(a_, space);
    in_.take_annotations();
  }

  void rec() {
    while (in_.more() && !in_.failed()) {
      const u32 start = in_.index();
      if (!in_.at_open("type")) return in_.unexpected("`(type`");
      enter();
      bind_only(a_.types);
      if (in_.failed()) return;
      in_.jump(start);
      in_.skip_list();
    }
  }

  void import() {
    const u32 keyword = keyword_;
    std::string ignored;
    in_.string(ignored);
    in_.take_annotations();
    in_.string(ignored);
    in_.take_annotations();
    if (in_.failed()) return;
    IndexSpace* space = entity(in_.next_word());
    if (!in_.at(TokenKind::open) || space == nullptr) return in_.unexpected("an import's type");
    enter();
    note_import(keyword);
    if (!in_.failed()) bind(a_, *space);
  }

  void note_import(u32 token) {
    if (!defined_.empty()) {
      in_.fail(in_.list().tokens[token].offset,
               "import after " + std::string(defined_ == "func" ? "function" : defined_),
               "imports come before all definitions of functions, tables, memories, globals and tags");
    }
  }

  /// A func, table, memory, global or tag, imported or not, with the segment that it may hold.
  void definition(IndexSpace& space) {
    const u32 start = in_.index();
    enter();
    bind_only(space);
    while (!in_.failed() && in_.at_open("export")) {
      in_.skip_list();
      in_.take_annotations();
    }
    if (in_.failed()) return;
    if (in_.at_open("import")) return note_import(in_.index());
    if (defined_.empty()) defined_ = space.noun;
    if (&space == &a_.tables && has_child(start, "elem")) a_.elems.names.emplace_back();
    if (&space == &a_.memories && has_child(start, "data")) a_.datas.names.emplace_back();
  }

  /// Whether the list that begins at the token directly contains a list that begins with the word.
  bool has_child(u32 open, std::string_view word) const {
    const TokenList& list = in_.list();
    for (u32 i = open + 1; i < list.tokens[open].link; ++i) {
      const Token& token = list.tokens[i];
      if (token.kind != TokenKind::open && token.kind != TokenKind::annotation) continue;
      const Token& first = list.tokens[i + 1];
      if (token.kind == TokenKind::open && first.kind == TokenKind::atom && list.text(first) == word) return true;
      i = token.link;
    }
    return false;
  }

  Assembly& a_;
  Cursor& in_;
  Fields fields_;
  u32 keyword_ = 0;
  bool has_start_ = false;
  std::string_view defined_;  // what was defined first, if anything
};

}  // namespace

Fields bind_fields(Assembly& a) {
  return Binder(a).run();
}

}  // namespace wisp::text
