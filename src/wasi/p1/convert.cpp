#include "wasi/p1/convert.hpp"

namespace wisp::wasi::p1 {

Filetype filetype_of(core::FileType type) {
  switch (type) {
    case core::FileType::block_device:
      return Filetype::block_device;
    case core::FileType::character_device:
      return Filetype::character_device;
    case core::FileType::directory:
      return Filetype::directory;
    case core::FileType::regular_file:
      return Filetype::regular_file;
    case core::FileType::symbolic_link:
      return Filetype::symbolic_link;
    case core::FileType::stream_socket:
      return Filetype::socket_stream;
    case core::FileType::datagram_socket:
      return Filetype::socket_dgram;
    // preview1 has no name for a pipe.
    case core::FileType::fifo:
    case core::FileType::unknown:
      return Filetype::unknown;
  }
  WISP_UNREACHABLE();
}

Fdflags fdflags_of(const core::StatusFlags& flags) {
  Fdflags result;
  if (flags.append) result.add(Fdflag::append);
  if (flags.non_blocking) result.add(Fdflag::nonblock);
  if (flags.sync_data) result.add(Fdflag::dsync);
  if (flags.sync_file) result.add(Fdflag::sync);
  return result;
}

core::HandleRights handle_rights_of(Rights base, Rights inheriting) {
  const auto core_base = core::Rights::from_bits(base.bits);
  const auto core_inheriting = core::Rights::from_bits(inheriting.bits);
  // Lifting refused unknown bits.
  WISP_CHECK(core_base && core_inheriting);
  return {*core_base, *core_inheriting};
}

namespace {

std::optional<core::TimeUpdate> time_update_of(Timestamp time, bool set, bool now) {
  using Kind = core::TimeUpdate::Kind;
  if (set && now) return std::nullopt;
  if (now) return core::TimeUpdate{Kind::now, {}};
  if (set) return core::TimeUpdate{Kind::set, core::Timestamp::from_ns(time)};
  return core::TimeUpdate{};
}

}  // namespace

std::optional<TimeUpdates> time_updates_of(Timestamp atim, Timestamp mtim, Fstflags flags) {
  const auto access = time_update_of(atim, flags.has(Fstflag::atim), flags.has(Fstflag::atim_now));
  const auto modification = time_update_of(mtim, flags.has(Fstflag::mtim), flags.has(Fstflag::mtim_now));
  if (!access || !modification) return std::nullopt;
  return TimeUpdates{*access, *modification};
}

bool BlockingCall::wait(const core::Handle& handle) const {
  sys::PollItem item{handle.wait_handle(), interest};
  return guest.waiter().wait({&item, 1}, std::nullopt) != sys::PollResult::interrupted;
}

}  // namespace wisp::wasi::p1
