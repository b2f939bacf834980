// The lines of `when` and `until`: patterns with their joins, checks and lets. See passes.h.
#include <fmt/format.h>

#include <algorithm>

#include "parser/check/expressions.h"
#include "parser/check/passes.h"
#include "parser/grammar/slips.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Pattern;
using ast::Quantifier;
using ast::RefKind;

namespace {

class LineChecker {
 public:
  LineChecker(Package& p, Scope& scope, LineContext& context) : p_(p), scope_(scope), context_(context), checker_(p, scope) {}

  void check(ast::Block& block) {
    const std::vector<std::string> outer_hidden = scope_.hidden;
    const std::string outer_why = scope_.hidden_why;
    scope_.hidden.clear();
    scope_.hidden_why = "it gets its meaning further down; move that line up";
    for (const ast::Line& line : block.lines) {
      const std::string& name = line.kind == ast::LineKind::kLet ? line.let_name.text
                                : line.pattern.name              ? line.pattern.name->text
                                                                 : std::string{};
      const bool again = !line.branches.empty() && std::find(scope_.hidden.begin(), scope_.hidden.end(), name) != scope_.hidden.end();
      if (line.kind != ast::LineKind::kCheck && !name.empty() && !again) scope_.hidden.push_back(name);
    }
    // Names come out of hiding in written order, so they are kept last first.
    std::reverse(scope_.hidden.begin(), scope_.hidden.end());
    for (ast::Line& line : block.lines) {
      enter(line.branches);
      switch (line.kind) {
        case ast::LineKind::kPattern: pattern(line.pattern); break;
        case ast::LineKind::kLet: let(line); break;
        case ast::LineKind::kCheck: check_line(line); break;
      }
    }
    enter({});
    scope_.hidden = outer_hidden;
    scope_.hidden_why = outer_why;
  }

 private:
  struct BranchName {
    Binding binding;
    std::uint32_t branches = 0;  // that bind it
  };
  // An `either` that is being read, and what there was before it.
  struct Open {
    ast::InBranch at;
    std::vector<BranchName> names;  // of its branches so far
    std::vector<Pattern*> patterns;
    std::vector<std::string> partly;  // bound in some branches of an `either` inside this branch
    std::size_t bindings_before = 0, lets_before = 0;
    std::vector<Place> not_null_before;
    bool seen_before = false, any_seen = false;
  };

  // Each branch of an `either` sees what stood before it; behind it only what every branch binds has a meaning.
  void enter(const std::vector<ast::InBranch>& branches) {
    std::size_t same = 0;
    while (same < open_.size() && same < branches.size() && open_[same].at == branches[same]) ++same;
    while (open_.size() > same) {
      end_branch();
      if (open_.size() - 1 == same && same < branches.size() && open_.back().at.either == branches[same].either) {
        open_.back().at = branches[same++];
        break;
      }
      end_either();
    }
    for (; same < branches.size(); ++same) {
      Open o;
      o.at = branches[same];
      o.bindings_before = scope_.bindings.size();
      o.lets_before = scope_.lets.size();
      o.not_null_before = scope_.not_null;
      o.seen_before = context_.first_pattern_seen;
      open_.push_back(std::move(o));
    }
  }

  void end_branch() {
    Open& o = open_.back();
    for (std::size_t i = o.bindings_before; i < scope_.bindings.size(); ++i) {
      const Binding& b = scope_.bindings[i];
      const auto known = std::find_if(o.names.begin(), o.names.end(), [&](const BranchName& n) { return n.binding.name == b.name; });
      if (known == o.names.end()) {
        o.names.push_back({b, 1});
      } else {
        ++known->branches;
      }
    }
    o.partly.clear();
    scope_.bindings.resize(o.bindings_before);
    scope_.lets.resize(o.lets_before);
    scope_.not_null = o.not_null_before;
    o.any_seen = o.any_seen || context_.first_pattern_seen;
    context_.first_pattern_seen = o.seen_before;
  }

  void end_either() {
    const Open o = std::move(open_.back());
    open_.pop_back();
    for (const BranchName& n : o.names) {
      if (n.branches == o.at.branch + 1) {
        scope_.bindings.push_back(n.binding);
        continue;
      }
      scope_.branch_only.push_back(n.binding.name);
      if (!open_.empty()) open_.back().partly.push_back(n.binding.name);
      for (Pattern* p : o.patterns) p->local = p->local || p->binding == n.binding.number;
    }
    context_.first_pattern_seen = o.any_seen;
  }

  // A name that an earlier branch binds means the same here: it has one number. nullopt: it is new.
  std::optional<std::uint32_t> bound_before(const Pattern& pattern, std::optional<FactTypeId> type) {
    if (pattern.quantifier != Quantifier::kOne || !pattern.name) return std::nullopt;
    const auto taken = [&](const Binding& b) { return b.name == pattern.name->text; };
    if (std::any_of(scope_.bindings.begin(), scope_.bindings.end(), taken)) return std::nullopt;
    for (auto o = open_.rbegin(); o != open_.rend(); ++o) {
      for (const BranchName& n : o->names) {
        if (n.binding.name != pattern.name->text) continue;
        if (type && n.binding.type != kNoId && *type != n.binding.type) {
          p_.report.error("E0309", pattern.name->span,
                          fmt::format("`{}` is a `{}` in one branch and a `{}` in another", n.binding.name,
                                      p_.schema.types[n.binding.type].local, p_.schema.types[*type].local),
                          "choose another name");
        }
        return n.binding.number;
      }
    }
    return std::nullopt;
  }

  // What every branch binds is one thing: it is remembered equally long, whichever branch found it.
  void same_memory(const Pattern& pattern) {
    for (const Pattern* other : open_.front().patterns) {
      if (other == &pattern || !pattern.name || !other->name || other->binding != pattern.binding) continue;
      const auto text = [&](const Pattern& p) { return p.within ? std::string(p_.report.excerpt(p.within->span)) : std::string(); };
      if (other->each.has_value() != pattern.each.has_value() || (pattern.each && other->each->text != pattern.each->text)) {
        p_.report.error("E0309", pattern.name->span, fmt::format("`{}` is something else in another branch", pattern.name->text),
                        "choose another name");
        return;
      }
      if (text(*other) == text(pattern)) continue;
      p_.report.error("E0309", pattern.name->span,
                      fmt::format("`{}` is remembered `within` another time in another branch", pattern.name->text),
                      "write the same `within` in every branch, or choose another name");
      return;
    }
  }

  // What some branches of an `either` inside a branch bind would have two meanings in it.
  bool is_partly(const std::string& name) const {
    return std::any_of(open_.begin(), open_.end(),
                       [&](const Open& o) { return std::find(o.partly.begin(), o.partly.end(), name) != o.partly.end(); });
  }

  bool taken(const ast::Name& name) {
    if (name.text == "now" || (name.text == "input" && context_.in_decision)) {
      p_.report.error("E0104", name.span, fmt::format("`{}` has a meaning of its own here and cannot be another name", name.text),
                      "choose another word");
      return true;
    }
    const auto same = [&](const auto& x) { return x.name == name.text; };
    if (!is_partly(name.text) && !std::any_of(scope_.bindings.begin(), scope_.bindings.end(), same) &&
        !std::any_of(scope_.lets.begin(), scope_.lets.end(), same))
      return false;
    p_.report.error("E0309", name.span, fmt::format("`{}` already has a meaning here", name.text), "choose another name");
    return true;
  }

  void unhide(const std::string& name) {
    if (!scope_.hidden.empty() && scope_.hidden.back() == name) scope_.hidden.pop_back();
  }

  void hold(ast::OptionalExpr& hold, const char* what) {
    if (!hold) return;
    if (context_.in_decision) {
      p_.report.error("E0604", hold->span, "`for` has no meaning in a decision",
                      "a decision looks at one moment; derive a fact with a rule and ask for it");
      return;
    }
    constant_duration(p_, *scope_.file, *hold, what);
  }

  void check_line(ast::Line& line) {
    {
      NullGuard guard(scope_);
      checker_.condition(line.expr, "what stands after `check`");
    }
    checker_.learn(line.expr, true);
    hold(line.hold, "the time after `for`");
  }

  void let(ast::Line& line) {
    checker_.check(line.expr);
    line.let_index = context_.let_count++;
    if (line.expr.type.is(TypeTag::kFact)) {
      p_.report.error("E0202", line.expr.span, "a `let` names a value, not a whole fact",
                      "name one of its fields, or use the fact's own name");
      line.expr.type = Type::of(TypeTag::kError);
    }
    LetName name{line.let_name.text, line.let_index, line.expr.type, false, reads_other(line.expr, kNoId) || has_clock(line.expr),
                 line.let_name.span};
    if (p_.uses != nullptr) p_.uses->bound(Meaning::kLet, name.at, name.at, kNoId, name.name, type_name(name.type, &p_.schema));
    visit(line.expr, [&](const Expr& x) {
      if (x.kind == ExprKind::kAggregate && x.aggregate && may_be_null(x.aggregate->fn)) name.maybe_null = true;
      if (x.ref.kind != RefKind::kLet) return;
      for (const LetName& l : scope_.lets) name.maybe_null = name.maybe_null || (l.index == x.ref.index && l.maybe_null);
    });
    unhide(name.name);
    taken(line.let_name);
    scope_.lets.push_back(std::move(name));
  }

  bool reads_other(const Expr& e, std::uint32_t binding) const { return checker_.reads_other(e, binding); }

  static bool reads(const Expr& e, std::uint32_t binding) {
    bool found = false;
    visit(e, [&](const Expr& x) {
      found = found || ((x.ref.kind == RefKind::kField || x.ref.kind == RefKind::kFact) && x.ref.binding == binding);
    });
    return found;
  }

  // A pattern is tied by an equality between it and something bound elsewhere, or by equalities that fix its whole key.
  bool tied(const Expr& where, std::uint32_t binding, const FactType& type) const {
    std::vector<std::uint32_t> fixed;
    std::vector<const Expr*> parts{&where};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Expr& e = *parts[i];
      if (e.kind == ExprKind::kAnd) {
        for (const Expr& a : e.args) parts.push_back(&a);
        continue;
      }
      if (e.kind != ExprKind::kBinary || e.op != ast::Op::kEqual) continue;
      for (const auto& [own, other] : {std::pair(&e.args[0], &e.args[1]), std::pair(&e.args[1], &e.args[0])}) {
        if (!reads(*own, binding) || reads(*other, binding)) continue;
        if (reads_other(*other, binding)) return true;
        if (own->ref.kind == RefKind::kField) fixed.push_back(own->ref.field);
      }
    }
    return type.has_key && std::all_of(type.key.begin(), type.key.end(),
                                       [&](std::uint32_t k) { return std::find(fixed.begin(), fixed.end(), k) != fixed.end(); });
  }

  // The pattern that a name behind `same … as` or `after` means; nullptr: none, which is said, or none whose type is known.
  const Binding* other_pattern(const ast::Name& name) {
    const Binding* other = nullptr;
    for (const Binding& b : scope_.bindings) {
      if (b.name == name.text || (name.text.empty() && scope_.bindings.size() == 1)) other = &b;
    }
    if (other == nullptr) {
      std::vector<std::string> names;
      for (const Binding& b : scope_.bindings) names.push_back(b.name);
      if (std::find(scope_.hidden.begin(), scope_.hidden.end(), name.text) != scope_.hidden.end()) {
        p_.report.error("E0308", name.span, fmt::format("`{}` cannot be read here", name.text), scope_.hidden_why);
      } else if (std::find(scope_.branch_only.begin(), scope_.branch_only.end(), name.text) != scope_.branch_only.end()) {
        p_.report.error("E0308", name.span, fmt::format("`{}` cannot be read here", name.text), kBranchOnlyWhy);
      } else {
        p_.report.misspelt("E0301", name.span, fmt::format("no fact is bound to `{}`", name.text), name.text, names);
      }
      return nullptr;
    }
    if (other->type == kNoId) return nullptr;
    if (other->each != kNoId) {
      p_.report.error("E0202", name.span, fmt::format("`{}` is a value, not a fact", name.text),
                      fmt::format("compare it: `where field == {}`", name.text));
      return nullptr;
    }
    if (p_.uses != nullptr) p_.uses->bound(Meaning::kBinding, name.span, other->at, other->type, other->name);
    return other;
  }

  void join(Pattern& pattern, const ast::SamePart& same, const FactType& type) {
    const Binding* other = other_pattern(same.as);
    if (other == nullptr) return;
    const FactType& other_type = p_.schema.types[other->type];
    for (const ast::Name& field : same.fields) {
      const std::uint32_t own_index = type.field_index(field.text);
      const std::uint32_t other_index = other_type.field_index(field.text);
      if (own_index == kNoId || other_index == kNoId) {
        const FactType& lacking = own_index == kNoId ? type : other_type;
        p_.report.misspelt("E0302", field.span, fmt::format("`{}` has no field `{}`", lacking.local, field.text), field.text,
                           field_names(lacking.fields, lacking.fields.size()));
        continue;
      }
      if (p_.uses != nullptr) {
        p_.uses->field(field.span, type.fields, own_index);
        p_.uses->field(field.span, other_type.fields, other_index);
      }
      const Type& a = type.fields[own_index].type;
      const Type& b = other_type.fields[other_index].type;
      if (!can_equal(a.without_null(), b.without_null(), true)) {
        p_.report.error("E0202", field.span,
                        fmt::format("`{}` is {} in `{}` and {} in `{}`", field.text, a_type(a), type.local, a_type(b), other_type.local),
                        "`same` joins fields of one type");
        continue;
      }
      pattern.joins.push_back(ast::Join{own_index, other->number, other_index});
    }
  }

  void pattern(Pattern& pattern) {
    const std::optional<FactTypeId> type_id = find_fact_type(p_, *scope_.file, pattern.type);
    const std::optional<std::uint32_t> number = bound_before(pattern, type_id);
    pattern.binding = number.value_or(static_cast<std::uint32_t>(context_.pattern_types.size()));
    if (!number) context_.pattern_types.push_back(type_id.value_or(kNoId));
    if (!open_.empty() && pattern.name) {
      for (Open& o : open_) o.patterns.push_back(&pattern);
      same_memory(pattern);
    }
    const bool one = pattern.quantifier == Quantifier::kOne;
    const bool is_first = one && !context_.first_pattern_seen;
    // Of a `key ()` type there is one: what follows it is as tied as if it stood first.
    const bool alone = type_id && p_.schema.types[*type_id].has_key && p_.schema.types[*type_id].key.empty();
    if (one && !alone) context_.first_pattern_seen = true;

    if (pattern.name) unhide(pattern.name->text);
    if (!type_id) {
      if (pattern.name) scope_.bindings.push_back(Binding{pattern.name->text, pattern.binding, kNoId, pattern.name->span});
      return;
    }
    pattern.fact_type = *type_id;
    const FactType& type = p_.schema.types[*type_id];

    if (pattern.each && !each(pattern, type)) {
      scope_.bindings.push_back(Binding{pattern.name->text, pattern.binding, kNoId, pattern.name->span});
      return;
    }
    for (const ast::SamePart& same : pattern.same) join(pattern, same, type);
    if (pattern.within) within(pattern, type);

    // In its own `where` a pattern's fields stand alone or behind its own name.
    const bool clashes = pattern.name && taken(*pattern.name);
    const bool named = pattern.name && (!clashes || is_partly(pattern.name->text));
    if (named) scope_.bindings.push_back(Binding{pattern.name->text, pattern.binding, *type_id, pattern.name->span, pattern.each_field});
    if (named && p_.uses != nullptr)
      p_.uses->bound(Meaning::kBinding, pattern.name->span, pattern.name->span, *type_id, pattern.name->text);
    bool where_ties = false;
    const std::optional<Bare> outer = scope_.bare;
    scope_.bare = Bare{*type_id, pattern.binding};
    if (pattern.where) {
      {
        NullGuard guard(scope_);
        checker_.condition(*pattern.where, "a `where` condition");
      }
      where_ties = pattern.where->type.is(TypeTag::kError) || tied(*pattern.where, pattern.binding, type);
      if (finds_fact(pattern.quantifier)) checker_.learn(*pattern.where, true);
    }
    if (pattern.satisfies) {
      NullGuard guard(scope_);
      if (pattern.where) checker_.learn(*pattern.where, true);
      checker_.condition(*pattern.satisfies, "what stands after `satisfies`");
    }
    scope_.bare = outer;
    if (!one) {
      if (pattern.where) checker_.own_clocks(*pattern.where, pattern.binding, "a `some`, `no` or `every` line");
      if (pattern.satisfies) checker_.own_clocks(*pattern.satisfies, pattern.binding, "a `some`, `no` or `every` line");
    }
    if (finds_fact(pattern.quantifier)) {
      for (const ast::Join& j : pattern.joins) {
        scope_.not_null.push_back(Place{RefKind::kField, pattern.binding, j.field});
        scope_.not_null.push_back(Place{RefKind::kField, j.other, j.other_field});
      }
    }
    if (named && !one) scope_.bindings.pop_back();

    if (one && !clashes && !is_first && !pattern.cross && pattern.same.empty() && !pattern.after && !where_ties &&
        !(type.has_key && type.key.empty()))
      forgotten_join(pattern, type);
    if (!pattern.hold) return;
    if (type.is_event() && pattern.quantifier != Quantifier::kNo && !context_.in_decision) {
      p_.report.error("E0513", pattern.hold->span, fmt::format("`{}` is an event, a moment: it cannot hold `for` a time", type.local),
                      fmt::format("count it: `check count({} … over {}) > 0`", type.local, p_.report.excerpt(pattern.hold->span)));
      return;
    }
    hold(pattern.hold, "the time after `for`");
  }

  // `n: each Type.field`: its values are the keys of matches.
  bool each(Pattern& pattern, const FactType& type) {
    const ast::Name& field = *pattern.each;
    if (context_.in_decision) {
      p_.report.later(field.span, "`each` in a decision", "a case answers for one match: `name: Type where …`");
      return false;
    }
    pattern.each_field = type.field_index(field.text);
    if (pattern.each_field == kNoId) {
      p_.report.misspelt("E0302", field.span, fmt::format("`{}` has no field `{}`", type.local, field.text), field.text,
                         field_names(type.fields, type.fields.size()));
      return false;
    }
    if (p_.uses != nullptr) p_.uses->field(field.span, type.fields, pattern.each_field);
    const Type& value = type.fields[pattern.each_field].type;
    if (may_key(value.without_null())) return true;
    p_.report.error("E0404", field.span, fmt::format("`each` goes by the values of `{}`, which is {}", field.text, a_type(value)),
                    "a match is known by a scalar: a field that could be a key");
    return false;
  }

  // `within D`, `within D after m`: what is remembered is a moment, and so is what it comes after.
  void within(Pattern& pattern, const FactType& type) {
    const ast::Span at = pattern.within->span;
    if (context_.in_decision) {
      p_.report.error("E0604", at, "`within` has no meaning in a decision",
                      "a decision looks at one moment; derive a fact with a rule and ask for it");
      return;
    }
    const std::string time = std::string(p_.report.excerpt(at));
    if (!constant_duration(p_, *scope_.file, *pattern.within, "the time after `within`")) return;
    if (!type.is_event()) {
      p_.report.error("E0514", at, fmt::format("`{}` is no event: only a moment is remembered `within` a time", type.local),
                      type.role == Role::kAction ? "an action is kept as it is: leave `within` out"
                                                 : "a fact lasts: leave `within` out, or write `for D` for a condition that must hold");
      return;
    }
    if (pattern.quantifier == Quantifier::kNo && !pattern.after) {
      p_.report.error("E0514", at, fmt::format("`no {} … within {}` would be true before anything is known", type.local, time),
                      fmt::format("silence is `no {} … for {}`", type.local, time));
      return;
    }
    if (!pattern.after) return;
    const Binding* other = other_pattern(*pattern.after);
    if (other == nullptr) return;
    const FactType& before = p_.schema.types[other->type];
    if (!before.is_event() && before.role != Role::kAction) {
      p_.report.error("E0514", pattern.after->span,
                      fmt::format("`{}` is the fact `{}`: it lasts, and has no moment to come after", other->name, before.local),
                      "come after an event or an action");
      return;
    }
    if (pattern.quantifier == Quantifier::kNo && !before.is_event()) {
      p_.report.error(
          "E0514", pattern.after->span,
          fmt::format("`{}` is the action `{}`: it stays, and with it the answer would have to", other->name, before.local),
          fmt::format("silence since it was done is `no {} … for {}`: that counts from when the action is there", type.local, time));
      return;
    }
    if (pattern.quantifier == Quantifier::kNo && pattern.hold) {
      p_.report.error(
          "E0514", pattern.hold->span,
          fmt::format("`no … within {} after {}` is decided once, {} after it: it does not hold `for` a time", time, other->name, time),
          "leave `for` out, or write a longer time after `within`");
      return;
    }
    pattern.after_binding = other->number;
  }

  void forgotten_join(const Pattern& pattern, const FactType& type) {
    if (pattern.each) {
      p_.report.error("E0501", pattern.type.span,
                      fmt::format("`{}: each {}.{}` is tied to nothing: every combination would match", pattern.name->text, type.local,
                                  pattern.each->text),
                      "bind it first, and what goes with it by `where`; if every combination is meant, write `cross`");
      return;
    }
    // What it is compared with may be all that was meant.
    if (pattern.name && pattern.where && reads_other(*pattern.where, pattern.binding)) {
      const std::string line = fmt::format("{}: {}", pattern.name->text, type.local);
      p_.report.error("E0501", pattern.type.span, fmt::format("`{}` is tied by no equality: each is compared with each", line),
                      fmt::format("if that is meant, write `cross {}`; else tie it with `same … as …` or an equality, too", line));
      return;
    }
    // Fields that a bound fact has, too, are what was most likely meant.
    std::string help = "tie it with `same … as …` or an equality in `where`; if every combination is meant, write `cross`";
    std::optional<Fix> fix;
    for (const Binding& b : scope_.bindings) {
      if (b.type == kNoId || b.number == pattern.binding) continue;
      const FactType& other = p_.schema.types[b.type];
      std::vector<std::string> fields;
      for (const std::uint32_t k : type.key) {
        const std::uint32_t o = other.field_index(type.fields[k].name);
        if (o != kNoId && other.fields[o].type == type.fields[k].type) fields.push_back(type.fields[k].name);
      }
      // The whole key of the same type would be the same fact.
      if (b.type == pattern.fact_type && fields.size() == type.key.size() && !fields.empty()) fields.pop_back();
      const std::string shared = fmt::format("{}", fmt::join(fields, ", "));
      if (shared.empty() || fix) continue;
      help = "if every combination is meant, write `cross`";
      fix = Fix{ast::Span{pattern.type.span.file, pattern.type.span.end, pattern.type.span.end},
                fmt::format(" same {} as {}", shared, b.name)};
    }
    p_.report.error(
        "E0501", pattern.type.span,
        fmt::format("`{}: {}` is tied to nothing: every combination would match", pattern.name ? pattern.name->text : "", type.local), help,
        std::move(fix));
  }

  Package& p_;
  Scope& scope_;
  LineContext& context_;
  ExprChecker checker_;
  std::vector<Open> open_;  // the outermost first
};

}  // namespace

void check_lines(Package& p, Scope& scope, LineContext& context, ast::Block& block) { LineChecker(p, scope, context).check(block); }

}  // namespace flyball::check
