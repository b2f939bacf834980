// Aggregates over facts or samples, by the table of model/aggregates.h. See expressions.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/text.h"
#include "parser/ast/words.h"
#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Aggregate;
using ast::AggregateFn;
using ast::Expr;
using ast::ExprKind;

namespace {

std::string_view word(AggregateFn fn) { return info_of(fn).word; }

// What `1/8` is meant to be.
std::optional<double> quotient(const Expr& e) {
  if (e.kind != ExprKind::kBinary || e.op != ast::Op::kDivide) return std::nullopt;
  const auto is_int = [](const Expr& x) { return x.kind == ExprKind::kLiteral && x.literal.is(Kind::kInt); };
  if (!is_int(e.args[0]) || !is_int(e.args[1]) || e.args[1].literal.as_int() == 0) return std::nullopt;
  return static_cast<double>(e.args[0].literal.as_int()) / static_cast<double>(e.args[1].literal.as_int());
}

// A fact as a value.
Type record_of(const FactType& type) {
  Type out = Type::of(TypeTag::kRecord);
  for (const Field& f : type.fields) {
    out.members.push_back(f.name);
    out.args.push_back(f.type);
  }
  return out;
}

}  // namespace

// The number before the type: how many `topk` gives, a weight of `ewma`.
bool ExprChecker::number(Aggregate& agg) {
  if (!agg.k && info_of(agg.fn).number != AggregateNumber::kHowMany) return true;
  if (!agg.k) {
    p_.report.error("E0216", agg.type_name.span, fmt::format("`{}` needs a number: how many", word(agg.fn)),
                    fmt::format("`{}(3, {} by …)`", word(agg.fn), agg.type_name.text),
                    Fix{ast::Span{agg.type_name.span.file, agg.type_name.span.begin, agg.type_name.span.begin}, "3, "});
    return false;
  }
  if (info_of(agg.fn).number == AggregateNumber::kNone) {
    p_.report.error("E0216", agg.k->span, fmt::format("`{}` takes no number", word(agg.fn)));
    return false;
  }
  if (info_of(agg.fn).number == AggregateNumber::kHowMany) {
    return constant_count(p_, *scope_.file, *agg.k, "how many", 1, kTopMax).has_value();
  }
  const auto weighs = [](double w) { return w > 0 && w <= 1; };
  const std::optional<double> meant = quotient(*agg.k);
  if (meant && weighs(*meant)) {
    const std::string written = to_source(Value::real(*meant), p_.interner);
    p_.report.error("E0216", agg.k->span,
                    fmt::format("`{}` divides whole numbers, which leaves a whole number", p_.report.excerpt(agg.k->span)),
                    fmt::format("write the weight out: `{}`", written), Fix{agg.k->span, written});
    return false;
  }
  if (!meant) {
    const std::optional<Value> given = constant(p_, *scope_.file, *agg.k, Type::of(TypeTag::kDouble), "the weight of an aggregate");
    if (!given) return false;
    if (weighs(given->as_double())) return true;
  }
  p_.report.error("E0216", agg.k->span, "the weight of a new sample is more than 0 and at most 1",
                  "1 is the newest sample alone, 0.1 changes slowly");
  return false;
}

void ExprChecker::check_aggregate(Expr& e) {
  e.type = Type::of(TypeTag::kError);
  if (!e.aggregate) return;
  auto agg = std::make_shared<Aggregate>(*e.aggregate);
  if (!scope_.aggregates || scope_.aggregated == nullptr) {
    const bool nested = in_aggregate_;
    p_.report.error("E0218", e.span,
                    fmt::format("`{}` reads facts, which cannot be read {}", word(agg->fn), nested ? "in another aggregate" : "here"),
                    nested ? "give it a name on a line of its own: `let x = …`" : "it stands in rules and in cases of decisions");
    return;
  }
  if (!number(*agg)) return;
  const std::optional<FactTypeId> type = find_fact_type(p_, *scope_.file, agg->type_name);
  if (!type) return;
  agg->fact_type = *type;
  agg->binding = scope_.first_aggregate + static_cast<std::uint32_t>(scope_.aggregated->size());
  scope_.aggregated->push_back(*type);
  const std::string local = p_.schema.types[*type].local;
  const AggregateInfo& info = info_of(agg->fn);

  // Inside, bare names are the aggregated type's fields; an aggregate in an aggregate would read itself.
  const std::optional<Bare> outer_bare = scope_.bare;
  const NowUse outer_now = scope_.now;
  scope_.bare = Bare{*type, agg->binding};
  scope_.now = outer_now == NowUse::kNever ? NowUse::kNever : NowUse::kCondition;  // its answer changes by itself in effects, too
  scope_.aggregates = false;
  in_aggregate_ = true;
  if (agg->value) {
    Expr& value = *agg->value;
    const std::uint32_t field = value.kind == ExprKind::kName ? p_.schema.types[*type].field_index(value.name) : kNoId;
    if (field != kNoId) {
      // `Type.field` and `by field` can only mean the field, whatever else is called so.
      if (p_.uses != nullptr) p_.uses->field(value.span, p_.schema.types[*type].fields, field);
      value.ref = ast::Ref{ast::RefKind::kField, agg->binding, field, 0};
      value.type = p_.schema.types[*type].fields[field].type;
    } else if (value.kind == ExprKind::kName && !head_is_local(value.name) &&
               p_.names.find(SymbolKind::kValue, value.name, *scope_.file).none()) {
      p_.report.misspelt("E0302", value.span, fmt::format("`{}` has no field `{}`", local, value.name), value.name,
                         field_names(p_.schema.types[*type].fields, p_.schema.types[*type].fields.size()));
      value.type = Type::of(TypeTag::kError);
    } else {
      check(value);
    }
  }
  if (agg->where) condition(*agg->where, "`where` of an aggregate");
  if (agg->where && (agg->over || agg->over_last || info.of_samples)) {
    visit(*agg->where, [&](const Expr& x) {
      if (x.clock == ast::kNoClock) return;
      p_.report.error("E0213", x.span, "`now` is not asked of samples: they are what was put, when it was put",
                      "how old they may be, the window says: `over 60s`");
    });
  } else if (agg->where) {
    own_clocks(*agg->where, agg->binding, "an aggregate");
    visit(*agg->where, [&](const Expr& x) {
      bool own = false;
      if (x.clock == ast::kNoClock) return;
      visit(x, [&](const Expr& y) { own = own || (y.ref.kind == ast::RefKind::kField && y.ref.binding == agg->binding); });
      if (own) return;
      p_.report.error("E0213", x.span, fmt::format("in an aggregate `now` is compared with a field of `{}`", local),
                      "what is not about it is a `check` of its own");
    });
  }
  scope_.bare = outer_bare;
  scope_.now = outer_now;
  scope_.aggregates = true;
  in_aggregate_ = false;

  bool good = true;
  const FactType& counted = p_.schema.types[*type];
  if (counted.is_event() && !agg->over && !agg->over_last) {
    p_.report.warning("W0825", agg->type_name.span, fmt::format("without a window this is about the `{}` of one instant only", local),
                      fmt::format("those of the last ten seconds: `{}(… over 10s)`", word(agg->fn)));
  }
  if (agg->over_last && counted.is_event() && !counted.has_key) {
    p_.report.error("E0216", agg->over_last->span, fmt::format("`{}` has no key, so each is the last of its own", local),
                    fmt::format("give `{}` a key, or use a window of time: `over 5m`", local));
    good = false;
  }
  // Samples are puts. Of what rules derive and order there are none, so a window would quietly be empty for ever.
  const bool samples = agg->over || agg->over_last || info.of_samples;
  if (samples && (counted.role == Role::kAction || counted.role == Role::kDerived)) {
    const bool action = counted.role == Role::kAction;
    const ast::Span at = agg->over ? agg->over->span : agg->over_last ? agg->over_last->span : agg->type_name.span;
    const std::string now = action ? "without `over` it reads those that there are, which `where` can choose by `state` and `at`, as in "
                                     "`where at > now - 60s`; or "
                                   : "without `over` it reads those that hold now; or ";
    p_.report.error(
        "E0216", at,
        fmt::format("`{}` is {}: a window would hold none, because samples are puts", local, action ? "an action" : "derived by a rule"),
        (info.of_samples ? std::string() : now) + (action ? "let the rule assert a `mutable fact` beside it, and count that"
                                                          : "take a window over the facts that it is derived from"));
    good = false;
  }
  if (agg->value) {
    bool other = false;
    visit(*agg->value, [&](const Expr& x) {
      other = other || ((x.ref.kind == ast::RefKind::kField || x.ref.kind == ast::RefKind::kFact) && x.ref.binding != agg->binding) ||
              x.ref.kind == ast::RefKind::kLet || x.ref.kind == ast::RefKind::kInput;
    });
    if (other) {
      p_.report.error("E0216", agg->value->span, fmt::format("`{}` is of the fields of `{}` alone", word(agg->fn), local),
                      "other facts stand in its `where`");
      good = false;
    }
  }
  if (agg->over) good = constant_duration(p_, *scope_.file, *agg->over, "the window of an aggregate").has_value() && good;
  if (agg->over_last) good = constant_count(p_, *scope_.file, *agg->over_last, "the number after `over last`", 1).has_value() && good;
  if (agg->at_least) {
    good = constant_count(p_, *scope_.file, *agg->at_least, "the number after `at least`", 1).has_value() && good;
    if (!agg->over && !agg->over_last && !info.of_samples) {
      p_.report.error("E0216", agg->at_least->span, "`at least … samples` needs samples", "add a window: `over 60s` or `over last 5`");
      good = false;
    }
  }

  if (good && info.of_samples && !agg->over && !agg->over_last) {
    p_.report.error("E0216", agg->type_name.span, fmt::format("`{}` is about samples, one after the other", word(agg->fn)),
                    "add a window: `over 5m` or `over last 5`");
    good = false;
  }

  Type result = Type::of(TypeTag::kInt);
  if (agg->fn == AggregateFn::kCount) {
    if (agg->value && !agg->value->type.is(TypeTag::kError)) {
      p_.report.error("E0216", agg->value->span, "`count` counts facts, not values",
                      fmt::format("write `count({} where … != null)`", local));
      good = false;
    }
  } else if (!agg->value) {
    std::vector<std::string> candidates;
    for (const Field& f : p_.schema.types[*type].fields) {
      if (aggregate_type(agg->fn, f.type.without_null()))
        candidates.push_back(
            fmt::format("{}({}{}.{})", word(agg->fn), info.number == AggregateNumber::kHowMany ? "3, " : "", local, f.name));
    }
    constexpr std::size_t kMaxNamed = 3;
    if (candidates.size() > kMaxNamed) candidates.resize(kMaxNamed);
    p_.report.error("E0216", agg->type_name.span, fmt::format("`{}` needs a value of `{}`", word(agg->fn), local),
                    candidates.empty() ? std::string{} : fmt::format("for example {}", listed(candidates)));
    good = false;
  } else {
    const Type value = agg->value->type.without_null();
    if (value.is(TypeTag::kError)) {
      good = false;
    } else if (value.is(TypeTag::kDyn) && agg->fn <= AggregateFn::kMax) {
      result = value;
    } else if (const std::optional<Type> given = aggregate_type(agg->fn, value)) {
      result = info.gives == AggregateGives::kFacts ? Type::list_of(record_of(counted)) : *given;
    } else {
      p_.report.error("E0216", agg->value->span, fmt::format("`{}` does not work on {}", word(agg->fn), a_type(value, &p_.schema)),
                      fmt::format("it needs {}", to_string(info.of)));
      good = false;
    }
  }
  if (good) e.type = result;
  e.aggregate = std::move(agg);
}

}  // namespace flyball::check
