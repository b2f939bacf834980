// Judging lines one by one, and keeping what actions were made for. The search of `why-not` is why_not.cc.
#include "engine/session/explainer.h"

#include <algorithm>

#include "model/check.h"
#include "model/compare.h"

namespace flyball::engine {
namespace {

const char* word(Truth t) { return t == Truth::kTrue ? "true" : t == Truth::kFalse ? "false" : "unknown"; }

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
    const Value* row = network_.frame().row(line.binding);
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
  std::vector<FactId> facts;
  facts.reserve(line.tuple.size());
  for (const std::uint32_t binding : line.tuple) facts.push_back(binding < facts_.size() ? facts_[binding] : kNone);
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

LineExplained Explainer::line_explained(const ExplainPlan& plan, const ExplainLine& line, const Judged& judged) {
  LineExplained out;
  out.span = line.span;
  out.verdict = word(judged.truth);
  out.since = judged.since;
  if (judged.waits) out.due = judged.due;
  // The own fact of `some`, `no` and `every` is whichever: only its witness has values to show.
  const bool own_row = line.kind != LineKind::kPattern || judged.witness != kNone ||
                       (line.quantifier == Quantifier::kOne && line.binding < facts_.size() && facts_[line.binding] != kNone);
  if (!own_row) return out;
  if (line.kind == LineKind::kPattern && judged.witness != kNone) set_row(line, judged.witness);
  for (const ExplainCondition& c : line.conditions) {
    for (const ExplainRead& r : c.reads) {
      if (std::none_of(out.reads.begin(), out.reads.end(), [&](const auto& seen) { return seen.first == r.name; })) {
        out.reads.emplace_back(r.name, value(r, plan.scope));
      }
    }
  }
  return out;
}

FactUsed Explainer::fact_used(const std::string& name, FactTypeId type, FactId fact) const {
  const FactStore& store = network_.store(type);
  FactUsed out;
  out.name = name;
  out.type = data_.written_type(type);
  const Value* row = store.last_row(fact);
  if (data_.types[type].each_of != kNoId) {
    out.type = data_.types[type].each_of;
    out.each = store.width() - 1;
    out.values.assign(row, row + store.width());
  } else {
    out.values.assign(row, row + network_.store(out.type).width());
  }
  out.stamp = store.meta(fact).stamp;
  out.age_ns = network_.now() - out.stamp;
  out.suspended = store.meta(fact).suspended;
  out.stale = store.meta(fact).status == FactStatus::kStale;
  return out;
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

Explanation Explainer::firing(const Firing& firing) {
  const ExplainPlan& plan = data_.explain[firing.rule];
  const RulePlan& rule_plan = data_.rules[firing.rule];
  const bool clear = firing.clear;
  Explanation out;
  out.rule = rule_plan.name;
  out.rule_span = data_.rule_set.rules[firing.rule].span;
  out.clear = clear;
  out.onset = firing.onset;
  facts_.assign(data_.scopes[plan.scope].binding_count, kNone);
  const FactId* identity = firing.identity.data();
  for (std::size_t i = 0; i < rule_plan.identity.size(); ++i) {
    const FactTypeId type = rule_plan.identity_types[i];
    facts_[rule_plan.identity[i]] = identity[i];
    network_.frame().set_row(rule_plan.identity[i], network_.store(type).row(identity[i]));
    out.facts.push_back(fact_used(i < plan.names.size() ? plan.names[i] : "", type, identity[i]));
  }
  // Of branches the first that is met, with what it alone binds; when it is over there is none.
  std::vector<const ExplainLine*> lines;
  const TokenId met = first_met(firing);
  if (met == kNone) {
    for (const ExplainLine& line : clear && !plan.until.empty() ? plan.until : plan.when) lines.push_back(&line);
  } else {
    for (const std::uint32_t number : plan.ways[way_of(met)]) {
      const ExplainLine& line = plan.when[number];
      lines.push_back(&line);
      if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne && facts_[line.binding] == kNone)
        set_row(line, network_.fact_of(met, line.binding));
    }
  }
  for (const ExplainLine* const each : lines) {
    const ExplainLine& line = *each;
    if (line.kind == LineKind::kLet) continue;
    // What reads a name that is bound to nothing any more says nothing.
    if (std::any_of(line.needs.begin(), line.needs.end(), [&](std::uint32_t binding) { return facts_[binding] == kNone; })) continue;
    Judged judged;
    if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne && facts_[line.binding] != kNone) {
      judged = judge_fact(plan, line, facts_[line.binding]);
      look_up_memory(line, judged);
    } else if (clear || line.kind != LineKind::kPattern) {
      const bool small = line.kind != LineKind::kPattern || network_.store(line.type).live() <= kMaxWitnessLooks;
      std::size_t looks = kMaxWitnessLooks;
      if (small) judged = judge(plan, line, looks);
      // A name of `until`, or of a branch: what it may have been.
      if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne) {
        facts_[line.binding] = kNone;
        if (judged.witness != kNone) set_row(line, judged.witness);
      }
    } else if (line.quantifier == Quantifier::kSome) {
      judged.witness = witness_of_match(firing, line.binding);
    }
    // `then` runs because every line is met; saying anything else of one that was too large to look through would be wrong.
    if (!clear) judged.truth = Truth::kTrue, judged.waits = false;
    out.lines.push_back(line_explained(plan, line, judged));
    if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kSome && judged.witness != kNone) {
      out.facts.push_back(fact_used("", line.type, judged.witness));
    }
  }
  return out;
}

LineExplained Explainer::approval(std::uint32_t rule) {
  const ExplainPlan& plan = data_.explain[rule];
  LineExplained out;
  out.span = plan.approve->span;
  out.verdict = word(truth(plan.approve->test, plan.scope));
  for (const ExplainRead& r : plan.approve->reads) out.reads.emplace_back(r.name, value(r, plan.scope));
  return out;
}

void Explainer::keep(Explanation explanation) {
  if (kept_max_ == 0) return;
  if (pending_.size() == kept_max_) pending_.pop_front();
  pending_.push_back(std::move(explanation));
}

void Explainer::end_cascade() {
  for (; !pending_.empty(); pending_.pop_front()) {
    const std::string id = pending_.front().action.id;
    if (!kept_.insert_or_assign(id, std::move(pending_.front())).second) {
      order_.erase(std::find(order_.begin(), order_.end(), id));
    } else if (order_.size() == kept_max_) {
      kept_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(id);
  }
}

const Explanation* Explainer::find(const std::string& id) const {
  if (order_.empty()) return nullptr;
  const auto found = kept_.find(id.empty() || id == "last" ? order_.back() : id);
  return found == kept_.end() ? nullptr : &found->second;
}

std::vector<const Explanation*> Explainer::newest(std::size_t n) const {
  std::vector<const Explanation*> out;
  for (auto id = order_.rbegin(); id != order_.rend() && out.size() < n; ++id) out.push_back(&kept_.at(*id));
  return out;
}

void Explainer::mark(Interner& in) const {
  for (const auto& [id, e] : kept_) {
    for (const Value& v : e.action.data) in.mark(v);
    for (const FactUsed& f : e.facts) {
      for (const Value& v : f.values) in.mark(v);
    }
    for (const LineExplained& line : e.lines) {
      for (const auto& [name, v] : line.reads) in.mark(v);
    }
    if (!e.approval) continue;
    for (const auto& [name, v] : e.approval->reads) in.mark(v);
  }
}

}  // namespace flyball::engine
