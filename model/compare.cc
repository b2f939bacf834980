// Both relations over Values; see compare.h. Recursion is bounded by Interner::kMaxDepth.
#include "model/compare.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace flyball {

namespace {

template <typename T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare_text(std::string_view a, std::string_view b) {
  const std::size_t n = std::min(a.size(), b.size());
  const int c = n == 0 ? 0 : std::memcmp(a.data(), b.data(), n);
  return c != 0 ? (c < 0 ? -1 : 1) : three_way(a.size(), b.size());
}

int compare_doubles(double a, double b) {
  const bool nan_a = std::isnan(a), nan_b = std::isnan(b);
  if (nan_a || nan_b) return three_way(nan_a, nan_b);
  if (a < b) return -1;
  if (b < a) return 1;
  return three_way(std::signbit(b), std::signbit(a));  // -0.0 before 0.0
}

int compare_ips(const IpAddress& a, const IpAddress& b) {
  if (a.is_v4 != b.is_v4) return a.is_v4 ? -1 : 1;
  const int c = std::memcmp(a.bytes.data(), b.bytes.data(), 16);
  return c < 0 ? -1 : c > 0 ? 1 : 0;
}

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

// Mathematical comparison without rounding: the double is split into its floor, which fits an integer, and the rest.
std::partial_ordering int_with_double(std::int64_t i, double d) {
  if (std::isnan(d)) return std::partial_ordering::unordered;
  if (d >= kTwo63) return std::partial_ordering::less;
  if (d < -kTwo63) return std::partial_ordering::greater;
  const double whole = std::floor(d);
  const auto w = static_cast<std::int64_t>(whole);
  if (i != w) return i < w ? std::partial_ordering::less : std::partial_ordering::greater;
  return d > whole ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

std::partial_ordering uint_with_double(std::uint64_t u, double d) {
  if (std::isnan(d)) return std::partial_ordering::unordered;
  if (d >= kTwo64) return std::partial_ordering::less;
  if (d < 0) return std::partial_ordering::greater;
  const double whole = std::floor(d);
  const auto w = static_cast<std::uint64_t>(whole);
  if (u != w) return u < w ? std::partial_ordering::less : std::partial_ordering::greater;
  return d > whole ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

std::partial_ordering reversed(std::partial_ordering o) {
  if (o == std::partial_ordering::less) return std::partial_ordering::greater;
  if (o == std::partial_ordering::greater) return std::partial_ordering::less;
  return o;
}

std::partial_ordering from_int(int c) {
  return c < 0 ? std::partial_ordering::less : c > 0 ? std::partial_ordering::greater : std::partial_ordering::equivalent;
}

bool is_number(Kind k) { return k == Kind::kInt || k == Kind::kUint || k == Kind::kDouble; }

double as_double(const Value& v) {
  return v.is(Kind::kDouble) ? v.as_double() : v.is(Kind::kInt) ? static_cast<double>(v.as_int()) : static_cast<double>(v.as_uint());
}

// Mathematical, whatever the kinds.
std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  if (a.kind == b.kind) {
    if (a.kind == Kind::kInt) return a.as_int() <=> b.as_int();
    if (a.kind == Kind::kUint) return a.as_uint() <=> b.as_uint();
    return a.as_double() <=> b.as_double();
  }
  if (a.kind == Kind::kInt && b.kind == Kind::kUint) {
    if (a.as_int() < 0) return std::partial_ordering::less;
    return static_cast<std::uint64_t>(a.as_int()) <=> b.as_uint();
  }
  if (a.kind == Kind::kInt) return int_with_double(a.as_int(), b.as_double());
  if (a.kind == Kind::kUint && b.kind == Kind::kDouble) return uint_with_double(a.as_uint(), b.as_double());
  return reversed(compare_numbers(b, a));
}

// CEL's comparison of an int with a double is that of the nearest double, as its implementations and its suite have it.
std::partial_ordering cel_numbers(const Value& a, const Value& b) {
  if ((a.kind == Kind::kDouble) == (b.kind == Kind::kDouble)) return compare_numbers(a, b);
  return as_double(a) <=> as_double(b);
}

}  // namespace

int compare_total(const Value& a, const Value& b, const Interner& in) {
  if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
  switch (a.kind) {
    case Kind::kNull: return 0;
    case Kind::kUint: return three_way(a.as_uint(), b.as_uint());
    case Kind::kDouble: return compare_doubles(a.as_double(), b.as_double());
    case Kind::kTimestamp: return a.bits != b.bits ? three_way(a.bits, b.bits) : three_way(a.aux, b.aux);
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
    case Kind::kError: return a.aux == b.aux ? 0 : compare_text(in.text(a), in.text(b));
    case Kind::kIp: return a.aux == b.aux ? 0 : compare_ips(in.ip_of(a), in.ip_of(b));
    case Kind::kCidr: {
      if (a.aux == b.aux) return 0;
      const int c = compare_ips(in.cidr_of(a).address, in.cidr_of(b).address);
      return c != 0 ? c : three_way(in.cidr_of(a).prefix_length, in.cidr_of(b).prefix_length);
    }
    case Kind::kRange: {
      if (a.aux == b.aux) return 0;
      const RangeBounds& x = in.range_of(a);
      const RangeBounds& y = in.range_of(b);
      if (const int c = compare_total(x.lower, y.lower, in); c != 0) return c;
      if (const int c = compare_total(x.upper, y.upper, in); c != 0) return c;
      return three_way(x.half_open, y.half_open);
    }
    case Kind::kList: {
      if (a.aux == b.aux) return 0;
      const auto x = in.items(a), y = in.items(b);
      for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
        if (const int c = compare_total(x[i], y[i], in); c != 0) return c;
      }
      return three_way(x.size(), y.size());
    }
    case Kind::kMap: {
      if (a.aux == b.aux) return 0;
      const auto x = in.entries(a), y = in.entries(b);
      for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
        if (const int c = compare_total(x[i].key, y[i].key, in); c != 0) return c;
        if (const int c = compare_total(x[i].value, y[i].value, in); c != 0) return c;
      }
      return three_way(x.size(), y.size());
    }
    case Kind::kOptional: {
      if (a.aux == b.aux) return 0;
      if (a.aux == kNoHandle || b.aux == kNoHandle) return a.aux == kNoHandle ? -1 : 1;
      return compare_total(in.optional_value(a), in.optional_value(b), in);
    }
    default: return three_way(a.bits, b.bits);
  }
}

std::uint64_t order_prefix(const Value& v, const Interner& in) {
  static constexpr int kKindBits = 5, kBits = 64 - kKindBits;
  static_assert(static_cast<int>(Kind::kError) < 1 << kKindBits);
  static constexpr std::int64_t kHalf = std::int64_t{1} << (kBits - 1);
  static constexpr std::size_t kBytes = kBits / 8;
  const auto of_bytes = [](const char* bytes, std::size_t size) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < kBytes; ++i) out = out << 8 | (i < size ? static_cast<unsigned char>(bytes[i]) : 0U);
    return out;
  };
  std::uint64_t rest = 0;
  switch (v.kind) {
    case Kind::kNull:
    case Kind::kCidr:
    case Kind::kRange:
    case Kind::kList:
    case Kind::kMap:
    case Kind::kOptional: break;
    case Kind::kUint: rest = std::min(v.as_uint(), (std::uint64_t{1} << kBits) - 1); break;
    case Kind::kDouble: {
      const auto bits = std::bit_cast<std::uint64_t>(v.as_double());
      const bool negative = bits >> 63 != 0;
      const std::uint64_t ordered = std::isnan(v.as_double()) ? ~std::uint64_t{0} : negative ? ~bits : bits | std::uint64_t{1} << 63;
      rest = ordered >> kKindBits;
      break;
    }
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
    case Kind::kError: {
      const std::string_view text = in.text(v);
      rest = of_bytes(text.data(), text.size());
      break;
    }
    case Kind::kIp: {
      const IpAddress& ip = in.ip_of(v);
      const std::size_t from = ip.is_v4 ? 12 : 0;  // what is before is the same in all
      const std::uint64_t bytes = of_bytes(reinterpret_cast<const char*>(ip.bytes.data()) + from, ip.bytes.size() - from);
      rest = std::uint64_t{!ip.is_v4} << (kBits - 1) | bytes;
      break;
    }
    default: rest = static_cast<std::uint64_t>(std::clamp(v.bits, -kHalf, kHalf - 1) + kHalf); break;
  }
  return static_cast<std::uint64_t>(v.kind) << kBits | rest;
}

bool cel_equal(const Value& a, const Value& b, const Interner& in) {
  if (is_number(a.kind) && is_number(b.kind)) return cel_numbers(a, b) == std::partial_ordering::equivalent;
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kList: {
      const auto x = in.items(a), y = in.items(b);
      // Same handle is not enough: a NaN inside equals nothing.
      return x.size() == y.size() &&
             std::equal(x.begin(), x.end(), y.begin(), [&](const Value& u, const Value& v) { return cel_equal(u, v, in); });
    }
    case Kind::kMap: {
      const auto x = in.entries(a);
      if (x.size() != in.entries(b).size()) return false;
      return std::all_of(x.begin(), x.end(), [&](const MapEntry& e) {
        const Value other = in.map_get(b, e.key);
        return !other.is_error() && cel_equal(e.value, other, in);
      });
    }
    case Kind::kOptional:
      if (a.aux == kNoHandle || b.aux == kNoHandle) return a.aux == b.aux;
      return cel_equal(in.optional_value(a), in.optional_value(b), in);
    default: return a == b;
  }
}

std::optional<std::partial_ordering> cel_compare(const Value& a, const Value& b, const Interner& in) {
  if (is_number(a.kind) && is_number(b.kind)) return cel_numbers(a, b);
  if (a.kind != b.kind) return std::nullopt;
  switch (a.kind) {
    case Kind::kBool:
    case Kind::kDuration:
    case Kind::kTimestamp:
    case Kind::kPercent:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps:
    case Kind::kTimeOfDay:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kIp: return from_int(compare_total(a, b, in));
    default: return std::nullopt;
  }
}

Value as_kind(const Value& v, Kind to) {
  if (!is_number(v.kind)) return Value::null();
  if (v.kind == to) return v;
  Value out;
  switch (to) {
    case Kind::kInt:
      if (v.kind == Kind::kUint) {
        if (v.as_uint() > static_cast<std::uint64_t>(INT64_MAX)) return Value::null();
        out = Value::integer(static_cast<std::int64_t>(v.as_uint()));
      } else {
        if (!(v.as_double() >= -kTwo63 && v.as_double() < kTwo63)) return Value::null();
        out = Value::integer(static_cast<std::int64_t>(v.as_double()));
      }
      break;
    case Kind::kUint:
      if (v.kind == Kind::kInt) {
        if (v.as_int() < 0) return Value::null();
        out = Value::uinteger(static_cast<std::uint64_t>(v.as_int()));
      } else {
        if (!(v.as_double() >= 0 && v.as_double() < kTwo64)) return Value::null();
        out = Value::uinteger(static_cast<std::uint64_t>(v.as_double()));
      }
      break;
    case Kind::kDouble: out = Value::real(v.kind == Kind::kInt ? static_cast<double>(v.as_int()) : static_cast<double>(v.as_uint())); break;
    default: return Value::null();
  }
  return compare_numbers(v, out) == std::partial_ordering::equivalent ? out : Value::null();
}

}  // namespace flyball
