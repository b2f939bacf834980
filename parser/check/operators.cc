// The algebra of operators: which types each takes, what it gives, and what to say where units do not mix.
// docs/reference has the same table in prose. See expressions.h.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/text.h"
#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

namespace {

const char* sign(Op op) {
  switch (op) {
    case Op::kAdd: return "+";
    case Op::kSubtract: return "-";
    case Op::kMultiply: return "*";
    case Op::kDivide: return "/";
    case Op::kRemainder: return "%";
    case Op::kEqual: return "==";
    case Op::kNotEqual: return "!=";
    case Op::kLess: return "<";
    case Op::kLessEqual: return "<=";
    case Op::kGreater: return ">";
    case Op::kGreaterEqual: return ">=";
    case Op::kIn: return "in";
    case Op::kLike: return "like";
    case Op::kCoalesce: return "??";
    case Op::kNegate: return "-";
    case Op::kNot: return "not";
    default: return "?";
  }
}

bool is_comparison(Op op) {
  return op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater || op == Op::kGreaterEqual || op == Op::kEqual ||
         op == Op::kNotEqual;
}

// Whether it is of literals alone: `10MB`, `10GB / 1s`.
bool is_written_out(const Expr& e) {
  if (e.kind == ExprKind::kLiteral) return true;
  return (e.kind == ExprKind::kBinary || e.kind == ExprKind::kUnary) && std::ranges::all_of(e.args, is_written_out);
}

// The result of `l op r`; nullopt if there is none. Both sides are plain types, neither open nor nullable.
std::optional<Type> result_of(Op op, const Type& l, const Type& r) {
  const auto of = [](TypeTag t) { return std::optional<Type>(Type::of(t)); };
  const bool same = l.tag == r.tag;
  switch (op) {
    case Op::kAdd:
      if (is_text(l) && is_text(r)) return of(TypeTag::kString);
      if (same && (is_number(l) || is_unit(l) || l.is(TypeTag::kBytes))) return l;
      if (same && l.is(TypeTag::kList)) return join(l, r);
      if (l.is(TypeTag::kTimestamp) && r.is(TypeTag::kDuration)) return l;
      if (l.is(TypeTag::kDuration) && r.is(TypeTag::kTimestamp)) return r;
      return std::nullopt;
    case Op::kSubtract:
      if (same && (is_number(l) || is_unit(l))) return l;
      if (same && l.is(TypeTag::kTimestamp)) return of(TypeTag::kDuration);
      if (l.is(TypeTag::kTimestamp) && r.is(TypeTag::kDuration)) return l;
      return std::nullopt;
    case Op::kMultiply:
      if (same && is_number(l)) return l;
      // A percent of something is that thing: of a number a number, of a unit the unit.
      if (l.is(TypeTag::kPercent) && is_number(r)) return of(TypeTag::kDouble);
      if (r.is(TypeTag::kPercent) && is_number(l)) return of(TypeTag::kDouble);
      if (l.is(TypeTag::kPercent) && is_unit(r)) return r;
      if (r.is(TypeTag::kPercent) && is_unit(l)) return l;
      if (is_unit(l) && is_number(r)) return l;
      if (is_number(l) && is_unit(r)) return r;
      return std::nullopt;
    case Op::kDivide:
      if (same && is_number(l)) return l;
      if (same && is_unit(l)) return of(TypeTag::kDouble);
      if (is_unit(l) && is_number(r)) return l;
      if (l.is(TypeTag::kSize) && r.is(TypeTag::kDuration)) return of(TypeTag::kBitrate);
      return std::nullopt;
    case Op::kRemainder:
      if (same && (l.is(TypeTag::kInt) || l.is(TypeTag::kUint))) return l;
      return std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace

bool ExprChecker::usable(Expr& e) {
  if (is_open(e.type)) return true;
  if (e.type.nullable) {
    const std::string text = p_.report.excerpt(e.span);
    p_.report.error("E0207", e.span, fmt::format("`{}` may be null", text),
                    fmt::format("ask first (`{} != null and …`) or say what stands for null (`{} ?? …`)", text, text));
    e.type = Type::of(TypeTag::kError);
    return false;
  }
  if (e.type.is(TypeTag::kFact)) {
    p_.report.error("E0202", e.span,
                    fmt::format("`{}` is a whole `{}`, not a value", p_.report.excerpt(e.span), type_name(e.type, &p_.schema)),
                    "name one of its fields");
    e.type = Type::of(TypeTag::kError);
    return false;
  }
  return true;
}

bool ExprChecker::maybe_null(const Expr& e) const {
  if (e.type.nullable || is_open(e.type)) return true;
  // What was compared with null already may be, by its type.
  if (e.ref.kind != ast::RefKind::kNone && std::find(scope_.not_null.begin(), scope_.not_null.end(), place_of(e)) != scope_.not_null.end())
    return true;
  bool found = false;
  visit(e, [&](const Expr& x) {
    if (x.kind == ExprKind::kAggregate && x.aggregate && may_be_null(x.aggregate->fn)) found = true;
    if (x.ref.kind == ast::RefKind::kLet) {
      for (const LetName& l : scope_.lets) found = found || (l.index == x.ref.index && l.maybe_null);
    }
    if (x.ref.kind == ast::RefKind::kLocal) found = true;
  });
  return found;
}

void ExprChecker::same_numbers(Expr& a, Expr& b) {
  const auto literal = [](const Expr& x) {
    return x.kind == ExprKind::kLiteral || (x.kind == ExprKind::kUnary && x.op == Op::kNegate && x.args[0].kind == ExprKind::kLiteral);
  };
  const auto adapt = [&](Expr& number, const Type& to) {
    if (!number.type.is(TypeTag::kInt) || !literal(number)) return;
    if (to.is(TypeTag::kDouble) || (to.is(TypeTag::kUint) && number.kind == ExprKind::kLiteral && number.literal.as_int() >= 0))
      coerce(number, to.without_null(), "");
  };
  adapt(a, b.type);
  adapt(b, a.type);
}

bool ExprChecker::unit_beside_number(Expr& e) {
  Expr& l = e.args[0];
  Expr& r = e.args[1];
  const auto say = [&](const Expr& unit, const Expr& number) {
    // `count(…) >= 200%`: what is read is a number, so the unit that was written is the mistake.
    const bool quotient = number.kind == ExprKind::kBinary && number.op == Op::kDivide && !fold(number, p_.interner);
    const bool read = quotient || number.kind == ExprKind::kAggregate || number.ref.kind == ast::RefKind::kField;
    if (read && is_written_out(unit)) {
      std::string help = "compare it with a number without a unit";
      if (quotient) help = "a quotient of numbers is a number, of whole ones a whole one: `double(a) / double(b) > 0.8`";
      if (number.ref.kind == ast::RefKind::kField) help += fmt::format(", or declare the field `{}`", type_name(unit.type));
      p_.report.error("E0203", unit.span,
                      fmt::format("`{}` is {}, `{}` is a plain number", p_.report.excerpt(unit.span), a_type(unit.type),
                                  p_.report.excerpt(number.span)),
                      help);
      return;
    }
    // Named after the side with the unit, underlined where the number stands.
    UnitHint hint = unit_hint(number, unit.type, p_.report);
    if (unit.type.is(TypeTag::kPercent) && number.kind == ExprKind::kBinary && number.op == Op::kMultiply) {
      hint.help = "percent × number is a number; percent × percent is a percent";
    }
    p_.report.error(
        "E0203", number.span,
        fmt::format("`{}` is {}, `{}` is a plain number", p_.report.excerpt(unit.span), a_type(unit.type), p_.report.excerpt(number.span)),
        hint.help, std::move(hint.fix));
  };
  if (is_unit(l.type) && is_number(r.type)) {
    say(l, r);
  } else if (is_number(l.type) && is_unit(r.type)) {
    say(r, l);
  } else if (is_unit(l.type) && is_unit(r.type) && l.type.tag != r.type.tag) {
    p_.report.error(
        "E0203", r.span,
        fmt::format("`{}` is {}, `{}` is {}", p_.report.excerpt(l.span), a_type(l.type), p_.report.excerpt(r.span), a_type(r.type)),
        "units do not mix");
  } else {
    return false;
  }
  e.type = Type::of(TypeTag::kError);
  return true;
}

// Whether both sides, checked already, are values that an operator can take; e has no type until more is known.
bool ExprChecker::both_usable(Expr& e) {
  e.type = Type::of(TypeTag::kError);
  if (e.args[0].type.is(TypeTag::kError) || e.args[1].type.is(TypeTag::kError)) return false;
  const bool left = usable(e.args[0]);
  return usable(e.args[1]) && left;
}

void ExprChecker::mismatch(Expr& e, const char* code) {
  const auto is_text_of_truth = [&](const Expr& text, const Type& beside) {
    if (!beside.is(TypeTag::kBool) || text.kind != ExprKind::kLiteral || !text.literal.is(Kind::kString)) return false;
    const std::string_view word = p_.interner.text(text.literal);
    return word == "true" || word == "false";
  };
  const Type& l = e.args[0].type;
  const Type& r = e.args[1].type;
  std::string help;
  std::optional<Fix> fix;
  const auto cast = [&](const Expr& of, const char* to) {
    help = fmt::format("`{}(…)` makes `{}` {}", to, p_.report.excerpt(of.span),
                       to == std::string_view("int") ? "an int" : fmt::format("a {}", to));
    if (of.kind == ExprKind::kName || of.kind == ExprKind::kSelect || of.kind == ExprKind::kLiteral) {
      fix = Fix{of.span, fmt::format("{}({})", to, p_.report.text(of.span))};
    }
  };
  const Expr& first = e.args[0];
  if (l.is(TypeTag::kBool) && first.kind == ExprKind::kBinary && is_comparison(first.op) && is_comparison(e.op)) {
    help = "two comparisons are joined with `and`";
    fix = Fix{e.span, fmt::format("{} and {} {} {}", p_.report.text(first.span), p_.report.text(first.args[1].span), sign(e.op),
                                  p_.report.text(e.args[1].span))};
  } else if (is_number(l) && is_number(r)) {
    if (e.op == Op::kRemainder) {
      help = "the remainder is of whole numbers";
    } else if (l.is(TypeTag::kDouble) || r.is(TypeTag::kDouble)) {
      cast(l.is(TypeTag::kDouble) ? e.args[1] : e.args[0], "double");
    } else {
      cast(l.is(TypeTag::kUint) ? e.args[0] : e.args[1], "int");
    }
  } else if ((e.op == Op::kEqual || e.op == Op::kNotEqual) && ((is_text(l) && is_number(r)) || (is_number(l) && is_text(r)))) {
    const Expr& number = is_number(l) ? e.args[0] : e.args[1];
    const Expr& text = is_number(l) ? e.args[1] : e.args[0];
    if (text.kind == ExprKind::kLiteral) {
      help = "a number stands without quotes";
      const std::string_view digits = p_.interner.text(text.literal);
      if (!digits.empty() && digits.size() < 10 && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
        fix = Fix{text.span, std::string(digits)};
    } else {
      help = "a text stands in quotes";
      if (number.kind == ExprKind::kLiteral) fix = Fix{number.span, quote(p_.report.text(number.span))};
    }
  } else if (is_text_of_truth(e.args[1], l) || is_text_of_truth(first, r)) {
    const Expr& text = is_text(r) ? e.args[1] : first;
    help = "`true` and `false` stand without quotes";
    fix = Fix{text.span, std::string(p_.interner.text(text.literal))};
  } else if ((e.op == Op::kEqual || e.op == Op::kNotEqual) && is_text(l) && r.is(TypeTag::kIp)) {
    help = "a text stands in quotes; what is an address is declared `ip`";
    if (e.args[1].kind == ExprKind::kLiteral) fix = Fix{e.args[1].span, quote(p_.report.text(e.args[1].span)), true};
  } else if (e.op == Op::kIn && is_text(l) &&
             (r.is(TypeTag::kCidr) || (r.is(TypeTag::kList) && (r.args[0].is(TypeTag::kCidr) || r.args[0].is(TypeTag::kIp))))) {
    help = "a text is no address: `ip(…)` reads it; better, declare it `ip`";
    fix = Fix{first.span, fmt::format("ip({})", p_.report.text(first.span))};
  } else if ((is_unit(l) && is_text(r) && e.args[1].kind == ExprKind::kLiteral) ||
             (is_unit(r) && is_text(l) && first.kind == ExprKind::kLiteral)) {
    const Expr& text = is_text(r) ? e.args[1] : first;
    help = "a value with a unit stands without quotes";
    const std::string_view written = p_.interner.text(text.literal);
    if (parse_percent_e9(written) || parse_duration_ns(written) || parse_bitrate_bps(written)) fix = Fix{text.span, std::string(written)};
  } else if (e.op == Op::kAdd && (is_text(l) || is_text(r))) {
    help = "an f-string takes any value: `f\"… {x} …\"`";
  } else if ((l.is(TypeTag::kIp) || l.is(TypeTag::kCidr)) && (r.is(TypeTag::kIp) || r.is(TypeTag::kCidr)) && l.tag != r.tag) {
    help = "an address is asked whether it is `in` a network";
    if (e.op == Op::kEqual && l.is(TypeTag::kIp)) fix = Fix{e.name_span, "in"};
  } else if ((l.is(TypeTag::kIp) || l.is(TypeTag::kCidr)) && e.args[1].kind == ExprKind::kLiteral && is_text(r)) {
    help = "addresses are written without quotes";
    const std::string_view text = p_.interner.text(e.args[1].literal);
    if (parse_ip(text) || parse_cidr(text)) fix = Fix{e.args[1].span, std::string(text)};
  }
  if (help.empty() && (first.kind == ExprKind::kNow || e.args[1].kind == ExprKind::kNow))
    help = "compare `now` with a time, as in `now > x.at + 5m`; times of day are a `calendar`: `now in night`";
  p_.report.error(code, e.span,
                  fmt::format("`{}` does not work between {} and {}", sign(e.op), a_type(l, &p_.schema), a_type(r, &p_.schema)), help,
                  std::move(fix));
  e.type = Type::of(TypeTag::kError);
}

void ExprChecker::check_unary(Expr& e) {
  if (e.op == Op::kNot) {
    condition(e.args[0], "what stands after `not`");
    e.type = Type::of(TypeTag::kBool);
    return;
  }
  Expr& a = e.args[0];
  check(a);
  if (e.op == Op::kOptional) {  // the list or map around it knows what it gives
    e.type = a.type;
    return;
  }
  e.type = Type::of(TypeTag::kError);
  if (is_open(a.type)) {
    e.type = a.type;
    return;
  }
  if (!usable(a)) return;
  if (a.type.is(TypeTag::kInt) || a.type.is(TypeTag::kDouble) || is_unit(a.type)) {
    e.type = a.type;
    return;
  }
  p_.report.error("E0202", e.span, fmt::format("`-` does not work on {}", a_type(a.type, &p_.schema)));
}

void ExprChecker::check_binary(Expr& e) {
  switch (e.op) {
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kRemainder: return arithmetic(e);
    case Op::kEqual:
    case Op::kNotEqual: return clock_comparison(e) ? void() : equality(e);
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual: return clock_comparison(e) ? void() : comparison(e);
    case Op::kIn: return membership(e);
    case Op::kLike: return like(e);
    case Op::kCoalesce: return coalesce(e);
    default: e.type = Type::of(TypeTag::kError);
  }
}

// A division by zero or an overflow that can be seen here: unknown at every moment, so certainly not meant.
bool ExprChecker::without_value(Expr& e) {
  const std::optional<Value> right = fold(e.args[1], p_.interner);
  if (!right || right->is(Kind::kDouble)) return false;
  const bool divides = e.op == Op::kDivide || e.op == Op::kRemainder;
  if (divides && right->bits == 0) {
    p_.report.error("E0219", e.args[1].span, fmt::format("`{}` divides by zero", p_.report.excerpt(e.span)));
    return true;
  }
  const std::optional<Value> left = fold(e.args[0], p_.interner);
  if (divides || !left || !left->is(Kind::kInt) || !right->is(Kind::kInt) || fold(e, p_.interner)) return false;
  p_.report.error("E0219", e.span, fmt::format("`{}` does not fit an int", p_.report.excerpt(e.span)));
  return true;
}

// `a.x == a.x` is no join.
void ExprChecker::same_sides(const Expr& e) {
  const Expr& l = e.args[0];
  const Place place = place_of(l);
  if (!rules_ || place.kind == ast::RefKind::kNone || l.ref.kind == ast::RefKind::kLocal || !(place == place_of(e.args[1]))) return;
  p_.report.warning("W0816", e.span, fmt::format("`{}` is compared with itself", p_.report.excerpt(l.span)),
                    l.ref.kind == ast::RefKind::kField ? "a bare name is this line's own field; another fact's is `name.field`" : "");
}

void ExprChecker::arithmetic(Expr& e) {
  if (dash_in_name(e) || per_second(e)) return;
  Expr& l = e.args[0];
  Expr& r = e.args[1];
  check(l);
  check(r);
  if (!both_usable(e)) return;
  if (l.type.is(TypeTag::kDyn) || r.type.is(TypeTag::kDyn)) {
    e.type = Type::of(TypeTag::kDyn);
    return;
  }
  if (rules_) same_numbers(l, r);
  if (rules_ && without_value(e)) return;
  if (const std::optional<Type> t = result_of(e.op, l.type, r.type)) {
    e.type = *t;
    if (rules_ && t->is(TypeTag::kList) && t->args[0].is(TypeTag::kDyn)) mismatch(e);
    return;
  }
  if (!rules_ && l.type.is(TypeTag::kList) && r.type.is(TypeTag::kList)) {
    e.type = Type::list_of(Type::of(TypeTag::kDyn));
    return;
  }
  if ((e.op == Op::kAdd || e.op == Op::kSubtract) && unit_beside_number(e)) return;
  mismatch(e);
}

void ExprChecker::comparison(Expr& e) {
  Expr& l = e.args[0];
  Expr& r = e.args[1];
  for (Expr& side : e.args) {
    comparison_ = &e;
    check(side);
    comparison_ = nullptr;
  }
  e.type = Type::of(TypeTag::kError);
  if (!both_usable(e)) return;
  e.type = Type::of(TypeTag::kBool);
  same_sides(e);
  if (rules_) same_numbers(l, r);
  if (is_open(l.type) || is_open(r.type)) return;
  if (is_number(l.type) && is_number(r.type)) return;
  if (rules_ && (l.type.is(TypeTag::kEnum) || r.type.is(TypeTag::kEnum)) && is_text(l.type) && is_text(r.type)) {
    const Expr& named = l.type.is(TypeTag::kEnum) ? l : r;
    p_.report.error("E0204", e.span, fmt::format("the words of `{}` have no order", p_.report.excerpt(named.span)),
                    "list those you mean: `x in [\"a\", \"b\"]`");
    e.type = Type::of(TypeTag::kError);
    return;
  }
  if (is_text(l.type) && is_text(r.type)) return;
  if (l.type.tag == r.type.tag && is_ordered(l.type)) return;
  if (unit_beside_number(e)) return;
  if (l.type.tag == r.type.tag) {
    p_.report.error("E0204", e.span, fmt::format("{} has no order, so `{}` means nothing here", a_type(l.type, &p_.schema), sign(e.op)));
    e.type = Type::of(TypeTag::kError);
    return;
  }
  mismatch(e);
}

void ExprChecker::equality(Expr& e) {
  Expr& l = e.args[0];
  Expr& r = e.args[1];
  check(l);
  comparison_ = &e;
  check(r);
  comparison_ = nullptr;
  e.type = Type::of(TypeTag::kError);
  if (l.type.is(TypeTag::kError) || r.type.is(TypeTag::kError)) return;
  e.type = Type::of(TypeTag::kBool);
  if (l.type.is(TypeTag::kNull) || r.type.is(TypeTag::kNull)) {
    Expr& other = l.type.is(TypeTag::kNull) ? r : l;
    if (rules_ && !other.type.is(TypeTag::kNull) && !maybe_null(other)) {
      p_.report.warning("W0807", e.span, fmt::format("`{}` is never null", p_.report.excerpt(other.span)),
                        other.ref.kind == ast::RefKind::kField
                            ? "a field that can be null is declared `T?`; to ask whether its fact is stale, write `stale(…)`"
                            : "");
    }
    return;
  }
  if (l.type.is(TypeTag::kFact) && r.type.is(TypeTag::kFact)) {
    if (l.type.fact_type == r.type.fact_type) return;
    p_.report.error("E0202", e.span, fmt::format("a `{}` is never a `{}`", type_name(l.type, &p_.schema), type_name(r.type, &p_.schema)),
                    "compare their fields");
    e.type = Type::of(TypeTag::kError);
    return;
  }
  if (!both_usable(e)) return;
  e.type = Type::of(TypeTag::kBool);
  same_sides(e);
  if (is_open(l.type) || is_open(r.type)) return;
  if (rules_) same_numbers(l, r);
  for (const auto& [text, closed] : {std::pair(&l, &r), std::pair(&r, &l)}) {
    if (!closed->type.is(TypeTag::kEnum) || text->kind != ExprKind::kLiteral || !is_text(text->type)) continue;
    if (!coerce(*text, closed->type, "`" + p_.report.excerpt(closed->span) + "`")) e.type = Type::of(TypeTag::kError);
    return;
  }
  if (l.kind == ExprKind::kList || r.kind == ExprKind::kList) {
    Expr& list = l.kind == ExprKind::kList ? l : r;
    const Expr& other = &list == &l ? r : l;
    if (rules_ && other.type.is(TypeTag::kList) && !coerce(list, other.type, "`" + p_.report.excerpt(other.span) + "`")) {
      e.type = Type::of(TypeTag::kError);
      return;
    }
  }
  if (can_equal(l.type, r.type, rules_)) return;
  if (unit_beside_number(e)) return;
  mismatch(e);
}

void ExprChecker::membership(Expr& e) {
  Expr& l = e.args[0];
  Expr& r = e.args[1];
  if (in_calendar(e)) return;
  check(l);
  check(r);
  if (!both_usable(e)) return;
  e.type = Type::of(TypeTag::kBool);
  const std::string what = "`" + p_.report.excerpt(l.span) + "`";
  switch (r.type.tag) {
    case TypeTag::kDyn: return;
    case TypeTag::kCidr:
      if (is_open(l.type) || l.type.is(TypeTag::kIp) || l.type.is(TypeTag::kCidr)) return;
      break;
    case TypeTag::kList:
      if (is_open(r.type.args[0]) || is_open(l.type)) return;
      // Addresses in a list of networks: in any of them.
      if (r.type.args[0].is(TypeTag::kCidr) && l.type.is(TypeTag::kIp)) {
        if (r.kind == ExprKind::kList && !r.args.empty()) {
          std::vector<Expr> alternatives;
          for (Expr& network : r.args) {
            Expr one = e;
            one.args = {l, std::move(network)};
            one.type = Type::of(TypeTag::kBool);
            alternatives.push_back(std::move(one));
          }
          if (alternatives.size() == 1) {
            e = Expr(std::move(alternatives.front()));
          } else {
            e.kind = ExprKind::kOr;
            e.op = Op::kNone;
            e.args = std::move(alternatives);
          }
          return;
        }
        Expr variable;
        variable.kind = ExprKind::kName;
        variable.span = r.span;
        variable.name = "network";
        variable.ref = ast::Ref{ast::RefKind::kLocal, 0, 0, static_cast<std::uint32_t>(scope_.locals.size())};
        variable.type = r.type.args[0];
        Expr inside = e;
        inside.args = {std::move(l), std::move(variable)};
        Expr list = std::move(r);
        e.kind = ExprKind::kComprehension;
        e.op = Op::kNone;
        e.name = "exists";
        e.names = {"network"};
        e.args.clear();
        e.args.push_back(std::move(list));
        e.args.push_back(std::move(inside));
        return;
      }
      if (is_text(l.type) && (r.type.args[0].is(TypeTag::kCidr) || r.type.args[0].is(TypeTag::kIp))) break;
      if (r.kind == ExprKind::kList && rules_) {
        const Type list = Type::list_of(l.type);
        // Each element is checked alone, so that the one that is wrong is underlined.
        bool good = true;
        for (Expr& item : r.args) {
          if (can_equal(item.type, l.type, true) && !(item.type.is(TypeTag::kString) && l.type.is(TypeTag::kEnum)) && !is_number(l.type))
            continue;
          if (is_number(item.type) && is_number(l.type)) {
            same_numbers(l, item);
            continue;
          }
          good = coerce(item, l.type, what) && good;
        }
        if (!good) e.type = Type::of(TypeTag::kError);
        if (good && !r.args.empty()) r.type = Type::list_of(r.args[0].type);
        return;
      }
      if (can_equal(l.type, r.type.args[0], rules_)) return;
      break;
    case TypeTag::kMap:
      if (can_equal(l.type, r.type.args[0], rules_)) return;
      break;
    case TypeTag::kRange: {
      if (is_open(l.type) || is_open(r.type.args[0])) return;
      if (r.type.args[0].is(TypeTag::kTimeOfDay)) {
        p_.report.error(
            "E0211", r.span, "a time of day means nothing without a zone",
            "declare a calendar, which has one: `calendar night = daily 22:00..06:00 in \"Europe/Madrid\"`, then `now in night`");
        e.type = Type::of(TypeTag::kError);
        return;
      }
      if (r.kind == ExprKind::kRange && rules_ && is_number(l.type)) {
        same_numbers(l, r.args[0]);
        same_numbers(l, r.args[1]);
        if (!r.args[0].type.is(TypeTag::kError)) r.type.args[0] = r.args[0].type;
      }
      if (l.type.tag == r.type.args[0].tag || (is_number(l.type) && is_number(r.type.args[0]))) return;
      if (r.kind == ExprKind::kRange && is_unit(l.type) && is_number(r.type.args[0])) {
        UnitHint low = unit_hint(r.args[0], l.type, p_.report);
        UnitHint high = unit_hint(r.args[1], l.type, p_.report);
        std::optional<Fix> fix;
        if (low.fix && high.fix) fix = Fix{r.span, low.fix->replacement + (r.half_open ? "..<" : "..") + high.fix->replacement};
        p_.report.error("E0203", r.span, fmt::format("{} is {}, the range is of plain numbers", what, a_type(l.type)), low.help,
                        std::move(fix));
        e.type = Type::of(TypeTag::kError);
        return;
      }
      break;
    }
    default:
      if (r.type.is(TypeTag::kString) && is_text(l.type)) {
        p_.report.error("E0202", e.span, "`in` asks a list, a map, a range or a network, not a string",
                        "several are a list: `in [\"a\", \"b\"]`; a part of a text is found by `.contains(…)` or `like \"*…*\"`");
        e.type = Type::of(TypeTag::kError);
        return;
      }
      break;
  }
  mismatch(e);
}

void ExprChecker::like(Expr& e) {
  e.type = Type::of(TypeTag::kBool);
  for (Expr& a : e.args) {
    check(a);
    if (a.type.is(TypeTag::kError)) {
      e.type = a.type;
      continue;
    }
    if (!usable(a)) {
      e.type = Type::of(TypeTag::kError);
    } else if (!is_open(a.type) && !is_text(a.type)) {
      const bool pattern = &a == &e.args[1];
      p_.report.error("E0202", a.span,
                      fmt::format("`like` compares texts; {} is {}", pattern ? "the pattern" : "this", a_type(a.type, &p_.schema)),
                      a.type.is(TypeTag::kIp) ? "an address is asked whether it is `in` a network" : "");
      e.type = Type::of(TypeTag::kError);
    }
  }
  if (rules_ && !e.type.is(TypeTag::kError) && !bad_pattern(e, TextPattern::glob)) foreign_glob(e);
}

void ExprChecker::coalesce(Expr& e) {
  const Expr* const comparison = std::exchange(comparison_, nullptr);
  Expr& l = e.args[0];
  Expr& r = e.args[1];
  check(l);
  check(r);
  e.type = Type::of(TypeTag::kError);
  if (l.type.is(TypeTag::kError) || r.type.is(TypeTag::kError)) return;
  if (l.type.is(TypeTag::kFact) || r.type.is(TypeTag::kFact)) {
    usable(l.type.is(TypeTag::kFact) ? l : r);
    return;
  }
  if (l.type.is(TypeTag::kNull)) {
    e.type = r.type;
    return;
  }
  const bool never = rules_ && !maybe_null(l);
  if (never && comparison != nullptr && &comparison->args[1] == &e && r.type.is(TypeTag::kBool) && !l.type.is(TypeTag::kBool) &&
      !is_open(l.type))
    return binds_tighter(*comparison, e);
  const auto does_nothing = [&] {
    if (!never) return;
    p_.report.warning("W0807", e.span, fmt::format("`{}` is never null, so `??` does nothing", p_.report.excerpt(l.span)),
                      l.ref.kind == ast::RefKind::kField ? "a stale field is unknown, not null; `stale(…)` asks for that" : "");
  };
  if (l.type.is(TypeTag::kDyn) || r.type.is(TypeTag::kDyn)) {
    e.type = Type::of(TypeTag::kDyn);
    return does_nothing();
  }
  const Type value = l.type.without_null();
  if (r.type.is(TypeTag::kNull)) {
    e.type = l.type;
    return does_nothing();
  }
  Type want = value;
  want.nullable = true;
  // A closed set with a default outside it is a string.
  if (value.is(TypeTag::kEnum) && is_text(r.type)) {
    e.type = fits(r.type, value) ? value : Type::of(TypeTag::kString);
    if (r.kind == ExprKind::kLiteral) {
      const std::string text(p_.interner.text(r.literal));
      if (std::find(value.members.begin(), value.members.end(), text) != value.members.end()) e.type = value;
    }
    e.type.nullable = r.type.nullable;
    return does_nothing();
  }
  if (!coerce(r, want, "what stands for null")) return;
  does_nothing();
  e.type = value;
  e.type.nullable = r.type.nullable;
}

void ExprChecker::check_range(Expr& e) {
  Expr& l = e.args[0];
  Expr& r = e.args[1];
  check(l);
  check(r);
  if (!both_usable(e)) return;
  if (rules_) same_numbers(l, r);
  const bool numbers = is_number(l.type) && is_number(r.type);
  if (is_open(l.type) || is_open(r.type)) {
    e.type = Type::of(TypeTag::kRange);
    e.type.args.push_back(is_open(l.type) ? r.type : l.type);
    return;
  }
  if (!is_ordered(l.type) || (!numbers && l.type.tag != r.type.tag)) {
    if (unit_beside_number(e)) return;
    p_.report.error(
        "E0202", e.span,
        fmt::format("a range has two ends of one ordered type, not {} and {}", a_type(l.type, &p_.schema), a_type(r.type, &p_.schema)));
    return;
  }
  const std::optional<Value> low = fold(l, p_.interner);
  const std::optional<Value> high = fold(r, p_.interner);
  const bool comparable =
      low && high && low->kind == high->kind && low->kind != Kind::kTimeOfDay && !low->is_handle() && low->kind != Kind::kTimestamp;
  if (comparable) {
    const bool down = low->kind == Kind::kDouble ? high->as_double() < low->as_double() : high->as_int() < low->as_int();
    if (down) {
      p_.report.error("E0414", e.span, "this range holds nothing: its first end is above its last", "swap the ends",
                      Fix{e.span, fmt::format("{}{}{}", p_.report.text(r.span), e.half_open ? "..<" : "..", p_.report.text(l.span))});
      return;
    }
  }
  e.type = Type::of(TypeTag::kRange);
  e.type.args.push_back(l.type);
}

}  // namespace flyball::check
