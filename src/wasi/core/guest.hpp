#pragma once

#include <memory>
#include <string>
#include <vector>

#include "wasi/core/error.hpp"
#include "wasi/core/limits.hpp"
#include "wasi/core/operations.hpp"

namespace wisp::core {

class Dir;

/// A directory that the embedder opened to a guest: where the guest's authority over files starts.
struct Mount {
  /// What the guest calls it.
  std::string guest_path;
  bool read_only = false;
  /// What granted it, as a person wrote it ("--dir ./data::/data::ro"), and what would grant changing it; may be empty.
  std::string origin = {};
  std::string hint = {};
  /// Set by `Guest::mount`: what it allows, and which directory it is.
  HandleRights rights = {};
  u64 device = 0;
  u64 inode = 0;
};

/// Why something was refused.
enum class Rule : u8 {
  read_only_mount,   // the mount may not be changed
  missing_right,     // the handle was opened, or later restricted, without the right
  absolute_path,     // paths are relative to a handle
  outside,           // the path or a symbolic link in it leads out of the directory
  absolute_link,     // symbolic links to absolute paths are not created
  device,            // device nodes are not opened
  different_rights,  // linking or renaming between mounts that allow different things
  limit,             // the guest holds as much as it may
};

/// One refusal, for people.
struct Denial {
  Operation operation;
  Rule rule;
  /// What it was about, as the guest sees it: a path, or empty for a handle.
  std::string_view object;
  /// The mount it happened under; null where there is none.
  const Mount* mount = nullptr;
};

/// One sentence about the rule and the object: "mount /data is read-only".
std::string describe(const Denial& denial);

/// Sees every refusal. What it is given is valid during the call only.
class DenialObserver {
 public:
  virtual ~DenialObserver() = default;
  virtual void denied(const Denial& denial) = 0;
};

/// What a guest makes the host keep, against its limits.
class Budget {
 public:
  explicit Budget(u64 limit) : limit_(limit) {}
  bool take(u64 amount) {
    if (amount > limit_ - used_) return false;
    used_ += amount;
    return true;
  }
  void give_back(u64 amount) { used_ -= amount; }
  u64 used() const { return used_; }
  u64 limit() const { return limit_; }

 private:
  u64 limit_;
  u64 used_ = 0;
};

/// An amount taken from a budget, given back when the object dies.
class Charge {
 public:
  Charge() = default;
  Charge(Charge&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), amount_(std::exchange(other.amount_, 0)) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(amount_, other.amount_);
    return *this;
  }
  ~Charge() {
    if (budget_ != nullptr) budget_->give_back(amount_);
  }
  u64 amount() const { return amount_; }
  /// Nothing if the budget does not have it.
  static std::optional<Charge> take(Budget& budget, u64 amount) {
    if (!budget.take(amount)) return std::nullopt;
    return Charge(budget, amount);
  }

 private:
  Charge(Budget& budget, u64 amount) : budget_(&budget), amount_(amount) {}
  Budget* budget_ = nullptr;
  u64 amount_ = 0;
};

/// What all handles of one guest share: budgets, mounts, and who hears of refusals. It outlives its handles. One
/// thread at a time.
class Guest {
 public:
  /// `observer` may be null.
  explicit Guest(const Limits& limits = {}, DenialObserver* observer = nullptr)
      : handles_(limits.open_handles), directory_buffers_(limits.directory_buffer_bytes), observer_(observer) {}
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  /// Opens `directory` to the guest with every right, or with those that change nothing if the mount is read-only.
  Outcome<std::unique_ptr<Dir>> mount(std::unique_ptr<sys::Directory> directory, Mount mount);

  Budget& handles() { return handles_; }
  Budget& directory_buffers() { return directory_buffers_; }
  void report(const Denial& denial) {
    if (observer_ != nullptr) observer_->denied(denial);
  }

 private:
  Budget handles_;
  Budget directory_buffers_;
  DenialObserver* observer_;
  std::vector<std::unique_ptr<const Mount>> mounts_;
};

}  // namespace wisp::core
