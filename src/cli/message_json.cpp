#include "cli/message_json.hpp"

#include <nlohmann/json.hpp>

#include "cli/json.hpp"

namespace wisp::cli {

std::string render_json(const Message& message) {
  Json out;
  out["level"] = to_string(message.severity);
  out["code"] = info(message.id).code;
  out["message"] = message.text;
  if (!message.file.empty()) out["file"] = message.file;
  if (message.offset) out["offset"] = *message.offset;
  if (message.place) {
    out["line"] = message.place->line;
    out["column"] = message.place->column;
  }
  if (message.severity == Severity::error) out["exit_code"] = message.exit_code();
  if (!message.details.empty()) out["details"] = message.details;
  for (const Item& item : message.items) {
    Json entry{{"what", item.what}, {"why", item.why}};
    if (!item.hint.empty()) entry["hint"] = item.hint;
    out["items"].push_back(std::move(entry));
  }
  for (const Frame& frame : message.backtrace) {
    Json entry{{"function_index", frame.function_index}, {"offset", frame.offset}};
    if (!frame.function.empty()) entry["function"] = frame.function;
    if (!frame.module.empty()) entry["module"] = frame.module;
    out["backtrace"].push_back(std::move(entry));
  }
  if (!message.hints.empty()) out["hints"] = message.hints;
  return to_text(out) + "\n";
}

}  // namespace wisp::cli
