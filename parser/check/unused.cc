// What is written and has no effect: names never read, tests that expect nothing or whose lines stand
// in another order than they happen in. Warnings only. See passes.h.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

namespace {

using Look = std::function<void(const ast::Expr&)>;

void look_at(const ast::Record& record, const Look& look) {
  for (const ast::RecordField& f : record.fields) visit(f.value, look);
}

void look_at(const ast::Block& block, const Look& look) {
  for (const ast::Line& line : block.lines) {
    each_condition(line, [&](const ast::Expr& e) { visit(e, look); });
  }
}

void look_at(const std::vector<ast::Effect>& effects, const Look& look) {
  for (const ast::Effect& e : effects) {
    look_at(e.record, look);
    if (e.text) visit(*e.text, look);
  }
}

Look reading(std::vector<bool>& lets) {
  return [&lets](const ast::Expr& e) {
    if (e.ref.kind == ast::RefKind::kLet && e.ref.index < lets.size()) lets[e.ref.index] = true;
  };
}

// Lets of the block that nobody reads.
void warn_lets(Package& p, const ast::Block& block, const std::vector<bool>& read) {
  for (const ast::Line& line : block.lines) {
    if (line.kind != ast::LineKind::kLet || line.let_index >= read.size() || read[line.let_index]) continue;
    p.report.warning("W0814", line.let_name.span, fmt::format("`{}` is never used", line.let_name.text),
                     "a condition is written `check …`; else leave the line out");
  }
}

void rule_lets(Package& p, const ast::RuleDecl& rule) {
  std::vector<bool> read(rule.let_count, false);
  const Look look = reading(read);
  look_at(rule.when, look);
  if (rule.until) look_at(*rule.until, look);
  look_at(rule.then, look);
  look_at(rule.on_clear, look);
  for (const ast::Expr& e : rule.cooldown_per) visit(e, look);
  if (rule.approve) visit(*rule.approve, look);
  warn_lets(p, rule.when, read);
  if (rule.until) warn_lets(p, *rule.until, read);
}

void case_lets(Package& p, const ast::Case& c) {
  std::vector<bool> read(c.let_count, false);
  const Look look = reading(read);
  look_at(c.when, look);
  look_at(c.output, look);
  warn_lets(p, c.when, read);
}

bool expects(const ast::Step& s) {
  switch (s.kind) {
    case ast::StepKind::kExpect:
    case ast::StepKind::kExpectNone:
    case ast::StepKind::kExpectNothingElse:
    case ast::StepKind::kExpectFirings: return true;
    case ast::StepKind::kAsk: return s.expects_answer || !s.from_rule.text.empty();
    default: return false;
  }
}

void test(Package& p, const ast::TestDecl& t) {
  if (std::none_of(t.steps.begin(), t.steps.end(), expects)) {
    p.report.warning("W0812", t.name.span, "this test expects nothing, so it always passes",
                     "say what must happen: `by 1m expect …`, or at least `by 1m expect nothing else`");
  }
  // Inputs may stand together and what is expected below them; but two of one kind stand in the order of their times.
  for (std::size_t i = 0; i < t.steps.size(); ++i) {
    const ast::Step& s = t.steps[i];
    if (!s.at || !s.at->literal.is(Kind::kDuration)) continue;
    for (std::size_t j = i; j-- > 0;) {
      const ast::Step& before = t.steps[j];
      if (!before.at || before.kind != s.kind || before.record.fact_type != s.record.fact_type) continue;
      if (before.at->literal.is(Kind::kDuration) && s.at->literal.as_int() < before.at->literal.as_int()) {
        p.report.warning("W0813", s.at->span,
                         fmt::format("this happens before the step at `{}` that stands above it", p.report.excerpt(before.at->span)),
                         "steps happen in the order of their times: move the line up");
      }
      break;
    }
  }
}

}  // namespace

void warn_unused(Package& p) {
  for (const ast::File& file : p.files) {
    for (const ast::RuleDecl& r : file.rules) rule_lets(p, r);
    for (const ast::DecisionDecl& d : file.decisions) {
      for (const ast::Case& c : d.cases) case_lets(p, c);
    }
    for (const ast::TestDecl& t : file.tests) test(p, t);
  }
}

}  // namespace flyball::check
