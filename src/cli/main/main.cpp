#include <string_view>
#include <vector>

#include "api/process.hpp"
#include "cli/app.hpp"

int main(int count, char** words, char** environment) {
  wisp::prepare_process();
  const std::vector<std::string_view> arguments(words + (count > 0 ? 1 : 0), words + count);
  wisp::leave_process(wisp::cli::app(arguments, environment));
}
