// What compiles but is probably not meant. Each warning is about one pattern of mistake and stays silent in doubt.
// Contradictions are contradictions.cc's. See passes.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/text.h"
#include "parser/check/contradictions.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

bool is_order(Op op) { return op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater || op == Op::kGreaterEqual; }

// A reading that moves by itself; counts and times of day do not flap.
bool is_measure(const Type& t) {
  return t.is(TypeTag::kDouble) || t.is(TypeTag::kPercent) || t.is(TypeTag::kBitrate) || t.is(TypeTag::kPps);
}

bool reads_facts(const Expr& e) {
  bool reads = false;
  visit(e, [&](const Expr& x) {
    reads = reads || x.ref.kind == RefKind::kField || x.ref.kind == RefKind::kFact || x.ref.kind == RefKind::kLet ||
            x.kind == ExprKind::kAggregate;
  });
  return reads;
}

class RuleWarnings {
 public:
  RuleWarnings(Package& p, const ast::RuleDecl& rule, std::vector<const Expr*>& threshold_of)
      : p_(p), rule_(rule), threshold_of_(threshold_of) {}

  void run() {
    for (const ast::Line& line : rule_.when.lines) {
      if (line.kind == ast::LineKind::kPattern) {
        if (line.pattern.where) thresholds(*line.pattern.where);
        if (line.pattern.satisfies) thresholds(*line.pattern.satisfies);
        held_ = held_ || line.pattern.hold.has_value();
        absence(line.pattern);
        if (line.pattern.fact_type != kNoId && p_.schema.types[line.pattern.fact_type].is_event() &&
            line.pattern.quantifier == ast::Quantifier::kOne)
          moment_ = true;
      } else {
        if (line.kind == ast::LineKind::kCheck) thresholds(line.expr);
        held_ = held_ || line.hold.has_value();
      }
    }
    noisy();
    counting();
    average();
    contradiction();
    endless();
    for (const ast::Block* block : {&rule_.when, rule_.until ? &*rule_.until : nullptr}) {
      if (block == nullptr) continue;
      for (const ast::Line& line : block->lines) {
        each_condition(line, [&](const Expr& e) { samples(e); });
      }
    }
    for (const auto* effects : {&rule_.then, &rule_.on_clear}) {
      for (const ast::Effect& effect : *effects) {
        if (effect.kind == ast::EffectKind::kDo) action_keys(effect.record);
      }
    }
  }

 private:
  // Comparisons by order of a published reading with something that stands still.
  void thresholds(const Expr& condition) {
    visit(condition, [&](const Expr& x) {
      if (x.kind != ExprKind::kBinary || !is_order(x.op) || x.args.size() != 2) return;
      for (const auto& [field, limit] : {std::pair(&x.args[0], &x.args[1]), std::pair(&x.args[1], &x.args[0])}) {
        if (field->ref.kind != RefKind::kField || !is_measure(field->type) || reads_facts(*limit)) continue;
        if (field->ref.binding >= rule_.binding_types.size()) continue;
        const FactTypeId type = rule_.binding_types[field->ref.binding];
        if (type == kNoId || p_.schema.types[type].role != Role::kFact) continue;
        if (threshold_ == nullptr) threshold_ = &x;
        if (threshold_of_[type] == nullptr) threshold_of_[type] = &x;
      }
    });
  }

  void noisy() {
    const bool sends =
        std::any_of(rule_.then.begin(), rule_.then.end(), [](const ast::Effect& e) { return e.kind == ast::EffectKind::kDo; });
    if (rule_.strategy != ast::Strategy::kEpisodes || !sends || threshold_ == nullptr || held_ || moment_ || rule_.cooldown ||
        rule_.until || rule_.keep)
      return;
    p_.report.warning("W0802", threshold_->span,
                      fmt::format("`{}` may flap, and every crossing acts again", p_.report.excerpt(threshold_->span)),
                      "add `for D` to the condition, a `cooldown`, or an `until` with another limit");
  }

  void absence(const ast::Pattern& pattern) {
    if (pattern.quantifier != ast::Quantifier::kNo || !pattern.hold || pattern.fact_type == kNoId) return;
    const FactType& type = p_.schema.types[pattern.fact_type];
    if (type.key.empty() || pattern.where || !pattern.joins.empty()) return;
    p_.report.warning(
        "W0808", pattern.type.span,
        fmt::format("this is about silence of every `{}` at once; one that never spoke is not missed", type.local),
        fmt::format("bind what must speak first, then `no {} same {} as … for …`", type.local, type.fields[type.key.front()].name));
  }

  // `count(T … over D)` counts puts; of a keyed fact that is rarely what is meant, unless the key is fixed.
  void counting() {
    const auto look = [&](const Expr& e) {
      visit(e, [&](const Expr& x) {
        if (x.kind != ExprKind::kAggregate || !x.aggregate) return;
        const ast::Aggregate& agg = *x.aggregate;
        if (agg.fn != ast::AggregateFn::kCount || !agg.over || agg.fact_type >= p_.schema.types.size()) return;
        const FactType& type = p_.schema.types[agg.fact_type];
        if (type.is_event() || type.key.empty() || fixes_key(agg, type)) return;
        p_.report.warning(
            "W0805", x.span, fmt::format("this counts updates of `{}`, not how many there are", type.local),
            fmt::format("`count({} …)` without `over` counts facts; to count updates of one, fix its key in `where`", type.local));
      });
    };
    for (const ast::Line& line : rule_.when.lines) {
      each_condition(line, look);
    }
  }

  // The average of one fact without a window is its value; a hold on it averages nothing.
  void average() {
    for (const ast::Line& line : rule_.when.lines) {
      if (line.kind != ast::LineKind::kCheck || !line.hold) continue;
      visit(line.expr, [&](const Expr& x) {
        if (x.kind != ExprKind::kAggregate || !x.aggregate || x.aggregate->fact_type >= p_.schema.types.size()) return;
        const ast::Aggregate& agg = *x.aggregate;
        const FactType& type = p_.schema.types[agg.fact_type];
        if (agg.fn == ast::AggregateFn::kCount || agg.over || agg.over_last || type.is_event() || type.key.empty() || !fixes_key(agg, type))
          return;
        p_.report.warning(
            "W0811", x.span, fmt::format("this is of one `{}` as it is now; `for` does not average it", type.local),
            fmt::format("to average over that time, write `over {}` inside the parentheses", p_.report.excerpt(line.hold->span)));
      });
    }
  }

  static bool fixes_key(const ast::Aggregate& agg, const FactType& type) {
    if (!agg.where) return false;
    std::vector<std::uint32_t> fixed;
    std::vector<const Expr*> parts{&*agg.where};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Expr& e = *parts[i];
      if (e.kind == ExprKind::kAnd) {
        for (const Expr& a : e.args) parts.push_back(&a);
      } else if (e.kind == ExprKind::kBinary && e.op == Op::kEqual) {
        for (const Expr& a : e.args) {
          if (a.ref.kind == RefKind::kField && a.ref.binding == agg.binding) fixed.push_back(a.ref.field);
        }
      }
    }
    return std::all_of(type.key.begin(), type.key.end(),
                       [&](std::uint32_t k) { return std::find(fixed.begin(), fixed.end(), k) != fixed.end(); });
  }

  void contradiction() {
    Constraints all(p_.schema, rule_.binding_types, p_.interner);
    all.use_lets(rule_.when);
    for (const ast::Line& line : rule_.when.lines) {
      const Expr* condition = nullptr;
      if (!line.branches.empty()) continue;  // another branch may be true
      condition = required(line);
      if (condition == nullptr) continue;
      const Expr* at = all.add(*condition);
      if (at == nullptr) continue;
      p_.report.warning("W0804", at->span,
                        fmt::format("`{}` can never be true here, so this rule never fires", p_.report.excerpt(at->span)),
                        "it contradicts itself or a condition before it");
      return;
    }
    no_branch(all);
    over_at_once(all);
  }

  // What must be true for the line to be.
  static const Expr* required(const ast::Line& line) {
    if (line.kind == ast::LineKind::kCheck) return &line.expr;
    return line.kind == ast::LineKind::kPattern && line.pattern.where && finds_fact(line.pattern.quantifier) ? &*line.pattern.where
                                                                                                             : nullptr;
  }

  // An `either` of which every branch contradicts the lines around it, or itself.
  void no_branch(const Constraints& around) {
    const Expr* first = no_branch(0, rule_.when.lines.size(), 0, around);
    if (first == nullptr) return;
    p_.report.warning(
        "W0804", first->span,
        fmt::format("`{}` can never be true here, nor can the other branches, so this rule never fires", p_.report.excerpt(first->span)),
        "each branch of this `either` contradicts itself or a condition outside it");
  }

  // The same of the `either`s at that depth among these lines; nullptr: there is none.
  const Expr* no_branch(std::size_t from, std::size_t to, std::size_t depth, const Constraints& around) {
    const std::vector<ast::Line>& lines = rule_.when.lines;
    for (std::size_t i = from; i < to;) {
      if (lines[i].branches.size() <= depth) {
        ++i;
        continue;
      }
      const std::uint32_t either = lines[i].branches[depth].either;
      const Expr* first = nullptr;
      bool all = true;
      while (i < to && lines[i].branches.size() > depth && lines[i].branches[depth].either == either) {
        const std::size_t end = ast::end_of_branch(lines, i, depth);
        Constraints here(around);
        const Expr* at = nullptr;
        for (std::size_t k = i; k < end && at == nullptr; ++k) {
          const Expr* condition = lines[k].branches.size() == depth + 1 ? required(lines[k]) : nullptr;
          if (condition != nullptr) at = here.add(*condition);
        }
        if (at == nullptr) at = no_branch(i, end, depth + 1, here);
        all = all && at != nullptr;
        if (first == nullptr) first = at;
        i = end;
      }
      if (all && first != nullptr) return first;
    }
    return nullptr;
  }

  // An `until` that is true whenever `when` is: no episode begins while it holds.
  void over_at_once(const Constraints& when) {
    if (!rule_.until || rule_.until->lines.empty()) return;
    const bool all = std::all_of(rule_.until->lines.begin(), rule_.until->lines.end(), [&](const ast::Line& line) {
      return line.kind == ast::LineKind::kCheck && !line.hold && when.implies(line.expr);
    });
    if (!all) return;
    const Expr& at = rule_.until->lines.front().expr;
    p_.report.warning("W0804", at.span,
                      fmt::format("`{}` is true whenever `when` is, so this rule never fires", p_.report.excerpt(at.span)),
                      "`until` says when the rule is over: write the opposite, or leave `until` out");
  }

  // `over last 3 at least 5 samples` of one key: there are never so many.
  void samples(const Expr& e) {
    visit(e, [&](const Expr& x) {
      if (x.kind != ExprKind::kAggregate || !x.aggregate || x.aggregate->fact_type >= p_.schema.types.size()) return;
      const ast::Aggregate& agg = *x.aggregate;
      if (!agg.over_last || !agg.at_least || !fixes_key(agg, p_.schema.types[agg.fact_type])) return;
      const Value& last = agg.over_last->literal;
      const Value& least = agg.at_least->literal;
      if (!last.is(Kind::kInt) || !least.is(Kind::kInt) || last.as_int() >= least.as_int()) return;
      p_.report.warning("W0804", agg.at_least->span,
                        fmt::format("the last {} are never {} samples, so this is never known", last.as_int(), least.as_int()),
                        "what is never known never fires: look back further, or ask for fewer");
    });
  }

  // An exit condition that cannot hold: the rule never ends.
  void endless() {
    if (!rule_.until) return;
    Constraints all(p_.schema, rule_.binding_types, p_.interner);
    for (const ast::Line& line : rule_.until->lines) {
      if (line.kind != ast::LineKind::kCheck) continue;
      const Expr* at = all.add(line.expr);
      if (at == nullptr) continue;
      p_.report.warning("W0804", at->span, fmt::format("`{}` can never be true here, so this rule never ends", p_.report.excerpt(at->span)),
                        "all lines of `until` must be true together; for one or the other write `or`");
      return;
    }
  }

  void action_keys(const ast::Record& record) {
    if (record.fact_type == kNoId) return;
    const FactType& type = p_.schema.types[record.fact_type];
    if (type.role != Role::kAction || type.retain_ns) return;
    for (const ast::RecordField& f : record.fields) {
      if (f.field == kNoId || !type.is_key_field(f.field)) continue;
      const Expr* reading = nullptr;
      visit(f.value, [&](const Expr& x) {
        const bool moving = x.ref.kind == RefKind::kField && (is_measure(x.type) || x.type.is(TypeTag::kTimestamp));
        if (x.kind == ExprKind::kNow || x.kind == ExprKind::kAggregate || moving) reading = reading == nullptr ? &x : reading;
      });
      if (reading == nullptr) continue;
      p_.report.warning("W0809", f.value.span,
                        fmt::format("the key of `{}` changes with `{}`: every value makes another action that is kept", type.local,
                                    p_.report.excerpt(reading->span)),
                        "leave it out of the key, or give the action `retain D`");
    }
  }

  Package& p_;
  const ast::RuleDecl& rule_;
  std::vector<const Expr*>& threshold_of_;
  const Expr* threshold_ = nullptr;
  bool held_ = false;
  bool moment_ = false;
};

// An action that is forgotten is neither answered nor tried again. `retain` comes before time-outs and tries that are due with it.
void short_memory(Package& p, const ast::TypeDecl& t, const FactType& type) {
  const DurationNs retain = *type.retain_ns;
  const DurationNs every = type.tries > 1 ? type.try_every_ns : 0;
  const DurationNs timeout = type.timeout_ns.value_or(0);
  const DurationNs needed = std::max(timeout, every);
  if (retain > needed) return;
  const std::string before = retain <= timeout ? fmt::format("its answer may take {}", format_duration_human(timeout))
                                               : fmt::format("its next try may come after {}", format_duration_human(every));
  p.report.warning("W0827", t.retain->span,
                   fmt::format("`{}` is forgotten after {}, but {}", type.local, format_duration_human(retain), before),
                   fmt::format("what is forgotten is neither answered, nor failed, nor tried again: retain it for more than {}",
                               format_duration_human(needed)));
}

void warn_about_types(Package& p, const std::vector<const Expr*>& threshold_of) {
  for (const ast::File& file : p.files) {
    // What is without a ttl there is so by intent (orders, inventories), and no author of rules could add one.
    if (file.module && file.module->text.starts_with("std.")) continue;
    for (const ast::TypeDecl& t : file.types) {
      const FactType& type = p.schema.types[t.id];
      if (type.role == Role::kFact && !type.ttl_ns && threshold_of[t.id] != nullptr) {
        p.report.warning("W0803", t.name.span,
                         fmt::format("`{}` has no `ttl`: when its publisher dies, `{}` stays as it was", type.local,
                                     p.report.excerpt(threshold_of[t.id]->span)),
                         "add `ttl D`, a little more than the time between two of its publications");
      }
      if (type.role == Role::kFact && !t.has_key && !type.fields.empty()) {
        p.report.warning("W0806", t.name.span,
                         fmt::format("`{}` has no key: every other content is another fact, and none is ever replaced", type.local),
                         "add `key (…)` with the fields that identify it, or `key ()` if there is only one");
      }
      if (type.role == Role::kAction && type.tries > 1 && !type.timeout_ns) {
        p.report.warning("W0821", t.tries->span,
                         fmt::format("`{}` has no `timeout`: an executor that says nothing is never asked again", type.local),
                         "a try ends when its executor answers or its time is over: add `timeout D`");
      }
      if (type.role == Role::kAction && type.retain_ns) short_memory(p, t, type);
      if (type.role == Role::kAction && !t.has_key && !type.retain_ns) {
        p.report.warning(
            "W0809", t.name.span,
            fmt::format("`{}` has no key: each action of it is a fact of its own, and the newest 10,000 that ended stay", type.local),
            "add `key (…)`, or `retain D` to forget it");
      }
    }
  }
}

}  // namespace

void warn(Package& p) {
  std::vector<const Expr*> threshold_of(p.schema.types.size(), nullptr);
  for (const ast::File& file : p.files) {
    for (const ast::RuleDecl& rule : file.rules) RuleWarnings(p, rule, threshold_of).run();
  }
  warn_about_types(p, threshold_of);
}

}  // namespace flyball::check
