#include "abi/host_entry.hpp"

#include <vector>

#include <gmock/gmock.h>

#include "abi/abi_test.hpp"

namespace wisp::abi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WISP_ABI_ENUM(Status, u16, fine, _2much, int_, wrong)
WISP_ABI_ENUM(Bit, u8, one, two, four)

struct Pair {
  u8 a = 0;
  u64 b = 0;
  Flags<Bit> c;
  static constexpr auto fields = std::tuple{WISP_ABI_FIELD(Pair, a), WISP_ABI_FIELD(Pair, b), WISP_ABI_FIELD(Pair, c)};
};

WISP_ABI_ENUM(Kind, u8, number, pair)
struct Either {
  Kind kind = Kind::number;
  u32 number = 0;
  Pair pair;
  static constexpr auto tag = &Either::kind;
  static constexpr auto cases = std::tuple{WISP_ABI_FIELD(Either, number), WISP_ABI_FIELD(Either, pair)};
};

struct Host : TraceSink {
  std::vector<std::string> lines;
  bool watched = false;
  int calls = 0;
  TraceSink* trace_sink() { return watched ? this : nullptr; }
  void line(std::string_view text) override { lines.emplace_back(text); }
};

}  // namespace

template <>
struct ResultAbi<Status> {
  static constexpr std::string_view core = "i";
  static Status invalid() { return Status::int_; }
  static Status refused(u32 code) { return static_cast<Status>(code); }
  static Lowered lower(Status result) { return {HostResult::returned, static_cast<u32>(result)}; }
  static bool succeeded(Status result) { return result == Status::fine; }
  static void trace(TraceText& out, Status result) { render(out, result); }
};

namespace {

Status sum(Host& host, u32 a, u64 b, Flags<Bit> bits, String text, Out<u64> out, Out<Pair> pair) {
  ++host.calls;
  out.set(a + b + text.bytes.size());
  pair.set({1, 2, bits});
  return Status::fine;
}
using Sum = decltype(describe<"sum">(sum));

HostResult leave(Host&, Caller& caller, u32 code) {
  return caller.exit(code);
}
using Leave = decltype(describe<"leave">(leave));

Status fill(Host&, Buffer buffer, Ptr<u32>, Out<u32> used) {
  std::ranges::fill(buffer.bytes, 'x');
  used.set(2);
  return Status::fine;
}
using Fill = decltype(describe<"fill">(fill));

struct HostEntryTest : testing::Test {
  std::vector<u8> bytes = std::vector<u8>(64, 0xaa);
  Host host;
  TestInstance instance{bytes};

  HostResult call_sum(std::vector<u64> slots) { return Sum::code<sum>().entry(&host, instance.calling, slots.data()); }
};

TEST(Layout, RecordsFollowTheCRules) {
  EXPECT_THAT(Layout<Pair>::offsets, ElementsAre(0, 8, 16, 17));
  EXPECT_EQ(Layout<Pair>::size, 24u);
  EXPECT_EQ(Layout<Pair>::alignment, 8u);
  EXPECT_EQ(Layout<Either>::payload_offset, 8u);
  EXPECT_EQ(Layout<Either>::size, 32u);
}

TEST(Layout, PaddingIsZeroAndValuesRoundTrip) {
  std::vector<u8> bytes(32, 0xff);
  Either value;
  value.kind = Kind::pair;
  value.pair = {3, 4, {Bit::four}};
  Layout<Either>::store(bytes.data(), value);
  EXPECT_EQ(bytes, (std::vector<u8>{1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
                                    4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0}));
  Either back;
  ASSERT_TRUE(Layout<Either>::load(bytes.data(), back));
  EXPECT_EQ(back.kind, Kind::pair);
  EXPECT_EQ(back.pair.b, 4u);
  bytes[0] = 2;
  EXPECT_FALSE(Layout<Either>::load(bytes.data(), back));
  bytes[0] = 1;
  bytes[24] = 8;
  EXPECT_FALSE(Layout<Either>::load(bytes.data(), back)) << "an unknown flag";
}

TEST(Layout, NamesComeFromTheDeclaration) {
  EXPECT_THAT(EnumTable<Status>::names, ElementsAre("fine", "2much", "int", "wrong"));
  EXPECT_EQ((Flags<Bit>{Bit::one, Bit::four}.bits), 5);
  EXPECT_EQ(Flags<Bit>::known, 7u);
}

TEST_F(HostEntryTest, DerivesTheCoreSignature) {
  EXPECT_EQ(Sum::signature(), (CoreSignature{"iIiiiii", "i"}));
  EXPECT_EQ(Leave::signature(), (CoreSignature{"i", ""}));
  EXPECT_EQ(Fill::signature(), (CoreSignature{"iiii", "i"}));
}

TEST_F(HostEntryTest, LiftsCallsAndLowers) {
  std::vector<u64> slots = {0xffffffff00000001, u64{1} << 40, 2, 60, 4, 8, 24};
  ASSERT_EQ(Sum::code<sum>().entry(&host, instance.calling, slots.data()), HostResult::returned);
  EXPECT_EQ(slots[0], 0u);
  EXPECT_EQ(load_le<u64>(&bytes[8]), (u64{1} << 40) + 5);
  EXPECT_EQ(bytes[40], 2);
  EXPECT_EQ(bytes[48], 0xaa);
}

TEST_F(HostEntryTest, ADirectEntryDoesTheSame) {
  const auto entered = reinterpret_cast<DirectEntry<u32, u32, u64, u32, u32, u32, u32, u32>>(Sum::code<sum>().direct);
  auto result = entered(&host, instance.calling, 1, u64{1} << 40, 2, 60, 4, 8, 24);
  EXPECT_EQ(result.how, u64(HostResult::returned));
  EXPECT_EQ(result.value, u32(Status::fine));
  EXPECT_EQ(load_le<u64>(&bytes[8]), (u64{1} << 40) + 5);
  result = entered(&host, instance.calling, 1, 1, 8, 60, 4, 8, 24);
  EXPECT_EQ(result.value, u32(Status::int_));
  result = entered(&host, instance.calling, 1, 1, 0, 60, 5, 8, 24);
  EXPECT_EQ(result.how, u64(HostResult::unwind));
  EXPECT_EQ(instance.unwind.kind, Unwind::Kind::trap);
  const auto left = reinterpret_cast<DirectEntry<void, u32>>(Leave::code<leave>().direct);
  EXPECT_EQ(left(&host, instance.calling, 9).how, u64(HostResult::unwind));
  EXPECT_EQ(instance.unwind.exit_code, 9u);
}

TEST_F(HostEntryTest, NothingHappensWhenOnePointerIsBad) {
  for (const auto& slots : std::vector<std::vector<u64>>{{1, 1, 0, 60, 5, 8, 24},  // the text ends behind the memory
                                                         {1, 1, 0, 0xffffffff, 2, 8, 24},  // would wrap in 32 bits
                                                         {1, 1, 0, 60, 4, 64, 24},         // behind the memory
                                                         {1, 1, 0, 60, 4, 8, 48},  // the record's last byte is outside
                                                         {1, 1, 0, 60, 4, 8, 0xfffffff8}}) {
    EXPECT_EQ(call_sum(slots), HostResult::unwind);
    EXPECT_EQ(instance.unwind.kind, Unwind::Kind::trap);
    EXPECT_THAT(instance.unwind.message, HasSubstr("sum: pointer out of bounds"));
  }
  EXPECT_EQ(call_sum({1, 1, 0, 60, 4, 8, 17}), HostResult::unwind);
  EXPECT_THAT(instance.unwind.message, HasSubstr("sum: misaligned pointer: 0x11 is not a multiple of 8"));
  EXPECT_EQ(host.calls, 0);
  EXPECT_EQ(bytes, std::vector<u8>(64, 0xaa));
}

TEST_F(HostEntryTest, EmptyTextNeedsNoAddress) {
  EXPECT_EQ(call_sum({1, 1, 0, 0xffffffff, 0, 8, 24}), HostResult::returned);
}

TEST_F(HostEntryTest, UnknownFlagsAreInvalid) {
  std::vector<u64> slots = {1, 1, 8, 60, 4, 8, 24};
  EXPECT_EQ(Sum::code<sum>().entry(&host, instance.calling, slots.data()), HostResult::returned);
  EXPECT_EQ(slots[0], static_cast<u64>(Status::int_));
  EXPECT_EQ(host.calls, 0);
}

TEST_F(HostEntryTest, SaysSoWhenThereIsNoMemory) {
  TestInstance without;
  std::vector<u64> slots = {1, 1, 0, 0, 0, 8, 24};
  EXPECT_EQ(Sum::code<sum>().entry(&host, without.calling, slots.data()), HostResult::unwind);
  EXPECT_THAT(without.unwind.message, HasSubstr("exports no memory"));
  // A memory of no bytes is one.
  u8 nothing = 0;
  TestInstance empty{std::span(&nothing, 0)};
  EXPECT_EQ(Sum::code<sum>().entry(&host, empty.calling, slots.data()), HostResult::unwind);
  EXPECT_THAT(empty.unwind.message, HasSubstr("in a memory of 0x0 bytes"));
}

TEST_F(HostEntryTest, TracesWhatWasCalledAndWhatCameBack) {
  host.watched = true;
  std::copy_n("a\n\"\x80", 4, bytes.begin() + 60);
  (void)call_sum({7, 5, 5, 60, 4, 8, 24});
  (void)call_sum({7, 5, 9, 60, 4, 8, 24});
  (void)call_sum({7, 5, 1, 60, 4, 9, 24});
  std::vector<u64> slots = {60, 4, 0, 0};
  (void)Fill::code<fill>().entry(&host, instance.calling, slots.data());
  slots = {3};
  (void)Leave::code<leave>().entry(&host, instance.calling, slots.data());
  EXPECT_THAT(
      host.lines,
      ElementsAre(
          "sum(7, 5, one|four, \"a\\n\\\"\\x80\", …, …) = fine (16, {a=1, b=2, c=one|four})",
          "sum(0x7, 0x5, 0x9, 0x3c, 0x4, 0x8, 0x18) = int",
          "sum(0x7, 0x5, 0x1, 0x3c, 0x4, 0x9, 0x18) = trap: sum: misaligned pointer: 0x9 is not a multiple of 8",
          "fill(\"xx\", 4, 0x0, …) = fine (2)", "leave(3) = ?"));
}

}  // namespace
}  // namespace wisp::abi
