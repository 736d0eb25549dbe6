#include "sys/memory/streams.hpp"

#include <algorithm>
#include <cstring>

namespace wisp::sys {
namespace {

class MemoryStream : public Node {
 public:
  explicit MemoryStream(FileType type) : type_(type) {}
  Outcome<FileStat> stat() override {
    FileStat stat;
    stat.type = type_;
    return stat;
  }

 private:
  FileType type_;
};

class TextInput final : public MemoryStream {
 public:
  explicit TextInput(std::string text) : MemoryStream(FileType::fifo), text_(std::move(text)) {}
  Outcome<usize> read(IoBuffers buffers) override {
    usize total = 0;
    for (const IoBuffer& buffer : buffers) {
      const usize length = std::min(buffer.size_bytes, text_.size() - position_);
      if (length == 0) continue;
      std::memcpy(buffer.data, text_.data() + position_, length);
      position_ += length;
      total += length;
    }
    return total;
  }
  Outcome<u64> available() override { return u64{text_.size() - position_}; }

 private:
  std::string text_;
  usize position_ = 0;
};

class TextOutput final : public MemoryStream {
 public:
  TextOutput(std::string* sink, usize limit_bytes)
      : MemoryStream(FileType::fifo), sink_(sink), limit_bytes_(limit_bytes) {}
  Outcome<usize> write(ConstIoBuffers buffers) override {
    usize total = 0;
    for (const ConstIoBuffer& buffer : buffers) {
      const usize room = limit_bytes_ - std::min(limit_bytes_, sink_->size());
      const usize length = std::min(buffer.size_bytes, room);
      sink_->append(reinterpret_cast<const char*>(buffer.data), length);
      total += length;
      if (length == buffer.size_bytes) continue;
      if (total == 0) return Errno::nospc;
      break;
    }
    return total;
  }

 private:
  std::string* sink_;
  usize limit_bytes_;
};

class NullStream final : public MemoryStream {
 public:
  NullStream() : MemoryStream(FileType::character_device) {}
  Outcome<usize> read(IoBuffers) override { return usize{0}; }
  Outcome<usize> write(ConstIoBuffers buffers) override {
    usize total = 0;
    for (const ConstIoBuffer& buffer : buffers) total += buffer.size_bytes;
    return total;
  }
};

}  // namespace

std::unique_ptr<Node> make_text_input(std::string text) {
  return std::make_unique<TextInput>(std::move(text));
}
std::unique_ptr<Node> make_text_output(std::string* sink, usize limit_bytes) {
  return std::make_unique<TextOutput>(sink, limit_bytes);
}
std::unique_ptr<Node> make_null_stream() {
  return std::make_unique<NullStream>();
}

}  // namespace wisp::sys
