#pragma once

#include <functional>
#include <map>
#include <vector>

#include "base/siphash.hpp"
#include "runtime/code_cache.hpp"

/// Finished code as bytes: what is in a file of the cache, and in the custom section of a module that was compiled
/// ahead of time. A header, an index of records of one size, and the entries, each with a MAC of its own.
namespace wisp::runtime {

/// What code belongs to: everything of a module but its bodies, data and custom sections, the build, the processor,
/// the options. Bodies are bound to each entry.
struct CodeBinding {
  Hash128 key;
  Hash128 build;
  Hash128 machine;
  Hash128 environment;
  const wasm::Module* module = nullptr;
};

/// Whoever knows the key can make code that is believed. `machine` tells processors apart.
CodeBinding bind_code(const Hash128& key, const wasm::Module& module, bool is_guarded, Bytes machine);

/// The key of code that is not secret: it guards against accidents only.
inline constexpr Hash128 public_key = {};

/// Which entry: a function; and 0, or where its loop is in the body plus one.
using EntryName = std::pair<u32, u64>;
EntryName name_of(const wasm::Module& module, const CodeUnit& unit);
/// Of the module's function that the name says; the inverse.
CodeUnit unit_of(const wasm::Module& module, const EntryName& name);

/// A row of the index; as in the file.
struct CodeRecord {
  u32 function = 0;
  u32 size_bytes = 0;
  u64 loop = 0;
  u64 offset = 0;  // of the entry in the file
  Hash128 mac = {};

  EntryName name() const { return {function, loop}; }
};
static_assert(sizeof(CodeRecord) == 40);

/// Whether its entry is too small to hold code: it says that the compiler has tried.
bool is_attempt(const CodeRecord& record);

/// An entry on its own.
struct SealedCode {
  CodeRecord record;
  std::vector<u8> bytes;
};

/// Nothing if the code cannot be written down.
std::optional<SealedCode> seal(const CodeBinding& binding, const CodeUnit& unit, const ObjectCode& code);
/// The code, if it is what `seal` was given for the same unit and binding, and the bodies in it are the same.
std::optional<ObjectCode> unseal(const CodeBinding& binding, const CodeUnit& unit, const CodeRecord& record,
                                 Bytes bytes);

/// The entry that says which functions have been called; no unit has its name.
inline constexpr EntryName called_name = {~u32{0}, 0};
SealedCode seal_called(const CodeBinding& binding, const std::vector<FuncIndex>& functions);
/// Nothing unless it is what `seal_called` made for the same binding.
std::vector<FuncIndex> unseal_called(const CodeBinding& binding, const CodeRecord& record, Bytes bytes);

/// A MAC of all bodies; in a file, it says that they have been validated.
Hash128 hash_all_bodies(const CodeBinding& binding);

/// Code that is being collected.
using SealedEntries = std::map<EntryName, SealedCode>;
/// A file of all the entries. `valid` is `hash_all_bodies` of what was validated, or zeros.
std::vector<u8> write_code_file(const CodeBinding& binding, const SealedEntries& entries, const Hash128& valid = {});

/// A file of entries, whose bytes are read as they are needed. Nothing in it is believed before it is verified.
class CodeFile {
 public:
  /// Fills all of the bytes from an offset on; false if it cannot.
  using Read = std::function<bool(u64 offset, MutableBytes bytes)>;

  /// How a file's header compares with what is wanted.
  enum class Fit : u8 { fits, no_code_file, other_build, other_machine, other_environment };

  /// Empty unless `fit` says that it fits.
  CodeFile() = default;
  CodeFile(const CodeBinding& binding, u64 size_bytes, Read read);

  Fit fit() const { return fit_; }
  /// What was given to `write_code_file`, unless somebody has tampered with it.
  const Hash128& valid() const { return valid_; }
  const std::vector<CodeRecord>& records() const { return records_; }
  const CodeRecord* find(const EntryName& name) const;
  /// Nothing if the record points outside of the file, or it cannot be read.
  std::optional<std::vector<u8>> bytes_of(const CodeRecord& record) const;

 private:
  Fit fit_ = Fit::no_code_file;
  Hash128 valid_ = {};
  u64 size_bytes_ = 0;
  Read read_;
  std::vector<CodeRecord> records_;  // by name, if nobody has tampered with them
};

/// Of how many functions a file says that it has code, whatever it belongs to; loops are not counted on their own.
u64 count_functions(u64 size_bytes, const CodeFile::Read& read);

}  // namespace wisp::runtime
