// Constants: the values of expressions that read nothing, for options, defaults, params and tests. It folds literals,
// signs, arithmetic, lists, maps and the conversions of texts; it is not the evaluator (engine/expr is). See expressions.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "model/compare.h"
#include "model/text.h"
#include "model/text_pattern.h"
#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

namespace {

bool exact(Kind k) {
  return k == Kind::kInt || k == Kind::kDuration || k == Kind::kPercent || k == Kind::kSize || k == Kind::kBitrate || k == Kind::kPps;
}

Value with_bits(Kind kind, std::int64_t bits) { return Value{kind, 0, 0, 0, bits}; }

std::optional<Value> add(Op op, const Value& a, const Value& b) {
  const bool minus = op == Op::kSubtract;
  if (a.kind == b.kind && exact(a.kind)) {
    std::int64_t r = 0;
    const bool over = minus ? __builtin_sub_overflow(a.bits, b.bits, &r) : __builtin_add_overflow(a.bits, b.bits, &r);
    if (over) return std::nullopt;
    return with_bits(a.kind, r);
  }
  if (a.is(Kind::kDouble) && b.is(Kind::kDouble)) return Value::real(minus ? a.as_double() - b.as_double() : a.as_double() + b.as_double());
  return std::nullopt;
}

std::optional<Value> multiply(const Value& a, const Value& b) {
  if (a.is(Kind::kDouble) && b.is(Kind::kDouble)) return Value::real(a.as_double() * b.as_double());
  // The unit keeps; the other side is an int. Percents of things are left to the evaluator, which rounds.
  const bool ok =
      (a.is(Kind::kInt) && exact(b.kind) && !b.is(Kind::kPercent)) || (b.is(Kind::kInt) && exact(a.kind) && !a.is(Kind::kPercent));
  std::int64_t r = 0;
  if (!ok || __builtin_mul_overflow(a.bits, b.bits, &r)) return std::nullopt;
  return with_bits(a.is(Kind::kInt) ? b.kind : a.kind, r);
}

std::optional<Value> divide(const Value& a, const Value& b) {
  if (a.is(Kind::kDouble) && b.is(Kind::kDouble)) return Value::real(a.as_double() / b.as_double());
  if (!b.is(Kind::kInt) || b.bits == 0 || !exact(a.kind)) return std::nullopt;
  if (a.bits == std::numeric_limits<std::int64_t>::min() && b.bits == -1) return std::nullopt;
  // A unit that does not divide evenly is rounded by the evaluator.
  if (!a.is(Kind::kInt) && a.bits % b.bits != 0) return std::nullopt;
  return with_bits(a.kind, a.bits / b.bits);
}

std::optional<Value> convert(const Expr& e, Interner& in) {
  if (e.args.size() != 1) return std::nullopt;
  const std::optional<Value> arg = fold(e.args[0], in);
  if (!arg || !arg->is(Kind::kString)) return std::nullopt;
  const std::string_view text = in.text(*arg);
  switch (e.fn) {
    case Fn::kTimestamp: return parse_timestamp(text);
    case Fn::kDuration:
      if (const auto ns = parse_duration_ns(text)) return Value::duration_ns(*ns);
      return std::nullopt;
    case Fn::kIp:
      if (const auto a = parse_ip(text)) return in.ip(*a);
      return std::nullopt;
    case Fn::kCidr:
      if (const auto c = parse_cidr(text)) return in.cidr(*c);
      return std::nullopt;
    case Fn::kPercent:
      if (const auto e9 = parse_percent_e9(text)) return Value::percent_e9(*e9);
      return std::nullopt;
    case Fn::kBitrate:
      if (const auto bps = parse_bitrate_bps(text)) return Value::bitrate_bps(*bps);
      return std::nullopt;
    case Fn::kPps:
      if (const auto n = parse_pps(text)) return Value::pps(*n);
      return std::nullopt;
    default: return std::nullopt;
  }
}

// What a conversion of a text reads, and how that is written.
struct Form {
  Fn fn;
  const char* type;
  const char* written;
};
constexpr auto kForms = std::to_array<Form>({{Fn::kTimestamp, "timestamp", "a time is written `2030-12-31T23:59:59Z`"},
                                             {Fn::kDuration, "duration", "a duration is written `5m`, `1h30m` or `250ms`"},
                                             {Fn::kIp, "address", "an address is written `10.0.0.1` or `fe80::1`"},
                                             {Fn::kCidr, "network", "a network is written `10.0.0.0/8`"},
                                             {Fn::kPercent, "percent", "a percent is written `92%` or `0.92`"},
                                             {Fn::kBitrate, "bitrate", "a bitrate is written `10Gbps`"},
                                             {Fn::kPps, "packet rate", "a packet rate is written `3Mpps`"},
                                             {Fn::kInt, "int", "an int is written in digits: `42`"},
                                             {Fn::kUint, "uint", "a uint is written in digits: `42`"},
                                             {Fn::kDouble, "double", "a double is written `1.5` or `2e3`"},
                                             {Fn::kBool, "bool", "a bool is written `true` or `false`"}});

template <typename T>
bool is_number(std::string_view text) {
  if (text.starts_with('+') && (std::is_floating_point_v<T> || !text.starts_with("+-"))) text.remove_prefix(1);
  T n{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc{} && end == text.data() + text.size();
}

// As the evaluator reads it.
bool is_readable(const Expr& e, Interner& in) {
  const std::string_view text = in.text(e.args[0].literal);
  switch (e.fn) {
    case Fn::kInt: return is_number<std::int64_t>(text);
    case Fn::kUint: return is_number<std::uint64_t>(text);
    case Fn::kDouble: return is_number<double>(text);
    case Fn::kBool: {
      constexpr auto kWords = std::to_array<std::string_view>({"1", "t", "true", "TRUE", "True", "0", "f", "false", "FALSE", "False"});
      return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
    }
    default: return convert(e, in).has_value();
  }
}

}  // namespace

bool ExprChecker::unreadable(Expr& e) {
  if (e.fn == Fn::kMatches) {
    if (bad_pattern(e, TextPattern::regex)) return true;
    glob_as_regex(e);
    return false;
  }
  if (e.args.size() == 2 && e.args[0].type.is(TypeTag::kTimestamp)) return unknown_zone(e);
  if (e.args.size() != 1 || e.args[0].kind != ExprKind::kLiteral || !e.args[0].literal.is(Kind::kString)) return false;
  const auto* form = std::find_if(kForms.begin(), kForms.end(), [&](const Form& f) { return f.fn == e.fn; });
  if (form == kForms.end() || is_readable(e, p_.interner)) return false;
  p_.report.error("E0219", e.args[0].span, fmt::format("`{}` is no {}", p_.report.excerpt(e.args[0].span), form->type), form->written);
  e.type = Type::of(TypeTag::kError);
  return true;
}

bool ExprChecker::bad_pattern(Expr& e, TextPattern (*read)(std::string_view)) {
  const std::optional<Value> text = e.args.size() == 2 ? fold(e.args[1], p_.interner) : std::nullopt;
  if (!text || !text->is(Kind::kString)) return false;
  const TextPattern pattern = read(p_.interner.text(*text));
  if (pattern.ok()) return false;
  p_.report.error(
      "E0219", e.args[1].span, fmt::format("`{}` is no pattern: {}", p_.report.excerpt(e.args[1].span), pattern.error()),
      e.fn == Fn::kMatches ? "patterns are RE2's; `like` takes `*` and `?`, `startsWith` and `contains` take the text itself" : "");
  e.type = Type::of(TypeTag::kError);
  return true;
}

void ExprChecker::read_texts(Expr& e) {
  for (Expr& a : e.args) read_texts(a);
  if (rules_ && e.kind == ExprKind::kCall && !e.type.is(TypeTag::kError)) unreadable(e);
}

bool ExprChecker::missing_key(const Expr& e, const Value& key, ast::Span at) {
  const Expr& map = e.args[0];
  if (!rules_ || e.op == Op::kOptional || map.kind != ExprKind::kMap || &e == asked_) return false;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i + 1 < map.args.size(); i += 2) {
    const std::optional<Value> known = fold(map.args[i], p_.interner);
    if (!known || cel_equal(*known, key, p_.interner)) return false;
    if (known->is(Kind::kString)) keys.emplace_back(p_.interner.text(*known));
  }
  const bool selected = e.kind == ExprKind::kSelect;
  const std::string word = to_text(key, p_.interner);
  Diagnostic d{"E0219", Severity::kError, at, fmt::format("this map has no key `{}`", word), {}, {}};
  if (!key.is(Kind::kString) || !suggest(d, word, keys, !selected)) {
    d.help = "its keys are all written there; `m.?key.orValue(x)` says what stands for one that is not there";
  }
  p_.diagnostics.add(std::move(d));
  return true;
}

bool ExprChecker::out_of_range(const Expr& e) {
  const Expr& at = e.args[1];
  if (!rules_ || e.op == Op::kOptional || e.args[0].kind != ExprKind::kList || !fold(e.args[0], p_.interner)) return false;
  const std::optional<Value> index = fold(at, p_.interner);
  const std::size_t size = e.args[0].args.size();
  if (!index || !index->is(Kind::kInt) || (index->as_int() >= 0 && static_cast<std::uint64_t>(index->as_int()) < size)) return false;
  p_.report.error("E0219", at.span, fmt::format("this list has no item {}", index->as_int()),
                  size == 0 ? "it is empty" : fmt::format("it has {}, counted from 0", size == 1 ? "one" : std::to_string(size)));
  return true;
}

std::optional<Value> fold(const Expr& e, Interner& in) {
  switch (e.kind) {
    case ExprKind::kLiteral: return e.literal;
    case ExprKind::kUnary: {
      const std::optional<Value> a = fold(e.args[0], in);
      if (!a) return std::nullopt;
      if (e.op == Op::kNot) return a->is(Kind::kBool) ? std::optional<Value>(Value::boolean(!a->as_bool())) : std::nullopt;
      if (a->is(Kind::kDouble)) return Value::real(-a->as_double());
      if (!exact(a->kind) || a->bits == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
      return with_bits(a->kind, -a->bits);
    }
    case ExprKind::kBinary: {
      const std::optional<Value> a = fold(e.args[0], in);
      const std::optional<Value> b = a ? fold(e.args[1], in) : std::nullopt;
      if (!a || !b) return std::nullopt;
      switch (e.op) {
        case Op::kAdd:
          if (a->is(Kind::kString) && b->is(Kind::kString)) return in.string(std::string(in.text(*a)) + std::string(in.text(*b)));
          return add(e.op, *a, *b);
        case Op::kSubtract: return add(e.op, *a, *b);
        case Op::kMultiply: return multiply(*a, *b);
        case Op::kDivide: return divide(*a, *b);
        default: return std::nullopt;
      }
    }
    case ExprKind::kList: {
      std::vector<Value> items;
      for (const Expr& a : e.args) {
        const std::optional<Value> v = fold(a, in);
        if (!v) return std::nullopt;
        items.push_back(*v);
      }
      return in.list(items);
    }
    case ExprKind::kMap: {
      std::vector<MapEntry> entries;
      for (std::size_t i = 0; i + 1 < e.args.size(); i += 2) {
        const std::optional<Value> k = fold(e.args[i], in);
        const std::optional<Value> v = fold(e.args[i + 1], in);
        if (!k || !v) return std::nullopt;
        for (const MapEntry& other : entries) {
          if (other.key == *k) return std::nullopt;
        }
        entries.push_back({*k, *v});
      }
      return in.map(entries);
    }
    case ExprKind::kRange: {
      const std::optional<Value> low = fold(e.args[0], in);
      const std::optional<Value> high = low ? fold(e.args[1], in) : std::nullopt;
      if (!low || !high) return std::nullopt;
      return in.range(*low, *high, e.half_open);
    }
    case ExprKind::kCall: return convert(e, in);
    default: return std::nullopt;
  }
}

std::optional<Value> constant(Package& p, const FileScope& file, Expr& e, const Type& want, const std::string& what) {
  Scope scope;
  scope.file = &file;
  scope.no_params = "it must be a constant: operators change params, not declarations";
  ExprChecker checker(p, scope);
  if (!checker.value_for(e, want, what) || e.type.is(TypeTag::kError)) return std::nullopt;
  const std::optional<Value> v = fold(e, p.interner);
  if (!v) {
    p.report.error("E0210", e.span, fmt::format("{} must be a constant", what),
                   "write the value itself; it must not overflow or divide by zero");
    return std::nullopt;
  }
  Type type = want.is(TypeTag::kDyn) ? e.type : want;
  type.nullable = v->is_null();
  Expr literal;
  literal.kind = ExprKind::kLiteral;
  literal.span = e.span;
  literal.name_span = e.name_span;
  literal.literal = *v;
  literal.type = std::move(type);
  e = std::move(literal);
  return v;
}

std::optional<std::int64_t> constant_duration(Package& p, const FileScope& file, Expr& e, const std::string& what, bool zero) {
  const std::optional<Value> v = constant(p, file, e, Type::of(TypeTag::kDuration), what);
  if (!v || !v->is(Kind::kDuration)) return std::nullopt;
  if (v->as_int() < 0 || (v->as_int() == 0 && !zero)) {
    p.report.error("E0407", e.span, fmt::format("{} must be {}", what, zero ? "0s or more" : "more than 0s"));
    return std::nullopt;
  }
  return v->as_int();
}

std::optional<std::int64_t> constant_count(Package& p, const FileScope& file, Expr& e, const std::string& what, std::int64_t at_least,
                                           std::int64_t at_most) {
  const std::optional<Value> v = constant(p, file, e, Type::of(TypeTag::kInt), what);
  if (!v || !v->is(Kind::kInt)) return std::nullopt;
  if (v->as_int() < at_least || v->as_int() > at_most) {
    p.report.error("E0407", e.span, fmt::format("{} must be a number from {} to {}", what, at_least, at_most));
    return std::nullopt;
  }
  return v->as_int();
}

}  // namespace flyball::check
