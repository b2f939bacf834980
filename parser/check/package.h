// Package: everything the passes of the checker share about one set of files; and the report of mistakes.
// It is internal to parser/check; check_package.cc owns it for one call. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "model/interner.h"
#include "model/schema.h"
#include "model/suggest.h"
#include "parser/ast/ast.h"
#include "parser/check/names.h"
#include "parser/check/uses.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"

namespace flyball::check {

inline constexpr std::size_t kMaxInlinedNodes = 10'000;        // of one use of a package-wide `let`
inline constexpr std::size_t kMaxLetDepth = 100;               // lets that use lets
inline constexpr std::uint32_t kLetBindingBase = 0x8000'0000;  // aggregates inside package-wide lets, until they are inlined

// Writes mistakes down. One call, one diagnostic.
class Report {
 public:
  // Without sources (a test, a generated expression) messages quote nothing.
  Report(const SourceFiles* sources, Diagnostics& out) : sources_(sources), out_(out), parsed_badly_(out.has_muted()) {}
  void error(const char* code, ast::Span at, std::string message, std::string help = {}, std::optional<Fix> fix = std::nullopt);
  void warning(const char* code, ast::Span at, std::string message, std::string help = {}, std::optional<Fix> fix = std::nullopt);
  // A name that is none of `names`: all the nearest are listed, and one alone is the fix.
  // With `all` the help lists all names when none is near ("types are `ip`, …"); `else_fix` is offered then.
  void misspelt(const char* code, ast::Span at, std::string message, std::string_view word, const std::vector<std::string>& names,
                const char* all = nullptr, std::optional<Fix> else_fix = std::nullopt);
  // Whether this is the first time; for what one mistake would make many places say.
  bool first(const std::string& what) { return said_.insert(what).second; }
  // A form that later versions have.
  void later(ast::Span at, std::string_view what, std::string help = {});
  // The author's own text of a place, cut to fit into a message.
  std::string excerpt(ast::Span s) const;
  std::string_view text(ast::Span s) const { return sources_ != nullptr ? sources_->text(s) : std::string_view("…"); }
  std::string_view file_text(std::uint32_t file) const { return sources_->text(file); }
  std::string_view rest_of_line(ast::Span s) const;  // behind it
  std::string place(ast::Span s) const;              // "rules/net.fly:16"

 private:
  const SourceFiles* sources_;
  std::unordered_set<std::string> said_;
  Diagnostics& out_;
  bool parsed_badly_;  // the parser has left things out: what is missing may be among them
};

struct LetInfo {
  enum class State : std::uint8_t { kFresh, kChecking, kGood, kBad };
  ast::LetDecl* decl = nullptr;
  const FileScope* file = nullptr;
  State state = State::kFresh;
  std::vector<Type> parameters;
  bool maybe_null = false;             // its value may be null though its type is not nullable (an aggregate's)
  std::size_t nodes = 0;               // of the checked value
  std::vector<FactTypeId> aggregated;  // fact types of the aggregates in it, by binding - kLetBindingBase
};

struct Package {
  Package(const SourceFiles* s, Interner& i, Diagnostics& d) : interner(i), report(s, d), diagnostics(d) {}

  Interner& interner;
  Report report;
  Diagnostics& diagnostics;
  std::vector<ast::File> files;   // in canonical order: module, path
  std::vector<FileScope> scopes;  // by file
  Names names;
  Schema schema;
  std::vector<LetInfo> lets;
  std::size_t let_depth = 0;  // lets being checked right now
  Uses* uses = nullptr;       // set when somebody wants the index of names
  // A value symbol's id is a param's id, kLetFlag | index into `lets`, or kCalendarFlag | index into `schema.calendars`.
  static constexpr std::uint32_t kLetFlag = 0x8000'0000;
  static constexpr std::uint32_t kCalendarFlag = 0x4000'0000;
  static bool is_let(const Symbol& value) { return (value.id & kLetFlag) != 0; }
  static bool is_calendar(const Symbol& value) { return !is_let(value) && (value.id & kCalendarFlag) != 0; }
  // "param", "`let`", "calendar".
  static const char* word_of(const Symbol& value) { return is_let(value) ? "`let`" : is_calendar(value) ? "calendar" : "param"; }

  std::string qualified(std::size_t file, const std::string& local) const { return scopes[file].module + "." + local; }
};

// "a percent", "an int": a type with its article, as messages say it.
std::string a_type(const Type& type, const Schema* schema = nullptr);
std::string type_name(const Type& type, const Schema* schema = nullptr);
std::vector<std::string> field_names(const std::vector<Field>& fields, std::size_t count);

// The type named at `name`, reported when there is none.
std::optional<FactTypeId> find_fact_type(Package& p, const FileScope& from, const ast::Name& name);

}  // namespace flyball::check
