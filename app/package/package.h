// A rule package as commands use it: its texts, its checked rules and, when asked for, its Program.
//
// Door: load_package (parse and check), compile_package. Diagnostics go to Io.err as the parser renders them.
// Not thread-safe. INVARIANT: the sources and the interner live as long as everything made from them.
#pragma once

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

namespace flyball::app {

struct Package {
  SourceFiles sources;
  Interner interner;
  Diagnostics diagnostics;
  ast::RuleSet rules;                      // means something only if the diagnostics have no errors
  std::optional<engine::Program> program;  // after compile_package
};

// Parses and checks; nullptr when a file cannot be read (said on err). Mistakes in rules are in the diagnostics.
std::unique_ptr<Package> parse_package(const std::vector<std::string>& arguments, Io& io);

// parse_package, then says the diagnostics on err; nullptr if there were errors.
std::unique_ptr<Package> load_package(const std::vector<std::string>& arguments, Io& io);

// load_package, then compiles with `--param NAME=VALUE` overrides.
std::unique_ptr<Package> compile_package(const std::vector<std::string>& arguments, const std::vector<std::string>& params, Io& io);

// Overrides as compile() takes them, from NAME=VALUE texts (a value as in a rule, or JSON's bare form).
Result<std::vector<std::pair<std::uint32_t, Value>>> parse_params(const std::vector<std::string>& texts, const Schema& schema,
                                                                  Interner& interner);

}  // namespace flyball::app
