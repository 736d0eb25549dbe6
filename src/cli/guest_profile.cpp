#include "cli/guest_profile.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cli/limits.hpp"

namespace wisp::cli {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

/// The tables' format: https://github.com/firefox-devtools/profiler/blob/main/docs-developer/CHANGELOG-formats.md
constexpr int format_version = 48;
constexpr int gecko_version = 24;
constexpr int library_resource = 1;

struct Category {
  const char* name;
  const char* color;
};
/// By FrameKind, behind the one that every profile must have.
constexpr Category categories[] = {{"Other", "grey"},      {"Interpreter", "orange"}, {"Baseline", "yellow"},
                                   {"Optimized", "green"}, {"Compiling", "brown"},    {"Host", "blue"}};

usize category_of(FrameKind kind) {
  return usize(kind) + 1;
}

/// A table as an array for each column.
Json table(usize length, std::initializer_list<std::pair<const char*, Json>> columns) {
  Json out{{"length", length}};
  for (const auto& [name, column] : columns) out[name] = column;
  return out;
}

Json column(const auto& rows, auto value) {
  Json out = Json::array();
  for (const auto& row : rows) out.push_back(value(row));
  return out;
}

/// The same value in all rows.
Json same(usize length, const Json& value) {
  return Json(std::vector<Json>(length, value));
}

}  // namespace

GuestProfile::GuestProfile(std::string program, std::chrono::nanoseconds interval)
    : program_(std::move(program)), interval_(interval) {}

GuestProfile::Number GuestProfile::frame_of(const SampledFrame& frame) {
  std::string name = frame.function;
  if (name.empty()) name = frame.kind == FrameKind::host ? "(host)" : fmt::format("func {}", frame.function_index);
  // What a program imports is of another module than the program itself.
  const std::string& module = frame.module.empty() && frame.kind != FrameKind::host ? program_ : frame.module;
  const Function function{strings_.number(name), modules_.number(strings_.number(module)), frame.function_index};
  return frames_.number({functions_.number(function), frame.kind});
}

void GuestProfile::add(const Sample& sample) {
  Number stack = -1;
  for (usize i = sample.frames.size(); i-- > 0;) stack = stacks_.number({stack, frame_of(sample.frames[i])});
  ++sample_count_;
  // A wait is as many rows as it lasted intervals, so that it is where it was.
  const u64 rows = std::clamp<u64>(sample.intervals, 1, limits::rows_of_sample);
  const double end_ms = now_ms();
  const double last_ms = samples_.empty() ? 0 : samples_.back().time_ms;
  const double lasted_ms =
      Milliseconds(interval_).count() * double(sample.intervals - std::min<u64>(sample.intervals, 1));
  const double begin_ms = std::max(end_ms - lasted_ms, last_ms);
  const std::chrono::nanoseconds cpu_time = thread_cpu_time();
  const double cpu_us =
      std::chrono::duration<double, std::micro>(cpu_time - std::exchange(cpu_time_, cpu_time)).count();
  for (u64 i = 0; i < rows; ++i) {
    const double time_ms = rows == 1 ? end_ms : begin_ms + (end_ms - begin_ms) * double(i) / double(rows - 1);
    const u64 weight = sample.intervals * (i + 1) / rows - sample.intervals * i / rows;
    samples_.push_back({stack, time_ms, weight, cpu_us / double(rows)});
  }
}

double GuestProfile::now_ms() const {
  return Milliseconds(std::chrono::steady_clock::now() - started_).count();
}

Json GuestProfile::thread() const {
  const auto or_null = [](Number number) { return number < 0 ? Json() : Json(number); };
  const auto& functions = functions_.rows;
  const auto& frames = frames_.rows;
  const auto& stacks = stacks_.rows;
  const auto category_of_stack = [&](const Stack& stack) { return category_of(frames[usize(stack.frame)].kind); };
  Json out{{"name", program_},
           {"isMainThread", true},
           {"processType", "default"},
           {"processName", program_},
           {"processStartupTime", 0},
           {"processShutdownTime", now_ms()},
           {"registerTime", 0},
           {"unregisterTime", now_ms()},
           {"pausedRanges", Json::array()},
           {"pid", std::to_string(process_id())},
           {"tid", process_id()}};
  out["frameTable"] =
      table(frames.size(), {{"address", same(frames.size(), -1)},
                            {"inlineDepth", same(frames.size(), 0)},
                            {"category", column(frames, [](const Frame& frame) { return category_of(frame.kind); })},
                            {"subcategory", same(frames.size(), 0)},
                            {"func", column(frames, [](const Frame& frame) { return frame.function; })},
                            {"nativeSymbol", same(frames.size(), nullptr)},
                            {"innerWindowID", same(frames.size(), nullptr)},
                            {"implementation", same(frames.size(), nullptr)},
                            {"line", same(frames.size(), nullptr)},
                            {"column", same(frames.size(), nullptr)}});
  out["funcTable"] =
      table(functions.size(), {{"name", column(functions, [](const Function& function) { return function.name; })},
                               {"isJS", same(functions.size(), false)},
                               {"relevantForJS", same(functions.size(), false)},
                               {"resource", column(functions, [](const Function& one) { return one.module; })},
                               {"fileName", same(functions.size(), nullptr)},
                               {"lineNumber", same(functions.size(), nullptr)},
                               {"columnNumber", same(functions.size(), nullptr)}});
  const auto& modules = modules_.rows;
  out["resourceTable"] = table(modules.size(), {{"lib", column(modules_.numbers, [](const auto&) { return 0; })},
                                                {"name", Json(modules)},
                                                {"host", same(modules.size(), nullptr)},
                                                {"type", same(modules.size(), library_resource)}});
  for (usize i = 0; i < modules.size(); ++i) out["resourceTable"]["lib"][i] = i;
  out["nativeSymbols"] = table(0, {{"libIndex", Json::array()},
                                   {"address", Json::array()},
                                   {"name", Json::array()},
                                   {"functionSize", Json::array()}});
  out["stackTable"] =
      table(stacks.size(), {{"prefix", column(stacks, [&](const Stack& stack) { return or_null(stack.caller); })},
                            {"frame", column(stacks, [](const Stack& stack) { return stack.frame; })},
                            {"category", column(stacks, category_of_stack)},
                            {"subcategory", same(stacks.size(), 0)}});
  out["samples"] =
      table(samples_.size(), {{"stack", column(samples_, [&](const Place& place) { return or_null(place.stack); })},
                              {"time", column(samples_, [](const Place& place) { return place.time_ms; })},
                              {"threadCPUDelta", column(samples_, [](const Place& place) { return place.cpu_us; })},
                              {"weight", column(samples_, [](const Place& place) { return place.weight; })},
                              {"weightType", "samples"}});
  out["markers"] = table(0, {{"data", Json::array()},
                             {"name", Json::array()},
                             {"startTime", Json::array()},
                             {"endTime", Json::array()},
                             {"phase", Json::array()},
                             {"category", Json::array()}});
  out["stringArray"] = strings_.rows;
  return out;
}

std::string GuestProfile::to_json() const {
  Json meta{{"version", gecko_version},
            {"preprocessedProfileVersion", format_version},
            {"product", program_},
            {"processType", 0},
            {"interval", Milliseconds(interval_).count()},
            {"startTime", Milliseconds(started_at_.time_since_epoch()).count()},
            {"profilingStartTime", 0},
            {"profilingEndTime", now_ms()},
            {"oscpu", "Linux"},
            {"sampleUnits", {{"time", "ms"}, {"eventDelay", "ms"}, {"threadCPUDelta", "µs"}}},
            {"stackwalk", 1},
            {"debug", false},
            {"symbolicated", true},
            {"usesOnlyOneStackType", true},
            {"doesNotUseFrameImplementation", true},
            {"sourceCodeIsNotOnSearchfox", true},
            {"markerSchema", Json::array()}};
  for (const Category& category : categories) {
    meta["categories"].push_back(
        {{"name", category.name}, {"color", category.color}, {"subcategories", Json::array({"Other"})}});
  }
  meta["extensions"] = table(0, {{"baseURL", Json::array()}, {"id", Json::array()}, {"name", Json::array()}});
  Json libraries = Json::array();
  for (const Number name : modules_.rows) {
    const std::string& text = strings_.rows[usize(name)];
    libraries.push_back({{"arch", "wasm"},
                         {"name", text},
                         {"path", text},
                         {"debugName", text},
                         {"debugPath", text},
                         {"breakpadId", ""},
                         {"codeId", nullptr}});
  }
  return to_text({{"meta", meta},
                  {"libs", libraries},
                  {"pages", Json::array()},
                  {"counters", Json::array()},
                  {"profilerOverhead", Json::array()},
                  {"threads", Json::array({thread()})}});
}

}  // namespace wisp::cli
