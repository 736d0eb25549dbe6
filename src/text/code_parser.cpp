#include "text/code_parser.hpp"

#include <algorithm>

#include "text/wat.hpp"

namespace wisp::text {

using wasm::Op;

namespace {

constexpr std::string_view hint_annotation = "metadata.code.branch_hint";
constexpr u8 end_code = 0x0b;
constexpr u8 else_code = 0x05;

bool opens_block(Op op) {
  return op == Op::block || op == Op::loop || op == Op::try_table || op == Op::if_;
}

}  // namespace

void CodeParser::expression(ByteBuffer& out) {
  in_function_ = false;
  run(out, false);
  out.push_back(end_code);
}

void CodeParser::folded_expression(ByteBuffer& out) {
  in_function_ = false;
  if (!in_.at(TokenKind::open)) return in_.unexpected("a folded instruction");
  run(out, true);
  out.push_back(end_code);
}

void CodeParser::body(ByteBuffer& out, u32 func_index) {
  in_function_ = true;
  label_count_ = 0;
  label_names_.clear();
  hints_.clear();
  run(out, false);
  out.push_back(end_code);
  if (!label_names_.empty()) a_.label_names[func_index] = label_names_;
  if (!hints_.empty()) a_.branch_hints.emplace_back(func_index, hints_);
}

void CodeParser::run(ByteBuffer& out, bool single) {
  out_ = &out;
  if (single) step();
  while (!in_.failed() && (!frames_.empty() || (!single && in_.more()))) step();
}

/// One instruction, or what opens or closes a part of one.
void CodeParser::step() {
  if (in_.at(TokenKind::close)) return close();
  if (!frames_.empty()) {
    const Frame::Kind kind = frames_.back().kind;
    if (kind == Frame::Kind::condition && in_.at_open("then")) return open_then();
    if (kind == Frame::Kind::after_then && in_.at_open("else")) return open_else();
    if (kind == Frame::Kind::after_then) return in_.unexpected("`(else` or `)`");
    if (kind == Frame::Kind::after_else) return in_.unexpected("`)`");
    const bool only_folded = kind == Frame::Kind::plain || kind == Frame::Kind::condition;
    if (only_folded && !in_.at(TokenKind::open)) return in_.unexpected("a folded instruction or `)`");
  }
  take_hint();
  if (in_.failed()) return;
  in_.at(TokenKind::open) ? folded() : flat();
}

void CodeParser::flat() {
  const u32 offset = in_.offset();
  const std::optional<Op> op = find_op(in_.word());
  if (!op) return unknown_instruction();
  in_.advance();
  use_hint(*op, offset);
  if (in_.failed() || !needs_feature(*op, offset)) return;
  if (*op == Op::end) return flat_end();
  if (*op == Op::else_) return flat_else();
  place_hint(hint_);
  encode(*op, *out_);
  if (!opens_block(*op)) return;
  frames_.push_back({.kind = *op == Op::if_ ? Frame::Kind::flat_if : Frame::Kind::flat_block, .offset = offset});
  push_label(opened_label_);
}

void CodeParser::folded() {
  const u32 offset = in_.offset();
  in_.advance();
  const std::optional<Op> op = find_op(in_.word());
  if (!op) return unknown_instruction();
  if (*op == Op::end || *op == Op::else_) return in_.unexpected("an instruction");
  in_.advance();
  use_hint(*op, offset);
  if (in_.failed() || !needs_feature(*op, offset)) return;
  Frame frame{.kind = Frame::Kind::plain, .offset = offset, .pending_start = u32(pending_.size()), .hint = hint_};
  if (opens_block(*op) && *op != Op::if_) {
    frame.kind = Frame::Kind::block;
    encode(*op, *out_);
    push_label(opened_label_);
  } else {
    encode(*op, pending_);
    if (*op == Op::if_) {
      frame.kind = Frame::Kind::condition;
      frame.label = opened_label_;
    }
  }
  frames_.push_back(frame);
}

void CodeParser::close() {
  Frame& frame = frames_.back();
  switch (frame.kind) {
    case Frame::Kind::flat_block:
    case Frame::Kind::flat_if: {
      const Position opened = position(in_.list().source, frame.offset);
      return in_.unexpected("the `end` of the block at " + std::to_string(opened.line) + ":" +
                            std::to_string(opened.column));
    }
    case Frame::Kind::condition:
      return in_.unexpected("`(then`");
    case Frame::Kind::then:
      frame.kind = Frame::Kind::after_then;
      return in_.advance();
    case Frame::Kind::else_:
      frame.kind = Frame::Kind::after_else;
      return in_.advance();
    case Frame::Kind::plain: {
      place_hint(frame.hint);
      const auto start = pending_.begin() + frame.pending_start;
      out_->insert(out_->end(), start, pending_.end());
      pending_.erase(start, pending_.end());
      break;
    }
    case Frame::Kind::block:
    case Frame::Kind::after_then:
    case Frame::Kind::after_else:
      out_->push_back(end_code);
      pop_label();
  }
  frames_.pop_back();
  in_.advance();
}

void CodeParser::flat_end() {
  if (frames_.empty() || frames_.back().kind > Frame::Kind::flat_if) {
    return in_.fail(in_.offset(), "unexpected token `end`: no flat block is open");
  }
  const u32 offset = in_.offset();
  const std::string_view id = in_.take_id();
  if (!id.empty() && id != labels_.back().name) return in_.fail(offset, "mismatching label $" + excerpt(id));
  out_->push_back(end_code);
  pop_label();
  frames_.pop_back();
}

void CodeParser::flat_else() {
  if (frames_.empty() || frames_.back().kind != Frame::Kind::flat_if) {
    return in_.fail(in_.offset(), "unexpected token `else`: no flat if is open");
  }
  const u32 offset = in_.offset();
  const std::string_view id = in_.take_id();
  if (!id.empty() && id != labels_.back().name) return in_.fail(offset, "mismatching label $" + excerpt(id));
  out_->push_back(else_code);
  frames_.back().kind = Frame::Kind::flat_block;
}

void CodeParser::open_then() {
  Frame& frame = frames_.back();
  in_.take_open("then");
  place_hint(frame.hint);
  const auto start = pending_.begin() + frame.pending_start;
  out_->insert(out_->end(), start, pending_.end());
  pending_.erase(start, pending_.end());
  push_label(frame.label);
  frame.kind = Frame::Kind::then;
}

void CodeParser::open_else() {
  in_.take_open("else");
  out_->push_back(else_code);
  frames_.back().kind = Frame::Kind::else_;
}

void CodeParser::unknown_instruction() {
  constexpr std::string_view legacy[] = {"try", "delegate", "rethrow"};
  const std::string_view word = in_.word();
  if (std::ranges::find(legacy, word) == std::end(legacy)) return in_.unexpected("an instruction");
  in_.fail({ErrorCode::unsupported, in_.offset(),
            "unsupported: `" + std::string(word) + "` belongs to the legacy form of exception handling",
            "use try_table, throw and throw_ref"});
}

void CodeParser::take_hint() {
  hint_.reset();
  if (!in_.has_annotations()) return;
  const std::optional<u32> annotation = in_.take_annotation(hint_annotation);
  if (!annotation) return;
  const std::string title = "@" + std::string(hint_annotation) + " annotation: ";
  const u32 offset = in_.list().tokens[*annotation].offset;
  if (!in_function_) return in_.fail(offset, title + "not in a function");
  if (in_.take_annotation(hint_annotation)) return in_.fail(offset, title + "duplicate annotation");
  const std::string payload = annotation_strings(a_, *annotation);
  if (payload.size() != 1 || u8(payload[0]) > 1)
    return in_.fail(offset, title + "the hint must be \"\\00\" or \"\\01\"");
  hint_ = u8(payload[0]);
}

void CodeParser::use_hint(Op op, u32 offset) {
  if (!hint_ || op == Op::if_ || op == Op::br_if) return;
  in_.fail({ErrorCode::invalid, offset, "@" + std::string(hint_annotation) + " annotation: invalid target",
            "only if and br_if can have a branch hint"});
}

void CodeParser::place_hint(std::optional<u8> hint) {
  if (hint) hints_.push_back({u32(out_->size()), *hint});
}

void CodeParser::push_label(Label label) {
  if (in_function_ && !label.shown_name.empty()) label_names_.emplace_back(label_count_, label.shown_name);
  if (!label.name.empty()) {
    u32& innermost = innermost_[label.name];
    label.shadowed = innermost;
    innermost = u32(labels_.size()) + 1;
  }
  labels_.push_back(label);
  ++label_count_;
}

void CodeParser::pop_label() {
  const Label& label = labels_.back();
  if (!label.name.empty()) innermost_[label.name] = label.shadowed;
  labels_.pop_back();
}

bool CodeParser::needs_feature(Op op, u32 offset) {
  const wasm::OpInfo& row = info(op);
  if (a_.features.has(row.feature)) return true;
  std::string_view name;
  for (const wasm::FeatureInfo& feature : wasm::feature_table) {
    if (feature.feature == row.feature) name = feature.name;
  }
  in_.fail({ErrorCode::unsupported,
            offset,
            std::string(row.text) + " needs the feature " + std::string(name) + ", which is off",
            {}});
  return false;
}

}  // namespace wisp::text
