#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "text/wast.hpp"

// make_seeds KIND FOLDER SCRIPT...: fills FOLDER with seeds, one for each module in the scripts. KIND is `text` or
// `binary`.

namespace {

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void add(const char* data, std::size_t size) {
    std::ofstream(folder_ / ("seed-" + std::to_string(count_++)), std::ios::binary).write(data, std::streamsize(size));
  }

 private:
  std::filesystem::path folder_;
  int count_ = 0;
};

/// The modules of a script that have the kind of seed: a text that stands in the script, or bytes.
void add_modules(Seeds& seeds, const std::string& script, bool binary) {
  wisp::text::ScriptReader reader(script);
  while (true) {
    auto command = reader.next();
    if (!command.ok()) continue;
    if (!command->has_value()) return;
    const auto* module = std::get_if<wisp::text::ModuleCommand>(&(*command)->body);
    if (module == nullptr) continue;
    if (!binary) {
      const std::string_view source = module->module.source;
      if (module->module.form == wisp::text::ScriptModule::Form::text) seeds.add(source.data(), source.size());
      continue;
    }
    const auto bytes = assemble(module->module, wisp::wasm::Features());
    if (bytes.ok()) seeds.add(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const bool binary = std::string(argv[1]) == "binary";
  Seeds seeds(argv[2]);
  for (int i = 3; i < argc; ++i) {
    add_modules(seeds, read_file(argv[i]), binary);
  }
}
