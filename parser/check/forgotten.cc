// What was probably forgotten: a join of a `some` or `no` line, the `f` of an f-string, somebody who does the action that
// a rule waits for, an end to a rule that feeds itself. Warnings only, each silent in doubt. See passes.h.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "parser/check/contradictions.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"
#include "parser/grammar/scan.h"

namespace flyball::check {

using ast::Effect;
using ast::EffectKind;
using ast::Expr;
using ast::ExprKind;
using ast::Line;
using ast::LineKind;
using ast::Pattern;
using ast::Quantifier;
using ast::RefKind;

namespace {

bool reads(const Expr& e, std::uint32_t binding) {
  bool found = false;
  visit(e, [&](const Expr& x) {
    found = found || ((x.ref.kind == RefKind::kField || x.ref.kind == RefKind::kFact) && x.ref.binding == binding);
  });
  return found;
}

// ---- Joins

class Joins {
 public:
  Joins(Package& p, const ast::RuleDecl& rule) : p_(p), rule_(rule) {}

  void run() {
    for (const Line& line : rule_.when.lines) {
      if (line.kind != LineKind::kPattern || line.pattern.fact_type == kNoId || !line.branches.empty()) continue;
      const Pattern& pattern = line.pattern;
      if (pattern.quantifier == Quantifier::kOne) {
        bound_.push_back(&pattern);
      } else {
        if (!itself(pattern)) untied(pattern);
      }
    }
  }

 private:
  // `some Link where …` beside a bound Link: any Link at all, which is seldom meant.
  void untied(const Pattern& pattern) {
    const FactType& type = p_.schema.types[pattern.fact_type];
    if (!pattern.joins.empty() || (pattern.quantifier == Quantifier::kNo && pattern.hold)) return;
    if (pattern.where && looks_elsewhere(*pattern.where, pattern.binding)) return;
    if (pattern.satisfies && looks_elsewhere(*pattern.satisfies, pattern.binding)) return;
    for (const Pattern* other : bound_) {
      const FactType& known = p_.schema.types[other->fact_type];
      std::vector<std::string> shared;
      for (const std::uint32_t k : type.key) {
        const Field& field = type.fields[k];
        const std::uint32_t o = known.field_index(field.name);
        if (o == kNoId || known.fields[o].type != field.type) continue;
        // Two types may call their keys `id` and mean different things.
        if (pattern.fact_type != other->fact_type && (field.name == "id" || field.name == "name")) continue;
        if (pattern.where && mentions(*pattern.where, pattern.binding, k)) return;
        shared.push_back(field.name);
      }
      if (shared.empty() || !other->name) continue;
      // The whole key of the same type would be the same fact.
      if (pattern.fact_type == other->fact_type && shared.size() == type.key.size() && shared.size() > 1) shared.pop_back();
      if (pattern.fact_type == other->fact_type && shared.size() == type.key.size()) continue;
      const ast::Span end{pattern.type.span.file, pattern.type.span.end, pattern.type.span.end};
      p_.report.warning("W0818", pattern.type.span,
                        fmt::format("`{} {}` is tied to nothing: it asks about every `{}` there is", word(pattern), type.local, type.local),
                        fmt::format("if that is meant, move the line above `{}`", other->name->text),
                        Fix{end, fmt::format(" same {} as {}", fmt::join(shared, ", "), other->name->text)});
      return;
    }
  }

  // `no Link same device as l` for a Link l: l itself is one, unless `where` says how the other one differs.
  bool itself(const Pattern& pattern) {
    // Of an event it can be said if it is remembered: m is the first of those that come `within D after m`.
    const bool silence = pattern.after.has_value();
    if (pattern.quantifier != Quantifier::kNo || pattern.hold || p_.schema.types[pattern.fact_type].is_event() != silence) return false;
    for (const Pattern* other : bound_) {
      if (other->fact_type != pattern.fact_type || !other->name || (silence && other->binding != pattern.after_binding)) continue;
      // A field that may be null is equal to nothing, not even to itself.
      const bool same = std::all_of(pattern.joins.begin(), pattern.joins.end(), [&](const ast::Join& j) {
        return j.other == other->binding && j.field == j.other_field && !p_.schema.types[pattern.fact_type].fields[j.field].type.nullable;
      });
      if (!same || (pattern.where && !conditions().implies(*pattern.where, pattern.binding, other->binding))) continue;
      p_.report.warning(
          "W0804", pattern.type.span,
          fmt::format("`{}` itself is such a `{}`, so this rule never fires", other->name->text, p_.schema.types[pattern.fact_type].local),
          "join fewer fields, or say in `where` how the other one differs");
      return true;
    }
    return false;
  }

  // What must be true beside a `no` line.
  Constraints conditions() const {
    Constraints all(p_.schema, rule_.binding_types, p_.interner);
    for (const Line& line : rule_.when.lines) {
      if (!line.branches.empty()) continue;
      if (line.kind == LineKind::kCheck) all.add(line.expr);
      if (line.kind == LineKind::kPattern && line.pattern.where && finds_fact(line.pattern.quantifier)) all.add(*line.pattern.where);
    }
    return all;
  }

  static const char* word(const Pattern& pattern) {
    return pattern.quantifier == Quantifier::kSome ? "some" : pattern.quantifier == Quantifier::kEvery ? "every" : "no";
  }

  static bool looks_elsewhere(const Expr& where, std::uint32_t own) {
    bool found = false;
    visit(where, [&](const Expr& x) {
      const bool fact = x.ref.kind == RefKind::kField || x.ref.kind == RefKind::kFact;
      found = found || (fact && x.ref.binding != own) || x.ref.kind == RefKind::kLet || x.kind == ExprKind::kAggregate;
    });
    return found;
  }

  static bool mentions(const Expr& where, std::uint32_t own, std::uint32_t field) {
    bool found = false;
    visit(where, [&](const Expr& x) { found = found || (x.ref.kind == RefKind::kField && x.ref.binding == own && x.ref.field == field); });
    return found;
  }

  Package& p_;
  const ast::RuleDecl& rule_;
  std::vector<const Pattern*> bound_;
};

// ---- Texts

// Warns of a plain string with `{name…}` in it, where `name` means something: it lacks its `f`.
class Texts {
 public:
  Texts(Package& p, std::vector<std::string> names) : p_(p), names_(std::move(names)) {}

  void look(const Expr& e) {
    visit(e, [&](const Expr& x) {
      if (x.kind == ExprKind::kLiteral && x.literal.is(Kind::kString)) text(x);
    });
  }
  void look(const ast::Block& block) {
    for (const Line& line : block.lines) {
      each_condition(line, [&](const Expr& e) { look(e); });
    }
  }
  void look(const ast::Record& record) {
    for (const ast::RecordField& f : record.fields) look(f.value);
  }

 private:
  void text(const Expr& e) {
    const std::string written(p_.report.text(e.span));
    if (written.size() < 5 || (written[0] != '"' && written[0] != '\'')) return;
    std::string fixed = "f";
    std::size_t holes = 0;
    std::string first;
    for (std::size_t i = 0; i < written.size(); ++i) {
      const std::string hole = written[i] == '{' ? hole_at(written, i) : std::string{};
      if (!hole.empty()) {
        if (fixed.back() == '$') fixed.pop_back();  // `${name}`, as shells have it
        if (holes++ == 0) first = hole;
      }
      fixed += written[i];
    }
    if (holes == 0) return;
    std::optional<Fix> fix = Fix{e.span, std::move(fixed)};
    if (static_cast<std::size_t>(std::count(written.begin(), written.end(), '{')) != holes) fix.reset();
    p_.report.warning("W0817", e.span, fmt::format("`{}` stands in a plain string and stays as it is", first),
                      fix ? "only `f\"…\"` puts values in" : "only `f\"…\"` puts values in; a brace of its own is doubled there",
                      std::move(fix));
  }

  // `{name}` or `{name.field…}` whose name is known; else empty.
  std::string hole_at(const std::string& s, std::size_t open) const {
    std::size_t i = open + 1;
    while (i < s.size() && cst::is_word(s[i])) ++i;
    const std::string name = s.substr(open + 1, i - open - 1);
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) return {};
    while (i < s.size() && (cst::is_word(s[i]) || s[i] == '.')) ++i;
    return i < s.size() && s[i] == '}' ? s.substr(open, i + 1 - open) : std::string{};
  }

  Package& p_;
  std::vector<std::string> names_;
};

void bound_names(const ast::Block& block, std::vector<std::string>& names) {
  for (const Line& line : block.lines) {
    if (line.kind == LineKind::kLet) names.push_back(line.let_name.text);
    if (line.kind == LineKind::kPattern && line.pattern.name) names.push_back(line.pattern.name->text);
  }
}

void texts_of(Package& p, const ast::RuleDecl& rule, std::vector<std::string> names) {
  bound_names(rule.when, names);
  if (rule.until) bound_names(*rule.until, names);
  Texts texts(p, std::move(names));
  texts.look(rule.when);
  if (rule.until) texts.look(*rule.until);
  for (const auto* effects : {&rule.then, &rule.on_clear}) {
    for (const Effect& effect : *effects) {
      texts.look(effect.record);
      if (effect.text) texts.look(*effect.text);
    }
  }
}

void texts_of(Package& p, const ast::DecisionDecl& decision, std::vector<std::string> names) {
  names.emplace_back("input");
  for (const ast::Case& c : decision.cases) bound_names(c.when, names);
  Texts texts(p, std::move(names));
  for (const ast::Case& c : decision.cases) {
    texts.look(c.when);
    texts.look(c.output);
  }
  if (decision.fallback) texts.look(*decision.fallback);
  if (!decision.table) return;
  for (const ast::TableRow& row : decision.table->rows) {
    for (const Expr& e : row.outputs) texts.look(e);
  }
}

// ---- Actions that nobody does, and rules that feed themselves

class Feeding {
 public:
  Feeding(Package& p, const ast::RuleDecl& rule) : p_(p), rule_(rule) {}

  void run() {
    for (const Line& line : rule_.when.lines) {
      // Silence in doubt: a hold, something absent or counted may be the end of it.
      bool counts = !line.branches.empty();
      each_condition(line, [&](const Expr& e) { visit(e, [&](const Expr& x) { counts = counts || x.kind == ExprKind::kAggregate; }); });
      if (counts || line.hold || line.pattern.hold || (line.kind == LineKind::kPattern && !finds_fact(line.pattern.quantifier))) return;
    }
    for (const Line& line : rule_.when.lines) {
      if (line.kind != LineKind::kPattern || line.pattern.quantifier != Quantifier::kOne || line.pattern.fact_type == kNoId) continue;
      for (const Effect& effect : rule_.then) {
        const bool adds = effect.kind == EffectKind::kDo || effect.kind == EffectKind::kAssert;
        if (!adds || effect.record.fact_type != line.pattern.fact_type || !makes_another(effect, line.pattern.binding)) continue;
        if (guarded(effect, line.pattern.binding)) continue;
        const std::string& type = p_.schema.types[line.pattern.fact_type].local;
        p_.report.warning("W0819", effect.record.type.span,
                          fmt::format("this rule feeds itself: every `{}` that it matches makes another one", type),
                          "let a condition on what changes end it, as in `where level < 3`");
        return;
      }
    }
  }

 private:
  // Whether the fact made is another one than the fact matched: it has no key, or a part of its key is worked out anew.
  bool makes_another(const Effect& effect, std::uint32_t own) const {
    const FactType& type = p_.schema.types[effect.record.fact_type];
    if (effect.kind == EffectKind::kDo && type.key.empty()) return !type.has_key;
    return std::any_of(effect.record.fields.begin(), effect.record.fields.end(), [&](const ast::RecordField& f) {
      return f.field != kNoId && type.is_key_field(f.field) && f.value.ref.kind != RefKind::kField && reads(f.value, own);
    });
  }

  // Whether a condition looks at what the effect changes, or at how the action goes.
  bool guarded(const Effect& effect, std::uint32_t own) const {
    const FactType& type = p_.schema.types[effect.record.fact_type];
    const auto copied = [&](std::uint32_t field) {
      for (const ast::RecordField& f : effect.record.fields) {
        if (f.field == field) return f.value.ref.kind == RefKind::kField && f.value.ref.binding == own && f.value.ref.field == field;
      }
      return false;
    };
    bool found = false;
    const auto look = [&](const Expr& e) {
      visit(e, [&](const Expr& x) {
        if (x.ref.kind == RefKind::kField && x.ref.binding == own)
          found = found || x.ref.field >= type.declared_fields || !copied(x.ref.field);
        found = found || x.ref.kind == RefKind::kLet || (x.ref.kind == RefKind::kFact && x.ref.binding == own);
      });
    };
    for (const Line& line : rule_.when.lines) {
      if (line.kind != LineKind::kPattern) look(line.expr);
      if (line.kind == LineKind::kPattern && line.pattern.where) look(*line.pattern.where);
      // What another fact must be like may depend on this one.
      found = found || (line.kind == LineKind::kPattern && line.pattern.binding != own);
    }
    return found;
  }

  Package& p_;
  const ast::RuleDecl& rule_;
};

// A rule that waits for an action which no rule does. Only the whole package can tell; tests cannot send actions.
void never_done(Package& p, const ast::RuleDecl& rule, const std::vector<bool>& done) {
  for (const Line& line : rule.when.lines) {
    if (line.kind != LineKind::kPattern || line.pattern.fact_type == kNoId || !finds_fact(line.pattern.quantifier) ||
        !line.branches.empty())
      continue;
    const FactType& type = p.schema.types[line.pattern.fact_type];
    if (type.role != Role::kAction || done[line.pattern.fact_type]) continue;
    p.report.warning("W0804", line.pattern.type.span,
                     fmt::format("no rule does `{}`, so there is never one, and this rule never fires", type.local),
                     "an action is there once a rule does it: `do`");
    return;
  }
}

}  // namespace

void warn_forgotten(Package& p) {
  std::vector<bool> done(p.schema.types.size(), false);
  std::vector<std::string> names;
  for (const ast::File& file : p.files) {
    for (const ast::ParamDecl& param : file.params) names.push_back(param.name.text);
    for (const ast::RuleDecl& rule : file.rules) {
      for (const auto* effects : {&rule.then, &rule.on_clear}) {
        for (const Effect& e : *effects) {
          if (e.kind == EffectKind::kDo && e.record.fact_type != kNoId) done[e.record.fact_type] = true;
        }
      }
    }
  }
  for (const ast::File& file : p.files) {
    for (const ast::RuleDecl& rule : file.rules) {
      Joins(p, rule).run();
      texts_of(p, rule, names);
      Feeding(p, rule).run();
      never_done(p, rule, done);
    }
    for (const ast::DecisionDecl& decision : file.decisions) texts_of(p, decision, names);
  }
}

}  // namespace flyball::check
