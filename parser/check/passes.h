// The passes of the checker, one file each, in the order check_package.cc runs them. Internal to parser/check.
#pragma once

#include "parser/check/package.h"
#include "parser/check/scope.h"

namespace flyball::check {

// declare.cc: modules, imports and every declared name; reports duplicates.
void declare_names(Package& p);
// shapes.cc: the Schema: fact types with keys and options, params, decisions' fields.
void build_schema(Package& p);
// calendars.cc: one calendar of the Schema.
void make_calendar(Package& p, std::size_t file, const ast::CalendarDecl& decl);
// The calendars of `during` and `not during`.
void check_during(Package& p, const FileScope& file, ast::RuleDecl& rule);
// inline.cc has the work: every package-wide let is checked, used or not.
void check_lets(Package& p);
// roles.cc: facts that a rule derives; their cycles once the rules are checked.
void find_derived(Package& p);
void check_cycles(Package& p);
// rules.cc
void check_rule(Package& p, std::size_t file, ast::RuleDecl& rule);
// productions.cc: the strategies of modules; before their rules are checked
void set_strategies(Package& p);
// what a rule of such a module cannot have
void check_production(Package& p, const ast::RuleDecl& rule);
// decisions.cc, tables.cc
void check_decision(Package& p, std::size_t file, ast::DecisionDecl& decision);
void check_table(Package& p, std::size_t file, ast::DecisionDecl& decision);
// tests.cc; `decisions` by DecisionId
void check_test(Package& p, std::size_t file, ast::TestDecl& test, const std::vector<const ast::DecisionDecl*>& decisions);
// warnings.cc: what compiles but is probably not meant
void warn(Package& p);
// forgotten.cc: a join, the `f` of an f-string, an end to what feeds itself
void warn_forgotten(Package& p);
// oscillations.cc: rules over mutable facts that can only go round in circles
void warn_oscillations(Package& p);
// unused.cc: what has no effect
void warn_unused(Package& p);

// lines.cc: the lines of a `when` or `until` block.
struct LineContext {
  std::vector<FactTypeId>& pattern_types;  // by binding
  std::uint32_t& let_count;
  bool in_decision = false;
  bool in_until = false;
  bool first_pattern_seen = false;  // a pattern `n:` stood before: the next must be tied to something
};
// silences.cc: after the lines.
void check_silences(Package& p, const ast::RuleDecl& rule);
// until_waits.cc: after the lines.
void check_until_waits(Package& p, const ast::Block& until);
// each_windows.cc: after the lines and effects.
void find_each_windows(Package& p, ast::RuleDecl& rule);
void check_lines(Package& p, Scope& scope, LineContext& context, ast::Block& block);

// records.cc: a record `{ field: e }` against fields. `what` names its type in messages.
enum class Completeness : std::uint8_t { kComplete, kPartial };
void check_record(Package& p, Scope& scope, ast::Record& record, const std::vector<Field>& fields, std::size_t count,
                  const std::string& what, Completeness completeness);

}  // namespace flyball::check
