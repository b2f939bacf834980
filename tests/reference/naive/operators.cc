// Arithmetic, comparison, `in` and `like` on known values. What language.md §2 leaves to rounding is not generated.
#include <cmath>
#include <string_view>

#include "model/check.h"
#include "tests/reference/naive/scope.h"

namespace flyball::reference {
namespace {

using ast::Op;

bool is_exact(Kind k) {
  return k == Kind::kInt || k == Kind::kDuration || k == Kind::kPercent || k == Kind::kSize || k == Kind::kBitrate || k == Kind::kPps;
}

Value of_kind(Kind k, std::int64_t bits) {
  Value v = Value::integer(bits);
  v.kind = k;
  return v;
}

Value exact(Op op, Kind kind, std::int64_t x, std::int64_t y) {
  std::int64_t r = 0;
  bool bad = false;
  switch (op) {
    case Op::kAdd: bad = __builtin_add_overflow(x, y, &r); break;
    case Op::kSubtract: bad = __builtin_sub_overflow(x, y, &r); break;
    case Op::kMultiply: bad = __builtin_mul_overflow(x, y, &r); break;
    case Op::kDivide:
      bad = y == 0 || (x == INT64_MIN && y == -1);
      if (!bad) r = x / y;
      break;
    case Op::kRemainder:
      bad = y == 0 || (x == INT64_MIN && y == -1);
      if (!bad) r = x % y;
      break;
    default: bad = true;
  }
  return bad ? Value::unknown() : of_kind(kind, r);
}

Value real(Op op, double x, double y) {
  switch (op) {
    case Op::kAdd: return Value::real(x + y);
    case Op::kSubtract: return Value::real(x - y);
    case Op::kMultiply: return Value::real(x * y);
    case Op::kDivide: return Value::real(x / y);
    default: return Value::unknown();
  }
}

double as_real(const Value& v) { return v.is(Kind::kInt) ? static_cast<double>(v.as_int()) : v.as_double(); }
bool is_number(const Value& v) { return v.is(Kind::kInt) || v.is(Kind::kDouble); }

// Without its first character.
std::string_view rest(std::string_view text) {
  std::size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0U) == 0x80U) ++n;
  return text.substr(n);
}

bool glob(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') return glob(text, pattern.substr(1)) || (!text.empty() && glob(rest(text), pattern));
  if (text.empty()) return false;
  if (pattern[0] == '?') return glob(rest(text), pattern.substr(1));
  if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return pattern[0] == text[0] && glob(text.substr(1), pattern.substr(1));
}

bool holds(const Cidr& outer, const Value& x, const Interner& in) {
  if (x.is(Kind::kIp)) return outer.contains(in.ip_of(x));
  const Cidr& inner = in.cidr_of(x);
  return inner.prefix_length >= outer.prefix_length && outer.contains(inner.address);
}

}  // namespace

Value arithmetic(Op op, const Value& a, const Value& b, Interner& in) {
  if (a.is_error() || b.is_error() || a.is_null() || b.is_null()) return Value::unknown();
  if (a.is(Kind::kString) && b.is(Kind::kString) && op == Op::kAdd) return in.string(std::string(in.text(a)) + std::string(in.text(b)));
  if (a.is(Kind::kInt) && b.is(Kind::kInt)) return exact(op, Kind::kInt, a.bits, b.bits);
  if (is_number(a) && is_number(b)) return real(op, as_real(a), as_real(b));
  if (a.kind == b.kind && is_exact(a.kind) && (op == Op::kAdd || op == Op::kSubtract)) return exact(op, a.kind, a.bits, b.bits);
  if (a.is(Kind::kTimestamp) && (b.is(Kind::kTimestamp) || b.is(Kind::kDuration))) {
    const std::int64_t left = a.bits * kNsPerSecond + a.aux;
    if (b.is(Kind::kTimestamp)) return of_kind(Kind::kDuration, left - (b.bits * kNsPerSecond + b.aux));
    return to_value(Timestamp{op == Op::kAdd ? left + b.bits : left - b.bits});
  }
  if (is_exact(a.kind) && b.is(Kind::kInt) && op == Op::kMultiply) return exact(op, a.kind, a.bits, b.bits);
  return Value::unknown();
}

Value compare(Op op, const Value& a, const Value& b, const Interner& in) {
  if (a.is_error() || b.is_error()) return Value::unknown();
  if (op == Op::kEqual) return Value::boolean(cel_equal(a, b, in));
  if (op == Op::kNotEqual) return Value::boolean(!cel_equal(a, b, in));
  if (a.is_null() || b.is_null()) return Value::unknown();
  const std::optional<std::partial_ordering> order = cel_compare(a, b, in);
  if (!order) return Value::unknown();
  switch (op) {
    case Op::kLess: return Value::boolean(*order < 0);
    case Op::kLessEqual: return Value::boolean(*order <= 0);
    case Op::kGreater: return Value::boolean(*order > 0);
    case Op::kGreaterEqual: return Value::boolean(*order >= 0);
    default: return Value::unknown();
  }
}

Value in_collection(const Value& x, const Value& collection, const Interner& in) {
  if (collection.is(Kind::kList)) {
    for (const Value& item : in.items(collection)) {
      if (cel_equal(x, item, in)) return Value::boolean(true);
      if (item.is(Kind::kCidr) && !x.is_null() && holds(in.cidr_of(item), x, in)) return Value::boolean(true);
    }
    return Value::boolean(false);
  }
  if (x.is_null()) return Value::unknown();
  if (collection.is(Kind::kRange)) {
    const RangeBounds& r = in.range_of(collection);
    const Value low = compare(Op::kGreaterEqual, x, r.lower, in);
    const Value high = compare(r.half_open ? Op::kLess : Op::kLessEqual, x, r.upper, in);
    return low.is_error() || high.is_error() ? Value::unknown() : Value::boolean(low.is_true() && high.is_true());
  }
  if (collection.is(Kind::kCidr)) return Value::boolean(holds(in.cidr_of(collection), x, in));
  return Value::unknown();
}

// startsWith, endsWith, containsIP, containsCIDR.
Value ask(Fn fn, const Value& a, const Value& b, const Interner& in) {
  if (a.is_error() || b.is_error() || a.is_null() || b.is_null()) return Value::unknown();
  switch (fn) {
    case Fn::kStartsWith: return Value::boolean(in.text(a).starts_with(in.text(b)));
    case Fn::kEndsWith: return Value::boolean(in.text(a).ends_with(in.text(b)));
    case Fn::kContainsIp:
    case Fn::kContainsCidr: return Value::boolean(holds(in.cidr_of(a), b, in));
    default: FB_CHECK(false);
  }
}

Value like(const Value& text, const Value& pattern, const Interner& in) {
  if (!text.is(Kind::kString) || !pattern.is(Kind::kString)) return Value::unknown();
  return Value::boolean(glob(in.text(text), in.text(pattern)));
}

}  // namespace flyball::reference
