// A rule package as commands use it: its texts, its checked rules and, when asked for, its Program.
//
// Door: parse_package (parse and check), compile_package. Diagnostics go to Io.err as the parser renders them.
// Not thread-safe. INVARIANT: the sources and the interner live as long as everything made from them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/cli/io.h"
#include "engine/program.h"
#include "model/interner.h"
#include "parser/ast/ast.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"
#include "parser/symbols.h"
#include "parser/tables/table_files.h"

namespace flyball::app {

struct Package {
  // `shared`: the interner of a service that outlives this package; nullptr: one of its own.
  explicit Package(Interner* shared)
      : own(shared == nullptr ? std::make_unique<Interner>() : nullptr), interner(shared == nullptr ? *own : *shared) {}

  std::unique_ptr<Interner> own;
  SourceFiles sources;
  std::size_t rule_files = 0;      // of the sources, in front: what was given; behind them the files of tables
  std::size_t standard_files = 0;  // of the sources, at the end: carried by the program, not given
  Interner& interner;
  Diagnostics diagnostics;
  ast::RuleSet rules;  // means something only if the diagnostics have no errors; a CompiledPackage's are its program's
};

struct CompiledPackage : Package {
  using Package::Package;
  std::optional<engine::Program> program;  // there once compile_package has given the package
};

// Parses and checks; nullptr when a file cannot be read (said on err). Mistakes in rules are in the diagnostics.
std::unique_ptr<Package> parse_package(const std::vector<std::string>& arguments, Io& io, Interner* shared = nullptr);

// The same into a package that is there already; false when a file cannot be read.
// `index`, if given, gets what every name means.
bool parse_into(Package& package, const std::vector<std::string>& arguments, Io& io, SymbolIndex* index = nullptr);

// The same of texts that are at hand, `path` and text; `read` gives the files of tables.
bool parse_texts(Package& package, std::vector<std::pair<std::string, std::string>> texts, const ReadTable& read, Io& io,
                 SymbolIndex* index = nullptr);

// NAME=VALUE → where it is written ("flyball.toml:12"); for messages.
using ParamPlaces = std::map<std::string, std::string>;

// Parses, checks (errors are said on err; warnings are `check`'s business), then compiles with `--param NAME=VALUE` overrides; what the
// program refers to is its own to hold. `running`: of `shared`, too; and `joins`: see engine::compile(). `trees`: kKeep for who compiles
// the program's rules again. nullptr if anything is wrong with files, rules or params; `exit_code`, if given, is then kExitUsage for a
// wrong `--param` and kExitFailed for all else.
std::unique_ptr<CompiledPackage> compile_package(const std::vector<std::string>& arguments, const std::vector<std::string>& params, Io& io,
                                                 Interner* shared = nullptr, int* exit_code = nullptr, const ParamPlaces& places = {},
                                                 engine::Trees trees = engine::Trees::kFree, const engine::Program* running = nullptr,
                                                 const engine::JoinOptions& joins = {});

// Overrides as compile() takes them, from NAME=VALUE texts (a value as in a rule, or JSON's bare form).
Result<std::vector<std::pair<std::uint32_t, Value>>> parse_params(const std::vector<std::string>& texts, const Schema& schema,
                                                                  Interner& interner);

}  // namespace flyball::app
