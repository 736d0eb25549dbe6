#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/int.hpp"
#include "base/result.hpp"
#include "wasm/features.hpp"
#include "wasm/types.hpp"

/// Scripts of the specification's test suite.
/// https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
namespace wisp::text {

/// A module in a script, not looked into yet.
struct ScriptModule {
  enum class Form : u8 {
    text,    // in the script itself
    binary,  // bytes in string literals
    quote,   // text in string literals
  };
  Form form = Form::text;
  std::string id;           // without the `$`; empty if there is none
  std::string_view source;  // of `text`: the part of the script
  u64 source_offset = 0;    // of `text`: where that part begins in the script
  std::string quoted;       // of `binary`: the bytes; of `quote`: the text
};

/// The module's bytes. The error's offset is in the script for `text`, in `module.quoted` for `quote`.
/// `binary` gives the bytes as they are.
Result<std::vector<u8>> assemble(const ScriptModule& module, const wasm::Features& features);

/// An argument of an action.
struct ScriptValue {
  enum class Kind : u8 {
    i32,
    i64,
    f32,
    f64,
    v128,
    ref_null,    // of `heap`
    ref_extern,  // the host's reference number `low`, as an externref
    ref_host,    // the same, as an anyref
  };
  Kind kind = Kind::i32;
  u64 low = 0;   // the value's bits; the lower half of a v128
  u64 high = 0;  // the upper half of a v128
  wasm::HeapKind heap = wasm::HeapKind::any;
};

/// What a result or one lane of it must be.
struct LanePattern {
  enum class Kind : u8 { bits, nan_canonical, nan_arithmetic };
  Kind kind = Kind::bits;
  u64 bits = 0;
};

/// The lanes that a v128 result is compared in.
enum class Shape : u8 { i8x16, i16x8, i32x4, i64x2, f32x4, f64x2 };

/// What a result must be.
struct ResultPattern {
  enum class Kind : u8 {
    i32,
    i64,
    f32,
    f64,
    v128,        // `lanes` in `shape`
    ref_null,    // a null reference, of whatever type
    ref,         // any non-null reference that matches `heap`
    ref_extern,  // the host's reference `number`, as an externref
    ref_host,    // the same, as an anyref
    either,      // one of `alternatives`
  };
  Kind kind = Kind::i32;
  Shape shape = Shape::i8x16;
  std::vector<LanePattern> lanes;  // one for a number; lowest lane first
  wasm::HeapKind heap = wasm::HeapKind::any;
  u64 number = 0;
  std::vector<ResultPattern> alternatives;
};

/// A call of an exported function or a look at an exported global.
struct Action {
  enum class Kind : u8 { invoke, get };
  Kind kind = Kind::invoke;
  std::string module_id;  // empty: the latest instance
  std::string name;       // of the export
  std::vector<ScriptValue> arguments;
};

struct ModuleCommand {
  ScriptModule module;
  bool is_definition = false;  // `(module definition …)`: not instantiated yet
};

/// `(module instance $instance $definition)`
struct InstanceCommand {
  std::string id;             // may be empty
  std::string definition_id;  // empty: the latest definition
};

struct RegisterCommand {
  std::string name;       // under which later modules import
  std::string module_id;  // empty: the latest instance
};

struct ActionCommand {
  Action action;
};

struct AssertReturn {
  Action action;
  std::vector<ResultPattern> results;
};

/// An action that must fail. `message` is empty for `exception`.
struct AssertAction {
  enum class Kind : u8 { trap, exhaustion, exception };
  Kind kind = Kind::trap;
  Action action;
  std::string message;
};

/// A module that must be refused, or trap (`trap`) when it is instantiated.
struct AssertModule {
  enum class Kind : u8 { malformed, invalid, unlinkable, trap, malformed_custom, invalid_custom };
  Kind kind = Kind::malformed;
  ScriptModule module;
  std::string message;
};

struct Command;

/// `(thread $id (shared (module $m))* commands…)` of the threads proposal.
struct ThreadCommand {
  std::string id;
  std::vector<std::string> shared_module_ids;
  std::vector<Command> commands;
};

struct WaitCommand {
  std::string thread_id;
};

struct Command {
  u32 line = 1;
  u64 offset = 0;  // in the script
  std::variant<ModuleCommand, InstanceCommand, RegisterCommand, ActionCommand, AssertReturn, AssertAction, AssertModule,
               ThreadCommand, WaitCommand>
      body;
};

/// Reads a script command by command. The commands refer into the script.
class ScriptReader {
 public:
  explicit ScriptReader(std::string_view source);
  ~ScriptReader();
  ScriptReader(ScriptReader&&) noexcept;

  /// The next command, or nothing at the end. After an error the reader stands behind the refused command.
  Result<std::optional<Command>> next();
  /// The line of the command that `next` read or refused last.
  u32 line() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wisp::text
