// Rules over mutable facts that can only go round in circles: each sets what makes the next one true and itself false, and the last
// the first. All of that happens in one instant, so that it would run away. Warns only where the rules look at nothing else, so that
// nothing can stop it. See passes.h.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "parser/ast/rule_form.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

using ast::Effect;
using ast::EffectKind;
using ast::Expr;
using ast::ExprKind;
using ast::Line;
using ast::LineKind;
using ast::Op;
using ast::Quantifier;

namespace {

struct Setting {
  std::uint32_t field = 0;
  Value value;
};

// A rule `when { m: M where f == c and … } then { set m { f: d, … } }`.
struct Step {
  const ast::RuleDecl* rule = nullptr;
  const Effect* effect = nullptr;
  FactTypeId type = kNoId;
  std::vector<Setting> needs, sets;
};

// Productions know no times.
std::string advice(const ast::RuleDecl& rule, const char* otherwise) {
  return ast::is_production(rule) ? std::string(otherwise) : fmt::format("let one of them wait (`for D`, `cooldown`), or {}", otherwise);
}

bool waits(const ast::RuleDecl& r) { return r.cooldown || r.keep || r.repeat || r.until || r.mode_value != ast::Mode::kActive; }

// `f == c`, `c == f`, `f`, `not f` under `and`s and nothing else.
bool equalities(const Expr& e, std::uint32_t binding, Interner& interner, std::vector<Setting>& out) {
  const auto own = [&](const Expr& x) {
    return x.ref.kind == ast::RefKind::kField && x.ref.binding == binding && x.kind != ExprKind::kStale;
  };
  if (e.kind == ExprKind::kAnd)
    return std::all_of(e.args.begin(), e.args.end(), [&](const Expr& a) { return equalities(a, binding, interner, out); });
  if (own(e) && e.type.is(TypeTag::kBool)) {
    out.push_back({e.ref.field, Value::boolean(true)});
    return true;
  }
  if (e.kind == ExprKind::kUnary && e.op == Op::kNot && own(e.args[0])) {
    out.push_back({e.args[0].ref.field, Value::boolean(false)});
    return true;
  }
  if (e.kind != ExprKind::kBinary || e.op != Op::kEqual || e.args.size() != 2) return false;
  for (const auto& [field, constant] : {std::pair(&e.args[0], &e.args[1]), std::pair(&e.args[1], &e.args[0])}) {
    const std::optional<Value> v = fold(*constant, interner);
    if (!own(*field) || !v) continue;
    out.push_back({field->ref.field, *v});
    return true;
  }
  return false;
}

const Value* find(const std::vector<Setting>& all, std::uint32_t field) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.field == field; });
  return at == all.end() ? nullptr : &at->value;
}

std::optional<Step> step_of(Package& p, const ast::RuleDecl& r) {
  if (waits(r) || r.when.lines.size() != 1) return std::nullopt;
  const Line& line = r.when.lines.front();
  if (line.kind != LineKind::kPattern || line.pattern.quantifier != Quantifier::kOne || line.pattern.hold || !line.pattern.where)
    return std::nullopt;
  const FactTypeId type = line.pattern.fact_type;
  if (type == kNoId || p.schema.types[type].role != Role::kMutable) return std::nullopt;
  Step step{&r, nullptr, type, {}, {}};
  if (!equalities(*line.pattern.where, line.pattern.binding, p.interner, step.needs)) return std::nullopt;
  for (const Effect& e : r.then) {
    if (e.kind != EffectKind::kSet || e.binding != line.pattern.binding) continue;
    for (const ast::RecordField& f : e.record.fields) {
      const std::optional<Value> v = fold(f.value, p.interner);
      if (!v) return std::nullopt;
      step.sets.push_back({f.field, *v});
    }
    step.effect = &e;
  }
  // It must end itself: else it is over once it has run.
  const bool ends = std::any_of(step.sets.begin(), step.sets.end(), [&](const Setting& s) {
    const Value* needed = find(step.needs, s.field);
    return needed != nullptr && *needed != s.value;
  });
  return ends ? std::optional<Step>(std::move(step)) : std::nullopt;
}

// Whether `a`'s setting, where `a` was true, makes `b` true for certain.
bool leads_to(const Step& a, const Step& b) {
  if (a.type != b.type) return false;
  return std::all_of(b.needs.begin(), b.needs.end(), [&](const Setting& need) {
    const Value* set = find(a.sets, need.field);
    if (set == nullptr) set = find(a.needs, need.field);
    return set != nullptr && *set == need.value;
  });
}

void circles(Package& p, const std::vector<Step>& steps) {
  // Where a step leads is the first that it makes true; a circle is found from its first rule.
  std::vector<std::size_t> next(steps.size(), steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (std::size_t j = 0; j < steps.size() && next[i] == steps.size(); ++j) {
      if (j != i && leads_to(steps[i], steps[j])) next[i] = j;
    }
  }
  std::vector<bool> said(steps.size(), false);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::vector<std::size_t> way{i};
    while (way.size() <= steps.size() && next[way.back()] < steps.size() && next[way.back()] != i) way.push_back(next[way.back()]);
    if (way.size() > steps.size() || next[way.back()] != i || said[i]) continue;
    std::string names;
    for (const std::size_t k : way) {
      said[k] = true;
      names += fmt::format("{}`{}`", names.empty() ? "" : k == way.back() ? " and " : ", ", steps[k].rule->name.text);
    }
    p.report.warning("W0824", steps[way.back()].effect->span, fmt::format("{} make each other true for ever, in one instant", names),
                     advice(*steps[way.back()].rule, "set something that none of them needs"));
  }
}

// `no M …` then `assert M`, and `m: M` then `retract m`: what one makes the other takes away.
void made_and_taken(Package& p, const ast::RuleDecl& maker, const ast::RuleDecl& taker) {
  if (waits(maker) || waits(taker) || taker.when.lines.size() != 1) return;
  const Line& line = taker.when.lines.front();
  if (line.kind != LineKind::kPattern || line.pattern.quantifier != Quantifier::kOne || line.pattern.where || line.pattern.hold) return;
  const Effect* takes = nullptr;
  for (const Effect& e : taker.then) {
    if (e.kind == EffectKind::kRetract && e.binding == line.pattern.binding) takes = &e;
  }
  if (takes == nullptr) return;
  bool asserts = false, lacks = false;
  for (const Effect& e : maker.then) asserts = asserts || (e.kind == EffectKind::kAssert && e.record.fact_type == line.pattern.fact_type);
  for (const Line& l : maker.when.lines) {
    if (l.hold || (l.kind == LineKind::kPattern && l.pattern.hold)) return;
    if (l.kind != LineKind::kPattern || l.pattern.fact_type == kNoId) continue;
    if (p.schema.types[l.pattern.fact_type].is_event()) return;
    lacks = lacks || (l.pattern.quantifier == Quantifier::kNo && l.pattern.fact_type == line.pattern.fact_type && !l.pattern.where);
  }
  if (!asserts || !lacks) return;
  p.report.warning("W0824", takes->span,
                   fmt::format("`{}` and `{}` make each other true for ever, in one instant", maker.name.text, taker.name.text),
                   advice(maker, "retract only some: `where …`"));
}

}  // namespace

void warn_oscillations(Package& p) {
  std::vector<Step> steps;
  std::vector<const ast::RuleDecl*> makers, takers;
  for (const ast::File& file : p.files) {
    for (const ast::RuleDecl& r : file.rules) {
      if (std::optional<Step> step = step_of(p, r)) steps.push_back(std::move(*step));
      const auto has = [&](EffectKind kind) {
        return std::any_of(r.then.begin(), r.then.end(), [&](const Effect& e) { return e.kind == kind; });
      };
      if (has(EffectKind::kAssert)) makers.push_back(&r);
      if (has(EffectKind::kRetract)) takers.push_back(&r);
    }
  }
  constexpr std::size_t kMaxRules = 2'000;  // of each kind: they are compared with each other
  if (steps.size() <= kMaxRules) circles(p, steps);
  if (makers.size() > kMaxRules || takers.size() > kMaxRules) return;
  for (const ast::RuleDecl* maker : makers) {
    for (const ast::RuleDecl* taker : takers) made_and_taken(p, *maker, *taker);
  }
}

}  // namespace flyball::check
