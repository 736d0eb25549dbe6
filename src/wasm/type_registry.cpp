#include "wasm/type_registry.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/check.hpp"

namespace wisp::wasm {

namespace {

/// A stand-in is no pointer: types are aligned, so bit 0 tells. The bias keeps it apart from the abstract types' codes.
constexpr u64 recursive_bias = 256;

bool is_recursive(const DefType* type) {
  return (reinterpret_cast<u64>(type) & 1) != 0;
}

u32 recursive_index(const DefType* type) {
  return u32((reinterpret_cast<u64>(type) >> 1) - recursive_bias);
}

u64 mix(u64 a, u64 b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return u64(product) ^ u64(product >> 64);
}

/// Seeded, so that a module cannot aim at one bucket.
class Hash {
 public:
  explicit Hash(u64 seed) : hash_(seed), seed_(seed) {}
  void add(u64 part) {
    constexpr u64 odd = 0x9e3779b97f4a7c15;
    hash_ = mix(hash_ ^ part ^ odd, seed_ | 1) + odd;
  }
  u64 value() const { return hash_; }

 private:
  u64 hash_;
  u64 seed_;
};

u64 hash_of(std::span<const TypeRegistry::Draft> drafts, u64 seed) {
  Hash hash(seed);
  for (const TypeRegistry::Draft& draft : drafts) {
    const DefType& type = draft.type;
    hash.add(u64(type.kind) << 1 | u64{type.is_final});
    hash.add(reinterpret_cast<u64>(draft.super));
    hash.add(type.func.params.size());
    hash.add(type.fields.size());
    for (const ValType param : type.func.params) hash.add(param.bits());
    for (const ValType result : type.func.results) hash.add(result.bits());
    for (const FieldType& field : type.fields) {
      hash.add(field.storage.type.bits());
      hash.add(u64(field.storage.packed) << 1 | u64{field.is_mutable});
    }
  }
  return hash.value();
}

}  // namespace

struct TypeRegistry::Table {
  std::mutex mutex;
  std::unordered_multimap<u64, RecGroup*> groups;

  u64 seed() const { return mix(reinterpret_cast<u64>(this), 0xd1342543de82ef95); }
};

/// A canonical group. The table knows it without counting; when the last reference goes, it leaves the table.
struct RecGroup {
  std::atomic<u64> references{1};
  std::shared_ptr<TypeRegistry::Table> table;
  u64 hash = 0;
  std::vector<DefType> types;
  std::vector<const DefType*> pointers;
  std::vector<RecGroup*> dependencies;  // counted

  /// Fails if the group is on its way out.
  bool try_acquire() {
    u64 count = references.load(std::memory_order_relaxed);
    while (count != 0) {
      if (references.compare_exchange_weak(count, count + 1, std::memory_order_acquire)) return true;
    }
    return false;
  }
  void acquire() { references.fetch_add(1, std::memory_order_relaxed); }
  bool release() { return references.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  void leave_table() {
    const std::lock_guard lock(table->mutex);
    const auto [begin, end] = table->groups.equal_range(hash);
    const auto self = std::find_if(begin, end, [&](const auto& entry) { return entry.second == this; });
    WISP_CHECK(self != end);
    table->groups.erase(self);
  }

  /// Gives the drafted types their final form. Collects the groups that they refer to.
  void build(std::span<const TypeRegistry::Draft> drafts);
  /// Whether building the drafts would give this group again.
  bool equals(std::span<const TypeRegistry::Draft> drafts) const;

 private:
  void set_super(DefType& type, const DefType* super);
  const DefType* resolve(const DefType* type) {
    if (is_recursive(type)) return &types[recursive_index(type)];
    dependencies.push_back(type->group);
    return type;
  }
  ValType resolve(ValType type) {
    if (!type.is_ref() || type.heap().is_abstract()) return type;
    return ValType::ref(type.nullable(), HeapType(resolve(type.heap().type())));
  }

  /// Whether a drafted type is what stands in this group. A canonical type is never one of the group that is drafted.
  bool is_same(const DefType* drafted, const DefType* built) const {
    if (drafted == nullptr || built == nullptr) return drafted == built;
    if (is_recursive(drafted)) return built == &types[recursive_index(drafted)];
    return drafted == built && built->group != this;
  }
  bool is_same(ValType drafted, ValType built) const {
    if (!drafted.is_ref() || !built.is_ref() || drafted.heap().is_abstract() || built.heap().is_abstract()) {
      return drafted == built;
    }
    return drafted.nullable() == built.nullable() && is_same(drafted.heap().type(), built.heap().type());
  }
  bool is_same(const TypeRegistry::Draft& drafted, const DefType& built) const;
};

void RecGroup::build(std::span<const TypeRegistry::Draft> drafts) {
  types.resize(drafts.size());
  pointers.reserve(drafts.size());
  for (usize i = 0; i < drafts.size(); ++i) {
    DefType& type = types[i];
    type = drafts[i].type;
    type.group = this;
    for (ValType& param : type.func.params) param = resolve(param);
    for (ValType& result : type.func.results) result = resolve(result);
    type.is_defaultable = true;
    for (FieldType& field : type.fields) {
      field.storage.type = resolve(field.storage.type);
      type.is_defaultable = type.is_defaultable && field.storage.type.is_defaultable();
    }
    WISP_CHECK(!is_recursive(drafts[i].super) || recursive_index(drafts[i].super) < i);
    set_super(type, drafts[i].super == nullptr ? nullptr : resolve(drafts[i].super));
    pointers.push_back(&type);
  }
  std::ranges::sort(dependencies);
  const auto repeated = std::ranges::unique(dependencies);
  dependencies.erase(repeated.begin(), repeated.end());
  dependencies.shrink_to_fit();
  for (RecGroup* dependency : dependencies) dependency->acquire();
}

void RecGroup::set_super(DefType& type, const DefType* super) {
  type.super = super;
  type.depth = super == nullptr ? 0 : super->depth + 1;
  type.jump = super == nullptr ? &type : super;
  if (super == nullptr) return;
  // Two jumps of equal length become one: https://doi.org/10.1016/0020-0190(83)90106-0
  const DefType* const far = super->jump->jump;
  if (super->depth - super->jump->depth == super->jump->depth - far->depth) type.jump = far;
}

bool RecGroup::is_same(const TypeRegistry::Draft& drafted, const DefType& built) const {
  const auto same_type = [this](ValType a, ValType b) { return is_same(a, b); };
  const auto same_field = [this](const FieldType& a, const FieldType& b) {
    return a.is_mutable == b.is_mutable && a.storage.packed == b.storage.packed &&
           is_same(a.storage.type, b.storage.type);
  };
  const DefType& type = drafted.type;
  return type.kind == built.kind && type.is_final == built.is_final && is_same(drafted.super, built.super) &&
         std::ranges::equal(type.func.params, built.func.params, same_type) &&
         std::ranges::equal(type.func.results, built.func.results, same_type) &&
         std::ranges::equal(type.fields, built.fields, same_field);
}

bool RecGroup::equals(std::span<const TypeRegistry::Draft> drafts) const {
  return std::ranges::equal(drafts, types,
                            [this](const auto& draft, const DefType& type) { return is_same(draft, type); });
}

RecGroupRef::RecGroupRef(const RecGroupRef& other) : group_(other.group_) {
  if (group_ != nullptr) group_->acquire();
}

RecGroupRef::~RecGroupRef() {
  if (group_ == nullptr || !group_->release()) return;
  // A module can chain groups as long as it likes, so those that die with this one are not left to recursion.
  std::vector<RecGroup*> dead{group_};
  while (!dead.empty()) {
    const std::unique_ptr<RecGroup> group(dead.back());
    dead.pop_back();
    group->leave_table();
    for (RecGroup* dependency : group->dependencies) {
      if (dependency->release()) dead.push_back(dependency);
    }
  }
}

std::span<const DefType* const> RecGroupRef::types() const {
  if (group_ == nullptr) return {};
  return group_->pointers;
}

TypeRegistry::TypeRegistry() : table_(std::make_shared<Table>()) {}

TypeRegistry::~TypeRegistry() = default;

const DefType* TypeRegistry::recursive(u32 index) {
  return reinterpret_cast<const DefType*>((u64{index} + recursive_bias) << 1 | 1);
}

RecGroupRef TypeRegistry::intern(std::span<const Draft> drafts) {
  const u64 hash = hash_of(drafts, table_->seed());
  const std::lock_guard lock(table_->mutex);
  const auto [begin, end] = table_->groups.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (at->second->equals(drafts) && at->second->try_acquire()) return RecGroupRef(at->second);
  }
  auto group = std::make_unique<RecGroup>();
  group->table = table_;
  group->hash = hash;
  group->build(drafts);
  table_->groups.emplace(hash, group.get());
  return RecGroupRef(group.release());
}

RecGroupRef TypeRegistry::intern_func(FuncType type) {
  Draft draft;
  draft.type.func = std::move(type);
  return intern(std::span(&draft, 1));
}

RecGroupRef TypeRegistry::group_of(const DefType& type) {
  type.group->acquire();
  return RecGroupRef(type.group);
}

namespace {

bool storage_matches(const StorageType& sub, const StorageType& super) {
  return sub.packed == super.packed && matches(sub.type, super.type);
}

bool field_matches(const FieldType& sub, const FieldType& super) {
  if (sub.is_mutable != super.is_mutable) return false;
  return sub.is_mutable ? sub == super : storage_matches(sub.storage, super.storage);
}

bool all_match(std::span<const ValType> sub, std::span<const ValType> super) {
  return std::ranges::equal(sub, super, [](ValType a, ValType b) { return matches(a, b); });
}

}  // namespace

bool structure_matches(const DefType& sub, const DefType& super) {
  if (sub.kind != super.kind) return false;
  if (sub.kind == DefType::Kind::func) {
    return all_match(super.func.params, sub.func.params) && all_match(sub.func.results, super.func.results);
  }
  return sub.fields.size() >= super.fields.size() &&
         std::ranges::equal(std::span(sub.fields).first(super.fields.size()), super.fields, field_matches);
}

}  // namespace wisp::wasm
