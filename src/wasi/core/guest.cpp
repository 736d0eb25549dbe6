#include "wasi/core/guest.hpp"

#include "wasi/core/dir.hpp"

namespace wisp::core {

std::string_view operation_name(Operation operation) {
  constexpr std::string_view names[] = {
#define WISP_OPERATION(name, rights) #name,
#define WISP_OPERATION_ANY(name, rights) #name,
#include "wasi/core/operations.def"
#undef WISP_OPERATION
#undef WISP_OPERATION_ANY
  };
  return names[u8(operation)];
}

std::string describe(const Denial& denial) {
  const std::string object = denial.object.empty() ? "the handle" : "\"" + std::string(denial.object) + "\"";
  const std::string mount = denial.mount != nullptr ? "mount " + denial.mount->guest_path : "the handle";
  switch (denial.rule) {
    case Rule::read_only_mount:
      return mount + " is read-only";
    case Rule::missing_right:
      return object + " was opened without the right to " + std::string(operation_name(denial.operation));
    case Rule::absolute_path:
      return object + " is absolute; paths are relative to an open directory";
    case Rule::outside:
      return object + " leads out of the directory it was looked up in, under " + mount;
    case Rule::absolute_link:
      return "a symbolic link may not point to an absolute path";
    case Rule::device:
      return object + " is a device, and devices are not opened";
    case Rule::different_rights:
      return "the two mounts of " + object + " and its target allow different things";
    case Rule::limit:
      return "the guest holds as much open as it may";
  }
  WISP_UNREACHABLE();
}

Outcome<std::unique_ptr<Dir>> Guest::mount(std::unique_ptr<sys::Directory> directory, Mount mount) {
  auto charge = Charge::take(handles_, 1);
  if (!charge) return ErrorCode::mfile;
  const Rights allowed = mount.read_only ? Rights::all().without(Rights::changing()) : Rights::all();
  mount.rights = {allowed & Rights::applicable_to(FileType::directory), allowed};
  auto stat = directory->stat();
  if (!stat.ok()) return from_errno(stat.error());
  mount.device = stat->device;
  mount.inode = stat->inode;
  mounts_.push_back(std::make_unique<const Mount>(std::move(mount)));
  const Mount& kept = *mounts_.back();
  return std::unique_ptr<Dir>(new Dir(*this, std::move(*charge), std::move(directory),
                                      {&kept, FileType::directory, kept.rights, {}}, kept.guest_path, true));
}

}  // namespace wisp::core
