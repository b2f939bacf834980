// Making a value fit the place it is written to: int literals into doubles, texts into closed sets, and the messages
// for what does not fit. See expressions.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/text.h"
#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;

namespace {

// The text of a number literal with the unit that `unit` wants, where that is no guess.
std::optional<std::string> with_unit(const Expr& e, const Type& unit, const std::string& written) {
  if (!unit.is(TypeTag::kPercent)) return std::nullopt;
  if (e.kind != ExprKind::kLiteral) return std::nullopt;
  if (e.literal.is(Kind::kInt)) return written + "%";
  if (!e.literal.is(Kind::kDouble)) return std::nullopt;
  const double d = e.literal.as_double();
  if (d <= 1.0 && d >= -1.0) {
    const std::optional<std::int64_t> ratio = parse_scaled_decimal(written, 9);
    if (ratio) return format_percent(*ratio);
    return std::nullopt;
  }
  return written + "%";
}

const char* unit_examples(const Type& t) {
  switch (t.tag) {
    case TypeTag::kDuration: return "write the unit: `250ms`, `5s`, `2m`, `1h30m`";
    case TypeTag::kSize: return "write the unit: `512B`, `10MB`, `2GiB`";
    case TypeTag::kBitrate: return "write the unit: `64kbps`, `100Mbps`, `10Gbps`";
    case TypeTag::kPps: return "write the unit: `500pps`, `20kpps`, `3Mpps`";
    default: return "write the unit: `80%`";
  }
}

}  // namespace

UnitHint unit_hint(const Expr& number, const Type& unit, const Report& report) {
  UnitHint hint;
  hint.help = unit_examples(unit);
  const std::string written(report.text(number.span));
  const std::optional<std::string> fixed = with_unit(number, unit, written);
  if (!fixed) return hint;
  hint.fix = Fix{number.span, *fixed};
  if (number.literal.is(Kind::kInt) && number.literal.as_int() != 0) {
    hint.help = fmt::format("without the unit it would mean {}00 %", number.literal.as_int());
  } else {
    hint.help = "a percent is written with its unit";
  }
  return hint;
}

bool ExprChecker::value_for(Expr& e, const Type& want, const std::string& what) {
  check(e);
  return coerce(e, want, what);
}

bool ExprChecker::coerce(Expr& e, const Type& want, const std::string& what) {
  if (is_open(e.type) || is_open(want)) return true;

  // An int literal serves as a double.
  if (rules_ && want.is(TypeTag::kDouble) && e.type.is(TypeTag::kInt)) {
    if (e.kind == ExprKind::kLiteral) {
      e.literal = Value::real(static_cast<double>(e.literal.as_int()));
      e.type = Type::of(TypeTag::kDouble);
      return true;
    }
    if (e.kind == ExprKind::kUnary && e.op == ast::Op::kNegate && e.args[0].kind == ExprKind::kLiteral) {
      coerce(e.args[0], want, what);
      e.type = Type::of(TypeTag::kDouble);
      return true;
    }
  }
  if (rules_ && want.is(TypeTag::kUint) && e.kind == ExprKind::kLiteral && e.literal.is(Kind::kInt) && e.literal.as_int() >= 0) {
    e.literal = Value::uinteger(static_cast<std::uint64_t>(e.literal.as_int()));
    e.type = Type::of(TypeTag::kUint);
    return true;
  }
  if (e.kind == ExprKind::kLiteral && e.literal.is(Kind::kString) && want.is(TypeTag::kEnum)) {
    const std::string text(p_.interner.text(e.literal));
    if (std::find(want.members.begin(), want.members.end(), text) != want.members.end()) return true;
    Diagnostic d{"E0206", Severity::kError, e.span, fmt::format("{} is never {}", what, quote(text)), {}, {}};
    if (!suggest(d, text, want.members, true)) {
      std::vector<std::string> quoted;
      for (const std::string& m : want.members) quoted.push_back(quote(m));
      d.help = fmt::format("it is one of {}", listed(quoted));
    }
    p_.diagnostics.add(std::move(d));
    e.type = Type::of(TypeTag::kError);
    return false;
  }
  if (e.kind == ExprKind::kList && want.is(TypeTag::kList)) {
    bool good = true;
    for (Expr& a : e.args) good = coerce(a, want.args[0], "an element of " + what) && good;
    if (good) e.type = want.without_null();
    return good;
  }
  if (e.kind == ExprKind::kMap && want.is(TypeTag::kMap)) {
    bool good = true;
    for (std::size_t i = 0; i + 1 < e.args.size(); i += 2) {
      good = coerce(e.args[i], want.args[0], "a key of " + what) && good;
      good = coerce(e.args[i + 1], want.args[1], "a value of " + what) && good;
    }
    if (good) e.type = want.without_null();
    return good;
  }
  if (e.kind == ExprKind::kRange && want.is(TypeTag::kRange)) {
    const bool good = coerce(e.args[0], want.args[0], what) && coerce(e.args[1], want.args[0], what);
    if (good) e.type = want.without_null();
    return good;
  }
  if (e.kind == ExprKind::kTernary) {
    const bool good = coerce(e.args[1], want, what) && coerce(e.args[2], want, what);
    if (good) e.type = join(e.args[1].type, e.args[2].type);
    return good;
  }
  if (fits(e.type, want)) return true;

  if (e.type.nullable && fits(e.type.without_null(), want)) return usable(e);
  // What a text may become: an address written in quotes.
  const std::string found = a_type(e.type, &p_.schema);
  if (is_unit(want) && is_number(e.type)) {
    UnitHint hint = unit_hint(e, want, p_.report);
    p_.report.error("E0203", e.span,
                    fmt::format("{} is {}, `{}` is a plain number", what, a_type(want.without_null()), p_.report.excerpt(e.span)),
                    hint.help, std::move(hint.fix));
  } else if ((is_unit(want) || is_number(want)) && is_unit(e.type)) {
    p_.report.error("E0203", e.span,
                    fmt::format("{} is {}, `{}` is {}", what, a_type(want.without_null()), p_.report.excerpt(e.span), found));
  } else {
    std::string help;
    std::optional<Fix> fix;
    const bool literal_text = e.kind == ExprKind::kLiteral && e.literal.is(Kind::kString);
    if (literal_text && (want.is(TypeTag::kIp) || want.is(TypeTag::kCidr)) &&
        (parse_ip(p_.interner.text(e.literal)) || parse_cidr(p_.interner.text(e.literal)))) {
      help = "addresses are written without quotes";
      fix = Fix{e.span, std::string(p_.interner.text(e.literal))};
    } else if (literal_text && is_unit(want)) {
      const std::string_view written = p_.interner.text(e.literal);
      const bool reads = want.is(TypeTag::kDuration)  ? parse_duration_ns(written).has_value()
                         : want.is(TypeTag::kPercent) ? parse_percent_e9(written).has_value()
                                                      : want.is(TypeTag::kBitrate) && parse_bitrate_bps(written).has_value();
      help = "a value with a unit stands without quotes";
      if (reads && written.find(' ') == std::string_view::npos) fix = Fix{e.span, std::string(written)};
    } else if (e.type.is(TypeTag::kNull)) {
      help = "only an optional field (`T?`) takes null";
    } else if (want.is(TypeTag::kString) && !e.type.is(TypeTag::kFact)) {
      help = "`string(…)` or an f-string makes it one";
    } else if (want.is(TypeTag::kDouble) && is_number(e.type)) {
      help = "`double(…)` makes it one";
      fix = Fix{e.span, fmt::format("double({})", p_.report.text(e.span))};
    } else if (want.is(TypeTag::kInt) && is_number(e.type)) {
      help = "`int(…)` makes it one";
    }
    p_.report.error("E0202", e.span, fmt::format("{} is {}, not {}", what, a_type(want.without_null(), &p_.schema), found), help,
                    std::move(fix));
  }
  e.type = Type::of(TypeTag::kError);
  return false;
}

}  // namespace flyball::check
