#include "text/wast.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "text/assemble.hpp"
#include "text/cursor.hpp"
#include "text/keywords.hpp"
#include "text/literals.hpp"

namespace wisp::text {
namespace {

constexpr std::string_view field_words[] = {
    "type", "rec", "import", "func", "table", "memory", "global", "export", "start", "elem", "data", "tag",
};

bool is_module_assertion(std::string_view word, AssertModule::Kind& kind) {
  struct Row {
    std::string_view word;
    AssertModule::Kind kind;
  };
  constexpr Row rows[] = {
      {"assert_malformed", AssertModule::Kind::malformed},
      {"assert_invalid", AssertModule::Kind::invalid},
      {"assert_unlinkable", AssertModule::Kind::unlinkable},
      {"assert_malformed_custom", AssertModule::Kind::malformed_custom},
      {"assert_invalid_custom", AssertModule::Kind::invalid_custom},
  };
  const auto* row = std::ranges::find(rows, word, &Row::word);
  if (row == std::end(rows)) return false;
  kind = row->kind;
  return true;
}

/// Lanes of `bits` bits each, the lowest first, as the halves of a v128.
void pack(const std::vector<LanePattern>& lanes, int bits, ScriptValue& out) {
  for (usize i = 0; i < lanes.size(); ++i) {
    const usize at = i * usize(bits);
    (at < 64 ? out.low : out.high) |= lanes[i].bits << (at % 64);
  }
}

class CommandParser {
 public:
  explicit CommandParser(Cursor& in) : in_(in) {}

  /// The command at the cursor. Threads do not nest.
  Command command(bool in_thread) {
    Command out;
    out.offset = in_.offset();
    AssertModule::Kind kind{};
    const std::string_view word = in_.next_word();
    if (word == "module") {
      module_command(out);
      return out;
    }
    in_.expect(TokenKind::open, "a command");
    if (word == "invoke" || word == "get") {
      out.body = ActionCommand{action_body()};
      return out;
    }
    if (is_module_assertion(word, kind)) {
      in_.advance();
      AssertModule assertion{kind, module(), {}};
      assertion.message = in_.name();
      out.body = std::move(assertion);
    } else if (word == "assert_return") {
      assert_return(out);
    } else if (word == "assert_trap" || word == "assert_exhaustion" || word == "assert_exception") {
      assert_action(word, out);
    } else if (word == "register") {
      in_.advance();
      RegisterCommand command{in_.name(), {}};
      command.module_id = in_.take_id();
      out.body = std::move(command);
    } else if (word == "thread" && !in_thread) {
      thread(out);
    } else if (word == "wait") {
      in_.advance();
      out.body = WaitCommand{id()};
    } else {
      in_.unexpected("a command");
    }
    in_.expect_close();
    return out;
  }

 private:
  std::string id() {
    std::string text(in_.take_id());
    if (text.empty()) in_.unexpected("an identifier");
    return text;
  }

  void module_command(Command& out) {
    const u32 start = in_.index();
    in_.take_open("module");
    if (in_.take_word("instance")) {
      InstanceCommand instance;
      instance.id = in_.take_id();
      instance.definition_id = in_.take_id();
      in_.expect_close();
      out.body = std::move(instance);
      return;
    }
    const bool is_definition = in_.at_word("definition");
    in_.jump(start);
    out.body = ModuleCommand{module(), is_definition};
  }

  /// `(module …)` without looking into it.
  ScriptModule module() {
    ScriptModule out;
    const u32 start = in_.index();
    out.source_offset = in_.offset();
    in_.expect_open("module");
    in_.take_word("definition");
    in_.take_annotations();
    out.id = in_.take_id();
    in_.take_annotations();
    if (in_.failed()) return out;
    const bool is_binary = in_.at_word("binary");
    if (is_binary || in_.at_word("quote")) {
      out.form = is_binary ? ScriptModule::Form::binary : ScriptModule::Form::quote;
      in_.advance();
      while (in_.more()) in_.string(out.quoted);
      in_.expect_close();
      return out;
    }
    in_.jump(start);
    const u32 close = in_.peek().link;
    in_.skip_list();
    const TokenList& list = in_.list();
    out.source = list.source.substr(out.source_offset, list.tokens[close].offset + 1 - out.source_offset);
    return out;
  }

  /// From `invoke` or `get` to behind the `)`.
  Action action_body() {
    Action out;
    out.kind = in_.at_word("get") ? Action::Kind::get : Action::Kind::invoke;
    in_.advance();
    out.module_id = in_.take_id();
    out.name = in_.name();
    while (out.kind == Action::Kind::invoke && in_.more()) out.arguments.push_back(value());
    in_.expect_close();
    return out;
  }

  Action action() {
    if (!in_.at_open("invoke") && !in_.at_open("get")) {
      in_.unexpected("`(invoke` or `(get`");
      return {};
    }
    in_.advance();
    return action_body();
  }

  void assert_return(Command& out) {
    in_.advance();
    AssertReturn assertion{action(), {}};
    while (in_.more()) {
      if (!in_.take_open("either")) {
        assertion.results.push_back(pattern());
        continue;
      }
      ResultPattern either;
      either.kind = ResultPattern::Kind::either;
      while (in_.more()) either.alternatives.push_back(pattern());
      in_.expect_close();
      assertion.results.push_back(std::move(either));
    }
    out.body = std::move(assertion);
  }

  void assert_action(std::string_view word, Command& out) {
    in_.advance();
    if (word == "assert_trap" && in_.at_open("module")) {
      AssertModule assertion{AssertModule::Kind::trap, module(), {}};
      assertion.message = in_.name();
      out.body = std::move(assertion);
      return;
    }
    AssertAction assertion;
    assertion.kind = word == "assert_trap"         ? AssertAction::Kind::trap
                     : word == "assert_exhaustion" ? AssertAction::Kind::exhaustion
                                                   : AssertAction::Kind::exception;
    assertion.action = action();
    if (assertion.kind != AssertAction::Kind::exception) assertion.message = in_.name();
    out.body = std::move(assertion);
  }

  void thread(Command& out) {
    in_.advance();
    ThreadCommand thread;
    thread.id = id();
    while (in_.take_open("shared")) {
      in_.expect_open("module");
      thread.shared_module_ids.push_back(id());
      in_.expect_close();
      in_.expect_close();
    }
    while (in_.more()) thread.commands.push_back(command(true));
    out.body = std::move(thread);
  }

  /// One number literal, or one of the two words for kinds of NaN.
  LanePattern lane(bool is_float, int bits) {
    LanePattern out;
    const std::string_view word = in_.word();
    Literal literal;
    if (is_float && (word == "nan:canonical" || word == "nan:arithmetic")) {
      out.kind = word == "nan:canonical" ? LanePattern::Kind::nan_canonical : LanePattern::Kind::nan_arithmetic;
      literal.status = LiteralStatus::ok;
    } else {
      literal = is_float ? parse_float(word, bits) : parse_integer(word, bits);
    }
    if (literal.status == LiteralStatus::not_a_number) {
      in_.unexpected("a number");
    } else if (literal.status == LiteralStatus::out_of_range) {
      in_.fail(in_.offset(), "constant out of range: " + excerpt(word));
    } else {
      in_.advance();
    }
    out.bits = literal.bits;
    return out;
  }

  /// `i32.const …` up to its `)`; false if it is something else.
  bool number(ResultPattern& out) {
    struct Row {
      std::string_view word;
      ResultPattern::Kind kind;
      bool is_float;
      int bits;
    };
    constexpr Row rows[] = {
        {"i32.const", ResultPattern::Kind::i32, false, 32},
        {"i64.const", ResultPattern::Kind::i64, false, 64},
        {"f32.const", ResultPattern::Kind::f32, true, 32},
        {"f64.const", ResultPattern::Kind::f64, true, 64},
    };
    const auto* row = std::ranges::find(rows, in_.word(), &Row::word);
    if (row != std::end(rows)) {
      in_.advance();
      out.kind = row->kind;
      out.lanes.push_back(lane(row->is_float, row->bits));
      return true;
    }
    if (!in_.take_word("v128.const")) return false;
    out.kind = ResultPattern::Kind::v128;
    const auto* shape = std::ranges::find(shape_names, in_.word(), &ShapeName::name);
    if (shape == std::end(shape_names)) {
      in_.unexpected("a vector shape");
      return true;
    }
    in_.advance();
    out.shape = Shape(shape - shape_names);
    for (int i = 0; i < shape->lanes(); ++i) out.lanes.push_back(lane(shape->is_float, shape->lane_bits));
    return true;
  }

  u64 host_number() {
    const Literal literal = parse_unsigned(in_.word(), 32);
    if (literal.status != LiteralStatus::ok) {
      in_.unexpected("a number");
    } else {
      in_.advance();
    }
    return literal.bits;
  }

  /// A heap type's name, if there is one.
  void optional_heap_type(wasm::HeapKind& out) {
    const auto* row = std::ranges::find(heap_type_names, in_.word(), &HeapTypeName::name);
    if (row == std::end(heap_type_names)) return;
    out = row->kind;
    in_.advance();
  }

  /// What a result may be, other than `either`.
  ResultPattern pattern() {
    ResultPattern out;
    in_.expect(TokenKind::open, "a result");
    if (!number(out)) reference(out);
    in_.expect_close();
    return out;
  }

  void reference(ResultPattern& out) {
    const std::string_view word = in_.word();
    if (!word.starts_with("ref.")) return in_.unexpected("a constant or a reference");
    if (word == "ref.null") {
      in_.advance();
      out.kind = ResultPattern::Kind::ref_null;
      return optional_heap_type(out.heap);
    }
    if (word == "ref.host" || (word == "ref.extern" && !in_.next_word().empty())) {
      in_.advance();
      out.kind = word == "ref.host" ? ResultPattern::Kind::ref_host : ResultPattern::Kind::ref_extern;
      out.heap = word == "ref.host" ? wasm::HeapKind::any : wasm::HeapKind::extern_;
      out.number = host_number();
      return;
    }
    const auto* row = std::ranges::find(heap_type_names, word.substr(4), &HeapTypeName::name);
    if (row == std::end(heap_type_names)) return in_.unexpected("a reference");
    out.kind = ResultPattern::Kind::ref;
    out.heap = row->kind;
    in_.advance();
  }

  /// An argument: a constant, `(ref.null t)`, `(ref.extern n)` or `(ref.host n)`.
  ScriptValue value() {
    ScriptValue out;
    ResultPattern read;
    in_.expect(TokenKind::open, "an argument");
    if (number(read)) {
      out.kind = ScriptValue::Kind(read.kind);
      if (read.kind == ResultPattern::Kind::v128) {
        pack(read.lanes, shape_names[usize(read.shape)].lane_bits, out);
      } else {
        out.low = read.lanes[0].bits;
      }
    } else if (in_.take_word("ref.null")) {
      out.kind = ScriptValue::Kind::ref_null;
      optional_heap_type(out.heap);
    } else if (in_.at_word("ref.extern") || in_.at_word("ref.host")) {
      const bool is_host = in_.take_word("ref.host") || !in_.take_word("ref.extern");
      out.kind = is_host ? ScriptValue::Kind::ref_host : ScriptValue::Kind::ref_extern;
      out.heap = is_host ? wasm::HeapKind::any : wasm::HeapKind::extern_;
      out.low = host_number();
    } else {
      in_.unexpected("a constant or a reference");
    }
    in_.expect_close();
    return out;
  }

  Cursor& in_;
};

static_assert(u8(ScriptValue::Kind::v128) == u8(ResultPattern::Kind::v128));

}  // namespace

Result<std::vector<u8>> assemble(const ScriptModule& module, const wasm::Features& features) {
  if (module.form == ScriptModule::Form::binary) {
    const Bytes bytes = as_bytes(module.quoted);
    return std::vector<u8>(bytes.begin(), bytes.end());
  }
  if (module.form == ScriptModule::Form::quote) return assemble_script_module(module.quoted, features);
  Result<std::vector<u8>> bytes = assemble_script_module(module.source, features);
  if (!bytes) bytes.error().offset += module.source_offset;
  return bytes;
}

struct ScriptReader::Impl {
  explicit Impl(std::string_view source) : list(tokenize(source)), in(list) {}

  /// Counts lines up to the offset, which only grows.
  void count_lines(u64 offset) {
    const std::string_view passed = list.source.substr(counted, offset - counted);
    line += u32(std::ranges::count(passed, '\n'));
    counted = offset;
  }

  TokenList list;
  Cursor in;
  u32 line = 1;
  u64 counted = 0;
};

ScriptReader::ScriptReader(std::string_view source) : impl_(std::make_unique<Impl>(source)) {}
ScriptReader::~ScriptReader() = default;
ScriptReader::ScriptReader(ScriptReader&&) noexcept = default;

u32 ScriptReader::line() const {
  return impl_->line;
}

Result<std::optional<Command>> ScriptReader::next() {
  Cursor& in = impl_->in;
  in.take_annotations();
  if (in.at(TokenKind::end)) return std::optional<Command>();
  const u32 start = in.index();
  impl_->count_lines(in.offset());

  Command command;
  if (start == 0 && std::ranges::find(field_words, in.next_word()) != std::end(field_words)) {
    // A script may be one module's fields.
    ScriptModule module;
    module.source = impl_->list.source;
    command.body = ModuleCommand{std::move(module), false};
    in.jump(u32(impl_->list.tokens.size()) - 1);
  } else {
    command = CommandParser(in).command(false);
  }
  command.line = impl_->line;
  if (ThreadCommand* thread = std::get_if<ThreadCommand>(&command.body)) {
    for (Command& inner : thread->commands) {
      const std::string_view before = impl_->list.source.substr(command.offset, inner.offset - command.offset);
      inner.line = command.line + u32(std::ranges::count(before, '\n'));
    }
  }
  if (!in.failed()) return std::optional<Command>(std::move(command));

  const Token& first = impl_->list.tokens[start];
  const u32 last = u32(impl_->list.tokens.size()) - 1;
  Error error = *in.take_error();
  in.jump(std::min(first.kind == TokenKind::open ? first.link + 1 : start + 1, last));
  return error;
}

}  // namespace wisp::text
