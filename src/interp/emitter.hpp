#pragma once

#include <span>

#include "base/buffer.hpp"
#include "interp/slot_code.hpp"

namespace wisp::interp {

/// What the first word of an instruction is.
enum class Encoding : u8 {
  handlers,  // the address of the handler that interprets it
  numbers,   // the SlotOp, and above its 16 bits the number of the instruction's words
};

/// Writes slot code into a buffer. Positions are in words.
class Emitter {
 public:
  explicit Emitter(Encoding encoding) : encoding_(encoding) {}

  void clear() { words_.clear(); }
  u32 position() const { return words_.size(); }
  /// Valid until the next instruction is appended.
  std::span<const Word> code() const { return {words_.begin(), words_.end()}; }

  /// Appends an instruction with its four fields.
  u32 append(SlotOp op, u32 f0 = 0, u32 f1 = 0, u32 f2 = 0, u32 f3 = 0) {
    return append_words(op, u64(u16(f0)) | u64(u16(f1)) << 16 | u64(u16(f2)) << 32 | u64(u16(f3)) << 48);
  }
  /// The same with the wide field in place of fields 2 and 3.
  u32 append_wide(SlotOp op, u32 f0, u32 f1, u32 wide) {
    return append_words(op, u64(u16(f0)) | u64(u16(f1)) << 16 | u64(wide) << 32);
  }
  void append_word(u64 word) {
    words_.push_back(word);
    if (encoding_ == Encoding::numbers) words_[last_] += u64{1} << 16;
  }

  /// Takes back everything from a position on.
  void truncate(u32 position) { words_.truncate(position); }
  /// Whether the instruction at a position has this handler, and its fields.
  bool is_at(u32 at, SlotOp op) const { return words_[at] == first_word(op, words_at(at)); }
  u32 field(u32 at, u32 index) const { return u16(words_[at + 1] >> (16 * index)); }
  u32 wide(u32 at) const { return u32(words_[at + 1] >> 32); }

  /// Changes the handler or a field of the instruction at a position.
  void set_op(u32 at, SlotOp op) { words_[at] = first_word(op, words_at(at)); }
  void set_field0(u32 at, u32 value) { words_[at + 1] = (words_[at + 1] & ~u64{0xffff}) | u16(value); }
  void set_field1(u32 at, u32 value) { words_[at + 1] = (words_[at + 1] & ~u64{0xffff0000}) | u64(u16(value)) << 16; }
  void set_wide(u32 at, u32 value) { set_half(2 * at + 3, value); }
  /// The 32-bit half words of the code, counted from its start.
  void set_half(u32 half, u32 value) {
    const u32 shift = (half & 1) * 32;
    Word& word = words_[half / 2];
    word = (word & ~(u64{0xffffffff} << shift)) | u64(value) << shift;
  }

 private:
  u64 words_at(u32 at) const { return words_[at] >> 16; }  // means nothing with handlers
  Word first_word(SlotOp op, u64 words) const {
    return encoding_ == Encoding::numbers ? words << 16 | u64(op) : handler_word(op);
  }
  static Word handler_word(SlotOp op);
  u32 append_words(SlotOp op, u64 second) {
    last_ = position();
    Word* const words = words_.extend(2);
    words[0] = first_word(op, 2);
    words[1] = second;
    return last_;
  }

  Encoding encoding_;
  u32 last_ = 0;  // the instruction that words are appended to
  Buffer<Word> words_;
};

}  // namespace wisp::interp
