// Actions in pairs, `Drain` and `Undrain`: what is done and never undone, and rules that undo each other at one threshold.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "model/compare.h"
#include "parser/lint/linter.h"

namespace flyball::lint {
namespace {

using ast::Expr;
using ast::Op;

constexpr std::array<std::pair<const char*, const char*>, 12> kPairs{{{"Enable", "Disable"},
                                                                      {"Open", "Close"},
                                                                      {"Start", "Stop"},
                                                                      {"Add", "Remove"},
                                                                      {"Add", "Del"},
                                                                      {"Add", "Delete"},
                                                                      {"Attach", "Detach"},
                                                                      {"Drain", "Ready"},
                                                                      {"Block", "Allow"},
                                                                      {"Raise", "Lower"},
                                                                      {"Grow", "Shrink"},
                                                                      {"Lock", "Unlock"}}};

// The names that would take `name` back.
std::vector<std::string> opposites(const std::string& name) {
  std::vector<std::string> out;
  if (!name.empty()) {
    std::string small = name;
    small[0] = static_cast<char>(small[0] | 0x20);
    out.push_back("Un" + small);
    if (name.starts_with("Un") && name.size() > 2) {
      std::string big = name.substr(2);
      big[0] = static_cast<char>(big[0] & ~0x20);
      out.push_back(big);
    }
  }
  for (const auto& [a, b] : kPairs) {
    for (const auto& [from, to] : {std::pair<std::string, std::string>(a, b), std::pair<std::string, std::string>(b, a)}) {
      if (name.starts_with(from)) out.push_back(to + name.substr(from.size()));
    }
  }
  return out;
}

// A comparison of a published reading with a constant.
struct Threshold {
  FactTypeId type = kNoId;
  std::uint32_t field = 0;
  bool above = false;
  const Expr* limit = nullptr;
  ast::Span at;
};

std::vector<Threshold> thresholds(const ast::RuleDecl& r) {
  std::vector<Threshold> out;
  const auto look = [&](const Expr& x) {
    if (x.kind != ast::ExprKind::kBinary || x.args.size() != 2) return;
    const bool above = x.op == Op::kGreater || x.op == Op::kGreaterEqual;
    if (!above && x.op != Op::kLess && x.op != Op::kLessEqual) return;
    const auto add = [&](const Expr& field, const Expr& limit, bool is_above) {
      if (field.ref.kind != ast::RefKind::kField || field.ref.binding >= r.binding_types.size()) return;
      if (limit.kind != ast::ExprKind::kLiteral && limit.ref.kind != ast::RefKind::kParam) return;
      out.push_back({r.binding_types[field.ref.binding], field.ref.field, is_above, &limit, x.span});
    };
    add(x.args[0], x.args[1], above);
    add(x.args[1], x.args[0], !above);
  };
  for (const ast::Line& line : r.when.lines) {
    if (line.kind == ast::LineKind::kCheck) walk(line.expr, look);
    if (line.kind == ast::LineKind::kPattern && line.pattern.where && finds_fact(line.pattern.quantifier)) walk(*line.pattern.where, look);
  }
  return out;
}

Value value_of(const Expr& limit, const Schema& schema) {
  return limit.ref.kind == ast::RefKind::kParam && limit.ref.index < schema.params.size() ? schema.params[limit.ref.index].default_value
                                                                                          : limit.literal;
}

// What a rule does when it begins.
std::vector<const ast::Effect*> does(const std::vector<ast::Effect>& effects) {
  std::vector<const ast::Effect*> out;
  for (const ast::Effect& e : effects) {
    if (e.kind == ast::EffectKind::kDo) out.push_back(&e);
  }
  return out;
}

bool undoes(const Linter& l, const ast::Effect& a, const ast::Effect& b) {
  const FactType* x = l.type(a.record.fact_type);
  const FactType* y = l.type(b.record.fact_type);
  if (x == nullptr || y == nullptr) return false;
  const std::vector<std::string> names = opposites(x->local);
  return std::find(names.begin(), names.end(), y->local) != names.end();
}

void never_undone(Linter& l) {
  std::set<std::string> done;
  for (const ast::RuleDecl& r : l.rules.rules) {
    for (const auto* effects : {&r.then, &r.on_clear}) {
      for (const ast::Effect* e : does(*effects)) done.insert(e->record.type.text);
    }
  }
  std::set<std::string> known;
  for (const FactType& t : l.rules.schema.types) {
    if (t.role == Role::kAction) known.insert(t.local);
  }
  const auto local = [](const std::string& name) { return name.substr(name.rfind('.') == std::string::npos ? 0 : name.rfind('.') + 1); };
  std::set<std::string> done_local;
  for (const std::string& name : done) done_local.insert(local(name));
  for (const ast::RuleDecl& r : l.rules.rules) {
    for (const ast::Effect* e : does(r.then)) {
      const FactType* t = l.type(e->record.fact_type);
      if (t == nullptr) continue;
      // A pair that is there, of which only this half is ever done.
      for (const std::string& other : opposites(t->local)) {
        if (!known.contains(other) || done_local.contains(other)) continue;
        l.say("L0106", e->record.type.span, fmt::format("`{}` is done here, and no rule ever does `{}`", t->local, other),
              fmt::format("add `on clear {{ do {} … }}`, or a rule that does it", other));
      }
    }
  }
}

void at_one_threshold(Linter& l) {
  const Schema& schema = l.rules.schema;
  std::vector<std::vector<Threshold>> all;
  for (const ast::RuleDecl& r : l.rules.rules) all.push_back(thresholds(r));
  // By what they do, so that only rules of one pair are compared.
  std::map<FactTypeId, std::vector<std::size_t>> by_action;
  for (std::size_t i = 0; i < l.rules.rules.size(); ++i) {
    for (const ast::Effect* e : does(l.rules.rules[i].then)) by_action[e->record.fact_type].push_back(i);
  }
  for (const auto& [action, rules] : by_action) {
    for (const auto& [other, others] : by_action) {
      if (other <= action || l.type(action) == nullptr || l.type(other) == nullptr) continue;
      ast::Effect a, b;
      a.record.fact_type = action;
      b.record.fact_type = other;
      if (!undoes(l, a, b) && !undoes(l, b, a)) continue;
      for (const std::size_t i : rules) {
        for (const std::size_t j : others) {
          for (const Threshold& x : all[i]) {
            for (const Threshold& y : all[j]) {
              if (x.type != y.type || x.field != y.field || x.above == y.above) continue;
              const Value v = value_of(*x.limit, schema), w = value_of(*y.limit, schema);
              if (v.kind != w.kind) continue;
              // No room between them: above 80 % and below 80 %, or below 90 %.
              const int order = compare_total(v, w, l.interner);
              if (x.above ? order > 0 : order < 0) continue;
              const ast::RuleDecl& later = l.rules.rules[j];
              l.say("L0107", y.at,
                    fmt::format("`{}` and `{}` undo each other at one limit of `{}`", l.rules.rules[i].name.text, later.name.text,
                                schema.types[y.type].fields[y.field].name),
                    "leave room between the two limits (above 80%, below 60%), or make it one rule with `until`");
            }
          }
        }
      }
    }
  }
}

}  // namespace

void lint_opposites(Linter& l) {
  never_undone(l);
  at_one_threshold(l);
}

}  // namespace flyball::lint
