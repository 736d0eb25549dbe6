// The text format: whatever assembles and decodes must print to a text that assembles to the same module.
#include <memory>

#include "base/check.hpp"
#include "text/printer.hpp"
#include "text/wast.hpp"
#include "text/wat.hpp"
#include "wasm/decoder.hpp"
#include "wasm/validator.hpp"

namespace {

using namespace wisp;

void round_trip(const std::vector<u8>& bytes) {
  const auto registry = std::make_shared<wasm::TypeRegistry>();
  const auto module = wasm::decode(bytes, registry, {});
  if (!module.ok()) return;
  const auto printed = text::print(**module, {.offsets = false, .custom_sections = true});
  // A body that is not valid may not be readable, or may close more blocks than it opens.
  if (!printed.ok() || !wasm::validate(**module).ok()) return;
  const auto again = text::assemble(*printed, {});
  WISP_CHECK(again.ok());
  const auto second = wasm::decode(*again, registry, {});
  WISP_CHECK(second.ok());
  WISP_CHECK((*module)->types == (*second)->types && (*module)->functions == (*second)->functions);
}

void read_script(std::string_view source) {
  text::ScriptReader reader(source);
  while (true) {
    const auto command = reader.next();
    if (!command.ok()) continue;
    if (!command->has_value()) return;
    const auto* definition = std::get_if<text::ModuleCommand>(&(*command)->body);
    const auto* assertion = std::get_if<text::AssertModule>(&(*command)->body);
    if (definition == nullptr && assertion == nullptr) continue;
    const auto bytes = text::assemble(definition != nullptr ? definition->module : assertion->module, {});
    if (bytes.ok()) round_trip(*bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
  const std::string_view source = as_text({data, size});
  const auto bytes = text::assemble(source, {});
  if (bytes.ok()) {
    round_trip(*bytes);
  } else {
    WISP_CHECK(bytes.error().offset <= source.size());
    (void)text::render(source, "input", bytes.error());
  }
  read_script(source);
  return 0;
}
