// `n: each Type.field`: a fact for each value. They are derived by a rule that the compiler writes, `x: Type` derives the value of
// its field: so they come and go with their reasons, and a value is there once however many facts have it. Types and rules
// made here come after all others and are seen by nobody outside. An event's values are remembered like events `within` a time, but by
// the value: the newest event that has it says how long it is there.
#include <algorithm>

#include "engine/compile/plan_builder.h"

namespace flyball::engine {

namespace {

using ast::Expr;
using ast::ExprKind;

Expr field_of(std::uint32_t field, const Type& type) {
  Expr e;
  e.kind = ExprKind::kName;
  e.name = "x";
  e.ref.kind = ast::RefKind::kField;
  e.ref.field = field;
  e.type = type;
  return e;
}

Expr is_not_null(Expr value) {
  Expr null;
  null.kind = ExprKind::kLiteral;
  null.literal = Value::null();
  null.type = Type::of(TypeTag::kNull);
  Expr e;
  e.kind = ExprKind::kBinary;
  e.op = ast::Op::kNotEqual;
  e.type = Type::of(TypeTag::kBool);
  e.args.push_back(std::move(value));
  e.args.push_back(std::move(null));
  return e;
}

FactType values_of(const FactType& from, std::uint32_t field) {
  FactType type;
  type.name = "each " + from.name + "." + from.fields[field].name;
  type.module = from.module;
  type.local = "each " + from.local + "." + from.fields[field].name;
  type.role = Role::kDerived;
  type.fields.assign(from.fields.begin(), from.fields.begin() + field + 1);
  for (Field& f : type.fields) {
    f.type.nullable = true;
    f.default_value.reset();
  }
  type.key = {field};
  type.has_key = true;
  type.declared_fields = type.fields.size();
  return type;
}

}  // namespace

// The type whose facts are the values; with the fields of Type up to that one, so that it has the same place in both.
FactTypeId PlanBuilder::each_type(FactTypeId of, std::uint32_t field) {
  for (const EachPlan& known : out_.each) {
    if (known.of == of && known.field == field) return known.type;
  }
  const FactTypeId id = static_cast<FactTypeId>(out_.rule_set.schema.types.size());
  const FactType& from = out_.rule_set.schema.types[of];
  FactType type = values_of(from, field);
  const std::string name = type.name;

  ast::RuleDecl rule;
  rule.name.text = rule.qualified = name;
  rule.binding_count = 1;
  rule.identity = {0};
  rule.binding_types = {of};
  ast::Line line;
  line.pattern.name = ast::Name{"x", {}};
  line.pattern.fact_type = of;
  const Expr value = field_of(field, from.fields[field].type);
  line.pattern.where = is_not_null(value);  // an aggregate may have left null where the type knows none
  rule.when.lines.push_back(std::move(line));
  ast::Effect effect;
  effect.kind = ast::EffectKind::kDerive;
  effect.record.fact_type = id;
  effect.record.fields.push_back({ast::Name{from.fields[field].name, {}}, value, field});
  rule.then.push_back(std::move(effect));

  out_.rule_set.schema.types.push_back(std::move(type));
  out_.rule_set.rules.push_back(std::move(rule));
  out_.each.push_back({id, of, field});
  return id;
}

FactTypeId PlanBuilder::each_event_type(FactTypeId event, std::uint32_t field, DurationNs ns) {
  for (const RememberedPlan& known : out_.remembered) {
    if (known.event == event && known.ns == ns && known.each == field) return known.type;
  }
  const FactTypeId id = static_cast<FactTypeId>(out_.rule_set.schema.types.size());
  FactType type = values_of(out_.rule_set.schema.types[event], field);
  type.name += " within " + format_duration_human(ns);
  type.role = Role::kFact;
  type.ttl_ns = ns;
  out_.rule_set.schema.types.push_back(std::move(type));
  out_.remembered.push_back({id, event, ns, field});
  return id;
}

void PlanBuilder::expand_each() {
  const std::size_t written = out_.rule_set.rules.size();
  bool any = false;
  for (std::size_t r = 0; r < written; ++r) {
    for (const bool until : {false, true}) {
      const ast::RuleDecl& rule = out_.rule_set.rules[r];
      if (until && !rule.until) continue;
      const std::size_t count = (until ? *rule.until : rule.when).lines.size();
      for (std::size_t i = 0; i < count; ++i) {
        // Each type is a rule more: nothing is kept across that.
        const auto pattern = [&]() -> ast::Pattern& {
          ast::RuleDecl& now = out_.rule_set.rules[r];
          return (until ? *now.until : now.when).lines[i].pattern;
        };
        if (!pattern().each) continue;
        out_.keep_written();
        any = true;
        const bool of_event = out_.rule_set.schema.types[pattern().fact_type].is_event();
        const FactTypeId type = of_event ? each_event_type(pattern().fact_type, pattern().each_field, pattern().each_window_ns)
                                         : each_type(pattern().fact_type, pattern().each_field);
        pattern().fact_type = type;
        out_.rule_set.rules[r].binding_types[pattern().binding] = type;
      }
    }
  }
  if (any) out_.rule_set.schema.index();
}

}  // namespace flyball::engine
