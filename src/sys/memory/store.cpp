#include "sys/memory/inode.hpp"

namespace wisp::sys::memory {

Store::Store(const MemoryFileSystemOptions& options)
    : limit_bytes_(options.limit_bytes), device_(options.device), clock_(options.clock) {
  WISP_CHECK(clock_ != nullptr);
  // The root is there whatever the limit is.
  if (limit_bytes_ < inode_bytes) limit_bytes_ = inode_bytes;
  root_ = create(FileType::directory);
  root_->parent = root_;
  root_->links = 2;
}

Timestamp Store::now() {
  auto time = clock_->now();
  return time.ok() ? *time : Timestamp();
}

FileStat Store::stat_of(const Inode& inode) const {
  FileStat stat;
  stat.device = device_;
  stat.inode = inode.number;
  stat.type = inode.type;
  stat.link_count = inode.links;
  stat.size_bytes = inode.is_directory() ? page_bytes : inode.size_bytes;
  stat.stored_bytes = stat.size_bytes;
  stat.permissions = inode.is_directory() ? 0700 : 0600;
  stat.access_time = inode.accessed;
  stat.modification_time = inode.modified;
  stat.status_change_time = inode.changed;
  return stat;
}

Inode* Store::create(FileType type) {
  if (!take(inode_bytes)) return nullptr;
  auto inode = std::make_unique<Inode>();
  inode->number = next_number_++;
  inode->type = type;
  inode->accessed = inode->modified = inode->changed = now();
  Inode* const at = inode.get();
  inodes_.emplace(at->number, std::move(inode));
  return at;
}

void Store::release_if_unused(Inode& inode) {
  if (inode.links != 0 || inode.open_count != 0) return;
  // A directory without a name is empty, so there is nothing below it to release.
  WISP_ASSERT(inode.entries.by_cookie.empty());
  give_back(inode_bytes + inode.pages.size() * page_bytes + inode.target.size());
  inodes_.erase(inode.number);
}

Inode* Store::find(const Inode& directory, std::string_view name) {
  const auto at = directory.entries.by_name.find(name);
  if (at == directory.entries.by_name.end()) return nullptr;
  return directory.entries.by_cookie.find(at->second)->second.inode;
}

Outcome<void> Store::add_entry(Inode& directory, std::string_view name, Inode& inode) {
  if (directory.links == 0) return Errno::noent;
  if (!take(entry_bytes + name.size())) return Errno::nospc;
  const u64 cookie = directory.entries.next_cookie++;
  const auto [at, added] = directory.entries.by_cookie.emplace(cookie, Entries::Entry{std::string(name), &inode});
  WISP_CHECK(added && directory.entries.by_name.emplace(at->second.name, cookie).second);
  if (inode.is_directory()) {
    inode.parent = &directory;
    inode.links = 2;
    ++directory.links;
  } else {
    ++inode.links;
  }
  touch_modified(directory);
  inode.changed = directory.changed;
  return {};
}

void Store::remove_entry(Inode& directory, std::string_view name) {
  const auto by_name = directory.entries.by_name.find(name);
  WISP_CHECK(by_name != directory.entries.by_name.end());
  const auto by_cookie = directory.entries.by_cookie.find(by_name->second);
  Inode& inode = *by_cookie->second.inode;
  give_back(entry_bytes + by_cookie->second.name.size());
  directory.entries.by_name.erase(by_name);
  directory.entries.by_cookie.erase(by_cookie);
  touch_modified(directory);
  inode.changed = directory.changed;
  if (inode.is_directory()) {
    inode.links = 0;
    inode.parent = &inode;  // the old one may go before this one is closed
    --directory.links;
  } else {
    --inode.links;
  }
  release_if_unused(inode);
}

void Store::touch_modified(Inode& inode) {
  inode.modified = inode.changed = now();
}

Outcome<void> OpenInode::set_times(const TimeUpdate& access, const TimeUpdate& modification) const {
  const auto valid = [](const TimeUpdate& update) {
    return update.kind != TimeUpdate::Kind::set || update.time.nanoseconds < 1'000'000'000;
  };
  if (!valid(access) || !valid(modification)) return Errno::inval;
  const Timestamp now = store_->now();
  const auto apply = [&](const TimeUpdate& update, Timestamp& time) {
    if (update.kind == TimeUpdate::Kind::now) time = now;
    if (update.kind == TimeUpdate::Kind::set) time = update.time;
    return update.kind != TimeUpdate::Kind::keep;
  };
  const bool access_changed = apply(access, inode_->accessed);
  const bool modification_changed = apply(modification, inode_->modified);
  if (access_changed || modification_changed) inode_->changed = now;
  return {};
}

}  // namespace wisp::sys::memory
