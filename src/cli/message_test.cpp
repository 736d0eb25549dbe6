#include "cli/message.hpp"

#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/message_json.hpp"

namespace wisp::cli {
namespace {

TEST(MessageTable, NumbersAreUniqueAndGrow) {
  int last = 0;
  for (const MessageInfo& row : messages()) {
    EXPECT_GT(int(row.id), last) << row.code;
    last = int(row.id);
  }
  EXPECT_EQ(info(MessageId::link).code, "W0012");
}

TEST(MessageTable, EveryMessageIsExplainedInLinesThatFitATerminal) {
  for (const MessageInfo& row : messages()) {
    EXPECT_FALSE(row.title.empty()) << row.code;
    EXPECT_GT(row.help.size(), row.title.size()) << row.code;
    usize start = 0;
    while (start < row.help.size()) {
      const usize end = std::min(row.help.find('\n', start), row.help.size());
      EXPECT_LE(end - start, 125u) << row.code << ": " << row.help.substr(start, end - start);
      start = end + 1;
    }
  }
}

TEST(MessageTable, ExitCodesAreThoseOfTheContract) {
  const std::set<int> contract = {0, 64, 65, 66, 70, 74, 124, 130, 134, 137, 152};
  for (const MessageInfo& row : messages()) EXPECT_TRUE(contract.contains(row.exit_code)) << row.code;
}

Message full_message() {
  Message message(MessageId::link, "cannot link a.wasm");
  message.file = "a.wasm";
  message.offset = 18;
  message.detail("one detail").hint("do this");
  message.items.push_back({"env.f", "(func)", "give it"});
  message.backtrace.push_back({"a", "", 7, 32});
  return message;
}

TEST(RenderText, SaysWhatWhereWhyAndWhatToDo) {
  EXPECT_EQ(render_text(full_message(), false),
            "error[W0012]: cannot link a.wasm\n"
            "  at byte 18 (0x12) of a.wasm\n"
            "  one detail\n"
            "  env.f                                    (func)\n"
            "      → give it\n"
            "  at function 7  (a, byte 0x20)\n"
            "  → do this\n");
}

TEST(RenderText, ColoursOnlyIfAsked) {
  EXPECT_EQ(render_text(full_message(), false).find('\x1b'), std::string::npos);
  EXPECT_NE(render_text(full_message(), true).find("\x1b[1;31merror[W0012]:\x1b[0m"), std::string::npos);
}

TEST(RenderText, NotesAndDenialsHaveNoCode) {
  Message message(MessageId::denied, "open \"/x\"");
  message.severity = Severity::denied;
  EXPECT_EQ(render_text(message, false), "denied: open \"/x\"\n");
}

TEST(RenderText, RecursionIsOneLine) {
  Message message(MessageId::stack, "too deep");
  for (int i = 0; i < 64; ++i) message.backtrace.push_back({"m", "deep", 1, 16});
  message.backtrace.push_back({"m", "main", 2, 32});
  EXPECT_EQ(render_text(message, false),
            "error[W0041]: too deep\n  at deep  (m, byte 0x10), 64 times\n  at main  (m, byte 0x20)\n");
}

TEST(RenderText, TheMiddleOfALongBacktraceIsLeftOut) {
  Message message(MessageId::trap, "x");
  for (u32 i = 0; i < 50; ++i) message.backtrace.push_back({"", "", i, i});
  const std::string text = render_text(message, false);
  EXPECT_NE(text.find("  at function 9  (byte 0x9)\n  … 30 more\n  at function 40  (byte 0x28)\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("function 49"), std::string::npos);
  message.backtrace.resize(21);
  EXPECT_EQ(render_text(message, false).find("more"), std::string::npos);
}

TEST(RenderJson, HasTheSameFieldsInOneLine) {
  const std::string text = render_json(full_message());
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["level"], "error");
  EXPECT_EQ(json["code"], "W0012");
  EXPECT_EQ(json["exit_code"], 66);
  EXPECT_EQ(json["offset"], 18);
  EXPECT_EQ(json["items"][0]["hint"], "give it");
  EXPECT_EQ(json["backtrace"][0]["function_index"], 7);
  EXPECT_EQ(json["hints"][0], "do this");
}

TEST(RenderJson, TextThatIsNoUtf8StaysJson) {
  const auto json = nlohmann::json::parse(render_json(Message(MessageId::internal, "a\xff")));
  EXPECT_EQ(json["message"], "a\ufffd");
}

TEST(Printable, ShowsControlCharacters) {
  EXPECT_EQ(printable("a\x1b[2J\n\x7f"), "a\\x1b[2J\\x0a\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\u{9b}");
  EXPECT_EQ(printable("grüße ©"), "grüße ©");
  EXPECT_EQ(printable("\xc2"), "\xc2");
}

}  // namespace
}  // namespace wisp::cli
