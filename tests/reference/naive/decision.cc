// Decisions: cases in order, then the rows of a `first` table, then the default; nothing is changed.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "model/check.h"
#include "tests/reference/naive/matcher.h"
#include "tests/reference/naive/session.h"

namespace flyball::reference {
namespace {

using Output = std::vector<Value>;

// A record's fields; nullopt if one of them is unknown.
std::optional<Output> record_output(const ast::Record& record, const std::vector<Field>& fields, Scope& scope) {
  Output out(fields.size());
  for (const ast::RecordField& f : record.fields) {
    out[f.field] = fitted(evaluate(f.value, scope), fields[f.field].type, scope.state);
    if (out[f.field].is_error()) return std::nullopt;
  }
  return out;
}

// The lines `from` to `to` are those of one `either` at that depth: the best of its branches, each the worst of what stands in it.
Truth either_truth(const CasePlan& plan, std::size_t from, std::size_t to, std::size_t depth, Scope& scope) {
  std::map<std::uint32_t, Truth> branches;
  for (std::size_t i = from; i < to;) {
    const std::vector<ast::InBranch>& in = plan.when[i].line->branches;
    Truth& branch = branches.try_emplace(in[depth].branch, Truth::kTrue).first->second;
    if (in.size() == depth + 1) {
      branch = truth_and(branch, raw_truth(plan.when[i++], scope));
      continue;
    }
    std::size_t end = i;
    const auto same = [&](const ast::Line& line) {
      return line.branches.size() > depth + 1 && line.branches[depth + 1].either == in[depth + 1].either;
    };
    while (end < to && same(*plan.when[end].line)) ++end;
    branch = truth_and(branch, either_truth(plan, i, end, depth + 1, scope));
    i = end;
  }
  Truth some = Truth::kFalse;
  for (const auto& [number, truth] : branches) some = truth_or(some, truth);
  return some;
}

// Visits the case's matches in order of identity; `best` becomes the greatest truth. The first true one that can be
// answered stops the search.
bool search(const CasePlan& plan, const std::vector<Field>& fields, std::size_t i, Truth sofar, Scope& scope, Truth& best, Output& output) {
  if (i == plan.when.size()) {
    std::optional<Output> out = sofar == Truth::kTrue ? record_output(plan.decl->output, fields, scope) : std::nullopt;
    if (out) output = std::move(*out);
    best = truth_or(best, out ? Truth::kTrue : Truth::kUnknown);
    return out.has_value();
  }
  const LinePlan& line = plan.when[i];
  if (!line.line->branches.empty()) {
    const std::uint32_t either = line.line->branches.front().either;
    const std::size_t from = i;
    while (i < plan.when.size() && !plan.when[i].line->branches.empty() && plan.when[i].line->branches.front().either == either) ++i;
    const Truth some = truth_and(sofar, either_truth(plan, from, i, 0, scope));
    return some != Truth::kFalse && search(plan, fields, i, some, scope, best, output);
  }
  if (!line.binds()) {
    const Truth t = truth_and(sofar, raw_truth(line, scope));
    return t != Truth::kFalse && search(plan, fields, i + 1, t, scope, best, output);
  }
  const ast::Pattern& p = line.line->pattern;
  for (const auto& [key, fact] : scope.state.facts[p.fact_type]) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    const Truth t = truth_and(sofar, fact_truth(p, scope));
    if (t != Truth::kFalse && search(plan, fields, i + 1, t, scope, best, output)) return true;
  }
  return false;
}

using Way = std::map<std::uint32_t, std::uint32_t>;  // by `either`: the branch

// Every way through the `either`s of a case: those that no line on the way stands in are not in it.
void each_way(const CasePlan& plan, std::size_t i, Way& way, const std::function<void()>& f) {
  if (i == plan.when.size()) return f();
  for (const ast::InBranch& in : plan.when[i].line->branches) {
    const auto at = way.find(in.either);
    if (at != way.end() && at->second != in.branch) return each_way(plan, i + 1, way, f);
    if (at != way.end()) continue;
    std::set<std::uint32_t> branches;
    for (const LinePlan& line : plan.when) {
      for (const ast::InBranch& other : line.line->branches) {
        if (other.either == in.either) branches.insert(other.branch);
      }
    }
    for (const std::uint32_t branch : branches) {
      way[in.either] = branch;
      each_way(plan, i, way, f);
    }
    way.erase(in.either);
    return;
  }
  each_way(plan, i + 1, way, f);
}

// What a match by its identity is: the best of the ways to it, and what it answers if that is true.
struct Matched {
  Truth truth = Truth::kFalse;
  std::optional<Output> output;
};

void search_way(const CasePlan& plan, const std::vector<Field>& fields, const Way& way, std::size_t i, Truth sofar, Scope& scope,
                KeyMap<Matched>& all) {
  if (sofar == Truth::kFalse) return;
  if (i == plan.when.size()) {
    Key identity;
    for (const std::uint32_t b : plan.decl->identity)
      identity.insert(identity.end(), scope.bound[b].key->begin(), scope.bound[b].key->end());
    Matched& match = all[identity];
    match.truth = truth_or(match.truth, sofar);
    if (sofar == Truth::kTrue) match.output = record_output(plan.decl->output, fields, scope);
    return;
  }
  const LinePlan& line = plan.when[i];
  const bool passed = std::any_of(line.line->branches.begin(), line.line->branches.end(),
                                  [&](const ast::InBranch& in) { return !way.contains(in.either) || way.at(in.either) != in.branch; });
  if (passed) return search_way(plan, fields, way, i + 1, sofar, scope, all);
  if (!line.binds()) return search_way(plan, fields, way, i + 1, truth_and(sofar, raw_truth(line, scope)), scope, all);
  const ast::Pattern& p = line.line->pattern;
  for (const auto& [key, fact] : scope.state.facts[p.fact_type]) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    search_way(plan, fields, way, i + 1, truth_and(sofar, fact_truth(p, scope)), scope, all);
  }
}

bool search_ways(const CasePlan& plan, const std::vector<Field>& fields, Scope& scope, Truth& best, Output& output) {
  KeyMap<Matched> all(KeyLess{scope.state.in});
  Way way;
  each_way(plan, 0, way, [&] { search_way(plan, fields, way, 0, Truth::kTrue, scope, all); });
  for (auto& [identity, match] : all) {
    if (match.truth == Truth::kTrue && match.output) {
      output = std::move(*match.output);
      best = Truth::kTrue;
      return true;
    }
    best = truth_or(best, Truth::kUnknown);
  }
  return false;
}

}  // namespace

Result<NaiveAnswer> NaiveSession::decide(DecisionId decision, const std::vector<Value>& input) {
  const ast::DecisionDecl& decl = state_.rules->decisions[decision];
  const DecisionType& type = state_.schema->decisions[decision];
  NaiveAnswer answer;
  const Timestamp before = state_.now;
  const Timestamp reached = closed_ < recovered_ ? state_.away_since : closed_;  // a recovery that is open has not been judged
  if (reached > state_.now) state_.now = reached;                                // nothing was due in between
  const std::vector<const ast::Expr*> no_lets;
  // True if the question fails for it.
  auto skip = [&](std::string what) {
    if (!state_.is(Mutation::kTableSkipsUnknownSilently)) answer.skipped_unknown.push_back(std::move(what));
    return decl.fail_on_unknown;
  };
  auto ask = [&]() -> Result<NaiveAnswer> {
    for (const CasePlan& c : state_.plan.cases[decision]) {
      Scope scope{state_, &c.lets, &input, {}, {}, nullptr};
      scope.bound.resize(c.decl->binding_count);
      Truth best = Truth::kFalse;
      answer.from = c.decl->name.text;
      const bool names =
          std::any_of(c.when.begin(), c.when.end(), [](const LinePlan& l) { return l.binds() && !l.line->branches.empty(); });
      if (names ? search_ways(c, type.output, scope, best, answer.output)
                : search(c, type.output, 0, Truth::kTrue, scope, best, answer.output))
        return answer;
      if (best == Truth::kUnknown && skip(answer.from)) return fail("unknown");
    }
    Scope scope{state_, &no_lets, &input, {}, {}, nullptr};
    for (std::size_t r = 0; decl.table && r < decl.table->rows.size(); ++r) {
      FB_CHECK(decl.table->policy == ast::HitPolicy::kFirst);
      const ast::TableRow& row = decl.table->rows[r];
      answer.from = "row " + std::to_string(r + 1);
      Truth t = Truth::kTrue;
      for (const ast::Cell& cell : row.inputs) {
        if (!cell.wildcard) t = truth_and(t, truth(*cell.test, scope));
      }
      if (t == Truth::kFalse) continue;
      answer.output.clear();
      for (std::size_t k = 0; k < row.outputs.size(); ++k) {
        answer.output.push_back(fitted(evaluate(row.outputs[k], scope), type.output[k].type, state_));
        if (answer.output.back().is_error()) t = Truth::kUnknown;
      }
      if (t == Truth::kTrue) return answer;
      if (skip(answer.from)) return fail("unknown");
    }
    std::optional<Output> out = decl.fallback ? record_output(*decl.fallback, type.output, scope) : std::nullopt;
    if (!out) return fail("no answer");
    answer.from = "default";
    answer.output = std::move(*out);
    return answer;
  };
  Result<NaiveAnswer> out = ask();
  state_.now = before;
  return out;
}

}  // namespace flyball::reference
