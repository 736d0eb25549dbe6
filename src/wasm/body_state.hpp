#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "base/buffer.hpp"
#include "base/check.hpp"
#include "wasm/code_reader.hpp"
#include "wasm/immediates.hpp"
#include "wasm/module.hpp"

namespace wisp::wasm {

/// The types of a body's locals, its parameters first. Declarations come in runs, and a few bytes can declare many, so
/// only a first part, bounded by the size of the body, is spelled out.
class LocalTypes {
 public:
  /// Locals of equal type up to, not including, index `end`.
  struct Run {
    u32 end;
    ValType type;
  };

  u32 count() const { return count_; }
  ValType operator[](LocalIndex local) const {
    const ValType* const known = find_spelled_out(local);
    return known != nullptr ? *known : find(local.value);
  }
  /// Null if the local is not among the first, or there is no such local.
  const ValType* find_spelled_out(LocalIndex local) const {
    return local.value < spelled_out_.size() ? &spelled_out_[local.value] : nullptr;
  }
  /// All locals in index order.
  std::span<const Run> runs() const { return runs_; }

  /// At most `spelled_out` types are stored one by one.
  void reset(std::span<const ValType> params, std::span<const LocalRun> declared, u64 spelled_out);

 private:
  ValType find(u32 index) const;
  void append(u32 count, ValType type, u64 spelled_out);

  u32 count_ = 0;
  Buffer<ValType> spelled_out_;
  std::vector<Run> runs_;
};

/// An open control construct. https://webassembly.github.io/spec/core/appendix/algorithm.html#data-structures
struct ControlFrame {
  enum class Kind : u8 { function, block, loop, if_, else_, try_table };

  Kind kind = Kind::function;
  /// What has been read of the construct ends in an unconditional branch.
  bool unreachable = false;
  /// The construct itself was reached when it opened.
  bool entered = true;
  /// Place on the control stack; 0 is the function.
  u32 index = 0;
  /// Operands below the construct's parameters, in values and in 8-byte slots.
  u32 height = 0;
  u32 slot_height = 0;
  /// Of the function: its own type. Its parameters are locals, not operands.
  BlockType type;

  /// What a branch to the construct carries.
  std::span<const ValType> label_types() const { return kind == Kind::loop ? type.params() : type.results(); }

  /// Length of the validator's list of set locals when the construct opened.
  u32 set_locals = 0;
  /// The last br_table whose operands were checked against this label.
  u32 checked_by = 0;
};

/// The operand types, as a flat array that grows.
class OperandStack {
 public:
  u32 height() const { return u32(top_ - bottom_.get()); }
  /// `from_top` is less than the height.
  ValType peek(u32 from_top) const { return top_[-1 - isize(from_top)]; }
  void set(u32 from_top, ValType type) { top_[-1 - isize(from_top)] = type; }
  /// False, and nothing changed, if that is more than `limits::operand_depth`.
  bool push(ValType type) {
    if (top_ == limit_ && !grow(1)) [[unlikely]]
      return false;
    *top_++ = type;
    return true;
  }
  bool push(std::span<const ValType> types);
  /// Whether the operands from the `depth`-th from the top on are of these types.
  bool holds(u32 depth, std::span<const ValType> types) const {
    static_assert(std::has_unique_object_representations_v<ValType>);
    return types.empty() || std::memcmp(types.data(), top_ - depth, types.size_bytes()) == 0;
  }
  void pop(u32 count) { top_ -= count; }
  void truncate(u32 height) { top_ = bottom_.get() + height; }

 private:
  using isize = std::ptrdiff_t;
  [[gnu::noinline]] bool grow(u64 count);

  std::unique_ptr<ValType[]> bottom_;
  ValType* top_ = nullptr;
  ValType* limit_ = nullptr;
};

/// What is known at the current instruction of the body that is being validated.
class BodyState {
 public:
  explicit BodyState(const Module& module) : reader_(module, {}, 0) {}

  const Module& module() const { return reader_.module(); }
  FuncIndex function() const { return function_; }
  const FuncType& type() const { return type_->func; }
  const LocalTypes& locals() const { return locals_; }
  /// Byte offset of the current instruction in the module.
  u64 offset() const { return reader_.offset_of(instruction_); }

  /// Whether control can come to the current instruction. Code after a block whose end is not reached counts as
  /// reachable, as in the specification.
  bool reachable() const { return live_; }
  /// Operands on the stack, in values and in 8-byte slots.
  u32 height() const { return operands_.height(); }
  u32 slot_height() const { return slot_height_; }
  /// The type of an operand; 0 is the top. Bottom for those that are not there, in unreachable code.
  ValType operand(u32 from_top) const { return from_top < available() ? operands_.peek(from_top) : ValType::bottom(); }

  /// Open constructs, the function included.
  u32 depth() const { return frames_.size(); }
  const ControlFrame& frame(u32 index) const { return frames_[index]; }
  /// The frame that a label index names.
  const ControlFrame& label(u32 label_index) const { return frames_[frames_.size() - 1 - label_index]; }

 protected:
  /// Operands that the current frame may pop.
  u32 available() const { return operands_.height() - base_; }

  CodeReader reader_;
  const u8* instruction_ = nullptr;
  OperandStack operands_;
  u32 base_ = 0;  // frames_.back().height
  u32 slot_height_ = 0;
  bool live_ = true;
  Buffer<ControlFrame> frames_;
  LocalTypes locals_;
  FuncIndex function_;
  const DefType* type_ = nullptr;
};

}  // namespace wisp::wasm
