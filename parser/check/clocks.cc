// Comparisons with `now` in conditions: their answer changes once, at a time that is known, so the rule is looked at again then.
// They are brought to one form, with `now` on the left. See expressions.h.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "parser/check/contradictions.h"
#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

// Not in an aggregate's `where`: there it is compared with what is aggregated.
bool has_now(const Expr& e) { return e.kind == ExprKind::kNow || std::any_of(e.args.begin(), e.args.end(), has_now); }

const char* word(Op op) {
  switch (op) {
    case Op::kLess: return "<";
    case Op::kLessEqual: return "<=";
    case Op::kGreater: return ">";
    case Op::kGreaterEqual: return ">=";
    default: return "==";
  }
}

// `now`, `now + d`, `d + now`, `now - x`: it grows with the time and as fast.
bool grows(const Expr& e) {
  if (e.kind == ExprKind::kNow) return true;
  if (e.kind != ExprKind::kBinary) return false;
  const bool left = has_now(e.args[0]);
  if (left == has_now(e.args[1])) return false;
  if (e.op == Op::kAdd) return grows(e.args[left ? 0 : 1]);
  return e.op == Op::kSubtract && left && grows(e.args[0]);
}

bool needs_brackets(const Expr& e) { return e.kind == ExprKind::kBinary || e.kind == ExprKind::kTernary; }

// The parts of `a and b and …`.
void each_conjunct(const Expr& e, const std::function<void(const Expr&)>& f) {
  if (e.kind != ExprKind::kAnd) return f(e);
  for (const Expr& part : e.args) each_conjunct(part, f);
}

}  // namespace

bool has_clock(const Expr& e) {
  bool found = false;
  visit(e, [&](const Expr& x) { found = found || x.clock != ast::kNoClock; });
  return found;
}

// Whether the value depends on a fact other than `binding`'s, or on a decision's input.
bool ExprChecker::reads_other(const Expr& e, std::uint32_t binding) const {
  bool reads = false;
  visit(e, [&](const Expr& x) {
    if ((x.ref.kind == RefKind::kField || x.ref.kind == RefKind::kFact) && x.ref.binding != binding) reads = true;
    if (x.ref.kind == RefKind::kInput || x.kind == ExprKind::kAggregate) reads = true;
    if (x.ref.kind != RefKind::kLet) return;
    for (const LetName& l : scope_.lets) reads = reads || (l.index == x.ref.index && l.reads_binding);
  });
  return reads;
}

// A comparison of `now` with fields of a fact that has no name is kept for each such fact, once for all: what it is joined to by `or`
// or `not` must be about that fact alone.
void ExprChecker::own_clocks(const Expr& condition, std::uint32_t binding, const char* where) {
  each_conjunct(condition, [&](const Expr& part) {
    const Expr* clock = nullptr;
    bool other = reads_other(part, binding);
    visit(part, [&](const Expr& x) {
      if (x.clock == ast::kNoClock) return;
      other = other || x.args[1].ref.kind == RefKind::kCalendar;
      visit(x, [&](const Expr& y) {
        if ((y.ref.kind == RefKind::kField || y.ref.kind == RefKind::kFact) && y.ref.binding == binding) clock = &x;
      });
    });
    if (clock == nullptr || !other) return;
    p_.report.error("E0213", clock->span,
                    fmt::format("in {} `now` is compared with a field of its fact, together with what is not about that fact", where),
                    "let the condition with `now` stand by itself, joined by `and`, and read only that fact; derive a fact that has what "
                    "else it needs");
  });
}

// True if `e` is one (or a wrong one, which is said).
bool ExprChecker::clock_comparison(Expr& e) {
  if (scope_.now != NowUse::kCondition) return false;
  const bool left = has_now(e.args[0]);
  const bool right = has_now(e.args[1]);
  if (!left && !right) return false;
  e.type = Type::of(TypeTag::kError);
  if (left && right) {
    p_.report.error("E0213", e.span, "`now` stands on both sides", "take it away on both: what is left does not change with time");
    return true;
  }
  const auto text = [&](const Expr& x) {
    return needs_brackets(x) ? fmt::format("({})", p_.report.text(x.span)) : std::string(p_.report.text(x.span));
  };
  const auto is_calendar = [&](const Expr& x) {
    if (x.kind != ExprKind::kName) return false;
    const Found found = p_.names.find(SymbolKind::kValue, x.name, *scope_.file);
    return found.symbol != nullptr && Package::is_calendar(*found.symbol);
  };
  if (e.op == Op::kEqual || e.op == Op::kNotEqual) {
    p_.report.error(
        "E0213", e.span,
        fmt::format("`now {} …` is {} for one nanosecond", e.op == Op::kEqual ? "==" : "!=", e.op == Op::kEqual ? "true" : "false"),
        is_calendar(e.args[left ? 1 : 0])
            ? fmt::format("ask whether it is in the calendar: `now in {}`", p_.report.excerpt(e.args[left ? 1 : 0].span))
        : grows(e.args[left ? 0 : 1]) ? fmt::format("ask from when on: `{} >= {}`", p_.report.excerpt(e.args[left ? 0 : 1].span),
                                                    p_.report.excerpt(e.args[left ? 1 : 0].span))
                                      : "compare `now` with a time, as in `now >= x.at + 5m`");
    return true;
  }
  if (right) {
    std::swap(e.args[0], e.args[1]);
    e.op = mirrored(e.op);
  }
  const Expr& side = e.args[0];
  // `expires - now < 30d`
  const bool shrinks = side.kind == ExprKind::kBinary && side.op == Op::kSubtract && !has_now(side.args[0]) && grows(side.args[1]);
  if (shrinks) {
    const std::string fixed =
        fmt::format("{} {} {} - {}", p_.report.text(side.args[1].span), word(mirrored(e.op)), text(side.args[0]), text(e.args[1]));
    const bool plain = side.args[1].kind == ExprKind::kNow;
    p_.report.error("E0213", e.span, "here `now` stands behind a `-`",
                    plain ? "it stands on one side by itself" : "`now` stands on one side, what it is compared with on the other",
                    plain ? std::optional(Fix{e.span, fixed}) : std::nullopt);
    return true;
  }
  if (!grows(side)) {
    p_.report.error("E0213", side.span, "in a condition `now` stands only where it is known when the answer changes",
                    "compare `now`, `now + D` or `now - D` with a time, as in `now > x.at + 5m`, or `now - x.at` with a duration");
    return true;
  }
  scope_.now = NowUse::kAnywhere;
  comparison(e);
  scope_.now = NowUse::kCondition;
  if (!e.type.is(TypeTag::kBool)) return true;
  const Type& type = e.args[0].type;
  if (type.is(TypeTag::kTimestamp) || type.is(TypeTag::kDuration)) give_clock(e);
  return true;
}

}  // namespace flyball::check
