// `n: Event … within D [after m]`: an event that is remembered. The event gets a type beside its own, whose facts live from
// its stamp for D; the line is a pattern of that type, and what stands after `after` is two comparisons of stamps. So joins,
// chains and tables need to know nothing about it. Types made here come after all others and are seen by nobody outside.
#include <algorithm>
#include <optional>

#include "engine/compile/plan_builder.h"

namespace flyball::engine {

namespace {

using ast::Expr;
using ast::ExprKind;

Expr stamp_of(std::uint32_t binding, std::uint32_t field, const std::string& name, ast::Span span) {
  Expr e;
  e.kind = ExprKind::kName;
  e.span = e.name_span = span;
  e.name = name;
  e.type = Type::of(TypeTag::kTimestamp);
  e.ref.kind = ast::RefKind::kField;
  e.ref.binding = binding;
  e.ref.field = field;
  return e;
}

Expr binary(ast::Op op, Expr left, Expr right, TypeTag type, ast::Span span) {
  Expr e;
  e.kind = ExprKind::kBinary;
  e.op = op;
  e.span = e.name_span = span;
  e.type = Type::of(type);
  e.args.push_back(std::move(left));
  e.args.push_back(std::move(right));
  return e;
}

void also(ast::OptionalExpr& where, Expr condition) {
  if (!where) {
    where = std::move(condition);
    return;
  }
  Expr both;
  both.kind = ExprKind::kAnd;
  both.span = condition.span;
  both.type = Type::of(TypeTag::kBool);
  both.args.push_back(std::move(*where));
  both.args.push_back(std::move(condition));
  where = std::move(both);
}

// `no T … within D after m`: decided at m's stamp + D.
bool is_silence(const ast::Pattern& p) { return p.quantifier == ast::Quantifier::kNo && p.after; }

Expr engine_now(ast::Span span) {
  Expr e;
  e.kind = ExprKind::kNow;
  e.span = e.name_span = span;
  e.type = Type::of(TypeTag::kTimestamp);
  return e;
}

bool has_within(const ast::RuleDecl& rule) {
  const auto in = [](const ast::Block& block) {
    return std::any_of(block.lines.begin(), block.lines.end(),
                       [](const ast::Line& l) { return l.kind == ast::LineKind::kPattern && l.pattern.within; });
  };
  return in(rule.when) || (rule.until && in(*rule.until));
}

// Whole facts of an event without a key are compared by their source and number, if both are remembered. False: one is not.
bool compare_by_number(Expr& e, FactTypeId event, const std::map<std::uint32_t, FactTypeId>& remembered) {
  const auto is_fact = [&](const Expr& x) { return x.ref.kind == ast::RefKind::kFact && x.type.fact_type == event; };
  if (e.kind == ExprKind::kBinary && is_fact(e.args[0]) && is_fact(e.args[1])) {
    const auto left = remembered.find(e.args[0].ref.binding);
    const auto right = remembered.find(e.args[1].ref.binding);
    if (left == remembered.end() && right == remembered.end()) return true;
    if (left == remembered.end() || right == remembered.end()) return false;
    for (Expr& side : e.args) side.type.fact_type = left->second;
    return true;
  }
  if (e.aggregate && e.aggregate->where) {
    Expr where = *e.aggregate->where;
    if (!compare_by_number(where, event, remembered)) return false;
  }
  return std::all_of(e.args.begin(), e.args.end(), [&](Expr& a) { return compare_by_number(a, event, remembered); });
}

}  // namespace

// The type of `event`'s facts that live for `ns`. `all`: also those that another of their key replaced.
FactTypeId PlanBuilder::remembered_type(FactTypeId event, DurationNs ns, bool all) {
  all = all && out_.rule_set.schema.types[event].has_key;
  for (const RememberedPlan& known : out_.remembered) {
    if (known.event == event && known.ns == ns && known.each == kNoId && known.all == all) return known.type;
  }
  const FactTypeId id = static_cast<FactTypeId>(out_.rule_set.schema.types.size());
  FactType type = out_.rule_set.schema.types[event];
  const std::string suffix = " within " + format_duration_human(ns) + (all ? ", all" : "");
  type.name += suffix;
  type.local += suffix;
  type.role = Role::kFact;
  type.ttl_ns = ns;
  type.lateness_ns = 0;
  type.late = LatePolicy::kApply;
  // Names that no author can write: the event may have fields called so, and a reload finds fields by their names.
  if (all) type.key.push_back(static_cast<std::uint32_t>(type.fields.size()));
  type.fields.push_back({"within.at", Type::of(TypeTag::kTimestamp), std::nullopt, ""});
  if (!type.has_key) {
    type.has_key = true;
    for (const std::uint32_t place : {0U, 1U}) type.key.push_back(static_cast<std::uint32_t>(type.fields.size()) + place);
    Type source = Type::of(TypeTag::kString);
    source.nullable = true;  // of an event without one
    type.fields.push_back({"within.source", std::move(source), std::nullopt, ""});
    type.fields.push_back({"within.number", Type::of(TypeTag::kUint), std::nullopt, ""});
  }
  type.declared_fields = type.fields.size();
  out_.rule_set.schema.types.push_back(std::move(type));
  out_.remembered.push_back({id, event, ns, kNoId, all});
  return id;
}

Result<void> PlanBuilder::expand_within() {
  std::vector<ast::RuleDecl>& rules = out_.rule_set.rules;
  if (std::none_of(rules.begin(), rules.end(), has_within)) return {};
  out_.keep_written();
  for (ast::RuleDecl& rule : rules) {
    if (!has_within(rule)) continue;
    if (Result<void> r = expand_within(rule); !r) return r;
  }
  out_.rule_set.schema.index();
  return {};
}

Result<void> PlanBuilder::expand_within(ast::RuleDecl& rule) {
  std::vector<ast::Pattern*> patterns;
  std::vector<Expr*> expressions;
  for (ast::Block* block : {&rule.when, rule.until ? &*rule.until : nullptr}) {
    if (block == nullptr) continue;
    for (ast::Line& line : block->lines) {
      if (line.kind == ast::LineKind::kPattern) {
        patterns.push_back(&line.pattern);
        if (line.pattern.where) expressions.push_back(&*line.pattern.where);
      } else {
        expressions.push_back(&line.expr);
      }
    }
  }
  for (std::vector<ast::Effect>* effects : {&rule.then, &rule.on_clear}) {
    for (ast::Effect& effect : *effects) {
      for (ast::RecordField& field : effect.record.fields) expressions.push_back(&field.value);
      if (effect.text) expressions.push_back(&*effect.text);
    }
  }
  for (Expr& e : rule.cooldown_per) expressions.push_back(&e);
  if (rule.approve) expressions.push_back(&*rule.approve);
  const Schema& schema = out_.rule_set.schema;
  std::map<std::uint32_t, DurationNs> windows;  // by binding
  for (const ast::Pattern* p : patterns) {
    if (p->within && !is_silence(*p)) windows[p->binding] = std::max(windows[p->binding], duration(p->within));
  }
  // What another line comes after is remembered for as long as that line looks, if it does not say how long itself.
  std::map<std::uint32_t, DurationNs> looked_for;
  for (const ast::Pattern* p : patterns) {
    if (!p->after || windows.contains(p->after_binding)) continue;
    if (!schema.types[rule.binding_types[p->after_binding]].is_event()) continue;
    const DurationNs needed = duration(p->within) + (is_silence(*p) ? 1 : 0);  // the instant m + D with it
    looked_for[p->after_binding] = std::max(looked_for[p->after_binding], needed);
  }
  windows.insert(looked_for.begin(), looked_for.end());
  // What has come is known for as long as the question is asked.
  for (const ast::Pattern* p : patterns) {
    if (is_silence(*p)) windows[p->binding] = windows.at(p->after_binding);
  }
  std::map<FactTypeId, std::map<std::uint32_t, FactTypeId>> remembered;  // by event, by binding
  const std::vector<FactTypeId> before = rule.binding_types;
  for (ast::Pattern* p : patterns) {
    const auto window = windows.find(p->binding);
    if (window == windows.end()) continue;
    const FactTypeId event = before[p->binding];
    // One that came in time came, whatever came after it.
    const FactTypeId type = remembered_type(event, window->second, is_silence(*p));
    if (schema.types[type].fields.size() > kMaxFields) {
      return fail("`" + schema.types[event].local + "` has too many fields to be remembered `within` a time",
                  "at most " + std::to_string(kMaxFields - 3));
    }
    p->fact_type = type;
    rule.binding_types[p->binding] = type;
    remembered[event][p->binding] = type;
  }
  for (const auto& [event, bindings] : remembered) {
    if (schema.types[event].has_key) continue;
    for (Expr* e : expressions) {
      if (compare_by_number(*e, event, bindings)) continue;
      return fail("`" + rule.qualified + "` compares an event `" + schema.types[event].local + "` that is remembered with one that is not",
                  "give the event a key, or compare fields");
    }
  }
  // `at` of an action, and of a remembered event: behind the fields of its own.
  const auto stamp_place = [&](std::uint32_t binding) {
    const FactType& type = schema.types[before[binding]];
    return type.role == Role::kAction ? type.action_field(ActionField::kAt) : static_cast<std::uint32_t>(type.fields.size());
  };
  for (ast::Pattern* p : patterns) {
    if (!p->after) continue;
    const ast::Span span{p->within->span.file, p->within->span.begin, p->after->span.end};
    const auto own = [&] { return stamp_of(p->binding, stamp_place(p->binding), "at", span); };
    const auto other = [&] { return stamp_of(p->after_binding, stamp_place(p->after_binding), p->after->text + ".at", span); };
    also(p->where, binary(ast::Op::kGreaterEqual, own(), other(), TypeTag::kBool, span));
    if (is_silence(*p)) {
      // What must be true beside, whatever has come: a comparison of its own with `now`.
      Expr over = binary(ast::Op::kGreaterEqual, engine_now(span), binary(ast::Op::kAdd, other(), *p->within, TypeTag::kTimestamp, span),
                         TypeTag::kBool, span);
      over.clock = rule.binding_count++;
      rule.binding_types.push_back(kNoId);
      p->satisfies = std::move(over);
    }
    also(p->where,
         binary(ast::Op::kLess, own(), binary(ast::Op::kAdd, other(), *p->within, TypeTag::kTimestamp, span), TypeTag::kBool, span));
  }
  return {};
}

}  // namespace flyball::engine
