// See operators.h. Kinds are looked at in pairs; whatever no pair names is "no such overload".
#include "engine/expr/operators.h"

#include <cmath>
#include <string>
#include <vector>

#include "engine/expr/count_interval.h"
#include "engine/expr/eval.h"
#include "engine/expr/exact.h"
#include "model/civil.h"
#include "model/compare.h"
#include "model/text_pattern.h"
#include "model/time.h"

namespace flyball::engine {

namespace {

constexpr std::int64_t kOne = 1'000'000'000;  // 100 % in percent's unit, a second in duration's

constexpr unsigned pair(Kind a, Kind b) { return static_cast<unsigned>(a) << 8 | static_cast<unsigned>(b); }

bool is_unit(Kind k) { return k == Kind::kDuration || k == Kind::kPercent || k == Kind::kSize || k == Kind::kBitrate || k == Kind::kPps; }
bool is_number(Kind k) { return k == Kind::kInt || k == Kind::kUint || k == Kind::kDouble; }

Value with_bits(Kind kind, std::int64_t bits) { return {kind, 0, 0, 0, bits}; }

// An unknown operand as a result: an interval used otherwise than in a comparison is only unknown.
Value passed_on(const Value& error) { return as_count_interval(error) ? Value::unknown() : error; }

Value overflow(Interner& in, Kind kind) {
  switch (kind) {
    case Kind::kDuration: return in.error("duration out of range");
    case Kind::kTimestamp: return in.error("timestamp out of range");
    case Kind::kUint: return in.error("unsigned integer overflow");
    case Kind::kInt: return in.error("integer overflow");
    default: return in.error("overflow");
  }
}

Value checked(Kind kind, std::optional<std::int64_t> bits, Interner& in) { return bits ? with_bits(kind, *bits) : overflow(in, kind); }

Value ints(Arithmetic op, Kind kind, std::int64_t a, std::int64_t b, Interner& in) {
  std::int64_t r = 0;
  switch (op) {
    case Arithmetic::kAdd: return __builtin_add_overflow(a, b, &r) ? overflow(in, kind) : with_bits(kind, r);
    case Arithmetic::kSubtract: return __builtin_sub_overflow(a, b, &r) ? overflow(in, kind) : with_bits(kind, r);
    case Arithmetic::kMultiply: return __builtin_mul_overflow(a, b, &r) ? overflow(in, kind) : with_bits(kind, r);
    case Arithmetic::kDivide:
      if (b == 0) return in.error("division by zero");
      return b == -1 && a == INT64_MIN ? overflow(in, kind) : with_bits(kind, a / b);
    case Arithmetic::kRemainder:
      if (b == 0) return in.error("remainder by zero");
      return b == -1 && a == INT64_MIN ? overflow(in, kind) : with_bits(kind, a % b);
  }
  return no_overload(in);
}

Value uints(Arithmetic op, std::uint64_t a, std::uint64_t b, Interner& in) {
  std::uint64_t r = 0;
  switch (op) {
    case Arithmetic::kAdd: return __builtin_add_overflow(a, b, &r) ? overflow(in, Kind::kUint) : Value::uinteger(r);
    case Arithmetic::kSubtract: return __builtin_sub_overflow(a, b, &r) ? overflow(in, Kind::kUint) : Value::uinteger(r);
    case Arithmetic::kMultiply: return __builtin_mul_overflow(a, b, &r) ? overflow(in, Kind::kUint) : Value::uinteger(r);
    case Arithmetic::kDivide: return b == 0 ? in.error("division by zero") : Value::uinteger(a / b);
    case Arithmetic::kRemainder: return b == 0 ? in.error("remainder by zero") : Value::uinteger(a % b);
  }
  return no_overload(in);
}

Value doubles(Arithmetic op, double a, double b, Interner& in) {
  switch (op) {
    case Arithmetic::kAdd: return Value::real(a + b);
    case Arithmetic::kSubtract: return Value::real(a - b);
    case Arithmetic::kMultiply: return Value::real(a * b);
    case Arithmetic::kDivide: return Value::real(a / b);
    case Arithmetic::kRemainder: return no_overload(in);
  }
  return no_overload(in);
}

// Timestamp moved by a duration.
Value moved(const Value& t, std::int64_t ns, bool back, Interner& in) {
  const Int128 total = static_cast<Int128>(t.bits) * kOne + t.aux + (back ? -static_cast<Int128>(ns) : static_cast<Int128>(ns));
  Int128 seconds = total / kOne;
  Int128 nanos = total % kOne;
  if (nanos < 0) {
    nanos += kOne;
    --seconds;
  }
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) return overflow(in, Kind::kTimestamp);
  return Value::timestamp(static_cast<std::int64_t>(seconds), static_cast<std::uint32_t>(nanos));
}

Value between(const Value& a, const Value& b, Interner& in) {
  const Int128 ns = (static_cast<Int128>(a.bits) - b.bits) * kOne + (static_cast<Int128>(a.aux) - b.aux);
  if (ns > INT64_MAX || ns < INT64_MIN) return overflow(in, Kind::kDuration);
  return Value::duration_ns(static_cast<std::int64_t>(ns));
}

Value joined_text(const Value& a, const Value& b, Interner& in) {
  std::string text;
  const std::string_view x = in.text(a), y = in.text(b);
  text.reserve(x.size() + y.size());
  text.append(x).append(y);
  return a.is(Kind::kString) ? in.string(text) : in.bytes(text);
}

Value joined_lists(const Value& a, const Value& b, Interner& in) {
  const auto x = in.items(a), y = in.items(b);
  if (x.size() + y.size() > kMaxValueItems) return in.error("list too long");
  std::vector<Value> all(x.begin(), x.end());
  all.insert(all.end(), y.begin(), y.end());
  return in.list(all);
}

// A number as an exact factor, if it is an integer.
std::optional<Int128> whole(const Value& v) {
  if (v.is(Kind::kInt)) return v.as_int();
  if (v.is(Kind::kUint)) return v.as_uint();
  return std::nullopt;
}

Value unit_times_number(const Value& u, const Value& n, Interner& in) {
  if (u.is(Kind::kPercent)) {
    if (const auto w = whole(n)) return Value::real(divide_to_double(u.as_int() * *w, kOne));
    return Value::real(static_cast<double>(u.as_int()) * n.as_double() / static_cast<double>(kOne));
  }
  if (const auto w = whole(n)) return checked(u.kind, divide_half_even(u.as_int() * *w, 1), in);
  return checked(u.kind, multiply_by_double(u.as_int(), n.as_double()), in);
}

Value unit_by_number(const Value& u, const Value& n, Interner& in) {
  if (const auto w = whole(n)) return *w == 0 ? in.error("division by zero") : checked(u.kind, divide_half_even(u.as_int(), *w), in);
  if (n.as_double() == 0) return in.error("division by zero");
  return checked(u.kind, divide_by_double(u.as_int(), n.as_double()), in);
}

Value multiply_units(const Value& a, const Value& b, Interner& in) {
  if (is_unit(a.kind) && is_number(b.kind)) return unit_times_number(a, b, in);
  if (is_number(a.kind) && is_unit(b.kind)) return unit_times_number(b, a, in);
  if (!is_unit(a.kind) || !is_unit(b.kind)) return no_overload(in);
  const Int128 product = static_cast<Int128>(a.as_int()) * b.as_int();
  if (a.is(Kind::kPercent)) return checked(b.kind, divide_half_even(product, kOne), in);
  if (b.is(Kind::kPercent)) return checked(a.kind, divide_half_even(product, kOne), in);
  return no_overload(in);
}

Value divide_units(const Value& a, const Value& b, Interner& in) {
  if (is_unit(a.kind) && is_number(b.kind)) return unit_by_number(a, b, in);
  if (!is_unit(a.kind) || !is_unit(b.kind)) return no_overload(in);
  if (b.as_int() == 0 && (a.kind == b.kind || (a.is(Kind::kSize) && b.is(Kind::kDuration)))) return in.error("division by zero");
  if (a.kind == b.kind) return Value::real(divide_to_double(a.as_int(), b.as_int()));
  if (a.is(Kind::kSize) && b.is(Kind::kDuration)) {
    return checked(Kind::kBitrate, divide_half_even(static_cast<Int128>(a.as_int()) * 8 * kOne, b.as_int()), in);
  }
  return no_overload(in);
}

// The truth of `interval op number` for all numbers of the interval, if they agree.
Value compare_interval(Compare op, const CountInterval& c, const Value& b, Interner& in) {
  if (!is_number(b.kind)) {  // null: no number equals it, none has an order with it
    const Value one = compare(op, Value::integer(c.lower), b, in);
    return one.is_error() ? Value::unknown() : one;
  }
  const auto holds = [&](std::int64_t n) { return compare(op, Value::integer(n), b, in).is_true(); };
  if (op == Compare::kEqual || op == Compare::kNotEqual) {
    const bool outside = compare(Compare::kLess, b, Value::integer(c.lower), in).is_true() ||
                         compare(Compare::kGreater, b, Value::integer(c.upper), in).is_true();
    if (outside || as_kind(b, Kind::kInt).is_null()) return Value::boolean(op == Compare::kNotEqual);
    return Value::unknown();
  }
  const bool low = holds(c.lower), high = holds(c.upper);
  return low == high ? Value::boolean(low) : Value::unknown();
}

Compare turned(Compare op) {
  switch (op) {
    case Compare::kLess: return Compare::kGreater;
    case Compare::kLessEqual: return Compare::kGreaterEqual;
    case Compare::kGreater: return Compare::kLess;
    case Compare::kGreaterEqual: return Compare::kLessEqual;
    default: return op;
  }
}

// Two intervals agree where all pairs do.
Value compare_intervals(Compare op, const CountInterval& a, const CountInterval& b, Interner& in) {
  const Value low = compare_interval(op, a, Value::integer(b.lower), in);
  const Value high = compare_interval(op, a, Value::integer(b.upper), in);
  if (op == Compare::kEqual || op == Compare::kNotEqual) {
    if (a.upper < b.lower || b.upper < a.lower) return Value::boolean(op == Compare::kNotEqual);
    return Value::unknown();
  }
  return low == high && !low.is_error() ? low : Value::unknown();
}

Value compare_errors(Compare op, const Value& a, const Value& b, Interner& in) {
  const auto x = as_count_interval(a), y = as_count_interval(b);
  if (x && y) return compare_intervals(op, *x, *y, in);
  if (x && !b.is_error()) return compare_interval(op, *x, b, in);
  if (y && !a.is_error()) return compare_interval(turned(op), *y, a, in);
  if (x || y) return x && b.is_error() ? passed_on(b) : Value::unknown();
  return a.is_error() ? a : b;
}

}  // namespace

Value no_overload(Interner& in) { return in.error("no such overload"); }
Value bad_pattern(const TextPattern& pattern, Interner& in) { return in.error("bad pattern: " + pattern.error()); }

Value arithmetic(Arithmetic op, const Value& a, const Value& b, Interner& in) {
  if (a.is_error()) return passed_on(a);
  if (b.is_error()) return passed_on(b);
  switch (pair(a.kind, b.kind)) {
    case pair(Kind::kInt, Kind::kInt): return ints(op, Kind::kInt, a.as_int(), b.as_int(), in);
    case pair(Kind::kUint, Kind::kUint): return uints(op, a.as_uint(), b.as_uint(), in);
    case pair(Kind::kDouble, Kind::kDouble): return doubles(op, a.as_double(), b.as_double(), in);
    case pair(Kind::kString, Kind::kString):
    case pair(Kind::kBytes, Kind::kBytes): return op == Arithmetic::kAdd ? joined_text(a, b, in) : no_overload(in);
    case pair(Kind::kList, Kind::kList): return op == Arithmetic::kAdd ? joined_lists(a, b, in) : no_overload(in);
    case pair(Kind::kTimestamp, Kind::kDuration):
      if (op == Arithmetic::kAdd || op == Arithmetic::kSubtract) return moved(a, b.as_int(), op == Arithmetic::kSubtract, in);
      return no_overload(in);
    case pair(Kind::kDuration, Kind::kTimestamp): return op == Arithmetic::kAdd ? moved(b, a.as_int(), false, in) : no_overload(in);
    case pair(Kind::kTimestamp, Kind::kTimestamp): return op == Arithmetic::kSubtract ? between(a, b, in) : no_overload(in);
    default: break;
  }
  switch (op) {
    case Arithmetic::kAdd:
    case Arithmetic::kSubtract: return a.kind == b.kind && is_unit(a.kind) ? ints(op, a.kind, a.as_int(), b.as_int(), in) : no_overload(in);
    case Arithmetic::kMultiply: return multiply_units(a, b, in);
    case Arithmetic::kDivide: return divide_units(a, b, in);
    case Arithmetic::kRemainder: return no_overload(in);
  }
  return no_overload(in);
}

Value negate(const Value& a, Interner& in) {
  if (a.is_error()) return passed_on(a);
  if (a.is(Kind::kDouble)) return Value::real(-a.as_double());
  if (!a.is(Kind::kInt) && !is_unit(a.kind)) return no_overload(in);
  return a.as_int() == INT64_MIN ? overflow(in, a.kind) : with_bits(a.kind, -a.as_int());
}

Value compare(Compare op, const Value& a, const Value& b, Interner& in) {
  if (a.is_error() || b.is_error()) return compare_errors(op, a, b, in);
  if (op == Compare::kEqual) return Value::boolean(cel_equal(a, b, in));
  if (op == Compare::kNotEqual) return Value::boolean(!cel_equal(a, b, in));
  const auto order = cel_compare(a, b, in);
  if (!order) return no_overload(in);
  switch (op) {
    case Compare::kLess: return Value::boolean(*order == std::partial_ordering::less);
    case Compare::kGreater: return Value::boolean(*order == std::partial_ordering::greater);
    case Compare::kLessEqual: return Value::boolean(*order == std::partial_ordering::less || *order == std::partial_ordering::equivalent);
    default: return Value::boolean(*order == std::partial_ordering::greater || *order == std::partial_ordering::equivalent);
  }
}

Value is_in_range(const Value& a, const Value& lower, const Value& upper, bool half_open, Interner& in) {
  // Times of day are half-open, and a range that ends before it begins goes over midnight.
  const bool clock = a.is(Kind::kTimeOfDay);
  const Value above = compare(Compare::kGreaterEqual, a, lower, in);
  const Value below = compare(half_open || clock ? Compare::kLess : Compare::kLessEqual, a, upper, in);
  if (clock && lower.is(Kind::kTimeOfDay) && upper.is(Kind::kTimeOfDay) && lower.bits > upper.bits) {
    return Value::boolean(above.is_true() || below.is_true());
  }
  if (above.is_false() || below.is_false()) return Value::boolean(false);
  if (above.is_true() && below.is_true()) return Value::boolean(true);
  return above.is_true() ? below : above;
}

Value is_in(const Value& a, const Value& b, Interner& in) {
  if (b.is_error()) return passed_on(b);
  if (b.is(Kind::kRange)) {
    const RangeBounds& r = in.range_of(b);
    return is_in_range(a, r.lower, r.upper, r.half_open, in);
  }
  if (a.is_error()) return passed_on(a);
  switch (b.kind) {
    case Kind::kList:
      for (const Value& item : in.items(b)) {
        if (cel_equal(a, item, in)) return Value::boolean(true);
        // `client in [10.0.0.0/8, 192.168.0.0/16]` means inside one of them.
        if ((item.is(Kind::kCidr) || item.is(Kind::kRange)) && is_in(a, item, in).is_true()) return Value::boolean(true);
      }
      return Value::boolean(false);
    case Kind::kMap: return Value::boolean(!in.map_get(b, a).is_error());
    case Kind::kCidr:
      if (a.is(Kind::kIp)) return Value::boolean(in.cidr_of(b).contains(in.ip_of(a)));
      if (a.is(Kind::kCidr)) {
        const Cidr& inner = in.cidr_of(a);
        return Value::boolean(inner.prefix_length >= in.cidr_of(b).prefix_length && in.cidr_of(b).contains(inner.address));
      }
      return no_overload(in);
    default: return no_overload(in);
  }
}

Value index(const Value& a, const Value& b, bool optional, Interner& in) {
  if (a.is_error()) return passed_on(a);
  if (b.is_error()) return passed_on(b);
  if (a.is(Kind::kOptional)) {
    // Selecting from an optional selects from its value and stays optional.
    if (a.aux == kNoHandle) return a;
    return index(in.optional_value(a), b, true, in);
  }
  Value found;
  switch (a.kind) {
    case Kind::kList: {
      const Value at = as_kind(b, Kind::kInt);
      if (at.is_null()) return b.is(Kind::kDouble) || b.is(Kind::kUint) ? in.error("invalid index") : no_overload(in);
      const auto items = in.items(a);
      const bool inside = at.as_int() >= 0 && static_cast<std::uint64_t>(at.as_int()) < items.size();
      if (!inside) return optional ? Interner::optional_none() : in.error("index out of bounds");
      found = items[static_cast<std::size_t>(at.as_int())];
      break;
    }
    case Kind::kMap:
      found = in.map_get(a, b);
      if (found.is_error()) return optional ? Interner::optional_none() : in.error("no such key");
      break;
    default: return no_overload(in);
  }
  return optional ? in.optional_of(found) : found;
}

Value has_member(const Value& a, const Value& b, Interner& in) {
  if (a.is_error()) return passed_on(a);
  if (a.is(Kind::kOptional)) {
    if (a.aux == kNoHandle) return Value::boolean(false);
    return has_member(in.optional_value(a), b, in);
  }
  if (!a.is(Kind::kMap)) return no_overload(in);
  return Value::boolean(!in.map_get(a, b).is_error());
}

}  // namespace flyball::engine
