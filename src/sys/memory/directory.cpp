#include "sys/directory.hpp"

#include <cstring>

#include "sys/memory/inode.hpp"

namespace wisp::sys::memory {
namespace {

/// Whether `inode` is `directory` or lies above it.
bool is_above(const Inode& inode, const Inode& directory) {
  for (const Inode* at = &directory;; at = at->parent) {
    if (at == &inode) return true;
    if (at == at->parent) return false;
  }
}

class MemoryDirectory final : public Directory {
 public:
  MemoryDirectory(std::shared_ptr<Store> store, Inode& inode) : open_(std::move(store), inode) {}

  Outcome<FileStat> stat() override { return open_.stat(); }
  Outcome<void> set_times(TimeUpdate access, TimeUpdate modification) override {
    return open_.set_times(access, modification);
  }
  Outcome<void> sync_data() override { return {}; }
  Outcome<void> sync_file() override { return {}; }

  Outcome<Opened> open(std::string_view path, const OpenMode& mode) override {
    // A new name is never looked up through a link that is already there.
    const bool follow = mode.follow && !(mode.create && mode.exclusive);
    auto found = resolve(inode(), path, {follow, mode.create});
    if (!found.ok()) return found.error();
    if (found->inode == nullptr) {
      auto created = create_file(*found, mode);
      if (!created.ok()) return created.error();
      found->inode = *created;
    } else if (auto fits = check_existing(*found, mode); !fits.ok()) {
      return fits.error();
    } else if (mode.truncate && found->inode->type == FileType::regular_file) {
      resize(store(), *found->inode, 0);
    }
    Inode& target = *found->inode;
    if (target.is_directory()) return Opened{make_directory(open_.shared_store(), target), target.type};
    return Opened{make_file(open_.shared_store(), target, mode), target.type};
  }

  Outcome<std::unique_ptr<Node>> open_place(std::string_view path, PlaceMode mode) override {
    auto found = resolve(inode(), path, {mode.follow, false});
    if (!found.ok()) return found.error();
    if (found->inode == nullptr) return Errno::noent;
    if ((mode.directory || found->must_be_directory) && !found->inode->is_directory()) return Errno::notdir;
    return make_place(open_.shared_store(), *found->inode);
  }

  Outcome<std::unique_ptr<Directory>> open_parent(std::string_view path) override {
    auto found = resolve(inode(), path, {true, false});
    if (!found.ok()) return found.error();
    if (found->inode == nullptr) return Errno::noent;
    if (!found->inode->is_directory()) return Errno::notdir;
    return make_directory(open_.shared_store(), *found->inode);
  }

  Outcome<FileStat> stat_entry(Name name) override {
    const Inode* const found = Store::find(inode(), name.text());
    if (found == nullptr) return Errno::noent;
    return store().stat_of(*found);
  }
  Outcome<void> create_directory(Name name) override {
    if (Store::find(inode(), name.text()) != nullptr) return Errno::exist;
    return add_new(name, FileType::directory, {});
  }
  Outcome<void> create_symlink(Name name, std::string_view target) override {
    if (target.empty()) return Errno::noent;
    if (Store::find(inode(), name.text()) != nullptr) return Errno::exist;
    return add_new(name, FileType::symbolic_link, target);
  }
  Outcome<void> remove_file(Name name) override {
    const Inode* const found = Store::find(inode(), name.text());
    if (found == nullptr) return Errno::noent;
    if (found->is_directory()) return Errno::isdir;
    store().remove_entry(inode(), name.text());
    return {};
  }
  Outcome<void> remove_directory(Name name) override {
    const Inode* const found = Store::find(inode(), name.text());
    if (found == nullptr) return Errno::noent;
    if (!found->is_directory()) return Errno::notdir;
    if (!found->entries.by_cookie.empty()) return Errno::notempty;
    store().remove_entry(inode(), name.text());
    return {};
  }
  Outcome<usize> read_link(Name name, MutableBytes target) override {
    const Inode* const found = Store::find(inode(), name.text());
    if (found == nullptr) return Errno::noent;
    if (found->type != FileType::symbolic_link) return Errno::inval;
    const usize size = std::min(target.size(), found->target.size());
    if (size != 0) std::memcpy(target.data(), found->target.data(), size);
    return size;
  }
  Outcome<void> link(Name name, Directory& target_directory, Name target) override;
  Outcome<void> rename(Name name, Directory& target_directory, Name target) override;

  Outcome<std::optional<DirectoryEntry>> read_entry(u64 cookie) override {
    if (cookie == 0) return std::optional(DirectoryEntry{".", inode().number, FileType::directory, 1});
    if (cookie == 1) return std::optional(DirectoryEntry{"..", inode().parent->number, FileType::directory, 2});
    const auto at = inode().entries.by_cookie.lower_bound(cookie);
    if (at == inode().entries.by_cookie.end()) return std::optional<DirectoryEntry>();
    const Inode& found = *at->second.inode;
    return std::optional(DirectoryEntry{at->second.name, found.number, found.type, at->first + 1});
  }
  usize entry_buffer_bytes() const override { return 0; }
  const void* file_system() const override { return open_.shared_store().get(); }

 private:
  Store& store() const { return open_.store(); }
  Inode& inode() const { return open_.inode(); }

  Outcome<Inode*> create_file(const Found& found, const OpenMode& mode) {
    if (!mode.create) return Errno::noent;
    Inode* const created = store().create(FileType::regular_file);
    if (created == nullptr) return Errno::nospc;
    if (auto added = store().add_entry(*found.parent, found.name, *created); !added.ok()) {
      store().release_if_unused(*created);
      return added.error();
    }
    return created;
  }

  /// The checks of open(2) on what is there, in its order.
  static Outcome<void> check_existing(const Found& found, const OpenMode& mode) {
    const Inode& target = *found.inode;
    const bool must_be_directory = mode.directory || found.must_be_directory;
    if (mode.create && mode.exclusive) return Errno::exist;
    if (must_be_directory && !target.is_directory()) return Errno::notdir;
    if (target.type == FileType::symbolic_link) return Errno::loop;
    if (target.is_directory() && (mode.create || mode.write || mode.truncate)) return Errno::isdir;
    return {};
  }

  Outcome<void> add_new(Name name, FileType type, std::string_view target) {
    if (!store().take(target.size())) return Errno::nospc;
    Inode* const created = store().create(type);
    if (created == nullptr) {
      store().give_back(target.size());
      return Errno::nospc;
    }
    created->target = target;
    created->size_bytes = target.size();
    auto added = store().add_entry(inode(), name.text(), *created);
    if (!added.ok()) store().release_if_unused(*created);
    return added;
  }

  OpenInode open_;
};

Outcome<void> MemoryDirectory::link(Name name, Directory& target_directory, Name target) {
  if (target_directory.file_system() != file_system()) return Errno::xdev;
  Inode& into = static_cast<MemoryDirectory&>(target_directory).inode();
  Inode* const found = Store::find(inode(), name.text());
  if (found == nullptr) return Errno::noent;
  if (Store::find(into, target.text()) != nullptr) return Errno::exist;
  if (found->is_directory()) return Errno::perm;
  return store().add_entry(into, target.text(), *found);
}

Outcome<void> MemoryDirectory::rename(Name name, Directory& target_directory, Name target) {
  if (target_directory.file_system() != file_system()) return Errno::xdev;
  Inode& into = static_cast<MemoryDirectory&>(target_directory).inode();
  Inode* const moved = Store::find(inode(), name.text());
  if (moved == nullptr) return Errno::noent;
  if (into.links == 0) return Errno::noent;
  if (moved->is_directory() && is_above(*moved, into)) return Errno::inval;
  Inode* const replaced = Store::find(into, target.text());
  if (replaced == moved) return {};
  if (replaced != nullptr) {
    if (replaced->is_directory() && is_above(*replaced, inode())) return Errno::notempty;
    if (moved->is_directory() && !replaced->is_directory()) return Errno::notdir;
    if (!moved->is_directory() && replaced->is_directory()) return Errno::isdir;
    if (!replaced->entries.by_cookie.empty()) return Errno::notempty;
  }
  // Space for the longer of the two names first, so that nothing is lost if there is none.
  if (replaced == nullptr && target.text().size() > name.text().size() &&
      target.text().size() - name.text().size() > store().free_bytes()) {
    return Errno::nospc;
  }
  if (replaced != nullptr) store().remove_entry(into, target.text());
  // Held open, it survives the moment without a name; what it contains goes along.
  const OpenInode held(open_.shared_store(), *moved);
  const u64 links = moved->links;
  store().remove_entry(inode(), name.text());
  WISP_CHECK(store().add_entry(into, target.text(), *moved).ok());
  moved->links = links;
  return {};
}

}  // namespace

std::unique_ptr<Directory> make_directory(std::shared_ptr<Store> store, Inode& inode) {
  return std::make_unique<MemoryDirectory>(std::move(store), inode);
}

}  // namespace wisp::sys::memory

namespace wisp::sys {

std::unique_ptr<Directory> make_memory_file_system(const MemoryFileSystemOptions& options) {
  auto store = std::make_shared<memory::Store>(options);
  return memory::make_directory(store, store->root());
}

}  // namespace wisp::sys
