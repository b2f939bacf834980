// ProgramData: the network plan a Program holds. What the sessions run, as plain values; no behaviour, no state.
//
// A rule becomes chains of stages. Its main chain has a stage per line of `when` (and one per aggregate, before the
// line that reads it); tokens that reach its end are the rule's matches. Lines that remember something get chains and
// tables of their own, because semantics.md §3 lets them run while what they read is bound, whatever the other lines say:
//
//   hold chain     the `n:` lines that bind what the line reads, then the line itself → entries of a hold table
//   absence chain  the `n:` lines that bind what the line reads                        → entries of an absence table,
//                  each with a watch chain: the facts read, then the facts that break the silence
//   until chain    the facts of one episode's identity, then the lines of `until`     → the episode's exit condition
//   shared joins   the lines that several of these chains begin with                  → each of those chains
//
// The main (or until) chain has a stage that looks the table up by the facts read.
//
// Thread safety: immutable after compile().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/compile/explain_plan.h"
#include "engine/compile/formula.h"
#include "engine/compile/join_run.h"
#include "engine/compile/plan_words.h"
#include "engine/compile/reach.h"
#include "engine/compile/span_fields.h"
#include "engine/decide/decision_plan.h"
#include "engine/expr/calendar_clock.h"
#include "engine/expr/code.h"
#include "engine/program.h"
#include "model/schema.h"
#include "model/time.h"
#include "parser/ast/ast.h"

namespace flyball::engine {

// The names of one rule or case.
struct ScopePlan {
  std::vector<Formula> lets;                                  // by let index
  std::vector<std::pair<std::uint32_t, std::uint32_t>> uses;  // aggregates: binding → ProgramData::uses
  std::uint32_t binding_count = 0;
};

// How a fact, or a sample, finds a condition on its own fields; without either it is tried on all.
struct DispatchPlan {
  // Facts whose field is not greater (less) than this constant cannot pass: found by order.
  struct Threshold {
    std::uint32_t field = kNoId;  // kNoId: none
    bool above = false, inclusive = false;
    bool null_fails = false;  // a null in the field certainly fails the condition
    Value constant;
    std::uint32_t test = 0;  // of the condition's tests
  };
  std::vector<Reach> reaches;  // one at most, once finish_types() has chosen; then there is no threshold
  Threshold threshold;
  const Reach* reach() const { return reaches.empty() ? nullptr : reaches.data(); }
};

// Facts of one type that pass tests on their own fields.
struct AlphaPlan {
  FactTypeId type = kNoId;
  std::vector<Formula> tests;  // conjuncts; `binding` is what they call the fact
  std::uint32_t scope = 0;
  std::uint32_t binding = 0;
  std::uint64_t reads = 0;
  DispatchPlan dispatch;
  std::vector<std::vector<std::uint32_t>> indexes;                   // own fields of each hash index
  std::vector<std::uint32_t> index_null_joins;                       // by index: bit k set: a null in part k joins a null; and kPrivate
  static constexpr std::uint32_t kPrivate = std::uint32_t{1} << 31;  // of one ring: shared with nobody, never the first
  std::vector<SpanFields> index_spans;                               // see index_span(); few alphas have any
  // Fields of which the greatest (or least) of each bucket of an index is known.
  struct Order {
    std::uint32_t index = 0;
    std::uint32_t field = 0;
    Kind kind = Kind::kNull;
    bool greatest = false;
    friend bool operator==(const Order&, const Order&) = default;
  };
  std::vector<Order> orders;
  // Where an index's facts lie, beside what they are equal in.
  SpanFields index_span(std::size_t index) const { return index < index_spans.size() ? index_spans[index] : SpanFields{}; }
  std::vector<StageId> successors;  // descending, so that a fact never meets itself twice
  std::vector<NodeId> nodes;        // aggregates over it
  std::string text;
  bool vacant = false;  // see align.h
};

struct KeyPart {  // own field == something known on the left
  std::uint32_t own_field = 0;
  bool null_joins = false;             // `==` in where: null equals null; `same`: null joins nothing
  bool hashed = true;                  // equality is identity of Values; else compared by cel_equal, after the index
  std::uint32_t left_binding = kNoId;  // the left is this field …
  std::uint32_t left_field = 0;
  std::unique_ptr<const Formula> left;  // … or this expression; few have one, and parts are many
};

// A line tied to earlier ones by where something lies: `addr in prefix`, `low <= e.at and e.at < high`. One side is a point, the other a
// span. It says who need not meet; whether those that meet match is said by the conditions, which stay in StagePlan::residual.
struct JoinSpan {
  SpanFields own;
  KeyPart low, high;  // what is known on the left: the ends of its span; of a point, and of a prefix, low alone
};

enum class StageKind : std::uint8_t {
  kBound,      // one given fact, from outside the chain
  kPattern,    // n: T …
  kExists,     // some T …, no T …, every T … (no T that does not satisfy)
  kCheck,      // check e
  kAggregate,  // the value of an aggregate for the facts so far; never false
  kHold,       // a hold table's verdict on the facts read; may bind the line's own fact
  kAbsence,    // an absence table's verdict
  kShared,     // a match of joins that several chains begin with: the first stage of a chain that goes on from them
};

struct StagePlan {
  StageKind kind = StageKind::kCheck;
  ChainId chain = 0;
  bool last = false;
  bool negated = false;           // kExists: `no`, `every`
  bool fresh_truth = false;       // the stage's own truth, not the `and` with what came before (in hold chains)
  std::uint32_t binding = kNoId;  // kBound, kPattern, kExists, kHold that binds, kAggregate
  FactTypeId type = kNoId;        // of binding
  AlphaId alpha = kNoId;          // kPattern, kExists
  std::uint32_t index = kNoId;    // of the alpha's indexes; kNoId: the first stage, nothing to join
  std::vector<KeyPart> keys;      // hashed parts first, in the order of the index's fields
  std::vector<Formula> residual;
  std::unique_ptr<const JoinSpan> span;  // null: there is none
  std::uint32_t order = kNoId;           // kExists: of the alpha's orders: if its best fact fails `order_test`, all do
  std::uint32_t order_test = 0;          // of `residual`
  std::uint32_t closing = kNoId;         // the cycle of three patterns that it is of
  std::uint64_t own_reads = 0;           // own fields read by keys and residual
  std::uint64_t later_reads = 0;         // fields of `binding` that later stages or the end of the chain read
  std::uint64_t joins_read = 0;          // of shared joins: of those the fields that the joins read; the others, chains do that go on
  std::vector<FieldReads> reads;         // kShared: fields that the chain reads of the facts of the joins
  std::uint32_t node = kNoId;            // kAggregate: the use
  TableId table = kNoId;                 // kHold, kAbsence
  std::vector<std::uint32_t> tuple;      // kHold, kAbsence: bindings looked up, without the line's own fact
  std::uint32_t line = kNoId;            // index into the block's lines
};

// The first three stages of a chain, patterns a, b and c, where b is joined to a, and c to both. Indexes are of the alphas of those stages.
struct ClosingPlan {
  struct Pair {  // fields that must be equal: of the earlier one, of the later one
    std::uint32_t left = 0, right = 0;
  };
  struct Part {  // of c's key, in the order of its index
    bool of_a = false;
    std::uint32_t field = 0;
    bool null_joins = false;
  };
  StageId first = 0;
  std::vector<Pair> ab, bc, ac;
  std::vector<Part> c_key;
  std::uint32_t a_by_c = 0, a_by_both = 0, b_by_c = 0, b_by_both = 0, c_by_a = 0, c_by_b = 0;
};

enum class ChainEnd : std::uint8_t {
  kRule,     // a match of a rule
  kUntil,    // the exit condition of an episode
  kWatch,    // what the derives of an episode read
  kHold,     // what a line with `for` is now
  kAbsence,  // facts bound for an absence
  kSeen,     // a live fact or an event that breaks an absence
  kGate,     // a pattern of a production that nothing is tied to
  kShared,   // joins that other chains go on from
};

struct ChainPlan {
  StageId first = 0;
  std::uint32_t count = 0;
  std::uint32_t scope = 0;
  ChainEnd end = ChainEnd::kRule;
  std::uint32_t owner = 0;           // kRule, kUntil, kWatch, kGate, kShared: rule; kHold, kAbsence: table
  std::uint32_t gate = kNoId;        // kGate: of ProgramData::gates
  std::uint32_t bound = 0;           // leading kBound stages
  bool rooted = false;               // the first stage is not a pattern: one token is there from the start
  bool logical = false;              // kRule: of a rule that only derives
  std::uint32_t way = 0;             // kRule: through the `either`s, ExplainPlan::ways
  std::vector<std::uint32_t> tuple;  // kHold, kAbsence: bindings whose facts name the entry, own fact last
  ChainId shared = kNoId;            // the joins that it goes on from; its first stage is kShared then
  std::vector<StageId> consumers;    // kShared: those first stages
  bool vacant = false;               // see align.h
};

struct HoldPlan {
  DurationNs hold_ns = 0;
  ChainId chain = 0;
  std::uint32_t arity = 0;  // facts that name an entry
  bool binds = false;       // its last one is the line's own fact
  std::vector<FactTypeId> types;
  std::vector<StageId> consumers;  // kHold stages
  std::uint32_t rule = 0;
  std::uint32_t line = 0;  // of its block
  bool in_until = false;
  bool vacant = false;  // see align.h
};

struct AbsencePlan {
  DurationNs silence_ns = 0;
  std::uint32_t arity = 0;
  std::vector<FactTypeId> types;
  ChainId watch_chain = 0;  // the facts read, bound, then the line as a pattern
  std::vector<StageId> consumers;
  FactTypeId watched = kNoId;  // whose absence it is
  bool of_event = false;
  std::uint32_t rule = 0;
  std::uint32_t line = 0;
  bool in_until = false;
  bool vacant = false;  // see align.h
};

// A pattern of a production by which nothing is joined, of a type that has one fact at most, such as the stage that a program is in.
// It has a chain of its own and no stage in the rule's: the matches of the other lines stay while the gate is shut.
struct GatePlan {
  std::uint32_t rule = 0;
  std::uint32_t binding = 0;
  FactTypeId type = kNoId;
  ChainId chain = 0;
  bool vacant = false;  // see align.h
};

// Facts of identities that lines of `until` read: counted per choice, so that a hold runs once for all of them.
struct ProjectionPlan {
  std::uint32_t rule = 0;
  std::vector<std::uint32_t> places;  // into the identity
  ChainId chain = kNoId;              // a chain with kBound stages, bound per choice; else
  TableId absence = kNoId;            // an absence table, whose entries are made per choice
  bool vacant = false;                // see align.h
};

// Accumulates over facts (or samples) of a type by group. Several rules' stages may read one node.
struct AggregateNode {
  AggregateFn fn = AggregateFn::kCount;
  FactTypeId type = kNoId;
  Type value_type;
  Kind result_kind = Kind::kError;
  Value number;                    // before the type; null: none
  double weight = 0;               // of ewma
  std::size_t reach = 0;           // of ewma: samples that count, from the newest on
  std::vector<Value> field_names;  // of topk
  bool asks_newest = false;        // whether the newest sample is of a stale fact decides something
  bool one_series = false;         // events without a key, whose order is that of all of them
  AlphaId alpha = kNoId;           // live facts; samples: kNoId, tests below
  std::vector<Formula> tests;      // own tests of samples
  DispatchPlan dispatch;           // of those
  std::uint32_t scope = 0;
  std::uint32_t binding = 0;         // what the formulas call the fact or sample
  std::vector<std::uint32_t> group;  // own fields
  std::vector<bool> group_null_joins;
  std::optional<Formula> value;
  std::uint64_t reads = 0;  // own fields read by group and value
  std::optional<DurationNs> over_ns;
  std::optional<std::int64_t> over_last;
  std::optional<std::int64_t> at_least;
  SpanFields lies;         // by which its uses find what is near (AggregateUse::span)
  bool keep_rows = false;  // some use judges items one by one against its own facts
  std::vector<StageId> consumers;
  std::string text;
  bool sampled() const { return over_ns.has_value() || over_last.has_value(); }
  bool vacant = false;  // see align.h
};

// A condition on `now`, asked again when its answer changes with time: when a calendar opens or closes, or, where it compares, at
// the moment when left and right are equal (`after`: one nanosecond later).
struct ClockPlan {
  Formula condition;
  std::uint32_t calendar = kNoId;
  std::optional<Formula> left, right;  // the side with `now` is the left one
  bool after = false;
};

// A comparison of `now` with fields of a fact that has no name, which a test of an alpha makes.
struct FactClock {
  ClockPlan change;
  std::uint32_t scope = 0;
  std::uint32_t binding = 0;  // the fact's
  std::uint64_t reads = 0;    // of its fields
};

// One place that asks a node: how its group is found and what is judged per item.
struct AggregateUse {
  NodeId node = kNoId;
  std::uint32_t scope = 0;
  std::uint32_t binding = 0;             // in the scope's frame
  std::vector<KeyPart> keys;             // in the order of the node's group
  std::vector<Formula> residual;         // judged per item: recomputed when something changes
  std::unique_ptr<const JoinSpan> span;  // where items lie that pass the residual conditions; null: those do not say
  // What is in is judged once for each left side (totals.cc); then whether a total of it is small: a count, a sum, a mean.
  bool keeps_total = false, adds_up = false;
  std::optional<ClockPlan> clock;  // then there is no node
};

struct FieldSource {  // a record's field: a formula, or left out (default, null)
  std::unique_ptr<const Formula> formula;
  FieldFit fit;  // of the formula's value
  Value value;
};

struct EffectPlan {
  EffectKind kind = EffectKind::kDo;
  FactTypeId type = kNoId;          // kDo, kDerive, kAssert, kSet
  std::vector<FieldSource> fields;  // kDo: declared ones; kDerive, kAssert: all; kSet: those set
  std::uint64_t given = 0;          // kSet: which fields
  std::uint32_t binding = kNoId;    // kSet, kRetract
  std::optional<Formula> text;      // kLog
};

struct RulePlan {
  std::string name;  // qualified
  std::uint32_t scope = 0;
  std::uint32_t rank = 0;  // place in the order (priority descending, rule order)
  std::int64_t priority = 0;
  RuleMode mode = RuleMode::kActive;
  bool logical = false;
  std::vector<ChainId> chains;  // one for each way through the `either`s
  ChainId until_chain = kNoId;
  ChainId watch_chain = kNoId;          // derives of an episode follow its facts
  std::vector<std::uint32_t> identity;  // bindings
  std::vector<FactTypeId> identity_types;
  std::vector<EffectPlan> then, on_clear;
  DurationNs cooldown_ns = 0;
  bool cooldown_by_identity = true;
  std::vector<Formula> per;
  std::vector<std::pair<std::uint32_t, bool>> during;  // calendars, and whether outside them
  DurationNs keep_ns = 0;
  DurationNs repeat_ns = 0;
  std::optional<Formula> approve;  // true or unknown: what `then` does is only proposed
  std::optional<DurationNs> late_skip_ns;
  std::vector<TableId> projections;
  bool of_event = false;  // an identity fact is an event
  // Of productions.
  Strategy strategy = Strategy::kEpisodes;
  bool is_production() const { return strategy != Strategy::kEpisodes && !logical; }
  std::uint32_t module_first = 0;             // the first rule of its module, in rule order
  std::vector<std::uint32_t> stamps;          // by identity fact: which of its type's stamp_masks
  std::vector<std::uint32_t> gates;           // of ProgramData::gates
  std::vector<std::uint32_t> identity_gates;  // by identity fact: the gate that it is of; kNoId: a line of the chain
  std::uint32_t tests = 0;                    // comparisons and patterns of `when`
  bool shares_matches = false;                // several tokens may be one match
  bool may_stand_again = false;               // a token may go and come again while its match is as true as before
};

// Events that lines with `within` remember: facts of a type of their own that live from their stamp for `ns`.
struct RememberedPlan {
  FactTypeId type = kNoId;
  FactTypeId event = kNoId;
  DurationNs ns = 0;
  std::uint32_t each = kNoId;  // of a line with `each`: the field by whose values they are remembered, and nothing else of them
  bool all = false;            // of `no … within D after m`: not the newest of each key alone
};

// The values of a field, for lines with `each`: facts of a type of their own, derived by a rule of their own.
struct EachPlan {
  FactTypeId type = kNoId;
  FactTypeId of = kNoId;
  std::uint32_t field = 0;
};

struct TypePlan {
  std::vector<AlphaId> always;  // alphas without a reach
  std::vector<AlphaId> alphas;
  std::vector<NodeId> sample_nodes;        // aggregates over samples
  std::vector<FactClock> clocks;           // what changes for its facts with time alone
  std::uint64_t reads = 0;                 // fields that any rule, aggregate or join reads
  std::vector<std::uint64_t> stamp_masks;  // fields that a production reads of it, for one of its patterns
  std::uint32_t stratum = kNoId;           // derived: place in the order of derivation
  bool recursive = false;                  // derived from itself, through however many rules
  std::vector<std::uint32_t> deriving_rules;
  std::vector<FactTypeId> remembered_as;  // of an event: the types that remember it
  FactTypeId remembers = kNoId;           // of such a type: its event
  bool remembers_all = false;             // RememberedPlan::all
  FactTypeId each_of = kNoId;             // of values: whose they are
};

struct ProgramData {
  explicit ProgramData(ast::RuleSet checked);
  ~ProgramData();

  // As they are run: with types (and rules) that the compiler made, behind those that are written.
  ast::RuleSet rule_set;
  std::unique_ptr<ast::RuleSet> written;  // without them; null: there are none
  void keep_written() {
    if (!written) written = std::make_unique<ast::RuleSet>(rule_set);
  }
  const ast::RuleSet& rules_written() const { return written ? *written : rule_set; }
  // The type as people know it.
  FactTypeId written_type(FactTypeId type) const { return types[type].remembers != kNoId ? types[type].remembers : type; }
  bool is_written(FactTypeId type) const { return type < rules_written().schema.types.size(); }
  std::vector<RememberedPlan> remembered;
  std::vector<EachPlan> each;
  std::vector<Value> params;
  std::vector<std::unique_ptr<const CalendarClock>> calendars;
  std::vector<Value> constants;  // roots of collection: everything here that is a handle
  std::vector<ScopePlan> scopes;
  std::vector<TypePlan> types;
  std::vector<AlphaPlan> alphas;
  std::vector<StagePlan> stages;
  std::vector<ChainPlan> chains;
  std::vector<HoldPlan> holds;
  std::vector<AbsencePlan> absences;
  std::vector<GatePlan> gates;
  std::vector<ClosingPlan> closings;
  std::vector<ProjectionPlan> projections;
  std::vector<JoinRun> join_runs;  // of two patterns or more
  std::vector<AggregateNode> nodes;
  std::vector<AggregateUse> uses;  // of stages (by StagePlan::node) and of decisions
  // Behind those of rule_set, which have the same numbers: one for each of the joins that are shared, to which they belong as another's
  // chains belong to it. It has no lines and no effects, and does nothing.
  std::vector<RulePlan> rules;
  bool is_shared_joins(std::uint32_t rule) const { return rule >= rule_set.rules.size(); }
  std::vector<ExplainPlan> explain;                     // by rule
  std::vector<std::vector<std::uint32_t>> case_scopes;  // by decision, by case
  std::unique_ptr<DecisionPlans> decisions;
  std::uint32_t stratum_count = 0;
  DurationNs lateness_max_ns = 0;
  std::uint32_t frame_bindings = 0;  // the widest scope
  std::uint32_t frame_lets = 0;
};

}  // namespace flyball::engine
