// One rule: options, lines, effects, and the numbers by which the engine knows its facts. See passes.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "parser/ast/rule_form.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"
#include "parser/grammar/slips.h"

namespace flyball::check {

using ast::Effect;
using ast::EffectKind;
using ast::LineKind;
using ast::Quantifier;
using ast::RuleDecl;

namespace {

// Names that branches have in common have one number, so some numbers may mean nothing.
std::uint32_t count_patterns(const ast::Block& block) {
  return static_cast<std::uint32_t>(
      std::count_if(block.lines.begin(), block.lines.end(), [](const ast::Line& l) { return l.kind == LineKind::kPattern; }));
}

// The levels of alarms, written as a priority.
bool is_level(const ast::Expr& e) {
  static constexpr std::array<std::string_view, 14> kLevels{"high",   "low",   "medium", "normal", "critical", "highest",   "lowest",
                                                            "urgent", "major", "minor",  "info",   "warning",  "emergency", "default"};
  return e.kind == ast::ExprKind::kName && std::find(kLevels.begin(), kLevels.end(), e.name) != kLevels.end();
}

void check_options(Package& p, const FileScope& file, RuleDecl& rule) {
  if (rule.priority && is_level(*rule.priority)) {
    p.report.error("E0407", rule.priority->span, fmt::format("`priority` is a number, not `{}`", rule.priority->name),
                   "the higher goes first; without one it is 0: `priority 10`");
  } else if (rule.priority) {
    if (const std::optional<Value> v = constant(p, file, *rule.priority, Type::of(TypeTag::kInt), "`priority`"))
      rule.priority_value = v->as_int();
  }
  if (rule.mode) {
    const std::string& word = rule.mode->text;
    if (word == "shadow") {
      rule.mode_value = ast::Mode::kShadow;
    } else if (word == "off") {
      rule.mode_value = ast::Mode::kOff;
    }
  }
  if (rule.cooldown) constant_duration(p, file, *rule.cooldown, "`cooldown`");
  if (rule.repeat) constant_duration(p, file, *rule.repeat, "`repeat`");
  if (rule.keep) {
    constant_duration(p, file, *rule.keep, "`keep`");
    if (rule.until) {
      p.report.error("E0512", rule.keep->span, "`keep` and `until` both say when the rule stops being active",
                     "keep the one you mean; inside `until`, `for D` waits");
    }
  }
  check_during(p, file, rule);
  if (rule.late_skip) constant_duration(p, file, *rule.late_skip, "`late skip`", true);
}

const char* effect_word(EffectKind kind) {
  switch (kind) {
    case EffectKind::kDo: return "do";
    case EffectKind::kDerive: return "derive";
    case EffectKind::kAssert: return "assert";
    case EffectKind::kSet: return "set";
    case EffectKind::kRetract: return "retract";
    case EffectKind::kLog: return "log";
  }
  return "";
}

const char* role_word(Role role) {
  switch (role) {
    case Role::kFact:
    case Role::kDerived: return "a fact";
    case Role::kEvent: return "an event";
    case Role::kMutable: return "a mutable fact";
    case Role::kAction: return "an action";
  }
  return "";
}

// What each effect may be applied to, and what to write instead.
bool right_kind(Package& p, const Effect& effect, const FactType& type, ast::Span at) {
  const Role role = type.role;
  const bool fact = role == Role::kFact || role == Role::kDerived;
  bool good = true;
  std::string help;
  switch (effect.kind) {
    case EffectKind::kDo:
      good = role == Role::kAction;
      help = role == Role::kDerived ? "a fact is derived: `derive`"
             : fact                 ? fmt::format(
                          "what rules do is declared `action {}`; what holds as long as its reasons is a fact that only rules "
                                          "`derive`",
                          type.local)
             : role == Role::kMutable ? "a mutable fact is asserted: `assert`"
                                      : "events come from outside";
      break;
    case EffectKind::kDerive:
      good = fact;
      help = role == Role::kAction    ? "an action is done: `do`"
             : role == Role::kMutable ? "a mutable fact is asserted: `assert`"
                                      : "events come from outside";
      break;
    default:
      good = role == Role::kMutable;
      help = role == Role::kAction ? "an action is done: `do`"
             : fact ? fmt::format("rules change only facts declared `mutable fact {}`; others are derived: `derive`", type.local)
                    : "events come from outside";
      break;
  }
  if (good) return true;
  std::optional<Fix> fix;
  const char* word = effect.kind == EffectKind::kSet || effect.kind == EffectKind::kRetract ? nullptr
                     : role == Role::kAction                                                ? "do"
                     : role == Role::kDerived && effect.kind == EffectKind::kDo             ? "derive"
                     : role == Role::kMutable                                               ? "assert"
                                                                                            : nullptr;
  const std::string_view written = p.report.text(effect.span);
  if (word != nullptr && written.starts_with(effect_word(effect.kind))) {
    const auto length = static_cast<std::uint32_t>(std::string_view(effect_word(effect.kind)).size());
    fix = Fix{ast::Span{effect.span.file, effect.span.begin, effect.span.begin + length}, word};
  }
  p.report.error("E0504", at, fmt::format("`{}` does not take {}: `{}`", effect_word(effect.kind), role_word(role), type.local), help,
                 std::move(fix));
  return false;
}

void check_target(Package& p, const Scope& scope, Effect& effect) {
  const Binding* bound = nullptr;
  std::vector<std::string> names;
  for (const Binding& b : scope.bindings) {
    names.push_back(b.name);
    if (b.name == effect.target.text) bound = &b;
  }
  if (bound == nullptr) {
    p.report.misspelt("E0301", effect.target.span, fmt::format("no fact is bound to `{}`", effect.target.text), effect.target.text, names);
    return;
  }
  if (bound->type == kNoId) return;
  if (bound->each != kNoId) {
    p.report.error("E0504", effect.target.span, fmt::format("`{}` is a value, not a fact", bound->name), "bind the facts: `name: Type …`");
    return;
  }
  if (p.uses != nullptr) p.uses->bound(Meaning::kBinding, effect.target.span, bound->at, bound->type, bound->name);
  effect.binding = bound->number;
  effect.record.fact_type = bound->type;
  const FactType& type = p.schema.types[bound->type];
  if (!right_kind(p, effect, type, effect.target.span) || effect.kind != EffectKind::kSet) return;
  if (effect.record.fields.empty())
    p.report.error("E0505", effect.target.span, "this `set` sets nothing", "name the fields: `set name { field: value }`");
  for (const ast::RecordField& f : effect.record.fields) {
    const std::uint32_t index = type.field_index(f.name.text);
    if (index == kNoId || !type.is_key_field(index)) continue;
    p.report.error("E0509", f.name.span, fmt::format("`{}` is part of the key of `{}` and cannot be set", f.name.text, type.local),
                   "retract the fact and assert another one");
  }
}

void check_effects(Package& p, Scope& scope, std::vector<Effect>& effects, bool clearing) {
  for (Effect& effect : effects) {
    if (effect.kind == EffectKind::kLog) {
      ExprChecker checker(p, scope);
      if (!effect.text) continue;
      checker.check(*effect.text);
      if (effect.text->type.is(TypeTag::kFact))
        p.report.error("E0202", effect.text->span, "`log` writes a value, not a whole fact", "name its fields in an f-string");
      continue;
    }
    if (effect.kind == EffectKind::kSet || effect.kind == EffectKind::kRetract) {
      check_target(p, scope, effect);
      if (effect.kind == EffectKind::kSet && effect.record.fact_type != kNoId) {
        const FactType& type = p.schema.types[effect.record.fact_type];
        check_record(p, scope, effect.record, type.fields, type.declared_fields, "`" + type.local + "`", Completeness::kPartial);
      }
      continue;
    }
    const std::optional<FactTypeId> id = find_fact_type(p, *scope.file, effect.record.type);
    if (!id) continue;
    effect.record.fact_type = *id;
    const FactType& type = p.schema.types[*id];
    if (!right_kind(p, effect, type, effect.record.type.span)) continue;
    if (effect.kind == EffectKind::kDerive && clearing) {
      p.report.error("E0504", effect.record.type.span, "`derive` has no reason in `on clear`: the rule is over",
                     "a fact derived in `then` goes by itself");
      continue;
    }
    scope.now = effect.kind == EffectKind::kDerive ? NowUse::kDerived : NowUse::kAnywhere;
    check_record(p, scope, effect.record, type.fields, type.declared_fields, "`" + type.local + "`", Completeness::kComplete);
    scope.now = NowUse::kAnywhere;
  }
}

// A person is asked before what `then` does is sent; what else it does needs no sending.
void check_approval(Package& p, Scope& scope, RuleDecl& rule) {
  {
    NullGuard guard(scope);
    ExprChecker(p, scope).condition(*rule.approve, "the condition of `approve when`");
  }
  const auto is_do = [](const Effect& e) { return e.kind == EffectKind::kDo; };
  if (rule.then.empty() || std::any_of(rule.then.begin(), rule.then.end(), is_do)) return;
  const bool clearing = std::any_of(rule.on_clear.begin(), rule.on_clear.end(), is_do);
  p.report.error("E0516", rule.approve->span, fmt::format("`then` of `{}` does no action: there is nothing to approve", rule.name.text),
                 clearing ? "`on clear` is never held back: leave `approve when` out, or let `then` do what must be asked for"
                          : "`approve when` holds back what `do` sends: leave it out, or make what must be asked for an action");
}

}  // namespace

void check_rule(Package& p, std::size_t file_index, RuleDecl& rule) {
  const FileScope& file = p.scopes[file_index];
  check_options(p, file, rule);

  std::vector<FactTypeId> patterns;
  std::vector<FactTypeId> aggregated;
  Scope scope;
  scope.file = &file;
  scope.now = NowUse::kCondition;
  scope.aggregates = true;
  scope.aggregated = &aggregated;
  // INVARIANT: patterns of `when`, then those of `until`, then aggregates in the order they are met.
  scope.first_aggregate = count_patterns(rule.when) + (rule.until ? count_patterns(*rule.until) : 0);
  LineContext context{patterns, rule.let_count};

  check_lines(p, scope, context, rule.when);
  for (const ast::Line& line : rule.when.lines) {
    if (line.kind != LineKind::kPattern || line.pattern.quantifier != Quantifier::kOne || line.pattern.local) continue;
    if (std::find(rule.identity.begin(), rule.identity.end(), line.pattern.binding) == rule.identity.end())
      rule.identity.push_back(line.pattern.binding);
  }

  const std::size_t bindings = scope.bindings.size();
  const std::size_t lets = scope.lets.size();
  const std::vector<Place> known = scope.not_null;
  if (rule.until) {
    // Facts may have changed since the match, so nothing is known of nulls.
    scope.not_null.clear();
    context.in_until = true;
    check_lines(p, scope, context, *rule.until);
    check_until_waits(p, *rule.until);
    for (std::size_t i = bindings; i < scope.bindings.size(); ++i) scope.hidden.push_back(scope.bindings[i].name);
    for (std::size_t i = lets; i < scope.lets.size(); ++i) scope.hidden.push_back(scope.lets[i].name);
    scope.hidden_why = "it is bound in `until`";
    scope.bindings.resize(bindings);
    scope.lets.resize(lets);
  }

  scope.now = NowUse::kAnywhere;
  scope.not_null = known;
  check_effects(p, scope, rule.then, false);
  if (rule.approve) check_approval(p, scope, rule);
  scope.not_null.clear();
  check_effects(p, scope, rule.on_clear, true);

  find_each_windows(p, rule);
  check_silences(p, rule);
  scope.now = NowUse::kNever;
  ExprChecker checker(p, scope);
  for (ast::Expr& e : rule.cooldown_per) {
    checker.check(e);
    if (!is_open(e.type) && !may_key(e.type.without_null())) {
      p.report.error("E0202", e.span, fmt::format("`cooldown … per` groups by values; this is {}", a_type(e.type, &p.schema)),
                     e.type.is(TypeTag::kFact) ? "name the fields of its key" : "");
    }
  }

  if (ast::is_production(rule)) check_production(p, rule);
  patterns.resize(scope.first_aggregate, kNoId);
  rule.binding_types = std::move(patterns);
  rule.binding_types.insert(rule.binding_types.end(), aggregated.begin(), aggregated.end());
  rule.binding_count = static_cast<std::uint32_t>(rule.binding_types.size());
}

}  // namespace flyball::check
