// Expressions in words. What has no plainer words than its own stays as it is written, in backticks. See phrases.h.
#include "parser/reading/phrases.h"

#include <fmt/format.h>

#include <array>

#include "model/text.h"
#include "parser/ast/words.h"

namespace flyball {

std::string read_list(const std::vector<std::string>& items, const char* last) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? fmt::format(" {} ", last) : ", ";
    out += items[i];
  }
  return out;
}

std::string read_duration(DurationNs ns) {
  struct Unit {
    DurationNs size;
    const char* name;
  };
  static constexpr std::array<Unit, 7> kUnits{{{86'400'000'000'000, "day"},
                                               {3'600'000'000'000, "hour"},
                                               {60'000'000'000, "minute"},
                                               {1'000'000'000, "second"},
                                               {1'000'000, "millisecond"},
                                               {1'000, "microsecond"},
                                               {1, "nanosecond"}}};
  if (ns == 0) return "0 seconds";
  if (ns < 0) return format_duration_human(ns);
  std::string out;
  for (const Unit& unit : kUnits) {
    const DurationNs n = ns / unit.size;
    ns %= unit.size;
    if (n > 0) out += fmt::format("{}{} {}{}", out.empty() ? "" : " ", n, unit.name, n == 1 ? "" : "s");
  }
  return out;
}

}  // namespace flyball

namespace flyball::reading {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

namespace {

// "is above", or with `truth` false "is not above" in better words.
const char* verb(Op op, bool truth) {
  switch (op) {
    case Op::kEqual: return truth ? "is" : "is not";
    case Op::kNotEqual: return truth ? "is not" : "is";
    case Op::kLess: return truth ? "is below" : "is not below";
    case Op::kLessEqual: return truth ? "is at most" : "is not at most";
    case Op::kGreater: return truth ? "is above" : "is not above";
    case Op::kGreaterEqual: return truth ? "is at least" : "is not at least";
    default: return nullptr;
  }
}

bool is_number(const Value& v) {
  switch (v.kind) {
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
    case Kind::kPercent:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps:
    case Kind::kIp:
    case Kind::kCidr: return true;
    default: return false;
  }
}

// "the average of": an aggregate's value as a noun.
const char* noun(ast::AggregateFn fn) {
  switch (fn) {
    case ast::AggregateFn::kCount: return "the number";
    case ast::AggregateFn::kSum: return "the sum";
    case ast::AggregateFn::kAvg: return "the average";
    case ast::AggregateFn::kMin: return "the least";
    case ast::AggregateFn::kMax: return "the greatest";
    default: return nullptr;
  }
}

}  // namespace

std::string Phrases::code(const std::string& text) {
  std::string flat;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank) {
      flat += c;
    } else if (!flat.empty() && flat.back() != ' ') {
      flat += ' ';
    }
  }
  while (flat.ends_with(' ')) flat.pop_back();
  // A text with a backtick in it stands in two.
  return flat.find('`') == std::string::npos ? "`" + flat + "`" : "`` " + flat + " ``";
}

std::string Phrases::code(ast::Span span) const { return code(std::string(c_.sources.text(span))); }

std::string Phrases::duration(const Expr& e) const {
  return e.kind == ExprKind::kLiteral && e.literal.is(Kind::kDuration) ? read_duration(e.literal.as_int()) : value(e);
}

std::string Phrases::value(const Expr& e) const {
  if (e.kind == ExprKind::kAggregate && e.aggregate) return aggregate(*e.aggregate);
  if (e.kind == ExprKind::kLiteral) {
    if (e.literal.is(Kind::kDuration)) return read_duration(e.literal.as_int());
    if (e.literal.is_null()) return "null";
    if (e.literal.is(Kind::kBool)) return e.literal.as_bool() ? "true" : "false";
    if (is_number(e.literal)) return std::string(c_.sources.text(e.span));
  }
  if (e.ref.kind == ast::RefKind::kParam && e.ref.index < c_.rules.schema.params.size() && e.kind == ExprKind::kName) {
    const Param& param = c_.rules.schema.params[e.ref.index];
    const Value& v = param.default_value;
    return fmt::format("`{}` ({})", param.local, v.is(Kind::kDuration) ? read_duration(v.as_int()) : to_source(v, c_.interner));
  }
  if (e.kind == ExprKind::kTernary && e.args.size() == 3)
    return fmt::format("{} (if {}, else {})", value(e.args[1]), condition(e.args[0]), value(e.args[2]));
  if (e.kind == ExprKind::kBinary && e.op == Op::kCoalesce && e.args.size() == 2)
    return fmt::format("{} (or {} if that is null)", value(e.args[0]), value(e.args[1]));
  if (e.kind == ExprKind::kFString) {
    std::string text(c_.sources.text(e.span));
    if (text.starts_with("f")) text.erase(0, 1);
    return code(text);
  }
  return code(e.span);
}

std::string Phrases::aggregate(const ast::Aggregate& a) const {
  const char* what = noun(a.fn);
  std::string out;
  if (what == nullptr) {
    out = fmt::format("the {}", ast::kAggregateWords[static_cast<std::size_t>(a.fn)]);
  } else {
    out = what;
  }
  const bool samples = a.over || a.over_last;
  if (a.value) out += " of " + value(*a.value);
  out += fmt::format(" of {}`{}`", a.value ? "all " : "", a.type_name.text);
  if (samples && !a.value) out += " samples";
  if (a.where) out += " where " + condition(*a.where);
  if (a.over) out += " over the last " + duration(*a.over);
  if (a.over_last) out += fmt::format(" among the last {} of each", value(*a.over_last));
  if (a.at_least) out += fmt::format(" (known from {} samples on)", value(*a.at_least));
  return out;
}

std::string Phrases::comparison(const Expr& e, bool truth) const {
  const char* is = verb(e.op, truth);
  const Expr* left = &e.args[0];
  const Expr* right = &e.args[1];
  return fmt::format("{} {} {}", value(*left), is, value(*right));
}

std::string Phrases::membership(const Expr& e, bool truth) const {
  const std::string left = value(e.args[0]);
  const Expr& set = e.args[1];
  const char* no = truth ? "" : " not";
  if (set.kind == ExprKind::kList && !set.args.empty()) {
    std::vector<std::string> items;
    for (const Expr& a : set.args) items.push_back(value(a));
    if (items.size() == 1) return fmt::format("{} is{} {}", left, no, items[0]);
    return fmt::format("{} is {}{}", left, truth ? "" : "neither ", read_list(items, truth ? "or" : "nor"));
  }
  if (set.kind == ExprKind::kRange && set.args.size() == 2) {
    return fmt::format("{} is{} from {} to {}{}", left, no, value(set.args[0]), set.half_open ? "below " : "", value(set.args[1]));
  }
  return fmt::format("{} is{} in {}", left, no, value(set));
}

std::string Phrases::joined(const Expr& e, const char* word, bool nested) const {
  std::vector<std::string> parts;
  for (const Expr& a : e.args) parts.push_back(condition(a, true));
  const std::string all = read_list(parts, word);
  return nested ? fmt::format("({})", all) : all;
}

std::string Phrases::denied(const Expr& e, bool nested) const {
  if (e.kind == ExprKind::kUnary && e.op == Op::kNot) return condition(e.args[0], nested);
  if (e.kind == ExprKind::kBinary && e.args.size() == 2) {
    if (verb(e.op, false) != nullptr) return comparison(e, false);
    if (e.op == Op::kIn) return membership(e, false);
    if (e.op == Op::kLike) return fmt::format("{} is not like {}", value(e.args[0]), value(e.args[1]));
  }
  if (e.kind == ExprKind::kStale) return code(e.args.empty() ? e.span : e.args[0].span) + " is not stale";
  if (e.kind == ExprKind::kHas) return code(e.args.empty() ? e.span : e.args[0].span) + " is not there";
  if (e.kind == ExprKind::kAnd || e.kind == ExprKind::kOr) return fmt::format("it is not so that {}", condition(e, true));
  return fmt::format("{} is false", value(e));
}

std::string Phrases::condition(const Expr& e, bool nested) const {
  switch (e.kind) {
    // `and` binds tighter: only an `or` among others needs brackets, and an `and` among the parts of an `or` reads better with them.
    case ExprKind::kAnd: return joined(e, "and", nested);
    case ExprKind::kOr: return joined(e, "or", nested);
    case ExprKind::kUnary:
      if (e.op == Op::kNot) return denied(e.args[0], nested);
      break;
    case ExprKind::kBinary:
      if (e.args.size() != 2) break;
      if (verb(e.op, true) != nullptr) return comparison(e, true);
      if (e.op == Op::kIn) return membership(e, true);
      if (e.op == Op::kLike) return fmt::format("{} is like {}", value(e.args[0]), value(e.args[1]));
      break;
    case ExprKind::kStale: return code(e.args.empty() ? e.span : e.args[0].span) + " is stale";
    case ExprKind::kHas: return code(e.args.empty() ? e.span : e.args[0].span) + " is there";
    case ExprKind::kLiteral:
      if (e.literal.is(Kind::kBool)) return e.literal.as_bool() ? "always" : "never";
      break;
    case ExprKind::kTernary:
      if (e.args.size() == 3)
        return fmt::format("({} if {}, else {})", condition(e.args[1], true), condition(e.args[0], true), condition(e.args[2], true));
      break;
    case ExprKind::kComprehension:
    case ExprKind::kCall: return value(e) + " holds";
    default: break;
  }
  return value(e) + " is true";
}

}  // namespace flyball::reading
