#pragma once

#include <deque>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

/// Reads interface definitions in witx for the tests of this part.
namespace wisp::wasi::p1::witx {

/// An S-expression: an atom, or a list (with an empty atom).
struct Node {
  std::string atom;
  std::vector<Node> list;

  bool is(std::string_view head) const { return !list.empty() && list[0].atom == head; }
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Node> all() {
    std::vector<Node> result;
    while (skip_space(), at_ < text_.size() && text_[at_] != ')') result.push_back(one());
    return result;
  }

 private:
  void skip_space() {
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == ";;") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Node one() {
    Node node;
    if (text_[at_] == '(') {
      ++at_;
      node.list = all();
      ++at_;
    } else {
      const size_t end = std::min(text_.find_first_of(" \t\r\n()", at_), text_.size());
      node.atom = text_.substr(at_, end - at_);
      at_ = end;
    }
    return node;
  }

  std::string_view text_;
  size_t at_ = 0;
};

struct Field {
  std::string name;
  uint32_t offset = 0;
  bool operator==(const Field&) const = default;
};

/// What the ABI says of a type.
struct Type {
  uint32_t size = 0;
  uint32_t alignment = 0;
  std::string core;                // its core value types as a parameter
  std::vector<std::string> names;  // of an enum or of flags
  std::vector<Field> fields;       // of a record
  uint32_t payload_offset = 0;     // of a union
  uint32_t payload_count = 0;
};

struct Function {
  std::string name;
  std::string params;
  std::string results;
  bool operator==(const Function&) const = default;
};

/// The types of one typenames.witx and the functions of one module.
class Interface {
 public:
  /// False if the file cannot be read.
  bool read_types(const std::string& path) {
    const auto text = read_file(path);
    if (!text) return false;
    for (const Node& node : Reader(*text).all()) {
      if (node.is("typename")) types_[node.list[1].atom.substr(1)] = type(node.list[2]);
    }
    return true;
  }

  bool read_functions(const std::string& path) {
    const auto text = read_file(path);
    if (!text) return false;
    for (const Node& top : Reader(*text).all()) {
      if (!top.is("module")) continue;
      for (const Node& item : top.list) {
        if (item.is("@interface")) functions_.push_back(function(item));
      }
    }
    return true;
  }

  const std::map<std::string, Type>& types() const { return types_; }
  const std::vector<Function>& functions() const { return functions_; }

 private:
  static std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  static uint32_t align_up(uint32_t offset, uint32_t alignment) {
    return (offset + alignment - 1) / alignment * alignment;
  }
  static Type scalar(uint32_t size) {
    return {.size = size, .alignment = size, .core = size == 8 ? "I" : "i", .names = {}, .fields = {}};
  }

  Type type(const Node& node) const {
    if (node.list.empty()) {
      if (node.atom == "u8") return scalar(1);
      if (node.atom == "u16") return scalar(2);
      if (node.atom == "u32") return scalar(4);
      if (node.atom == "u64" || node.atom == "s64") return scalar(8);
      if (node.atom == "string") return {.size = 8, .alignment = 4, .core = "ii", .names = {}, .fields = {}};
      return types_.at(node.atom.substr(1));
    }
    if (node.is("list")) return {.size = 8, .alignment = 4, .core = "ii", .names = {}, .fields = {}};
    if (node.is("handle") || node.is("@witx")) return scalar(4);
    if (node.is("enum") || node.is("flags")) return named_values(node);
    if (node.is("record")) return record(node);
    return tagged_union(node);
  }

  /// (enum (@witx tag u8) $a $b), (flags (@witx repr u16) $a $b)
  Type named_values(const Node& node) const {
    Type result = type(node.list[1].list[2]);
    for (size_t i = 2; i < node.list.size(); ++i) result.names.push_back(node.list[i].atom.substr(1));
    return result;
  }

  Type record(const Node& node) const {
    Type result{.alignment = 1, .core = "", .names = {}, .fields = {}};
    for (size_t i = 1; i < node.list.size(); ++i) {
      const Type field = type(node.list[i].list[2]);
      const uint32_t offset = align_up(result.size, field.alignment);
      result.fields.push_back({node.list[i].list[1].atom.substr(1), offset});
      result.size = offset + field.size;
      result.alignment = std::max(result.alignment, field.alignment);
    }
    result.size = align_up(result.size, result.alignment);
    return result;
  }

  Type tagged_union(const Node& node) const {
    const Type tag = type(node.list[1].list[2]);
    Type result{.alignment = tag.alignment, .core = "", .names = {}, .fields = {}};
    uint32_t payload_size = 0;
    uint32_t payload_alignment = 1;
    for (size_t i = 2; i < node.list.size(); ++i) {
      const Type payload = type(node.list[i]);
      payload_size = std::max(payload_size, payload.size);
      payload_alignment = std::max(payload_alignment, payload.alignment);
      ++result.payload_count;
    }
    result.payload_offset = align_up(tag.size, payload_alignment);
    result.alignment = std::max(tag.alignment, payload_alignment);
    result.size = align_up(result.payload_offset + payload_size, result.alignment);
    return result;
  }

  /// (@interface func (export "name") (param $x t) ... (result $error (expected t? (error $errno))))
  Function function(const Node& node) const {
    Function result;
    for (const Node& part : node.list) {
      if (part.is("export")) result.name = part.list[1].atom.substr(1, part.list[1].atom.size() - 2);
      if (part.is("param")) result.params += type(part.list[2]).core;
      if (!part.is("result")) continue;
      result.results = "i";
      // What comes back beside the errno is stored through pointers.
      for (const Node& expected : part.list[2].list) {
        if (expected.atom == "expected" || expected.is("error")) continue;
        result.params += expected.is("tuple") ? std::string(expected.list.size() - 1, 'i') : "i";
      }
    }
    return result;
  }

  std::map<std::string, Type> types_;
  std::vector<Function> functions_;
};

}  // namespace wisp::wasi::p1::witx
