// Plan: what can be read off the rules once: which facts a line reads, which lines bind them, in which order derived
// types must be computed. Not an optimisation; semantics.md §3 speaks in these words.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "parser/ast/ast.h"

namespace flyball::reference {

struct LinePlan {
  const ast::Line* line = nullptr;
  DurationNs duration_ns = 0;                                   // `for D`; 0: none
  bool absence = false;                                         // `no … for D`
  std::vector<std::uint32_t> reads;                             // bindings of `n:` patterns of `when`, ascending
  std::vector<std::pair<std::uint32_t, std::uint32_t>> fields;  // absence: what it reads of them: binding, field
  std::vector<std::size_t> bound_by;                            // lines of `when` that bind them or what those lines read, ascending
  bool binds() const { return line->kind == ast::LineKind::kPattern && line->pattern.quantifier == ast::Quantifier::kOne; }
  bool is_timed() const { return duration_ns != 0; }
};

struct RulePlan {
  const ast::RuleDecl* rule = nullptr;
  std::vector<LinePlan> when, until;
  std::vector<const ast::Expr*> lets;                      // by let index
  bool logical = false;                                    // §7
  DurationNs cooldown_ns = 0, keep_ns = 0, repeat_ns = 0;  // 0: none
  std::optional<DurationNs> late_skip_ns;
  std::map<std::uint32_t, std::uint32_t> each;             // by binding: the field whose values it goes through
  std::set<std::uint32_t> silences;                        // bindings of `no … within D after m`
  std::map<std::uint32_t, DurationNs> within;              // by binding: how long its events are remembered
  std::map<std::uint32_t, DurationNs> each_within;         // by binding: of how long ago the events are whose values it goes through
  bool production = false;                                 // §12
  std::map<std::uint32_t, std::set<std::uint32_t>> reads;  // a production's `when`: fields by binding
  std::vector<const ast::Expr*> aggregates;                // … and aggregates
  std::size_t tests = 0;
};

struct CasePlan {
  const ast::Case* decl = nullptr;
  std::vector<LinePlan> when;
  std::vector<const ast::Expr*> lets;
};

// A line of a rule: the key of hold tables.
struct LinePlace {
  std::uint32_t rule = 0;
  bool until = false;
  std::size_t line = 0;
  friend auto operator<=>(const LinePlace&, const LinePlace&) = default;
};

struct Plan {
  std::vector<RulePlan> rules;             // index = rule order
  std::vector<std::uint32_t> by_priority;  // rules by (priority descending, rule order)
  bool has_productions = false;
  std::vector<std::vector<CasePlan>> cases;      // by decision
  std::vector<std::vector<FactTypeId>> strata;   // derived types, those that need no other first
  std::vector<std::vector<DurationNs>> windows;  // by type: every `over D` of an aggregate of it
  std::vector<std::set<DurationNs>> remembered;  // by type: every `within D` of it
  std::vector<std::set<DurationNs>> each_within;
};

Plan make_plan(const ast::RuleSet& rules);

DurationNs constant_duration(const ast::Expr& e);

}  // namespace flyball::reference
