// What a C++ program expects of its library: containers, streams, algorithms, formatted numbers, static constructors.
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Announcer {
  Announcer() { std::cout << "static constructor\n"; }
  ~Announcer() { std::cout << "static destructor\n"; }
} announcer;

std::map<std::string, int> count_words(const std::string& text) {
  std::map<std::string, int> counts;
  std::istringstream words(text);
  for (std::string word; words >> word;) ++counts[word];
  return counts;
}

}  // namespace

int main() {
  for (const auto& [word, count] : count_words("to be or not to be")) std::cout << word << ' ' << count << '\n';

  std::vector<int> numbers(10);
  std::iota(numbers.begin(), numbers.end(), 1);
  std::reverse(numbers.begin(), numbers.end());
  std::cout << "sum " << std::accumulate(numbers.begin(), numbers.end(), 0) << ", first " << numbers.front() << '\n';

  const auto shared = std::make_shared<std::string>("shared");
  std::cout << *shared << ' ' << std::fixed << std::setprecision(3) << 2.0 / 3.0 << std::endl;
  return 0;
}
