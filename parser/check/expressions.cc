// The nodes of expressions that are neither names, operators, calls, macros nor aggregates. See expressions.h.
#include "parser/check/expressions.h"

#include <fmt/format.h>

#include "model/text.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;

Type type_of_literal(const Value& v) {
  switch (v.kind) {
    case Kind::kNull: return Type::of(TypeTag::kNull);
    case Kind::kBool: return Type::of(TypeTag::kBool);
    case Kind::kInt: return Type::of(TypeTag::kInt);
    case Kind::kUint: return Type::of(TypeTag::kUint);
    case Kind::kDouble: return Type::of(TypeTag::kDouble);
    case Kind::kDuration: return Type::of(TypeTag::kDuration);
    case Kind::kTimestamp: return Type::of(TypeTag::kTimestamp);
    case Kind::kPercent: return Type::of(TypeTag::kPercent);
    case Kind::kSize: return Type::of(TypeTag::kSize);
    case Kind::kBitrate: return Type::of(TypeTag::kBitrate);
    case Kind::kPps: return Type::of(TypeTag::kPps);
    case Kind::kTimeOfDay: return Type::of(TypeTag::kTimeOfDay);
    case Kind::kString: return Type::of(TypeTag::kString);
    case Kind::kBytes: return Type::of(TypeTag::kBytes);
    case Kind::kIp: return Type::of(TypeTag::kIp);
    case Kind::kCidr: return Type::of(TypeTag::kCidr);
    default: return Type::of(TypeTag::kDyn);
  }
}

Place place_of(const Expr& e) {
  const bool field = e.ref.kind == ast::RefKind::kField;
  return Place{e.ref.kind, field ? e.ref.binding : e.ref.index, field ? e.ref.field : 0};
}

std::size_t count_nodes(const Expr& e) {
  std::size_t n = 0;
  visit(e, [&](const Expr&) { ++n; });
  return n;
}

void visit(const Expr& e, const std::function<void(const Expr&)>& f) {
  f(e);
  for (const Expr& a : e.args) visit(a, f);
  if (e.kind != ExprKind::kAggregate || !e.aggregate) return;
  const ast::Aggregate& agg = *e.aggregate;
  for (const ast::OptionalExpr* part : {&agg.k, &agg.value, &agg.where}) {
    if (part->has_value()) visit(**part, f);
  }
}

void ExprChecker::check(Expr& e) {
  switch (e.kind) {
    case ExprKind::kLiteral: return check_literal(e);
    case ExprKind::kName: return check_name(e);
    case ExprKind::kSelect: return check_select(e);
    case ExprKind::kIndex: return check_index(e);
    case ExprKind::kCall: return check_call(e);
    case ExprKind::kUnary: return check_unary(e);
    case ExprKind::kBinary: return check_binary(e);
    case ExprKind::kAnd:
    case ExprKind::kOr: return check_logic(e);
    case ExprKind::kTernary: return check_ternary(e);
    case ExprKind::kList: return check_list(e);
    case ExprKind::kMap: return check_map(e);
    case ExprKind::kRange: return check_range(e);
    case ExprKind::kComprehension: return check_macro(e);
    case ExprKind::kHas: return check_has(e);
    case ExprKind::kStale: return check_stale(e);
    case ExprKind::kAggregate: return check_aggregate(e);
    case ExprKind::kFString:
      for (Expr& a : e.args) check(a);
      e.type = Type::of(TypeTag::kString);
      return;
    case ExprKind::kNow:
      e.type = Type::of(TypeTag::kTimestamp);
      if (scope_.now == NowUse::kNever) {
        p_.report.error("E0213", e.span, "`now` has no value here", "it stands in effects and in decisions");
        e.type = Type::of(TypeTag::kError);
      } else if (scope_.now == NowUse::kCondition) {
        p_.report.error(
            "E0213", e.span, "in a condition `now` stands only where it is known when the answer changes",
            "compare it with a time, as in `now > x.at + 5m`, or ask a calendar: `now in night`; effects may read `now` freely");
        e.type = Type::of(TypeTag::kError);
      } else if (scope_.now == NowUse::kDerived) {
        p_.report.error("E0213", e.span, "a derived fact follows what it reads, and `now` never stands still",
                        "derive what lasts; `do`, `assert` and `log` may say when");
        e.type = Type::of(TypeTag::kError);
      }
      return;
    case ExprKind::kRecord:
      p_.report.error("E0202", e.span, fmt::format("a record `{} {{ … }}` is not a value", e.name),
                      "records stand after `do`, `derive`, `assert`, `return`, `send` and `expect`; a map is written `{\"a\": 1}`");
      e.type = Type::of(TypeTag::kError);
      return;
    case ExprKind::kHole: e.type = Type::of(TypeTag::kError); return;
  }
}

void ExprChecker::condition(Expr& e, const char* what) {
  check(e);
  if (is_open(e.type)) return;
  if (e.type.is(TypeTag::kBool) && !e.type.nullable) return;
  if (e.type.is(TypeTag::kBool)) {
    usable(e);
    return;
  }
  std::string help = "compare it with something";
  std::optional<Fix> fix;
  if (e.type.is(TypeTag::kFact)) help = "to say that it exists, write a line `some Type …`";
  if (e.type.nullable || e.type.is(TypeTag::kRecord)) {
    help = "to say that it is there, compare it with null";
    fix = Fix{ast::Span{e.span.file, e.span.end, e.span.end}, " != null"};
  }
  if (is_cut_off(e)) help = "`//` begins a comment; `/` of two ints gives an int";
  p_.report.error("E0208", e.span, fmt::format("{} must be true or false; this is {}", what, a_type(e.type, &p_.schema)), help,
                  std::move(fix));
  e.type = Type::of(TypeTag::kError);
}

void ExprChecker::check_literal(Expr& e) {
  e.type = type_of_literal(e.literal);
  if (!e.literal.is(Kind::kCidr)) return;
  const Cidr& cidr = p_.interner.cidr_of(e.literal);
  if (!has_host_bits(cidr)) return;
  const Cidr network = clear_host_bits(cidr);
  p_.report.error("E0217", e.span, fmt::format("`{}` has host bits set", p_.report.excerpt(e.span)),
                  "a network is written by its first address", Fix{e.span, format_cidr(network)});
  e.literal = p_.interner.cidr(network);
}

void ExprChecker::check_logic(Expr& e) {
  NullGuard guard(scope_);
  const bool is_and = e.kind == ExprKind::kAnd;
  for (Expr& a : e.args) {
    condition(a, is_and ? "each part of `and`" : "each part of `or`");
    // The next parts only matter where this one is true (for `or`: false).
    learn(a, is_and);
  }
  e.type = Type::of(TypeTag::kBool);
}

void ExprChecker::learn(const Expr& e, bool truth) {
  const auto add = [&](const Expr& x) {
    if (x.ref.kind == ast::RefKind::kNone) return;
    scope_.not_null.push_back(place_of(x));
  };
  switch (e.kind) {
    case ExprKind::kUnary:
      if (e.op == ast::Op::kNot) learn(e.args[0], !truth);
      return;
    case ExprKind::kAnd:
      if (truth) {
        for (const Expr& a : e.args) learn(a, true);
      }
      return;
    case ExprKind::kOr:
      if (!truth) {
        for (const Expr& a : e.args) learn(a, false);
      }
      return;
    case ExprKind::kHas:
      if (truth) add(e.args[0]);
      return;
    case ExprKind::kBinary: {
      const bool differs = e.op == ast::Op::kNotEqual;
      if (!differs && e.op != ast::Op::kEqual) return;
      if (differs != truth) return;
      if (e.args[1].type.is(TypeTag::kNull)) add(e.args[0]);
      if (e.args[0].type.is(TypeTag::kNull)) add(e.args[1]);
      return;
    }
    default: return;
  }
}

void ExprChecker::check_ternary(Expr& e) {
  condition(e.args[0], "what stands before `?`");
  {
    NullGuard guard(scope_);
    learn(e.args[0], true);
    check(e.args[1]);
  }
  {
    NullGuard guard(scope_);
    learn(e.args[0], false);
    check(e.args[2]);
  }
  if (rules_) same_numbers(e.args[1], e.args[2]);
  const Type& a = e.args[1].type;
  const Type& b = e.args[2].type;
  e.type = join(a, b);
  if (e.type.is(TypeTag::kDyn) && !a.is(TypeTag::kDyn) && !b.is(TypeTag::kDyn)) {
    p_.report.error("E0205", e.span, fmt::format("the two sides of `:` differ: {} and {}", a_type(a, &p_.schema), a_type(b, &p_.schema)));
    e.type = Type::of(TypeTag::kError);
  }
}

// What an optional element `?x` of a list or map adds when it is there; kError: reported.
Type ExprChecker::element_of(const Expr& value) {
  if (value.type.is(TypeTag::kOptional)) return value.type.args[0];
  if (is_open(value.type)) return value.type;
  p_.report.error("E0209", value.span, fmt::format("after `?` stands an optional; this is {}", a_type(value.type, &p_.schema)),
                  "an optional comes of `m.?key`, `xs[?i]` and `optional.of(x)`; leave out `?` for what is always there");
  return Type::of(TypeTag::kError);
}

void ExprChecker::check_list(Expr& e) {
  Type element = Type::of(TypeTag::kDyn);
  bool any_double = false;
  for (Expr& a : e.args) {
    check(a);
    if (a.kind == ExprKind::kUnary && a.op == ast::Op::kOptional) a.type = element_of(a);
    any_double = any_double || a.type.is(TypeTag::kDouble);
  }
  for (std::size_t i = 0; i < e.args.size(); ++i) {
    Expr& a = e.args[i];
    if (rules_ && any_double && a.kind == ExprKind::kLiteral && a.literal.is(Kind::kInt)) coerce(a, Type::of(TypeTag::kDouble), "");
    if (i == 0) {
      element = a.type;
      continue;
    }
    const Type joined = join(element, a.type);
    if (rules_ && joined.is(TypeTag::kDyn) && !element.is(TypeTag::kDyn) && !a.type.is(TypeTag::kDyn)) {
      p_.report.error("E0205", a.span,
                      fmt::format("a list holds one type: this is {}, the ones before are {}", a_type(a.type, &p_.schema),
                                  a_type(element, &p_.schema)));
      e.type = Type::of(TypeTag::kError);
      return;
    }
    element = joined;
  }
  e.type = element.is(TypeTag::kError) ? element : Type::list_of(element);
}

void ExprChecker::check_map(Expr& e) {
  Type key = Type::of(TypeTag::kDyn);
  Type value = Type::of(TypeTag::kDyn);
  for (Expr& a : e.args) check(a);
  for (std::size_t i = 0; i + 1 < e.args.size(); i += 2) {
    Expr& k = e.args[i];
    Expr& v = e.args[i + 1];
    const bool optional = k.kind == ExprKind::kUnary && k.op == ast::Op::kOptional;
    const Type v_type = optional ? element_of(v) : v.type;
    if (i == 0) {
      key = k.type;
      value = v_type;
      continue;
    }
    if (rules_) same_numbers(e.args[1], v);
    const Type joined_key = join(key, k.type);
    const Type joined_value = join(value, v_type);
    for (const auto& [joined, was, now, what] : {std::tuple(joined_key, key, &k, "keys"), std::tuple(joined_value, value, &v, "values")}) {
      if (!rules_ || !joined.is(TypeTag::kDyn) || was.is(TypeTag::kDyn) || now->type.is(TypeTag::kDyn)) continue;
      p_.report.error("E0205", now->span,
                      fmt::format("a map's {} have one type: this is {}, the ones before are {}", what, a_type(now->type, &p_.schema),
                                  a_type(was, &p_.schema)));
      e.type = Type::of(TypeTag::kError);
      return;
    }
    key = joined_key;
    value = joined_value;
  }
  if (key.is(TypeTag::kError) || value.is(TypeTag::kError)) {
    e.type = Type::of(TypeTag::kError);
    return;
  }
  if (!is_open(key) && !may_key(key)) {
    p_.report.error("E0202", e.args[0].span, fmt::format("a map's key cannot be {}", a_type(key, &p_.schema)));
    e.type = Type::of(TypeTag::kError);
    return;
  }
  e.type = Type::map_of(std::move(key), std::move(value));
}

void ExprChecker::check_has(Expr& e) {
  e.type = Type::of(TypeTag::kBool);
  Expr& asked = e.args[0];
  const Expr* const around = std::exchange(asked_, &asked);
  check(asked);
  asked_ = around;
  if (asked.type.is(TypeTag::kError)) e.type = asked.type;
  if (asked.kind != ExprKind::kSelect && asked.kind != ExprKind::kName && asked.kind != ExprKind::kIndex) {
    p_.report.error("E0209", asked.span, "`has()` asks for a field", "write `has(m.field)`");
    e.type = Type::of(TypeTag::kError);
  }
}

void ExprChecker::check_stale(Expr& e) {
  e.type = Type::of(TypeTag::kBool);
  Expr& asked = e.args[0];
  check(asked);
  if (asked.type.is(TypeTag::kError)) {
    e.type = asked.type;
    return;
  }
  for (const Binding& b : scope_.bindings) {
    if (b.each == kNoId || b.number != asked.ref.binding || asked.ref.kind != ast::RefKind::kField) continue;
    p_.report.error("E0209", asked.span, fmt::format("`{}` is a value: it is there or not, never stale", b.name),
                    "ask for a fact that has it: `some Type where field == … and stale(field)`");
    e.type = Type::of(TypeTag::kError);
    return;
  }
  if (asked.ref.kind != ast::RefKind::kField && asked.ref.kind != ast::RefKind::kFact) {
    p_.report.error("E0209", asked.span, "`stale()` asks for a fact or one of its fields", "write `stale(m)` or `stale(m.field)`");
    e.type = Type::of(TypeTag::kError);
  }
}

}  // namespace flyball::check
