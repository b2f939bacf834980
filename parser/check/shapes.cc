// Second pass: the Schema. Fact types with their fields, keys and options; params; inputs and outputs of decisions. See passes.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/compare.h"
#include "model/fact.h"
#include "model/one_zero.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

namespace {

constexpr const char* kActionFields[kActionFieldCount] = {"id", "state", "at", "tries", "result", "rule"};

std::vector<Field> make_fields(Package& p, std::size_t file, std::vector<ast::FieldDecl>& declared) {
  std::vector<Field> fields;
  for (ast::FieldDecl& d : declared) {
    Field f;
    f.name = d.name.text;
    f.type = resolve_type(p, d.type);
    f.doc = d.doc;
    if (d.default_value)
      f.default_value = constant(p, p.scopes[file], *d.default_value, f.type, fmt::format("the default of `{}`", f.name));
    if (f.default_value && f.default_value->is(Kind::kDouble)) f.default_value = Value::real(one_zero(f.default_value->as_double()));
    fields.push_back(std::move(f));
  }
  return fields;
}

void add_action_fields(FactType& type) {
  const auto add = [&](ActionField f, Type t) {
    type.fields.push_back(Field{kActionFields[static_cast<std::size_t>(f)], std::move(t), std::nullopt, {}});
  };
  add(ActionField::kId, Type::of(TypeTag::kString));
  Type state = Type::of(TypeTag::kEnum);
  for (auto s = static_cast<int>(ActionState::kProposed); s <= static_cast<int>(ActionState::kRejected); ++s) {
    state.members.emplace_back(to_string(static_cast<ActionState>(s)));
  }
  add(ActionField::kState, std::move(state));
  add(ActionField::kAt, Type::of(TypeTag::kTimestamp));
  add(ActionField::kTries, Type::of(TypeTag::kInt));
  Type result = Type::of(TypeTag::kRecord);
  result.nullable = true;
  for (const Field& f : type.result_fields) {
    result.members.push_back(f.name);
    result.args.push_back(f.type);
  }
  add(ActionField::kResult, std::move(result));
  add(ActionField::kRule, Type::of(TypeTag::kString));
}

void make_key(Package& p, const ast::TypeDecl& decl, FactType& type) {
  type.has_key = decl.has_key;
  for (const ast::Name& name : decl.key) {
    const std::uint32_t index = type.field_index(name.text);
    if (index == kNoId) {
      p.report.misspelt("E0403", name.span, fmt::format("the key names `{}`, which is no field of `{}`", name.text, type.local), name.text,
                        field_names(type.fields, type.fields.size()));
      continue;
    }
    if (std::find(type.key.begin(), type.key.end(), index) != type.key.end()) {
      p.report.error("E0403", name.span, fmt::format("the key names `{}` twice", name.text));
      continue;
    }
    const Type& t = type.fields[index].type;
    if (t.nullable) {
      p.report.error("E0404", name.span, fmt::format("the key field `{}` may be null", name.text),
                     "a key is always known: drop the `?` of its type");
    } else if (!t.is(TypeTag::kError) && !may_key(t)) {
      p.report.error("E0404", name.span, fmt::format("the key field `{}` is {}, which cannot be a key", name.text, a_type(t)));
    }
    type.key.push_back(index);
  }
  const bool state = type.role == Role::kFact || type.role == Role::kMutable;
  if (!decl.has_key && state) {
    for (std::uint32_t i = 0; i < type.fields.size(); ++i) type.key.push_back(i);
    type.has_key = true;
  }
}

void make_options(Package& p, std::size_t file, ast::TypeDecl& decl, FactType& type) {
  const FileScope& scope = p.scopes[file];
  if (decl.ttl) type.ttl_ns = constant_duration(p, scope, *decl.ttl, "`ttl`");
  if (decl.lateness) type.lateness_ns = constant_duration(p, scope, *decl.lateness, "`lateness`", true).value_or(0);
  if (decl.late) {
    const std::string& word = decl.late->text;
    if (word == "drop") {
      type.late = LatePolicy::kDrop;
    } else if (word == "divert") {
      type.late = LatePolicy::kDivert;
    }
  }
  if (decl.tries) type.tries = static_cast<std::uint32_t>(constant_count(p, scope, *decl.tries, "`tries`", 1).value_or(1));
  if (decl.try_every) type.try_every_ns = constant_duration(p, scope, *decl.try_every, "`every`").value_or(0);
  if (decl.timeout) type.timeout_ns = constant_duration(p, scope, *decl.timeout, "`timeout`");
  if (decl.rate_count) {
    if (const auto n = constant_count(p, scope, *decl.rate_count, "`rate`", 1)) type.rate_count = static_cast<std::uint32_t>(*n);
  }
  if (decl.rate_per) type.rate_per_ns = constant_duration(p, scope, *decl.rate_per, "the time of `rate`").value_or(0);
  type.rate_else_refuse = decl.rate_else_refuse;
  if (decl.retain) type.retain_ns = constant_duration(p, scope, *decl.retain, "`retain`");
}

void make_type(Package& p, std::size_t file, ast::TypeDecl& decl) {
  FactType type;
  type.module = p.scopes[file].module;
  type.local = decl.name.text;
  type.name = p.qualified(file, type.local);
  type.doc = decl.doc;
  type.role = decl.role;
  type.fields = make_fields(p, file, decl.fields);
  const std::size_t limit = decl.role == Role::kAction ? kMaxFields - kActionFieldCount : kMaxFields;
  if (type.fields.size() > limit) {
    p.report.error("E0406", decl.name.span, fmt::format("`{}` has {} fields; {} is the limit", type.local, type.fields.size(), limit),
                   "split it, or put what belongs together into a map");
    type.fields.resize(limit);
  }
  type.declared_fields = type.fields.size();
  if (decl.role == Role::kAction) {
    for (const ast::FieldDecl& d : decl.fields) {
      if (std::find(std::begin(kActionFields), std::end(kActionFields), d.name.text) == std::end(kActionFields)) continue;
      // A name finds the author's field; the engine knows its own by number.
      p.report.warning("W0810", d.name.span, fmt::format("`{}` hides the field that every action has under this name", d.name.text),
                       "choose another name");
    }
    type.result_fields = make_fields(p, file, decl.result_fields);
  }
  make_key(p, decl, type);
  if (decl.role == Role::kAction) add_action_fields(type);
  make_options(p, file, decl, type);
  p.schema.types.push_back(std::move(type));
}

void make_param(Package& p, std::size_t file, ast::ParamDecl& decl) {
  Param param;
  param.local = decl.name.text;
  param.name = p.qualified(file, param.local);
  param.doc = decl.doc;
  param.type = resolve_type(p, decl.type);
  const FileScope& scope = p.scopes[file];
  std::optional<Value> value;
  if (decl.value) {
    value = constant(p, scope, *decl.value, param.type, fmt::format("`{}`", param.local));
  }
  if (value) param.default_value = *value;
  if ((decl.minimum || decl.maximum) && !is_open(param.type) && !is_ordered(param.type)) {
    p.report.error("E0204", decl.minimum ? decl.minimum->span : decl.maximum->span,
                   fmt::format("{} has no order, so it has no range", a_type(param.type)));
    decl.minimum.reset();
    decl.maximum.reset();
  }
  if (decl.minimum) param.minimum = constant(p, scope, *decl.minimum, param.type, fmt::format("the least `{}`", param.local));
  if (decl.maximum) param.maximum = constant(p, scope, *decl.maximum, param.type, fmt::format("the largest `{}`", param.local));
  const auto less = [&](const Value& a, const Value& b) { return compare_total(a, b, p.interner) < 0; };
  if (param.minimum && param.maximum && less(*param.maximum, *param.minimum)) {
    p.report.error("E0414", decl.minimum->span, "this range holds nothing: its first end is above its last", "swap the ends");
  } else if (value && ((param.minimum && less(*value, *param.minimum)) || (param.maximum && less(*param.maximum, *value)))) {
    p.report.error("E0409", decl.value->span,
                   fmt::format("`{}` is outside the range of `{}`", p.report.excerpt(decl.value->span), param.local));
  }
  p.schema.params.push_back(std::move(param));
}

void make_decision(Package& p, std::size_t file, ast::DecisionDecl& decl) {
  DecisionType type;
  type.local = decl.name.text;
  type.name = decl.qualified;
  type.doc = decl.doc;
  type.input = make_fields(p, file, decl.input);
  type.output = make_fields(p, file, decl.output);
  if (decl.table) {
    const ast::HitPolicy policy = decl.table->policy;
    type.list = policy == ast::HitPolicy::kCollect || policy == ast::HitPolicy::kRuleOrder || policy == ast::HitPolicy::kOutputOrder;
  }
  for (const auto* fields : {&decl.input, &decl.output}) {
    if (fields->size() > kMaxFields) {
      p.report.error("E0406", decl.name.span, fmt::format("`{}` has {} fields; {} is the limit", type.local, fields->size(), kMaxFields));
    }
  }
  p.schema.decisions.push_back(std::move(type));
}

}  // namespace

void build_schema(Package& p) {
  for (std::size_t i = 0; i < p.files.size(); ++i) {
    for (ast::TypeDecl& t : p.files[i].types) make_type(p, i, t);
    for (ast::ParamDecl& d : p.files[i].params) make_param(p, i, d);
    for (const ast::CalendarDecl& d : p.files[i].calendars) make_calendar(p, i, d);
    for (ast::DecisionDecl& d : p.files[i].decisions) make_decision(p, i, d);
  }
  p.schema.index();
}

void check_lets(Package& p) {
  for (std::size_t i = 0; i < p.lets.size(); ++i) prepare_let(p, static_cast<std::uint32_t>(i));
}

}  // namespace flyball::check
