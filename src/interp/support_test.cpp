#include "interp/interp_test.hpp"

namespace wisp::interp::test {

namespace {

void write_types(std::vector<u8>& out, std::string_view letters) {
  write_uleb(out, letters.size());
  for (const char letter : letters) out.push_back(Code::type_byte(letter));
}

void write_section(std::vector<u8>& out, u8 id, const std::vector<u8>& body) {
  out.push_back(id);
  write_uleb(out, body.size());
  out.insert(out.end(), body.begin(), body.end());
}

void append(std::vector<u8>& out, const std::vector<u8>& bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

u32 ModuleText::type_index(std::string_view type) {
  for (u32 i = 0; i < types_.size(); ++i) {
    if (types_[i] == type) return i;
  }
  types_.emplace_back(type);
  return u32(types_.size()) - 1;
}

std::vector<u8> ModuleText::bytes() const {
  std::vector<u8> out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  std::vector<u8> types;
  write_uleb(types, types_.size());
  for (const std::string_view type : types_) {
    types.push_back(0x60);
    write_types(types, type.substr(0, type.find(':')));
    write_types(types, type.substr(type.find(':') + 1));
  }
  write_section(out, 1, types);

  std::vector<u8> imports;
  write_uleb(imports, imports_.size());
  for (const u32 type : imports_) {
    append(imports, {1, 'm', 1, 'f', 0});
    write_uleb(imports, type);
  }
  write_section(out, 2, imports);

  std::vector<u8> functions;
  write_uleb(functions, functions_.size());
  for (const Func& function : functions_) write_uleb(functions, function.type);
  write_section(out, 3, functions);

  const u64 count = imports_.size() + functions_.size();
  std::vector<u8> table = {1, 0x70, 0};
  write_uleb(table, count + 2);  // two elements stay null
  write_section(out, 4, table);
  write_section(out, 5, {1, 0, 1});
  if (!tags_.empty()) {
    std::vector<u8> tags;
    write_uleb(tags, tags_.size());
    for (const u32 type : tags_) {
      tags.push_back(0);
      write_uleb(tags, type);
    }
    write_section(out, 13, tags);
  }
  write_section(out, 6, {1, 0x7e, 1, 0x42, 0, 0x0b});

  std::vector<u8> elements = {1, 0, 0x41, 0, 0x0b};
  write_uleb(elements, count);
  for (u64 i = 0; i < count; ++i) write_uleb(elements, i);
  write_section(out, 9, elements);

  std::vector<u8> bodies;
  write_uleb(bodies, functions_.size());
  for (const Func& function : functions_) {
    std::vector<u8> body;
    write_uleb(body, function.locals.size());
    for (const char letter : function.locals) {
      write_uleb(body, function.locals_of_each);
      body.push_back(Code::type_byte(letter));
    }
    append(body, function.body.bytes());
    body.push_back(0x0b);
    write_uleb(bodies, body.size());
    append(bodies, body);
  }
  write_section(out, 10, bodies);
  return out;
}

World::World(const ModuleText& text, const InterpreterConfig& config, const runtime::StoreSettings& settings,
             abi::HostEntry host)
    : tier_(make_interpreter(config)) {
  store_ = std::move(runtime::Store::create(*tier_, settings)).value();
  auto decoded = wasm::decode(text.bytes(), registry_, {});
  if (!decoded.ok()) {
    ADD_FAILURE() << decoded.error().message;
    return;
  }
  const Result<void> valid = wasm::validate(*decoded.value());
  if (!valid.ok()) {
    ADD_FAILURE() << valid.error().message;
    return;
  }
  std::vector<runtime::Extern> imports;
  for (const wasm::Import& import : decoded.value()->imports) {
    const wasm::DefType* type = std::get<wasm::FuncImport>(import.type).type;
    imports.emplace_back(&store_->make_host_function(type, host, this, nullptr));
  }
  auto made = store_->instantiate(std::make_shared<runtime::LoadedModule>(decoded.value(), *tier_), imports);
  instance_ = std::get<runtime::Instance*>(made);
}

Outcome World::call(u32 function, std::span<const u64> arguments) {
  runtime::Function& callee = instance_->function(FuncIndex(function));
  Outcome outcome;
  outcome.results.resize(runtime::slot_count(callee.type->func.results));
  outcome.trap = store_->call(callee, arguments, outcome.results);
  return outcome;
}

}  // namespace wisp::interp::test
