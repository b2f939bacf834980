// See decider.h. Tables are in run_table.cc and hits.cc.
#include "engine/decide/decider.h"

#include <algorithm>

#include "model/check.h"
#include "model/compare.h"

namespace flyball::engine {

// "1, 3", from 1; not more than kMaxRowsNamed.
std::string rows_text(std::span<const std::uint32_t> rows) {
  std::string out;
  for (std::size_t i = 0; i < rows.size() && i < kMaxRowsNamed; ++i) out += (i == 0 ? "" : ", ") + std::to_string(rows[i] + 1);
  if (rows.size() > kMaxRowsNamed) out += " and " + std::to_string(rows.size() - kMaxRowsNamed) + " more";
  return out;
}

Decider::Decider(const DecisionPlans& plans, const FactSource* facts, Interner& interner)
    : plans_(plans),
      facts_(facts),
      interner_(interner),
      rows_(plans.bindings + 1, nullptr),
      lets_(plans.lets + 1),
      aggregates_(plans.bindings + 1),
      candidates_(plans.lines) {
  skipped_.reserve(plans.places);
  judged_.assign(plans.tests, 0);
  std::size_t columns = 0;
  for (const DecisionPlan& p : plans.plans) columns = std::max(columns, p.table ? p.table->columns.size() : 0);
  columns_.resize(columns);
  frame_.rows = rows_.data();
  frame_.lets = lets_.data();
  frame_.aggregates = aggregates_.data();
  frame_.interner = &interner;
}

Decider::~Decider() = default;

std::string Decider::place_name(DecisionId decision, int place) const {
  const DecisionPlan& plan = plans_.plans[decision];
  if (place == kDefaultPlace) return "default";
  if (place == kNoRowPlace) return "no row";
  const auto i = static_cast<std::size_t>(place);
  if (i < plan.cases.size()) return plan.cases[i].name;
  return "row " + std::to_string(i - plan.cases.size() + 1);
}

std::string Decider::answer_name(DecisionId decision, int place) const {
  if (answering_.size() < 2) return place_name(decision, place);
  return "rows " + rows_text(answering_);
}

std::unexpected<Error> Decider::refuse_unknown(DecisionId decision) const {
  std::string names;
  for (const std::uint32_t place : skipped_) {
    if (!names.empty()) names += ", ";
    names += place_name(decision, static_cast<int>(place));
  }
  return fail("decision `" + plans_.plans[decision].name + "` is unknown: " + names,
              "a fact it reads is stale, or an expression has no value");
}

Result<int> Decider::decide_into(DecisionId decision, const Value* input, Value* output) {
  const DecisionPlan& plan = plans_.plans[decision];
  skipped_.clear();
  answering_.clear();
  list_.clear();
  conflict_ = false;
  ++question_;
  // What a case or the default gives is a list of one.
  const auto one = [&](int place) {
    if (plan.list) list_.assign(output, output + plan.outputs);
    return place;
  };
  frame_.input = input;
  if (facts_ != nullptr) frame_.now = facts_->decision_time();
  for (std::size_t i = 0; i < plan.cases.size(); ++i) {
    const CasePlan& tried = plan.cases[i];
    const Truth t = tried.ways.empty() ? run_case(tried, 0, Truth::kTrue, output) : run_ways(tried, output);
    if (t == Truth::kTrue) return one(static_cast<int>(i));
    if (t == Truth::kFalse) continue;
    skipped_.push_back(static_cast<std::uint32_t>(i));
    if (plan.fail_on_unknown) return refuse_unknown(decision);
  }
  bool empty_is_answer = false;
  if (plan.table) {
    const auto first = static_cast<std::uint32_t>(plan.cases.size());
    const HitPolicy policy = plan.table->policy;
    if (policy == HitPolicy::kFirst) {
      const int row = run_first(*plan.table, first, output);
      if (plan.fail_on_unknown && !skipped_.empty()) return refuse_unknown(decision);
      if (row >= 0) {
        answering_.push_back(static_cast<std::uint32_t>(row));
        return static_cast<int>(first) + row;
      }
    } else {
      const Result<int> row = run_hits(plan, first, output);
      if (plan.fail_on_unknown && !skipped_.empty()) conflict_ = false;  // unknown comes first: it is no conflict of rows
      if (plan.fail_on_unknown && !skipped_.empty()) return refuse_unknown(decision);
      if (!row) return row;
      if (*row >= 0) return static_cast<int>(first) + *row;
      empty_is_answer = plan.list || policy == HitPolicy::kCollectSum || policy == HitPolicy::kCollectCount;
    }
  }
  if (!plan.fallback && empty_is_answer) {
    if (!plan.list) output[0] = {plan.table->aggregated, 0, 0, 0, 0};
    return kNoRowPlace;
  }
  if (!plan.fallback) {
    return fail("decision `" + plan.name + "` has no answer here: no case or row holds",
                skipped_.empty() ? "" : "some could not be judged: a fact is stale, or an expression has no value");
  }
  if (!answer(*plan.fallback, nullptr, output))
    return fail("the default of decision `" + plan.name + "` has no value here", "one of its expressions is unknown");
  return one(kDefaultPlace);
}

// Writes the answer; false if a part of it is unknown.
bool Decider::answer(const AnswerPlan& plan, const AggregateUses* uses, Value* output) {
  if (!plan.constants.empty()) {
    std::copy(plan.constants.begin(), plan.constants.end(), output);
    return true;
  }
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    if (uses != nullptr) {
      for (const std::uint32_t b : plan.fields[i].aggregates()) {
        for (const auto& [binding, use] : *uses) {
          if (binding == b) aggregates_[b] = facts_->aggregate_value(use, frame_);
        }
      }
    }
    output[i] = plan.fits[i].take(evaluate(plan.fields[i], frame_), interner_);
    if (output[i].is_error()) return false;
  }
  return true;
}

void Decider::fill_aggregates(const CasePlan& plan, const Code& code) {
  for (const std::uint32_t b : code.aggregates()) {
    for (const auto& [binding, use] : plan.aggregates) {
      if (binding == b) aggregates_[b] = facts_->aggregate_value(use, frame_);
    }
  }
}

// The truth of a line that binds no name.
Truth Decider::run_line(const CasePlan& plan, const CaseLine& l) {
  if (l.kind == CaseLineKind::kSome || l.kind == CaseLineKind::kNo) {
    const Truth t = some(plan, l);
    return l.kind == CaseLineKind::kNo ? truth_not(t) : t;
  }
  fill_aggregates(plan, *l.code);
  if (l.kind == CaseLineKind::kCheck) return test(*l.code, frame_);
  lets_[l.let_index] = evaluate(*l.code, frame_);
  return Truth::kTrue;
}

// The best of the branches of the `either` that stands at that depth; `line` is its first, and the first behind it then.
Truth Decider::run_either(const CasePlan& plan, std::size_t& line, std::size_t depth) {
  const auto stands_in = [&](std::size_t at, std::size_t deep) { return at < plan.lines.size() && plan.lines[at].branches.size() > deep; };
  const std::uint32_t either = plan.lines[line].branches[depth].first;
  Truth best = Truth::kFalse;
  while (stands_in(line, depth) && plan.lines[line].branches[depth].first == either) {
    const auto branch = plan.lines[line].branches[depth];
    Truth all = Truth::kTrue;
    while (stands_in(line, depth) && plan.lines[line].branches[depth] == branch) {
      if (best == Truth::kTrue || all == Truth::kFalse) {
        ++line;
        continue;
      }
      all = truth_and(all, stands_in(line, depth + 1) ? run_either(plan, line, depth + 1) : run_line(plan, plan.lines[line++]));
    }
    best = truth_or(best, all);
  }
  return best;
}

// The truth of the lines from `line` on, given what is bound; writes the answer if it is true.
Truth Decider::run_case(const CasePlan& plan, std::size_t line, Truth so_far, Value* output) {
  while (line < plan.lines.size()) {
    const CaseLine& l = plan.lines[line];
    if (l.kind == CaseLineKind::kOne) return run_one(plan, line, so_far, output);
    so_far = truth_and(so_far, !l.branches.empty() ? run_either(plan, line, 0) : run_line(plan, plan.lines[line++]));
    if (so_far == Truth::kFalse) return so_far;
  }
  if (so_far != Truth::kTrue) return so_far;
  return answer(plan.answer, &plan.aggregates, output) ? Truth::kTrue : Truth::kUnknown;
}

class Decider::Collector final : public FactVisitor {
 public:
  Collector(Decider& decider, const CasePlan& plan, const CaseLine& line, std::vector<Candidate>& out)
      : decider_(decider), plan_(plan), line_(line), out_(out) {}
  bool visit(const FactRow& row) override {
    const Truth t = decider_.judge(plan_, line_, row);
    if (t != Truth::kFalse) out_.push_back({row.slots, t});
    return true;
  }

 private:
  Decider& decider_;
  const CasePlan& plan_;
  const CaseLine& line_;
  std::vector<Candidate>& out_;
};

class Decider::Finder final : public FactVisitor {
 public:
  Finder(Decider& decider, const CasePlan& plan, const CaseLine& line) : decider_(decider), plan_(plan), line_(line) {}
  bool visit(const FactRow& row) override {
    found_ = truth_or(found_, decider_.judge(plan_, line_, row));
    return found_ != Truth::kTrue;
  }
  Truth found() const { return found_; }

 private:
  Decider& decider_;
  const CasePlan& plan_;
  const CaseLine& line_;
  Truth found_ = Truth::kFalse;
};

// Facts that the line may be bound to, in the order of their keys. False: there is none.
bool Decider::collect(const CasePlan& plan, std::uint32_t line) {
  const CaseLine& l = plan.lines[line];
  std::vector<Candidate>& found = candidates_[line];
  found.clear();
  Collector collector(*this, plan, l, found);
  visit(plan, l, collector);
  std::sort(found.begin(), found.end(), [&](const Candidate& a, const Candidate& b) {
    for (const std::uint32_t f : l.key) {
      if (const int c = compare_total(a.slots[f], b.slots[f], interner_); c != 0) return c < 0;
    }
    return false;
  });
  return !found.empty();
}

// Where branches bind names, one match may be met by several ways: all are gone through, and of the matches that are true the first by
// what all ways bind answers.
Truth Decider::run_ways(const CasePlan& plan, Value* output) {
  found_ = unknown_ = false;
  for (const std::vector<std::uint32_t>& way : plan.ways) run_way(plan, way, 0, Truth::kTrue);
  if (!found_) return unknown_ ? Truth::kUnknown : Truth::kFalse;
  std::copy(first_answer_.begin(), first_answer_.end(), output);
  return Truth::kTrue;
}

// Recursion is as deep as the case has lines.
void Decider::run_way(const CasePlan& plan, const std::vector<std::uint32_t>& way, std::size_t at, Truth so_far) {
  if (at == way.size()) return take_match(plan, so_far);
  const CaseLine& l = plan.lines[way[at]];
  if (l.kind != CaseLineKind::kOne) {
    so_far = truth_and(so_far, run_line(plan, l));
    if (so_far != Truth::kFalse) run_way(plan, way, at + 1, so_far);
    return;
  }
  collect(plan, way[at]);
  for (const Candidate& c : candidates_[way[at]]) {
    rows_[l.binding] = c.slots;
    run_way(plan, way, at + 1, truth_and(so_far, c.truth));
  }
}

void Decider::take_match(const CasePlan& plan, Truth truth) {
  identity_.clear();
  for (const auto& [binding, key] : plan.identity) {
    for (const std::uint32_t field : key) identity_.push_back(rows_[binding][field]);
  }
  const auto before = [&] {
    for (std::size_t i = 0; i < identity_.size(); ++i) {
      if (const int c = compare_total(identity_[i], first_identity_[i], interner_); c != 0) return c < 0;
    }
    return false;
  };
  if (truth != Truth::kTrue) {
    unknown_ = true;
    return;
  }
  if (found_ && !before()) return;
  answer_.resize(std::max(plan.answer.fields.size(), plan.answer.constants.size()));
  if (!answer(plan.answer, &plan.aggregates, answer_.data())) {
    unknown_ = true;
    return;
  }
  found_ = true;
  first_identity_.swap(identity_);
  first_answer_.swap(answer_);
}

// Facts are tried in the order of their keys; the first that leads to a true end answers.
Truth Decider::run_one(const CasePlan& plan, std::size_t line, Truth so_far, Value* output) {
  const CaseLine& l = plan.lines[line];
  if (!collect(plan, static_cast<std::uint32_t>(line))) return Truth::kFalse;
  Truth best = Truth::kFalse;
  for (const Candidate& c : candidates_[line]) {
    rows_[l.binding] = c.slots;
    const Truth t = run_case(plan, line + 1, truth_and(so_far, c.truth), output);
    if (t == Truth::kTrue) return t;
    best = truth_or(best, t);
  }
  return best;
}

Truth Decider::some(const CasePlan& plan, const CaseLine& line) {
  Finder finder(*this, plan, line);
  visit(plan, line, finder);
  return finder.found();
}

// One fact against one pattern: joins, then `where`; a suspended fact gives at best unknown.
Truth Decider::judge(const CasePlan& plan, const CaseLine& line, const FactRow& row) {
  Truth t = row.suspended ? Truth::kUnknown : Truth::kTrue;
  for (const CaseLine::Part& p : line.parts) {
    if (!p.same) continue;
    const Value left = evaluate(p.value, frame_);
    const Value& own = row.slots[p.field];
    if (left.is_null() || own.is_null()) return Truth::kFalse;
    if (left.is_error() || own.is_error()) {
      t = truth_and(t, Truth::kUnknown);
    } else if (!cel_equal(left, own, interner_)) {
      return Truth::kFalse;
    }
  }
  rows_[line.binding] = row.slots;
  if (!line.code) return t;
  fill_aggregates(plan, *line.code);
  return truth_and(t, test(*line.code, frame_));
}

void Decider::visit(const CasePlan&, const CaseLine& line, FactVisitor& visitor) {
  FB_CHECK(facts_ != nullptr);
  lookup_values_.clear();
  for (const std::uint32_t part : line.lookup) {
    const Value v = evaluate(line.parts[part].value, frame_);
    if (v.is_error()) break;
    lookup_values_.push_back(v);
  }
  if (line.around) {
    const Value low = evaluate(line.around->low, frame_);
    const Value high = line.around->has_high ? evaluate(line.around->high, frame_) : low;
    facts_->visit_around(line.type, line.around->own, low, high, visitor);
  } else if (line.lookup.empty() || lookup_values_.size() != line.lookup.size()) {
    facts_->visit_all(line.type, visitor);
  } else {
    // A copy: judging a fact may look up others.
    const std::vector<Value> values = lookup_values_;
    facts_->visit_equal(line.type, line.lookup_fields, values, visitor);
  }
}

}  // namespace flyball::engine
