// Judging lines one by one, and keeping what actions were made for. The search of `why-not` is why_not.cc.
#include "engine/session/explainer.h"

#include <algorithm>
#include <array>

#include "model/check.h"
#include "model/compare.h"

namespace flyball::engine {
namespace {

const char* word(Truth t) { return t == Truth::kTrue ? "true" : t == Truth::kFalse ? "false" : "unknown"; }

// The first `n` of what is left.
std::span<const Value> taken(std::span<const Value>& left, std::size_t n) {
  const std::span<const Value> out = left.first(n);
  left = left.subspan(n);
  return out;
}

Truth negated(Truth t) { return t == Truth::kUnknown ? t : t == Truth::kTrue ? Truth::kFalse : Truth::kTrue; }

}  // namespace

void Explainer::set_row(const ExplainLine& line, FactId fact) {
  network_.frame().set_row(line.binding, network_.store(line.type).row(fact));
  if (facts_.size() <= line.binding) facts_.resize(line.binding + 1, kNone);
  facts_[line.binding] = fact;
}

Truth Explainer::truth(const Formula& formula, std::uint32_t scope) {
  network_.fill_aggregates(formula, scope);
  return network_.frame().truth(formula, scope);
}

Value Explainer::value(const ExplainRead& read, std::uint32_t scope) {
  if (read.formula == nullptr) return network_.frame().row(read.binding)[read.field];
  network_.fill_aggregates(*read.formula, scope);
  return network_.frame().value(*read.formula, scope);
}

// One fact as the line's own: its joins, then its conditions up to the first that is not met.
Explainer::Judged Explainer::judge_fact(const ExplainPlan& plan, const ExplainLine& line, FactId fact) {
  Judged out;
  if (line.kind == LineKind::kPattern) {
    set_row(line, fact);
    const Row row = network_.frame().row(line.binding);
    for (const ExplainJoin& join : line.joins) {
      const Value& own = row[join.field];
      const Value& other = network_.frame().row(join.other)[join.other_field];
      const bool null = own.is_null() || other.is_null();  // joins nothing, whatever the other is
      const bool unknown = own.is_error() || other.is_error();
      if (null || (!unknown && !cel_equal(own, other, network_.interner()))) {
        out.truth = Truth::kFalse;
        out.joined = false;
        return out;
      }
      if (unknown) out.truth = Truth::kUnknown;
    }
    if (network_.store(line.type).meta(fact).suspended) out.truth = Truth::kUnknown;
  }
  for (const ExplainCondition& c : line.conditions) {
    const Truth t = truth(c.test, plan.scope);
    if (t == Truth::kTrue) {
      ++out.met;
      continue;
    }
    if (out.failing == nullptr || t == Truth::kFalse) out.failing = &c;
    out.truth = t == Truth::kFalse || out.truth == Truth::kFalse ? Truth::kFalse : Truth::kUnknown;
    if (t == Truth::kFalse) break;
  }
  return out;
}

// The verdict of a line's hold or absence, for the facts in the frame.
void Explainer::look_up_memory(const ExplainLine& line, Judged& judged) const {
  if (line.hold_ns == 0 || line.table == kNoId) return;
  std::array<FactId, Network::kMaxTuple> facts{};
  std::size_t count = 0;
  for (const std::uint32_t binding : line.tuple) facts[count++] = binding < facts_.size() ? facts_[binding] : kNone;
  if (line.absence) {
    const AbsenceTable& table = network_.absence_table(line.table);
    const std::uint32_t e = table.find(facts.data());
    if (e == kNone) return;
    judged.truth = table[e].output ? Truth::kTrue : Truth::kFalse;
    if (table[e].live == 0 && table[e].base != kTimestampMin) {
      judged.since = table[e].base;
      if (table[e].output || !waits_for_calendar(data_.absences[line.table])) judged.due = table[e].base + line.hold_ns;
      judged.waits = !table[e].output;
    }
    return;
  }
  const HoldTable& table = network_.hold_table(line.table);
  const std::uint32_t e = table.find(facts.data());
  if (e == kNone) return;
  if (judged.truth == Truth::kTrue) {
    judged.since = table[e].onset;
    if (table[e].held || !waits_for_calendar(data_.holds[line.table])) judged.due = table[e].onset + line.hold_ns;
    judged.waits = table[e].output != Truth::kTrue;
  }
  judged.truth = table[e].output;
}

// A line other than an `n:` pattern, for the facts in the frame.
Explainer::Judged Explainer::judge(const ExplainPlan& plan, const ExplainLine& line, std::size_t& looks) {
  if (line.kind == LineKind::kLet) return {};
  Judged out;
  if (line.kind == LineKind::kCheck) {
    out = judge_fact(plan, line, kNone);
  } else {
    out.truth = Truth::kFalse;
    const FactStore& store = network_.store(line.type);
    for (FactId f = 0; f < store.end() && looks > 0; ++f) {
      if (!store.meta(f).used || !store.exists(f)) continue;
      --looks;
      const Judged one = judge_fact(plan, line, f);
      if (one.truth == Truth::kFalse ||
          (out.truth == Truth::kUnknown && one.truth == Truth::kUnknown && store.compare_keys(out.witness, f, network_.interner()) < 0))
        continue;
      if (one.truth == out.truth && store.compare_keys(out.witness, f, network_.interner()) < 0) continue;
      if (one.truth == Truth::kUnknown && out.truth == Truth::kTrue) continue;
      out.truth = one.truth;
      out.failing = one.failing;
      out.witness = f;
    }
    if (line.quantifier == Quantifier::kNo || line.quantifier == Quantifier::kEvery) out.truth = negated(out.truth);
  }
  if (line.decided_ns != 0 && out.truth == Truth::kTrue) {
    const FactTypeId type = after_type(plan, line);
    const FactId after = facts_[line.after];
    if (type != kNoId && after != kNone) {
      const std::optional<Timestamp> since = to_engine_time(network_.store(type).last_row(after)[line.after_field]);
      if (since && network_.now() < *since + line.decided_ns) {
        out.truth = Truth::kFalse;
        out.waits = true;
        out.since = since;
        out.due = *since + line.decided_ns;
      }
    }
  }
  look_up_memory(line, out);
  return out;
}

// Of what a line comes after.
FactTypeId Explainer::after_type(const ExplainPlan& plan, const ExplainLine& line) {
  for (const ExplainLine& l : plan.when) {
    if (l.kind == LineKind::kPattern && l.quantifier == Quantifier::kOne && l.binding == line.after) return l.type;
  }
  return kNoId;
}

// A line as it was judged; what it read goes behind `reads`.
KeptExplanation::Line Explainer::kept_line(const ExplainPlan& plan, const ExplainLine& line, const Judged& judged,
                                           std::vector<Value>& reads) {
  KeptExplanation::Line out;
  out.line = &line;
  out.verdict = judged.truth;
  out.since = judged.since;
  if (judged.waits) out.due = judged.due;
  // The own fact of `some`, `no` and `every` is whichever: only its witness has values to show.
  out.reads = line.kind != LineKind::kPattern || judged.witness != kNone ||
              (line.quantifier == Quantifier::kOne && line.binding < facts_.size() && facts_[line.binding] != kNone);
  if (!out.reads) return out;
  if (line.kind == LineKind::kPattern && judged.witness != kNone) set_row(line, judged.witness);
  for (const ExplainCondition& c : line.conditions) {
    for (const ExplainRead& r : c.reads) reads.push_back(value(r, plan.scope));
  }
  if (out.verdict == Truth::kUnknown) reads.push_back(problem(plan, judged));
  return out;
}

Value Explainer::problem(const ExplainPlan& plan, const Judged& judged) {
  if (judged.failing == nullptr) return Value::unknown();
  network_.fill_aggregates(judged.failing->test, plan.scope);
  const Value v = network_.frame().value(judged.failing->test, plan.scope);
  return v.is_error() ? v : Value::unknown();
}

LineExplained Explainer::told(const KeptExplanation::Line& line, std::span<const Value>& reads) const {
  LineExplained out;
  out.span = line.line->span;
  out.verdict = word(line.verdict);
  out.since = line.since;
  out.due = line.due;
  if (!line.reads) return out;
  for (const ExplainCondition& c : line.line->conditions) {
    for (const ExplainRead& r : c.reads) {
      const Value read = taken(reads, 1).front();
      if (std::none_of(out.reads.begin(), out.reads.end(), [&](const auto& seen) { return seen.first == r.name; }))
        out.reads.emplace_back(r.name, read);
    }
  }
  if (line.verdict == Truth::kUnknown) out.problem = network_.interner().text(taken(reads, 1).front());
  return out;
}

LineExplained Explainer::line_explained(const ExplainPlan& plan, const ExplainLine& line, const Judged& judged) {
  std::vector<Value> reads;
  const KeptExplanation::Line kept = kept_line(plan, line, judged, reads);
  std::span<const Value> all(reads);
  return told(kept, all);
}

// A fact as it is; its values go behind `values`.
KeptExplanation::Fact Explainer::kept_fact(std::uint32_t name, FactTypeId type, FactId fact, std::vector<Value>& values) const {
  const FactStore& store = network_.store(type);
  const FactMeta& meta = store.meta(fact);
  KeptExplanation::Fact out;
  out.name = name;
  out.type = data_.written_type(type);
  out.values = network_.store(out.type).width();
  if (data_.types[type].each_of != kNoId) {
    out.type = data_.types[type].each_of;
    out.each = store.width() - 1;
    out.values = store.width();
  }
  store.last_row(fact).append_to(values, out.values);
  out.stamp = meta.stamp;
  out.suspended = meta.suspended;
  out.stale = meta.status == FactStatus::kStale;
  return out;
}

FactUsed Explainer::told(const KeptExplanation::Fact& fact, std::string name, Timestamp at, std::span<const Value>& values) {
  FactUsed out;
  out.name = std::move(name);
  out.type = fact.type;
  const std::span<const Value> mine = taken(values, fact.values);
  out.values.assign(mine.begin(), mine.end());
  out.stamp = fact.stamp;
  out.age_ns = at - fact.stamp;
  out.stale = fact.stale;
  out.each = fact.each;
  out.suspended = fact.suspended;
  return out;
}

FactUsed Explainer::fact_used(const std::string& name, FactTypeId type, FactId fact) const {
  std::vector<Value> values;
  const KeptExplanation::Fact kept = kept_fact(kNone, type, fact, values);
  std::span<const Value> all(values);
  return told(kept, name, network_.now(), all);
}

// What a `some` line of the match has found: the first by key of those at hand.
FactId Explainer::witness_of_match(const Firing& firing, std::uint32_t binding) const {
  FactId best = kNone;
  const TokenId met = first_met(firing);
  for (TokenId t = met != kNone ? met : firing.match; t != kNone; t = network_.token(t).parent) {
    const Token& left = network_.token(t);
    if (left.next == kNone) continue;
    const StagePlan& stage = data_.stages[left.next];
    if (stage.kind != StageKind::kExists || stage.binding != binding) continue;
    const FactId found = network_.first_witness(t, kMaxWitnessLooks);
    if (found != kNone && (best == kNone || network_.store(stage.type).compare_keys(found, best, network_.interner()) < 0)) best = found;
  }
  return best;
}

std::uint32_t Explainer::way_of(TokenId t) const {
  const Token& token = network_.token(t);
  return data_.chains[token.stage == kNone ? token.chain() : data_.stages[token.stage].chain].way;
}

// Of the matches of one identity that are true the first by the order of branches, then by the keys of what they bind; so
// that nothing depends on which came first. kNone: the rule has no `either`.
TokenId Explainer::first_met(const Firing& firing) const {
  const ExplainPlan& plan = data_.explain[firing.rule];
  if (plan.ways.size() == 1 || firing.match == kNone) return kNone;
  const auto before = [&](TokenId a, TokenId b) {
    if (way_of(a) != way_of(b)) return way_of(a) < way_of(b);
    for (const std::uint32_t number : plan.ways[way_of(a)]) {
      const ExplainLine& line = plan.when[number];
      if (line.kind != LineKind::kPattern || line.quantifier != Quantifier::kOne) continue;
      const int order =
          network_.store(line.type).compare_keys(network_.fact_of(a, line.binding), network_.fact_of(b, line.binding), network_.interner());
      if (order != 0) return order < 0;
    }
    return false;
  };
  TokenId best = kNone;
  for (TokenId t = firing.first_match; t != kNone; t = network_.token(t).left.next) {
    if (network_.token(t).truth == Truth::kTrue && (best == kNone || before(t, best))) best = t;
  }
  return best;
}

// What the lines say, and with `on clear` whether they hold: those of `then` do.
void Explainer::firing(const Firing& firing) {
  if (log_.is_off()) return;
  const ExplainPlan& plan = data_.explain[firing.rule];
  const RulePlan& rule_plan = data_.rules[firing.rule];
  const bool clear = firing.clear;
  KeptExplanation& out = because_;
  out.rule = firing.rule;
  out.clear = clear;
  out.onset = firing.onset;
  out.approval.reset();
  out.facts.clear(), out.lines.clear(), out.values.clear(), out.reads.clear();
  facts_.assign(data_.scopes[plan.scope].binding_count, kNone);
  const FactId* identity = firing.identity.data();
  for (std::size_t i = 0; i < rule_plan.identity.size(); ++i) {
    const FactTypeId type = rule_plan.identity_types[i];
    facts_[rule_plan.identity[i]] = identity[i];
    network_.frame().set_row(rule_plan.identity[i], network_.store(type).row(identity[i]));
    out.facts.push_back(kept_fact(i < plan.names.size() ? static_cast<std::uint32_t>(i) : kNone, type, identity[i], out.values));
  }
  // Of branches the first that is met, with what it alone binds; when it is over there is none.
  const TokenId met = first_met(firing);
  if (met == kNone) {
    for (const ExplainLine& line : clear && !plan.until.empty() ? plan.until : plan.when) keep_line_of(firing, plan, line);
    return;
  }
  const std::vector<std::uint32_t>& way = plan.ways[way_of(met)];
  for (const std::uint32_t number : way) {
    const ExplainLine& line = plan.when[number];
    if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne && facts_[line.binding] == kNone)
      set_row(line, network_.fact_of(met, line.binding));
  }
  for (const std::uint32_t number : way) keep_line_of(firing, plan, plan.when[number]);
}

void Explainer::keep_line_of(const Firing& firing, const ExplainPlan& plan, const ExplainLine& line) {
  if (line.kind == LineKind::kLet) return;
  // What reads a name that is bound to nothing any more says nothing.
  if (std::any_of(line.needs.begin(), line.needs.end(), [&](std::uint32_t binding) { return facts_[binding] == kNone; })) return;
  // `then` runs because every line is met: of one that is judged only since when it has been is asked.
  const bool is_judged = firing.clear || line.decided_ns != 0 || (line.hold_ns != 0 && line.table != kNoId);
  Judged judged;
  if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne && facts_[line.binding] != kNone) {
    if (is_judged) {
      judged = judge_fact(plan, line, facts_[line.binding]);
      look_up_memory(line, judged);
    }
  } else if (firing.clear || line.kind != LineKind::kPattern) {
    const bool small = line.kind != LineKind::kPattern || network_.store(line.type).live() <= kMaxWitnessLooks;
    std::size_t looks = kMaxWitnessLooks;
    if (small && is_judged) judged = judge(plan, line, looks);
    // A name of `until`, or of a branch: what it may have been.
    if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne) {
      facts_[line.binding] = kNone;
      if (judged.witness != kNone) set_row(line, judged.witness);
    }
  } else if (line.quantifier == Quantifier::kSome) {
    judged.witness = witness_of_match(firing, line.binding);
  }
  // Saying anything else of one that was too large to look through would be wrong.
  if (!firing.clear) judged.truth = Truth::kTrue, judged.waits = false;
  because_.lines.push_back(kept_line(plan, line, judged, because_.reads));
  if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kSome && judged.witness != kNone) {
    because_.facts.push_back(kept_fact(kNone, line.type, judged.witness, because_.values));
  }
}

void Explainer::approval(std::uint32_t rule) {
  if (log_.is_off()) return;
  const ExplainPlan& plan = data_.explain[rule];
  because_.approval = truth(plan.approve->test, plan.scope);
  for (const ExplainRead& r : plan.approve->reads) because_.reads.push_back(value(r, plan.scope));
}

void Explainer::keep(const MadeAction& made) {
  if (log_.is_off()) return;
  KeptExplanation& kept = log_.add();
  kept = because_;
  kept.made = made;
  kept.made.data = {};
  kept.data.assign(made.data.begin(), made.data.end());
}

Explanation Explainer::told(const KeptExplanation& kept) const {
  const ExplainPlan& plan = data_.explain[kept.rule];
  const MadeAction& made = kept.made;
  Explanation out;
  out.action.time = made.time;
  out.action.id = to_text(made.id);
  out.action.action = made.type;
  out.action.rule = kept.rule;
  out.action.rule_name = out.rule = data_.rules[kept.rule].name;
  out.action.data = kept.data;
  out.action.state = made.proposed ? ActionState::kProposed : ActionState::kSent;
  out.action.try_number = made.proposed ? 0 : 1;
  out.action.shadow = made.shadow;
  out.action.was_due = made.was_due;
  out.rule_span = data_.rule_set.rules[kept.rule].span;
  out.clear = kept.clear;
  out.onset = kept.onset;
  std::span<const Value> values(kept.values), reads(kept.reads);
  for (const KeptExplanation::Fact& fact : kept.facts)
    out.facts.push_back(told(fact, fact.name == kNone ? std::string() : plan.names[fact.name], made.time, values));
  for (const KeptExplanation::Line& line : kept.lines) out.lines.push_back(told(line, reads));
  if (kept.approval) {
    out.approval.emplace();
    out.approval->span = plan.approve->span;
    out.approval->verdict = word(*kept.approval);
    for (const ExplainRead& r : plan.approve->reads) out.approval->reads.emplace_back(r.name, taken(reads, 1).front());
  }
  return out;
}

std::optional<Explanation> Explainer::find(const std::string& id) const {
  const KeptExplanation* kept = log_.find(id);
  return kept == nullptr ? std::nullopt : std::optional(told(*kept));
}

std::vector<std::string> Explainer::ids() const {
  std::vector<std::string> out;
  out.reserve(log_.size());
  for (std::size_t i = 0; i < log_.size(); ++i) out.push_back(to_text(log_.newest(i).made.id));
  return out;
}

std::vector<Explanation> Explainer::newest(std::size_t n) const {
  std::vector<Explanation> out;
  for (std::size_t i = 0; i < std::min(n, log_.size()); ++i) out.push_back(told(log_.newest(i)));
  return out;
}

}  // namespace flyball::engine
