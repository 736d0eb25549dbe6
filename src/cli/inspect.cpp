#include "cli/inspect.hpp"

#include <fmt/format.h>

#include "wisp/module.hpp"
#include "wisp/wasi.hpp"

#include "cli/custom_sections.hpp"
#include "cli/input.hpp"
#include "cli/json.hpp"
#include "cli/output.hpp"
#include "cli/units.hpp"

namespace wisp::cli {
namespace {

/// "WASI command": what the module is, as far as it follows the rules.
std::string kind_name(const Module& module) {
  const Result<WasiKind> kind = wasi_kind(module);
  if (!kind) return "breaks WASI's rules: " + kind.error().message;
  bool imports_wasi = false;
  for (const ImportType& import : module.imports()) imports_wasi = imports_wasi || is_wasi(import.module);
  const std::string prefix = imports_wasi ? "WASI " : "";
  switch (*kind) {
    case WasiKind::command:
      return prefix + "command";
    case WasiKind::reactor:
      return prefix + "reactor";
    case WasiKind::library:
      return prefix + "library";
  }
  return {};
}

std::vector<ProducersField> producers_of(const Module& module) {
  const auto section = module.custom_section("producers");
  return section ? read_producers(*section) : std::vector<ProducersField>();
}

std::vector<std::string> target_features_of(const Module& module) {
  const auto section = module.custom_section("target_features");
  return section ? read_target_features(*section) : std::vector<std::string>();
}

Json describe(const Module& module, const std::string& path) {
  Json out{{"file", path}, {"size_bytes", module.bytes().size()}, {"kind", kind_name(module)}};
  if (!module.name().empty()) out["name"] = module.name();
  out["sections"] = Json::array();
  for (const Section& section : module.sections()) {
    out["sections"].push_back(
        {{"id", section.id}, {"name", section.name}, {"offset", section.offset}, {"size_bytes", section.size_bytes}});
  }
  out["types"] = module.types();
  out["imports"] = Json::array();
  for (const ImportType& import : module.imports()) {
    out["imports"].push_back({{"module", import.module},
                              {"name", import.name},
                              {"kind", to_string(import.kind())},
                              {"type", to_string(import.type)}});
  }
  out["exports"] = Json::array();
  for (const ExportType& one : module.exports()) {
    out["exports"].push_back({{"name", one.name}, {"kind", to_string(one.kind())}, {"type", to_string(one.type)}});
  }
  out["producers"] = Json::object();
  for (const ProducersField& field : producers_of(module)) {
    Json values = Json::array();
    for (const auto& [name, version] : field.values) values.push_back({{"name", name}, {"version", version}});
    out["producers"][field.name] = std::move(values);
  }
  out["target_features"] = target_features_of(module);
  return out;
}

std::string section_lines(const Module& module) {
  std::string out;
  for (const Section& section : module.sections()) {
    const std::string name =
        section.id == 0 ? fmt::format("custom \"{}\"", printable(section.name)) : std::string(section.name);
    out += fmt::format("  {:<32} {:#010x}  {:>10}\n", name, section.offset, show_size(section.size_bytes));
  }
  return out;
}

std::string type_lines(const Module& module) {
  std::string out;
  usize index = 0;
  for (const std::string& type : module.types()) out += fmt::format("  {:>4}  {}\n", index++, type);
  return out;
}

std::string import_lines(const Module& module) {
  std::string out;
  for (const ImportType& import : module.imports()) {
    out += fmt::format("  {:<48} {}\n", printable(import.module + "." + import.name), to_string(import.type));
  }
  return out;
}

std::string export_lines(const Module& module) {
  std::string out;
  for (const ExportType& one : module.exports()) {
    out += fmt::format("  {:<48} {}\n", printable(one.name), to_string(one.type));
  }
  return out;
}

std::string producer_lines(const Module& module) {
  std::string out;
  for (const ProducersField& field : producers_of(module)) {
    for (const auto& [name, version] : field.values) {
      out += fmt::format("  {:<16} {} {}\n", printable(field.name), printable(name), printable(version));
    }
  }
  return out;
}

void add_part(std::string& out, std::string_view title, const std::string& lines) {
  if (!lines.empty()) out += fmt::format("\n{}:\n{}", title, lines);
}

std::string show(const Module& module, const std::string& path) {
  std::string out = fmt::format("{}: {}, {}\n", printable(path), kind_name(module), show_size(module.bytes().size()));
  if (!module.name().empty()) out += fmt::format("name: {}\n", printable(module.name()));
  add_part(out, "sections", section_lines(module));
  add_part(out, "types", type_lines(module));
  add_part(out, "imports", import_lines(module));
  add_part(out, "exports", export_lines(module));
  add_part(out, "producers", producer_lines(module));
  std::string features;
  for (const std::string& feature : target_features_of(module)) features += " " + printable(feature);
  if (!features.empty()) add_part(out, "target features", " " + features + "\n");
  return out;
}

}  // namespace

int inspect(const Invocation& invocation) {
  const std::string& path = invocation.files.front();
  const Engine engine(invocation.config);
  const Module module = load_module(engine, path);
  print_out(invocation.json ? to_text(describe(module, path), 2) + "\n" : show(module, path));
  return 0;
}

}  // namespace wisp::cli
