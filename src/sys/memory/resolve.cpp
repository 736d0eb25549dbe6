#include "sys/memory/inode.hpp"

namespace wisp::sys::memory {
namespace {

/// A path that is being walked: what is still to come, links replaced by what they say.
class Walk {
 public:
  Walk(Inode& start, std::string_view path, ResolveMode mode) : start_(start), at_(&start), rest_(path), mode_(mode) {}

  Outcome<Found> run() {
    if (rest_.empty()) return Errno::noent;
    if (rest_.front() == '/') return Errno::xdev;
    while (true) {
      const std::string component = next_component();
      const bool last = position_ == rest_.size();
      if (!at_->is_directory()) return Errno::notdir;
      if (component.size() > max_name_bytes) return Errno::nametoolong;
      if (component == "." || component == "..") {
        if (component == ".." && at_ == &start_) return Errno::xdev;
        if (component == "..") at_ = at_->parent;
        if (last) return Found{nullptr, {}, at_, true};
        continue;
      }
      if (last && ends_in_slash_ && mode_.create) return Errno::isdir;
      Inode* const next = Store::find(*at_, component);
      if (next != nullptr && next->type == FileType::symbolic_link && (!last || mode_.follow || ends_in_slash_)) {
        if (auto entered = enter_link(*next); !entered.ok()) return entered.error();
        continue;
      }
      if (last) return Found{at_, component, next, ends_in_slash_};
      if (next == nullptr) return Errno::noent;
      at_ = next;
    }
  }

 private:
  /// Takes the next component off; notes whether slashes came behind it.
  std::string next_component() {
    position_ = rest_.find_first_not_of('/', position_);
    WISP_ASSERT(position_ != rest_.npos);
    const usize end = std::min(rest_.find('/', position_), rest_.size());
    std::string component = rest_.substr(position_, end - position_);
    position_ = rest_.find_first_not_of('/', end);
    ends_in_slash_ = position_ == rest_.npos && end != rest_.size();
    if (position_ == rest_.npos) position_ = rest_.size();
    return component;
  }

  Outcome<void> enter_link(const Inode& link) {
    if (++links_followed_ > max_symlinks) return Errno::loop;
    if (link.target.front() == '/') return Errno::xdev;
    const bool more = position_ != rest_.size() || ends_in_slash_;
    rest_ = link.target + (more ? "/" + rest_.substr(position_) : std::string());
    position_ = 0;
    return {};
  }

  Inode& start_;
  Inode* at_;
  std::string rest_;
  usize position_ = 0;
  ResolveMode mode_;
  bool ends_in_slash_ = false;
  int links_followed_ = 0;
};

}  // namespace

Outcome<Found> resolve(Inode& start, std::string_view path, ResolveMode mode) {
  return Walk(start, path, mode).run();
}

}  // namespace wisp::sys::memory
