#include "cli/custom_sections.hpp"

#include <optional>

#include "base/leb128.hpp"

namespace wisp::cli {
namespace {

/// Reads until something does not fit; then everything is nothing.
class Reader {
 public:
  explicit Reader(Bytes bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// No more than there are bytes left: each element takes at least one.
  u64 count() {
    u64 value = 0;
    if (read_uleb<32>(at_, end_, value) != LebStatus::ok || value > u64(end_ - at_)) return fail();
    return value;
  }

  std::string name() {
    const u64 size = count();
    std::string text(reinterpret_cast<const char*>(at_), usize(size));
    at_ += size;
    return text;
  }

  char character() {
    if (at_ == end_) return char(fail());
    return char(*at_++);
  }

  bool ok() const { return ok_; }

 private:
  u64 fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

  const u8* at_;
  const u8* end_;
  bool ok_ = true;
};

}  // namespace

std::vector<ProducersField> read_producers(Bytes contents) {
  Reader reader(contents);
  std::vector<ProducersField> fields;
  for (u64 left = reader.count(); left > 0 && reader.ok(); --left) {
    ProducersField field;
    field.name = reader.name();
    for (u64 values = reader.count(); values > 0 && reader.ok(); --values) {
      std::string name = reader.name();
      field.values.emplace_back(std::move(name), reader.name());
    }
    if (reader.ok()) fields.push_back(std::move(field));
  }
  return fields;
}

std::vector<std::string> read_target_features(Bytes contents) {
  Reader reader(contents);
  std::vector<std::string> features;
  for (u64 left = reader.count(); left > 0; --left) {
    const char prefix = reader.character();
    const std::string name = reader.name();
    if (!reader.ok()) break;
    features.push_back(prefix + name);
  }
  return features;
}

}  // namespace wisp::cli
