// The abstract syntax of a rule package: what the parser hands to the checker and the checker, completed, to the
// engine's compiler and to the tests' naive matcher. Plain values; no behaviour.
//
// Fields under "checked" are filled in by the checker and mean nothing before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/schema.h"
#include "parser/ast/expr.h"

namespace flyball::ast {

// A type as written: `string?`, `list<ip>`, `"up" | "down"`, `net.types.Port`.
struct TypeExpr {
  Span span;
  Name name;  // empty for a closed set
  std::vector<TypeExpr> args;
  std::vector<Name> members;  // closed set, unquoted texts
  bool nullable = false;
};

struct FieldDecl {
  Name name;
  TypeExpr type;
  OptionalExpr default_value;
  std::string doc;
};

struct TypeDecl {  // fact, mutable fact, event, action
  Span span;
  Role role = Role::kFact;  // as declared; the checker turns kFact into kDerived where a rule derives it
  Name name;
  std::string doc;
  bool has_key = false;
  std::vector<Name> key;
  std::vector<FieldDecl> fields;
  std::vector<FieldDecl> result_fields;
  OptionalExpr ttl, lateness, tries, try_every, timeout, rate_count, rate_per, retain;
  std::optional<Name> late;  // apply | drop | divert
  bool rate_else_refuse = false;
  // checked
  FactTypeId id = kNoId;
};

struct ParamDecl {
  Span span;
  Name name;
  std::string doc;
  TypeExpr type;
  OptionalExpr value, minimum, maximum;
  // checked
  std::uint32_t id = kNoId;
};

struct LetDecl {  // a package-wide constant, or a pure function when it has parameters
  Span span;
  Name name;
  std::string doc;
  bool is_function = false;
  std::vector<FieldDecl> parameters;
  Expr value;
};

struct SamePart {  // `same a, b as m`
  std::vector<Name> fields;
  Name as;
};

struct Join {  // checked: this pattern's `field` equals field `other_field` of binding `other`
  std::uint32_t field = 0;
  std::uint32_t other = 0;
  std::uint32_t other_field = 0;
};

// `mon..fri`, `day 1..7`, `2026-12-24`: days of a calendar.
enum class CalendarDays : std::uint8_t { kDaily, kWeekdays, kMonthDays, kLastDay, kDates };

struct CalendarDay {
  CalendarDays kind = CalendarDays::kDaily;
  Span span;
  std::int32_t first = 0, last = 0;  // kWeekdays: 0 is Monday; kMonthDays: 1..31; kDates: days since 1970-01-01
};

struct CalendarTime {  // seconds after midnight
  Span span;
  std::int32_t first = 0, last = 0;
};

struct CalendarPart {  // the days and the times of one span; no times: all day
  std::vector<CalendarDay> days;
  std::vector<CalendarTime> times;
  bool except = false;
};

struct CalendarDecl {
  Span span;
  Name name;
  std::string doc;
  std::vector<CalendarPart> parts;
  std::optional<Name> zone;  // its text
  // checked
  std::uint32_t id = kNoId;  // Schema::calendars
};

enum class Quantifier : std::uint8_t { kOne, kSome, kNo, kEvery };

// Where the line is true there is a fact that fits it.
constexpr bool finds_fact(Quantifier q) { return q == Quantifier::kOne || q == Quantifier::kSome; }

struct Pattern {
  Quantifier quantifier = Quantifier::kOne;
  std::optional<Name> name;  // n: Type …
  bool cross = false;
  Name type;
  std::optional<Name> each;  // n: each Type.field
  std::vector<SamePart> same;
  OptionalExpr where;
  OptionalExpr satisfies;  // kEvery
  OptionalExpr within;     // constant durations
  std::optional<Name> after;
  OptionalExpr hold;  // `for D`; on a `no` line: absence
  // checked
  FactTypeId fact_type = kNoId;
  std::uint32_t binding = 0;  // number of this pattern in its rule or case; every pattern (also some/no/every) has one
  std::vector<Join> joins;    // from `same`
  std::uint32_t each_field = kNoId;
  DurationNs each_window_ns = 0;  // of an event's values: how long one is there after the event's stamp
  bool local = false;             // kOne: bound in some branches of an `either` only, so no part of the identity
  std::uint32_t after_binding = 0;
};

enum class LineKind : std::uint8_t { kPattern, kLet, kCheck };

struct InBranch {
  std::uint32_t either = 0;  // which of the block, from 1, in written order: an outer one before those in it
  std::uint32_t branch = 0;  // of it
  friend bool operator==(const InBranch&, const InBranch&) = default;
};

struct Line {
  LineKind kind = LineKind::kPattern;
  Span span;
  Pattern pattern;    // kPattern
  Name let_name;      // kLet
  Expr expr;          // kLet: the value; kCheck: the condition
  OptionalExpr hold;  // kCheck … for D
  // The lines of `either { … } or { … }` stand in the block like others, one branch after the other.
  std::vector<InBranch> branches;  // that it stands in, the outermost first
  // checked
  std::uint32_t let_index = 0;  // kLet
};

// Whether one match can meet both lines: they are not of two branches of one `either`.
inline bool stand_together(const Line& a, const Line& b) {
  for (std::size_t i = 0; i < a.branches.size() && i < b.branches.size() && a.branches[i].either == b.branches[i].either; ++i) {
    if (a.branches[i].branch != b.branches[i].branch) return false;
  }
  return true;
}

// One past the last of `lines` that stands in the branch in which lines[i] stands at that depth.
template <typename AnyLine>
std::size_t end_of_branch(const std::vector<AnyLine>& lines, std::size_t i, std::size_t depth) {
  const InBranch in = lines[i].branches[depth];
  while (i < lines.size() && lines[i].branches.size() > depth && lines[i].branches[depth] == in) ++i;
  return i;
}

struct Block {  // when { … } or until { … }
  Span span;
  std::vector<Line> lines;
};

struct RecordField {
  Name name;
  Expr value;
  // checked
  std::uint32_t field = kNoId;
};

struct Record {  // Type { field: e, … }, or the { field: e } of return
  Span span;
  Name type;  // empty after `return`, `input`, `set`, `result`
  std::vector<RecordField> fields;
  // checked
  FactTypeId fact_type = kNoId;
};

enum class EffectKind : std::uint8_t { kDo, kDerive, kAssert, kSet, kRetract, kLog };

struct Effect {
  EffectKind kind = EffectKind::kDo;
  Span span;
  Record record;      // kDo, kDerive, kAssert; kSet: only fields
  Name target;        // kSet, kRetract: a name bound by `n:`
  OptionalExpr text;  // kLog
  // checked
  std::uint32_t binding = 0;  // kSet, kRetract
};

enum class Mode : std::uint8_t { kActive, kShadow, kOff };

// The order in which a module's productions fire; kEpisodes: its rules are none, but have episodes.
enum class Strategy : std::uint8_t { kEpisodes, kDepth, kBreadth, kLex, kMea };

struct During {  // `during change_night`, `not during maintenance`
  Name calendar;
  bool negated = false;
  // checked
  std::uint32_t id = kNoId;
};

struct RuleDecl {
  Span span;
  Name name;
  std::string doc;
  OptionalExpr priority;  // constant int
  std::optional<Name> mode;
  OptionalExpr cooldown;  // constant duration
  std::vector<Expr> cooldown_per;
  OptionalExpr keep, repeat;
  OptionalExpr late_skip;  // constant duration
  OptionalExpr approve;    // bool: true or unknown, a person must say yes to what `then` does
  std::vector<During> during;
  std::vector<std::string> tags;
  std::string owner, runbook;
  Block when;
  std::vector<Effect> then;
  std::optional<Block> until;
  std::vector<Effect> on_clear;

  // checked
  std::string qualified;  // module.rule
  std::int64_t priority_value = 0;
  Mode mode_value = Mode::kActive;
  Strategy strategy = Strategy::kEpisodes;  // its module's
  std::uint32_t binding_count = 0;          // patterns and aggregates of when and until together
  std::uint32_t let_count = 0;
  // INVARIANT: patterns of `when` are numbered from 0 in written order, then those of `until`, then aggregates.
  std::vector<std::uint32_t> identity;    // bindings of the kOne patterns of `when`, in order: the match's identity
  std::vector<FactTypeId> binding_types;  // by binding: its fact type
};

struct Case {
  Span span;
  Name name;
  Block when;
  Record output;
  // checked (numbered per case as in RuleDecl)
  std::uint32_t binding_count = 0;
  std::uint32_t let_count = 0;
  std::vector<std::uint32_t> identity;
  std::vector<FactTypeId> binding_types;
};

using flyball::HitPolicy;

struct Cell {
  Span span;
  bool wildcard = false;           // `-`
  std::vector<Expr> alternatives;  // as written: `8..15` is a kRange, `>= 80%` a kUnary-less kBinary whose a[0] is a kHole
  // checked
  OptionalExpr test;  // a bool expression over the input; absent for a wildcard
};

struct TableRow {
  Span span;
  std::vector<Cell> inputs;
  std::vector<Expr> outputs;  // checked: in the order of the decision's output fields
};

enum class TableFormat : std::uint8_t { kInline, kCsv, kMarkdown };

struct Table {
  Span span;
  TableFormat format = TableFormat::kInline;
  HitPolicy policy = HitPolicy::kFirst;
  Name policy_name;
  std::optional<Name> from;  // the file its rows stand in, as written; its span is that of the string
  std::vector<Name> inputs;  // column heads
  std::vector<Name> outputs;
  std::vector<TableRow> rows;
};

struct DecisionDecl {
  Span span;
  Name name;
  std::string doc;
  std::vector<FieldDecl> input, output;
  std::vector<Case> cases;         // tried first, in order
  std::optional<Table> table;      // then the table
  std::optional<Record> fallback;  // then `default return { … }`
  bool fail_on_unknown = false;    // `on unknown fail`
  // checked
  std::string qualified;
  DecisionId id = kNoId;
};

enum class StepKind : std::uint8_t {
  kStart,
  kSet,
  kSend,
  kSendFrom,
  kRetract,
  kAck,
  kExpect,
  kExpectNone,
  kExpectNothingElse,
  kExpectFirings,
  kAsk,
  kRestart,
  kDown
};

struct Step {  // one line of a test
  StepKind kind = StepKind::kSend;
  Span span;
  // When: `at T` (from == to == at), `by T` (by), `every P from A to B` (period). Durations from the test's start.
  OptionalExpr at, by, every, from, to;
  Record record;                 // kSend, kRetract, kAck, kExpect, kExpectNone: Type { … }; fields empty: any
  OptionalExpr stamped;          // kSend … stamped D
  OptionalExpr source, seq;      // kSend, kRetract … source "gnmi-1" seq 17
  std::string state;             // kAck: "acked" | "failed" | "approved" | "rejected"
  std::optional<Record> result;  // kAck … result { … }
  OptionalExpr count;            // kExpect N …; kExpectFirings
  Name from_rule;                // kExpect … from rule; kAsk … from case; kExpectFirings … of rule
  Name set_param;                // kSet
  OptionalExpr value;            // kSet: the value; kStart: the timestamp string
  Name decision;                 // kAsk
  std::vector<Record> expected;  // kAsk … expect { … }, or one by one of a list
  bool expects_answer = false;   // kAsk … expect: `expected` counts, even if it is empty
  bool expects_list = false;     // kAsk … expect [ … ]
  std::string path;              // kSendFrom, relative to the file
  // checked
  std::uint32_t param = kNoId;
  DecisionId decision_id = kNoId;
  std::uint32_t rule = kNoId;  // index into RuleSet::rules
};

struct TestDecl {
  Span span;
  Name name;  // its text
  std::vector<Step> steps;
};

struct Import {
  Span span;
  Name module;
  std::optional<Name> as;
};

// One source file, parsed.
struct File {
  std::uint32_t source = 0;      // index into SourceFiles
  std::optional<Name> module;    // absent: the module "main"
  std::optional<Name> strategy;  // of the module: depth, breadth, lex, mea
  std::vector<Import> imports;
  std::vector<TypeDecl> types;
  std::vector<ParamDecl> params;
  std::vector<LetDecl> lets;
  std::vector<CalendarDecl> calendars;
  std::vector<RuleDecl> rules;
  std::vector<DecisionDecl> decisions;
  std::vector<TestDecl> tests;
};

// All files of a package, checked: names resolved, types known, package-wide lets inlined. The engine compiles this.
// INVARIANT: rules stand in canonical order: by module name, then file path, then place in the file; the order of
// paths on the command line does not matter. "Rule order" everywhere means the index in `rules`.
struct RuleSet {
  Schema schema;
  std::vector<CalendarDecl> calendars;  // index into Schema::calendars
  std::vector<RuleDecl> rules;
  std::vector<DecisionDecl> decisions;  // index = DecisionId
  std::vector<TestDecl> tests;
};

}  // namespace flyball::ast
