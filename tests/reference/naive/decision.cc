// Decisions: cases in order, then the rows of a `first` table, then the default; nothing is changed.
#include "model/check.h"
#include "tests/reference/naive/matcher.h"
#include "tests/reference/naive/session.h"

namespace flyball::reference {
namespace {

// Visits the case's matches in order of identity; `best` becomes the greatest truth, and a true one stops the search
// with its facts bound.
bool search(const CasePlan& plan, std::size_t i, Truth sofar, Scope& scope, Truth& best) {
  if (i == plan.when.size()) {
    best = truth_or(best, sofar);
    return sofar == Truth::kTrue;
  }
  const LinePlan& line = plan.when[i];
  if (!line.binds()) {
    const Truth t = truth_and(sofar, raw_truth(line, scope));
    return t != Truth::kFalse && search(plan, i + 1, t, scope, best);
  }
  const ast::Pattern& p = line.line->pattern;
  for (const auto& [key, fact] : scope.state.facts[p.fact_type]) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    const Truth t = truth_and(sofar, fact_truth(p, scope));
    if (t != Truth::kFalse && search(plan, i + 1, t, scope, best)) return true;
  }
  return false;
}

Result<std::vector<Value>> all_known(std::vector<Value> output) {
  for (const Value& v : output) {
    if (v.is_error()) return fail("the output is unknown");
  }
  return output;
}

}  // namespace

Result<NaiveAnswer> NaiveSession::decide(DecisionId decision, const std::vector<Value>& input) {
  const ast::DecisionDecl& decl = state_.rules->decisions[decision];
  const DecisionType& type = state_.schema->decisions[decision];
  NaiveAnswer answer;
  const Timestamp before = state_.now;
  if (closed_ > state_.now) state_.now = closed_;  // nothing was due in between
  const std::vector<const ast::Expr*> no_lets;
  auto finish = [&](std::string from, auto&& outputs) -> Result<NaiveAnswer> {
    answer.from = std::move(from);
    Result<std::vector<Value>> output = all_known(outputs());
    state_.now = before;
    if (!output) return std::unexpected(output.error());
    answer.output = std::move(*output);
    return answer;
  };
  auto from_record = [&](const ast::Record& record, Scope& scope) {
    std::vector<Value> out(type.output.size());
    for (const ast::RecordField& f : record.fields) out[f.field] = coerced(evaluate(f.value, scope), type.output[f.field].type);
    return out;
  };
  auto unknown = [&](std::string what) {
    if (!state_.is(Mutation::kTableSkipsUnknownSilently)) answer.skipped_unknown.push_back(std::move(what));
    return decl.fail_on_unknown;
  };
  for (const CasePlan& c : state_.plan.cases[decision]) {
    Scope scope{state_, &c.lets, &input, {}, {}};
    scope.bound.resize(c.decl->binding_count);
    Truth best = Truth::kFalse;
    if (search(c, 0, Truth::kTrue, scope, best)) return finish(c.decl->name.text, [&] { return from_record(c.decl->output, scope); });
    if (best == Truth::kUnknown && unknown(c.decl->name.text)) {
      state_.now = before;
      return fail("unknown");
    }
  }
  Scope scope{state_, &no_lets, &input, {}, {}};
  if (decl.table) {
    FB_CHECK(decl.table->policy == ast::HitPolicy::kFirst);
    for (std::size_t r = 0; r < decl.table->rows.size(); ++r) {
      const ast::TableRow& row = decl.table->rows[r];
      const std::string name = "row " + std::to_string(r + 1);
      Truth t = Truth::kTrue;
      for (const ast::Cell& cell : row.inputs) {
        if (!cell.wildcard) t = truth_and(t, truth(*cell.test, scope));
      }
      if (t == Truth::kTrue) {
        return finish(name, [&] {
          std::vector<Value> out;
          for (std::size_t k = 0; k < row.outputs.size(); ++k) out.push_back(coerced(evaluate(row.outputs[k], scope), type.output[k].type));
          return out;
        });
      }
      if (t == Truth::kUnknown && unknown(name)) {
        state_.now = before;
        return fail("unknown");
      }
    }
  }
  if (decl.fallback) return finish("default", [&] { return from_record(*decl.fallback, scope); });
  state_.now = before;
  return fail("no case applies");
}

}  // namespace flyball::reference
