// The table "declared type × wire form", in code, and the words of its refusals.
#include "bus/codec/wire_scalar.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "bus/codec/base64.h"
#include "model/one_zero.h"
#include "model/schema.h"
#include "model/suggest.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

using Form = WireScalar::Form;

constexpr std::size_t kShownBytes = 40;  // of a peer's string inside a message

std::string shorten(std::string_view text) {
  if (text.size() <= kShownBytes) return quote(text);
  std::size_t cut = kShownBytes;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return quote(std::string(text.substr(0, cut)) + "…");
}

// A number in any form, times 10^scale_e, as an exact integer; doubles to the nearest.
std::optional<std::int64_t> scaled(const WireScalar& s, int scale_e) {
  std::int64_t factor = 1;
  for (int i = 0; i < scale_e; ++i) factor *= 10;
  switch (s.form) {
    case Form::kDecimal: return parse_scaled_decimal(s.text, scale_e);
    case Form::kInt: {
      std::int64_t r = 0;
      if (__builtin_mul_overflow(s.integer, factor, &r)) return std::nullopt;
      return r;
    }
    case Form::kDouble: {
      const double d = std::round(s.real * static_cast<double>(factor));
      // 2^63 is exact as a double; its negative is in range.
      if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0)) return std::nullopt;
      return static_cast<std::int64_t>(d);
    }
    default: return std::nullopt;
  }
}

bool is_number(const WireScalar& s) {
  return s.form == Form::kInt || s.form == Form::kUint || s.form == Form::kDouble || s.form == Form::kDecimal;
}

std::optional<std::int64_t> any_int(const WireScalar& s) {
  switch (s.form) {
    case Form::kInt: return s.integer;
    case Form::kDecimal: return exact_int(s.text);
    case Form::kDouble:
      // Above 2^53 a double no longer says which integer was meant.
      if (s.real == std::trunc(s.real) && std::abs(s.real) <= 9007199254740992.0) return static_cast<std::int64_t>(s.real);
      return std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> any_uint(const WireScalar& s) {
  if (s.form == Form::kUint) return s.uinteger;
  if (s.form == Form::kDecimal) return exact_uint(s.text);
  const auto i = any_int(s);
  if (!i || *i < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*i);
}

std::optional<double> any_double(const WireScalar& s) {
  switch (s.form) {
    case Form::kInt: return static_cast<double>(s.integer);
    case Form::kUint: return static_cast<double>(s.uinteger);
    case Form::kDecimal: return to_double(s.text);
    case Form::kDouble: return std::isfinite(s.real) ? std::optional(s.real) : std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<Value> any_value(const WireScalar& s, Interner& in) {
  switch (s.form) {
    case Form::kNull: return Value::null();
    case Form::kBool: return Value::boolean(s.integer != 0);
    case Form::kInt: return Value::integer(s.integer);
    case Form::kUint: return Value::uinteger(s.uinteger);
    case Form::kDouble: return std::isfinite(s.real) ? std::optional(Value::real(one_zero(s.real))) : std::nullopt;
    case Form::kDecimal: {
      if (s.text.find_first_of(".eE") == std::string_view::npos) {
        if (const auto i = exact_int(s.text)) return Value::integer(*i);
        if (const auto u = exact_uint(s.text)) return Value::uinteger(*u);
      }
      const auto d = to_double(s.text);
      return d ? std::optional(Value::real(one_zero(*d))) : std::nullopt;
    }
    case Form::kString: return in.string(s.text);
    case Form::kBytes: return in.bytes(s.text);
    case Form::kTimestamp: return Value::timestamp(s.integer, s.nanos);
  }
  return std::nullopt;
}

std::optional<Value> timestamp_value(const WireScalar& s) {
  if (s.form == Form::kString) return parse_timestamp(s.text);
  if (s.form == Form::kTimestamp) return Value::timestamp(s.integer, s.nanos);
  const auto ns = scaled(s, 9);
  if (!ns) return std::nullopt;
  return to_value(Timestamp{*ns});
}

// The Value of an exact quantity: a number, or text with a unit. Text without one ("80") says nothing about the unit meant.
using ParseUnit = std::optional<std::int64_t> (*)(std::string_view);
std::optional<std::int64_t> quantity(const WireScalar& s, int scale_e, ParseUnit parse) {
  if (s.form != Form::kString) return scaled(s, scale_e);
  const bool has_unit = !s.text.empty() && (s.text.back() == '%' || (s.text.back() | 0x20) >= 'a');
  return has_unit ? parse(s.text) : std::nullopt;
}

// Sizes and rates count something: there is no fewer than none.
std::optional<std::int64_t> amount(const WireScalar& s, ParseUnit parse) {
  const auto n = quantity(s, 0, parse);
  return n && *n >= 0 ? n : std::nullopt;
}

// Each unit once and the larger ones first: "1h30m", not "1h1h" or "30m1h".
bool is_orderly_duration(std::string_view text) {
  constexpr std::string_view kOrder[] = {"w", "d", "h", "m", "s", "ms", "us", "ns"};
  std::size_t next = 0;
  for (std::size_t i = 0; i < text.size();) {
    while (i < text.size() && !((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z') && (text[i] & 0x80) == 0) ++i;
    std::size_t end = i;
    while (end < text.size() && (((text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'z') || (text[end] & 0x80) != 0)) ++end;
    if (end == i) break;
    std::string_view unit = text.substr(i, end - i);
    if ((unit[0] & 0x80) != 0) unit = "us";  // both ways to write µs
    while (next < std::size(kOrder) && kOrder[next] != unit) ++next;
    if (next++ == std::size(kOrder)) return false;
    i = end;
  }
  return true;
}

std::optional<std::int64_t> duration(const WireScalar& s) {
  // MessagePack's numbers are seconds, as its documentation says; in a text that people write the unit must stand.
  if (s.form == Form::kDecimal || (s.form == Form::kString && !is_orderly_duration(s.text))) return std::nullopt;
  return quantity(s, 9, parse_duration_ns);
}

// A bare number is a ratio. Whoever writes 80 nearly always means 80 %, not 8000 %: integers beyond one and ratios beyond
// kRatioMax are not guessed at; with the unit they can be said.
bool is_ratio(const WireScalar& s, std::int64_t ratio_e9) {
  const bool whole =
      s.form == Form::kInt || s.form == Form::kUint || (s.form == Form::kDecimal && s.text.find_first_of(".eE") == std::string_view::npos);
  const std::int64_t most = whole ? 1'000'000'000 : kRatioMaxE9;
  return -most <= ratio_e9 && ratio_e9 <= most;
}

std::optional<std::int64_t> percent(const WireScalar& s) {
  const auto n = quantity(s, 9, parse_percent_e9);
  return n && (s.form == Form::kString || is_ratio(s, *n)) ? n : std::nullopt;
}

std::optional<Value> convert(const WireScalar& s, const Type& type, Interner& in) {
  const auto wrap = [](std::optional<std::int64_t> n, auto make) { return n ? std::optional<Value>(make(*n)) : std::nullopt; };
  switch (type.tag) {
    case TypeTag::kDyn: return any_value(s, in);
    case TypeTag::kNull: return s.form == Form::kNull ? std::optional(Value::null()) : std::nullopt;
    case TypeTag::kBool: return s.form == Form::kBool ? std::optional(Value::boolean(s.integer != 0)) : std::nullopt;
    case TypeTag::kInt: return wrap(any_int(s), Value::integer);
    case TypeTag::kUint: {
      const auto u = any_uint(s);
      return u ? std::optional(Value::uinteger(*u)) : std::nullopt;
    }
    case TypeTag::kDouble: {
      const auto d = any_double(s);
      return d ? std::optional(Value::real(one_zero(*d))) : std::nullopt;
    }
    case TypeTag::kString: return s.form == Form::kString ? std::optional(in.string(s.text)) : std::nullopt;
    case TypeTag::kBytes: {
      if (s.form == Form::kBytes) return in.bytes(s.text);
      if (s.form != Form::kString) return std::nullopt;
      const auto raw = decode_base64(s.text);
      return raw ? std::optional(in.bytes(*raw)) : std::nullopt;
    }
    case TypeTag::kDuration: return wrap(duration(s), Value::duration_ns);
    case TypeTag::kTimestamp: return timestamp_value(s);
    case TypeTag::kPercent: return wrap(percent(s), Value::percent_e9);
    case TypeTag::kSize: return wrap(amount(s, parse_size_bytes), Value::size_bytes);
    case TypeTag::kBitrate: return wrap(amount(s, parse_bitrate_bps), Value::bitrate_bps);
    case TypeTag::kPps: return wrap(amount(s, parse_pps), Value::pps);
    case TypeTag::kIp: {
      if (s.form != Form::kString) return std::nullopt;
      const auto ip = parse_ip(s.text);
      return ip ? std::optional(in.ip(*ip)) : std::nullopt;
    }
    case TypeTag::kCidr: {
      if (s.form != Form::kString) return std::nullopt;
      const auto cidr = parse_cidr(s.text);
      return cidr && !has_host_bits(*cidr) ? std::optional(in.cidr(*cidr)) : std::nullopt;
    }
    case TypeTag::kEnum:
      if (s.form != Form::kString) return std::nullopt;
      for (const auto& member : type.members) {
        if (member == s.text) return in.string(s.text);
      }
      return std::nullopt;
    default: return std::nullopt;  // lists, maps and records are no scalars; the rest does not cross a border
  }
}

std::string forms_of(const Type& type) {
  switch (type.tag) {
    case TypeTag::kPercent: return "write a ratio such as 0.92, or \"92%\"";
    case TypeTag::kDuration: return "write a duration with its unit: \"120s\", \"1h30m\", \"250ms\"";
    case TypeTag::kTimestamp: return "write RFC 3339 such as \"2026-11-22T10:00:00Z\", or seconds since the epoch";
    case TypeTag::kSize: return "write a number of bytes, or \"2GiB\"";
    case TypeTag::kBitrate: return "write a number of bit/s, or \"10Gbps\"";
    case TypeTag::kPps: return "write a number of packets/s, or \"3Mpps\"";
    case TypeTag::kBytes: return "write base64 in JSON, bin in MessagePack";
    default: return {};
  }
}

// How to write what was probably meant.
std::string help_for(const WireScalar& s, const Type& type) {
  if (type.tag == TypeTag::kTimestamp && is_number(s))
    return "seconds reach from 1677 to 2262: write other times as RFC 3339, such as \"9999-12-31T00:00:00Z\"";
  if (type.tag == TypeTag::kPercent && is_number(s) && (s.form != WireScalar::Form::kDouble || std::isfinite(s.real))) {
    // 80 → "80%" or 0.8, unless even that is no number here.
    const std::string written = describe(s);
    const auto ratio = scaled(s, 9);
    const auto points = ratio ? std::optional(format_percent(*ratio)) : std::nullopt;
    return fmt::format("write \"{}%\" or the ratio {}{}", written, ratio ? format_scaled_decimal(*ratio / 100, 9) : "0.92",
                       points ? fmt::format(": as a ratio {} would be {}; if that is meant, write \"{}\"", written, *points, *points) : "");
  }
  if (type.tag == TypeTag::kCidr && s.form == WireScalar::Form::kString) {
    // As in rules (E0217): a network has one form, or equal ones would differ.
    if (const auto cidr = parse_cidr(s.text); cidr)
      return fmt::format("it has host bits set; the network is {}", quote(format_cidr(clear_host_bits(*cidr))));
  }
  const bool counts = type.tag == TypeTag::kSize || type.tag == TypeTag::kBitrate || type.tag == TypeTag::kPps;
  if (counts && is_number(s)) {
    const auto n = scaled(s, 0);
    if (n && *n < 0) return fmt::format("a {} is not negative", to_string(type.without_null()));
  }
  return forms_of(type);
}

}  // namespace

std::string describe(const WireScalar& s) {
  switch (s.form) {
    case Form::kNull: return "null";
    case Form::kBool: return s.integer != 0 ? "true" : "false";
    case Form::kInt: return std::to_string(s.integer);
    case Form::kUint: return std::to_string(s.uinteger);
    case Form::kDouble: return format_double(s.real);
    case Form::kDecimal: return s.text.size() <= kShownBytes ? std::string(s.text) : std::string(s.text.substr(0, kShownBytes)) + "…";
    case Form::kString: return shorten(s.text);
    case Form::kBytes: return fmt::format("{} bytes", s.text.size());
    case Form::kTimestamp: return "a timestamp";
  }
  return {};
}

std::string describe(const Type& type) {
  const auto or_null = [&](const std::string& words) { return type.nullable ? words + " or null" : words; };
  switch (type.tag) {
    case TypeTag::kEnum: {
      std::string words = "one of ";
      for (std::size_t i = 0; i < type.members.size(); ++i) words += (i == 0 ? "" : ", ") + quote(type.members[i]);
      return or_null(words);
    }
    case TypeTag::kInt:
    case TypeTag::kIp: return or_null("an " + to_string(type.without_null()));
    case TypeTag::kBytes: return or_null("bytes");
    case TypeTag::kDyn: return "any value";
    case TypeTag::kNull: return "null";
    default: return or_null(with_article(to_string(type.without_null())));
  }
}

bool to_typed(const WireScalar& scalar, const Type& type, Interner& interner, Value& out, Mismatch& mismatch) {
  if (scalar.form == Form::kNull && type.nullable) {
    out = Value::null();
    return true;
  }
  if (const auto v = convert(scalar, type, interner); v && !v->is_error()) {
    out = *v;
    return true;
  }
  mismatch.expected = describe(type);
  mismatch.got = describe(scalar);
  mismatch.help = help_for(scalar, type);
  if (type.tag == TypeTag::kEnum && scalar.form == Form::kString) {
    const auto near = nearest(scalar.text, type.members);
    if (!near.empty()) mismatch.help = fmt::format("did you mean {}?", quote(near.front()));
  } else if (is_number(scalar) && forms_of(type).empty() && (type.tag == TypeTag::kInt || type.tag == TypeTag::kUint)) {
    mismatch.help = "it must be whole and fit 64 bits";
  }
  return false;
}

std::optional<Timestamp> to_instant(const WireScalar& scalar) {
  if (scalar.form == Form::kString || scalar.form == Form::kTimestamp) {
    const auto v = timestamp_value(scalar);
    return v ? to_engine_time(*v) : std::nullopt;
  }
  const auto ns = scaled(scalar, 9);
  return ns ? std::optional(Timestamp{*ns}) : std::nullopt;
}

namespace {

// Splits a decimal into its significant digits and the power of ten of the last one; "1.50e3" is ("15", 2).
struct Digits {
  bool negative = false;
  std::string digits;  // without leading or trailing zeros; empty for zero
  std::int64_t power = 0;
};

std::optional<Digits> split(std::string_view text) {
  Digits d;
  std::size_t i = 0;
  if (i < text.size() && text[i] == '-') d.negative = true, ++i;
  bool point = false;
  bool any = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (!d.digits.empty() || c != '0') d.digits += c;
      if (point) --d.power;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    ++i;
    if (i < text.size() && text[i] == '+') ++i;
    std::int64_t e = 0;
    const auto [end, ec] = std::from_chars(text.data() + i, text.data() + text.size(), e);
    if (end != text.data() + text.size()) return std::nullopt;
    if (ec != std::errc()) return std::nullopt;
    if (e > 1'000'000 || e < -1'000'000) return d.digits.empty() ? std::optional(d) : std::nullopt;
    d.power += e;
  }
  while (!d.digits.empty() && d.digits.back() == '0') {
    d.digits.pop_back();
    ++d.power;
  }
  return d;
}

std::optional<std::uint64_t> magnitude(const Digits& d) {
  if (d.digits.empty()) return 0;
  if (d.power < 0 || d.power > 20 || d.digits.size() > 20) return std::nullopt;
  std::uint64_t n = 0;
  const auto push = [&n](unsigned digit) {
    return !__builtin_mul_overflow(n, std::uint64_t{10}, &n) && !__builtin_add_overflow(n, std::uint64_t{digit}, &n);
  };
  for (const char c : d.digits) {
    if (!push(static_cast<unsigned>(c - '0'))) return std::nullopt;
  }
  for (std::int64_t i = 0; i < d.power; ++i) {
    if (!push(0)) return std::nullopt;
  }
  return n;
}

}  // namespace

std::optional<std::int64_t> exact_int(std::string_view digits) {
  std::int64_t n = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (ec == std::errc() && end == digits.data() + digits.size()) return n;
  const auto d = split(digits);
  const auto m = d ? magnitude(*d) : std::nullopt;
  constexpr std::uint64_t kTop = std::uint64_t{1} << 63;
  if (!m || *m > kTop || (*m == kTop && !d->negative)) return std::nullopt;
  return static_cast<std::int64_t>(d->negative ? ~*m + 1 : *m);
}

std::optional<std::uint64_t> exact_uint(std::string_view digits) {
  const auto d = split(digits);
  const auto m = d ? magnitude(*d) : std::nullopt;
  if (!m || (d->negative && *m != 0)) return std::nullopt;
  return m;
}

std::optional<double> to_double(std::string_view digits) {
  double d = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), d);
  if (end != digits.data() + digits.size()) return std::nullopt;
  if (ec == std::errc()) return d;
  // Out of range: too small is zero, too large is refused. A number below one has its first digit after the point.
  const auto parts = split(digits);
  if (parts && (parts->digits.empty() || parts->power + static_cast<std::int64_t>(parts->digits.size()) < 0))
    return parts->negative ? -0.0 : 0.0;
  if (!parts && digits.find("e-") != std::string_view::npos) return 0.0;
  return std::nullopt;
}

}  // namespace flyball::bus
