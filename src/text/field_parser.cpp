#include "text/field_parser.hpp"

#include <algorithm>

#include "base/leb128.hpp"
#include "base/utf8.hpp"
#include "text/code_parser.hpp"
#include "text/type_parser.hpp"

namespace wisp::text {

using wasm::ExternKind;
using wasm::Op;

namespace {

constexpr u8 end_code = 0x0b;

bool is_funcref(const RefType& type) {
  return type.nullable && type.heap == i64(wasm::HeapKind::func) - 0x80;
}

class FieldParser {
 public:
  explicit FieldParser(Assembly& a) : a_(a), in_(a.in), code_(a) {}

  void run(const Fields& fields) {
    for (u32 field : fields.others) {
      if (in_.failed()) return;
      in_.jump(field);
      this->field();
    }
  }

 private:
  void field() {
    const std::string_view word = in_.next_word();
    in_.advance();
    in_.advance();
    if (word == "func") {
      func();
    } else if (word == "table") {
      table();
    } else if (word == "memory") {
      memory();
    } else if (word == "global") {
      global();
    } else if (word == "tag") {
      tag();
    } else if (word == "import") {
      import();
    } else if (word == "export") {
      export_();
    } else if (word == "start") {
      start();
    } else if (word == "elem") {
      elem();
    } else {
      data();
    }
    in_.expect_close();
  }

  ByteBuffer& out(SectionId id) { return a_.section(id).bytes; }
  ByteBuffer& entry(SectionId id) {
    ++a_.section(id).count;
    return out(id);
  }

  /// The next entity of a space: its identifier was bound by the first pass, its name annotation is read here.
  u32 next_entity(IndexSpace& space, u32& counter) {
    const u32 index = counter++;
    in_.take_id();
    if (!in_.failed()) name_annotation(a_, space.names[index]);
    return index;
  }

  void inline_exports(ExternKind kind, u32 index) {
    while (in_.take_open("export")) {
      ByteBuffer& bytes = entry(SectionId::export_);
      write_name(bytes, in_.name());
      bytes.push_back(u8(kind));
      write_uleb(bytes, index);
      in_.expect_close();
    }
  }

  /// `(import "module" "name")` inside a definition; writes the import up to its type.
  bool inline_import(ExternKind kind) {
    if (!in_.take_open("import")) return false;
    ByteBuffer& bytes = entry(SectionId::import);
    write_name(bytes, in_.name());
    write_name(bytes, in_.name());
    bytes.push_back(u8(kind));
    in_.expect_close();
    return true;
  }

  void import() {
    ByteBuffer& bytes = entry(SectionId::import);
    write_name(bytes, in_.name());
    write_name(bytes, in_.name());
    const std::string_view word = in_.next_word();
    in_.expect(TokenKind::open, "an import's type");
    in_.advance();
    if (in_.failed()) return;
    if (word == "func") {
      bytes.push_back(u8(ExternKind::func));
      func_type(next_entity(a_.funcs, funcs_), bytes);
    } else if (word == "table") {
      next_entity(a_.tables, tables_);
      bytes.push_back(u8(ExternKind::table));
      table_type(take_address_type(a_), bytes);
    } else if (word == "memory") {
      next_entity(a_.memories, memories_);
      bytes.push_back(u8(ExternKind::memory));
      memory_type(take_address_type(a_), bytes);
    } else if (word == "global") {
      next_entity(a_.globals, globals_);
      bytes.push_back(u8(ExternKind::global));
      global_type(a_, bytes);
    } else {
      next_entity(a_.tags, tags_);
      bytes.push_back(u8(ExternKind::tag));
      tag_type(bytes);
    }
    in_.expect_close();
  }

  /// The type of a function, whose parameters become its first locals.
  void func_type(u32 func_index, ByteBuffer& bytes) {
    a_.locals.clear();
    const TypeUse use = type_use(a_, ParamIds::bound);
    write_uleb(bytes, resolve(a_, use));
    func_index_ = func_index;
    note_local_names();
  }

  void note_local_names() {
    std::vector<std::pair<u32, std::string>> names;
    for (u32 i = 0; i < a_.locals.size(); ++i) {
      if (!a_.locals.names[i].empty()) names.emplace_back(i, a_.locals.names[i]);
    }
    if (!names.empty()) a_.local_names[func_index_] = std::move(names);
  }

  void func() {
    const u32 index = next_entity(a_.funcs, funcs_);
    inline_exports(ExternKind::func, index);
    if (inline_import(ExternKind::func)) return func_type(index, out(SectionId::import));
    func_type(index, entry(SectionId::func));
    body_.clear();
    locals();
    note_local_names();
    code_.body(body_, index);
    ByteBuffer& bytes = entry(SectionId::code);
    write_uleb(bytes, body_.size());
    bytes.insert(bytes.end(), body_.begin(), body_.end());
  }

  /// The declarations of locals, written in runs of equal types.
  void locals() {
    ByteBuffer runs;
    ByteBuffer previous;
    u32 run_count = 0;
    u32 length = 0;
    const auto flush = [&] {
      if (length == 0) return;
      write_uleb(runs, length);
      runs.insert(runs.end(), previous.begin(), previous.end());
      ++run_count;
    };
    const auto local = [&] {
      ByteBuffer type;
      value_type(a_, type);
      if (type != previous) {
        flush();
        length = 0;
        previous = std::move(type);
      }
      ++length;
    };
    while (in_.take_open("local")) {
      if (in_.at(TokenKind::id) || in_.has_annotations()) {
        const u32 index = bind(a_, a_.locals);
        if (!in_.failed()) name_annotation(a_, a_.locals.names[index]);
        local();
      } else {
        for (; in_.more(); local()) a_.locals.names.emplace_back();
      }
      in_.expect_close();
    }
    flush();
    write_uleb(body_, run_count);
    body_.insert(body_.end(), runs.begin(), runs.end());
  }

  void table_type(bool is_64, ByteBuffer& bytes) {
    LimitsText size{.is_64 = is_64};
    limits(a_, size);
    write(bytes, ref_type(a_));
    write(bytes, size);
  }

  void table() {
    const u32 index = next_entity(a_.tables, tables_);
    inline_exports(ExternKind::table, index);
    const bool imported = inline_import(ExternKind::table);
    const bool is_64 = take_address_type(a_);
    if (imported) return table_type(is_64, out(SectionId::import));
    ByteBuffer& bytes = entry(SectionId::table);
    if (at_ref_type(in_)) return table_with_elems(index, is_64, bytes);
    ByteBuffer type;
    table_type(is_64, type);
    if (in_.more()) {
      bytes.push_back(0x40);
      bytes.push_back(0x00);
      bytes.insert(bytes.end(), type.begin(), type.end());
      return code_.expression(bytes);
    }
    bytes.insert(bytes.end(), type.begin(), type.end());
  }

  /// `reftype (elem …)`: a table just large enough, and an active segment.
  void table_with_elems(u32 table, bool is_64, ByteBuffer& bytes) {
    Elems elems{.active = true, .table = table};
    elems.type = ref_type(a_);
    in_.expect_open("elem");
    write_zero(is_64, elems.offset);
    if (!in_.at_index()) {
      elem_expressions(elems);
    } else if (is_funcref(elems.type)) {
      func_indices(elems);
    } else {
      func_references(elems);
    }
    in_.expect_close();
    ++elems_;
    write(bytes, elems.type);
    write(bytes, LimitsText{.is_64 = is_64, .has_max = true, .min = elems.count, .max = elems.count});
    write_elem(elems);
  }

  void write_zero(bool is_64, ByteBuffer& bytes) {
    bytes.push_back(u8(info(is_64 ? Op::i64_const : Op::i32_const).code));
    bytes.push_back(0);
    bytes.push_back(end_code);
  }

  void memory_type(bool is_64, ByteBuffer& bytes) {
    LimitsText size{.is_64 = is_64};
    limits(a_, size);
    size.shared = in_.take_word("shared");
    page_size(a_, size);
    write(bytes, size);
  }

  void memory() {
    const u32 index = next_entity(a_.memories, memories_);
    inline_exports(ExternKind::memory, index);
    const bool imported = inline_import(ExternKind::memory);
    const bool is_64 = take_address_type(a_);
    if (imported) return memory_type(is_64, out(SectionId::import));
    ByteBuffer& bytes = entry(SectionId::memory);
    if (!in_.at(TokenKind::open)) return memory_type(is_64, bytes);
    LimitsText size{.is_64 = is_64, .has_max = true};
    page_size(a_, size);
    in_.expect_open("data");
    std::string content;
    while (in_.more()) in_.string(content);
    in_.expect_close();
    const u64 page_bytes = u64{1} << size.page_size_log2.value_or(16);
    size.min = size.max = content.size() / page_bytes + (content.size() % page_bytes != 0 ? 1 : 0);
    write(bytes, size);
    ++datas_;
    ByteBuffer offset;
    write_zero(is_64, offset);
    write_data(index, offset, content);
  }

  void global() {
    const u32 index = next_entity(a_.globals, globals_);
    inline_exports(ExternKind::global, index);
    if (inline_import(ExternKind::global)) return global_type(a_, out(SectionId::import));
    ByteBuffer& bytes = entry(SectionId::global);
    global_type(a_, bytes);
    code_.expression(bytes);
  }

  void tag_type(ByteBuffer& bytes) {
    bytes.push_back(0);
    a_.locals.clear();
    const TypeUse use = type_use(a_, ParamIds::bound);
    write_uleb(bytes, resolve(a_, use));
  }

  void tag() {
    const u32 index = next_entity(a_.tags, tags_);
    inline_exports(ExternKind::tag, index);
    tag_type(inline_import(ExternKind::tag) ? out(SectionId::import) : entry(SectionId::tag));
  }

  void export_() {
    ByteBuffer& bytes = entry(SectionId::export_);
    write_name(bytes, in_.name());
    struct Row {
      std::string_view word;
      ExternKind kind;
      IndexSpace& space;
    };
    const Row rows[] = {{"func", ExternKind::func, a_.funcs},
                        {"table", ExternKind::table, a_.tables},
                        {"memory", ExternKind::memory, a_.memories},
                        {"global", ExternKind::global, a_.globals},
                        {"tag", ExternKind::tag, a_.tags}};
    const auto* row = std::ranges::find(rows, in_.next_word(), &Row::word);
    if (!in_.at(TokenKind::open) || row == std::end(rows)) return in_.unexpected("what is exported");
    in_.take_open(row->word);
    bytes.push_back(u8(row->kind));
    write_uleb(bytes, index_of(a_, row->space));
    in_.expect_close();
  }

  void start() { write_uleb(entry(SectionId::start), index_of(a_, a_.funcs)); }

  /// An element segment being read.
  struct Elems {
    bool active = false;
    bool declarative = false;
    u32 table = 0;
    ByteBuffer offset = {};
    bool expressions = false;
    RefType type = {};
    u32 count = 0;
    ByteBuffer items = {};
  };

  void func_indices(Elems& elems) {
    for (; in_.at_index(); ++elems.count) write_uleb(elems.items, index_of(a_, a_.funcs));
  }

  /// Function indices where the segment's type must be said, which only the form with expressions can.
  void func_references(Elems& elems) {
    elems.expressions = true;
    for (; in_.at_index(); ++elems.count) {
      elems.items.push_back(u8(info(Op::ref_func).code));
      write_uleb(elems.items, index_of(a_, a_.funcs));
      elems.items.push_back(end_code);
    }
  }

  void elem_expressions(Elems& elems) {
    elems.expressions = true;
    for (; in_.more(); ++elems.count) {
      if (in_.take_open("item")) {
        code_.expression(elems.items);
        in_.expect_close();
      } else {
        code_.folded_expression(elems.items);
      }
    }
  }

  /// `(offset …)` or one folded instruction.
  void offset(ByteBuffer& bytes) {
    if (!in_.take_open("offset")) return code_.folded_expression(bytes);
    code_.expression(bytes);
    in_.expect_close();
  }

  void elem() {
    next_entity(a_.elems, elems_);
    Elems elems;
    bool table_given = false;
    if (in_.at_index()) {
      // The first version of the format: `(elem 0 (offset) $f)`.
      elems.table = index_of(a_, a_.tables);
    } else if (in_.take_word("declare")) {
      elems.declarative = true;
    } else if (in_.take_open("table")) {
      table_given = true;
      elems.table = index_of(a_, a_.tables);
      in_.expect_close();
    }
    if (table_given || (in_.at(TokenKind::open) && !in_.at_open("ref") && !elems.declarative)) {
      elems.active = true;
      offset(elems.offset);
    }
    if (at_ref_type(in_)) {
      elems.type = ref_type(a_);
      elem_expressions(elems);
    } else if (in_.take_word("func") || (elems.active && !table_given)) {
      func_indices(elems);
    } else {
      return in_.unexpected("a reference type or `func`");
    }
    write_elem(elems);
  }

  /// https://webassembly.github.io/spec/core/binary/modules.html#element-section
  void write_elem(const Elems& elems) {
    constexpr u32 not_active = 1;
    constexpr u32 explicit_or_declarative = 2;
    constexpr u32 with_expressions = 4;
    const bool typed = elems.expressions && !is_funcref(elems.type);
    const bool is_explicit = elems.active && (elems.table != 0 || typed);
    const u32 flags = (elems.active ? 0 : not_active) |
                      (elems.declarative || is_explicit ? explicit_or_declarative : 0) |
                      (elems.expressions ? with_expressions : 0);
    ByteBuffer& bytes = entry(SectionId::elem);
    write_uleb(bytes, flags);
    if (is_explicit) write_uleb(bytes, elems.table);
    bytes.insert(bytes.end(), elems.offset.begin(), elems.offset.end());
    if ((flags & (not_active | explicit_or_declarative)) != 0) {
      elems.expressions ? write(bytes, elems.type) : bytes.push_back(0);
    }
    write_uleb(bytes, elems.count);
    bytes.insert(bytes.end(), elems.items.begin(), elems.items.end());
  }

  void data() {
    next_entity(a_.datas, datas_);
    std::optional<u32> memory;
    ByteBuffer where;
    if (in_.take_open("memory")) {
      memory = index_of(a_, a_.memories);
      in_.expect_close();
    } else if (in_.at_index()) {
      // The first version of the format: `(data 0 (offset) "…")`.
      memory = index_of(a_, a_.memories);
    }
    if (memory || in_.at(TokenKind::open)) {
      offset(where);
      memory = memory.value_or(0);
    }
    std::string content;
    while (in_.more()) in_.string(content);
    write_data(memory, where, content);
  }

  void write_data(std::optional<u32> memory, const ByteBuffer& offset, std::string_view content) {
    ByteBuffer& bytes = entry(SectionId::data);
    constexpr u32 passive = 1;
    constexpr u32 with_memory = 2;
    write_uleb(bytes, !memory ? passive : *memory != 0 ? with_memory : 0);
    if (memory && *memory != 0) write_uleb(bytes, *memory);
    bytes.insert(bytes.end(), offset.begin(), offset.end());
    write_name(bytes, content);
  }

  Assembly& a_;
  Cursor& in_;
  CodeParser code_;
  ByteBuffer body_;
  u32 func_index_ = 0;
  // Entities of each space so far.
  u32 funcs_ = 0;
  u32 tables_ = 0;
  u32 memories_ = 0;
  u32 globals_ = 0;
  u32 tags_ = 0;
  u32 elems_ = 0;
  u32 datas_ = 0;
};

}  // namespace

void encode_fields(Assembly& a, const Fields& fields) {
  FieldParser(a).run(fields);
}

}  // namespace wisp::text
