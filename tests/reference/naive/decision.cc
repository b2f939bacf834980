// Decisions: cases in order, then the rows of a `first` table, then the default; nothing is changed.
#include <map>

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
    out[f.field] = coerced(evaluate(f.value, scope), fields[f.field].type);
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
      if (search(c, type.output, 0, Truth::kTrue, scope, best, answer.output)) return answer;
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
        answer.output.push_back(coerced(evaluate(row.outputs[k], scope), type.output[k].type));
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
