// int(x), string(x), timestamp(x) and the like: a conversion that cannot be exact in range is an error, never a guess.
#include <array>
#include <charconv>
#include <cmath>

#include "engine/expr/exact.h"
#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "model/civil.h"
#include "model/text.h"

namespace flyball::engine {

namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;
constexpr std::int64_t kPercentOne = 1'000'000'000;

Value range_error(Interner& in) { return in.error("range error"); }
Value text_error(const char* type, Interner& in) { return in.error(std::string("text is not ") + type); }

template <typename T>
std::optional<T> whole_number(std::string_view text) {
  if (!text.empty() && text[0] == '+' && (text.size() == 1 || text[1] != '-')) text.remove_prefix(1);
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

Value to_int(const Value& a, Interner& in) {
  switch (a.kind) {
    case Kind::kInt: return a;
    case Kind::kUint:
      return a.as_uint() > static_cast<std::uint64_t>(INT64_MAX) ? range_error(in) : Value::integer(static_cast<std::int64_t>(a.as_uint()));
    case Kind::kDouble:
      // The ends themselves are refused, as CEL does: neither can be told from its neighbours beyond.
      if (!(a.as_double() > -kTwo63 && a.as_double() < kTwo63)) return range_error(in);
      return Value::integer(static_cast<std::int64_t>(a.as_double()));
    case Kind::kString:
      if (const auto n = whole_number<std::int64_t>(in.text(a))) return Value::integer(*n);
      return text_error("an int", in);
    case Kind::kTimestamp: return Value::integer(a.bits);
    case Kind::kDuration: return Value::integer(a.as_int() / kNsPerSecond);
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps: return Value::integer(a.as_int());
    default: return no_overload(in);
  }
}

Value to_uint(const Value& a, Interner& in) {
  switch (a.kind) {
    case Kind::kUint: return a;
    case Kind::kInt: return a.as_int() < 0 ? range_error(in) : Value::uinteger(static_cast<std::uint64_t>(a.as_int()));
    case Kind::kDouble:
      if (!(a.as_double() > -1.0 && a.as_double() < kTwo64)) return range_error(in);
      return Value::uinteger(static_cast<std::uint64_t>(std::trunc(a.as_double()) + 0.0));
    case Kind::kString:
      if (const auto n = whole_number<std::uint64_t>(in.text(a))) return Value::uinteger(*n);
      return text_error("a uint", in);
    default: return no_overload(in);
  }
}

Value to_double(const Value& a, Interner& in) {
  switch (a.kind) {
    case Kind::kDouble: return a;
    case Kind::kInt:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps: return Value::real(static_cast<double>(a.as_int()));
    case Kind::kUint: return Value::real(static_cast<double>(a.as_uint()));
    case Kind::kPercent: return Value::real(divide_to_double(a.as_int(), kPercentOne));
    case Kind::kDuration: return Value::real(divide_to_double(a.as_int(), kNsPerSecond));
    case Kind::kString: {
      std::string_view text = in.text(a);
      if (!text.empty() && text[0] == '+') text.remove_prefix(1);
      double d = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), d);
      if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument) return text_error("a double", in);
      if (error != std::errc{}) return range_error(in);
      return Value::real(std::isnan(d) ? std::numeric_limits<double>::quiet_NaN() : d);
    }
    default: return no_overload(in);
  }
}

Value to_string_value(const Value& a, Interner& in) {
  switch (a.kind) {
    case Kind::kString: return a;
    case Kind::kBytes: return is_valid_utf8(in.text(a)) ? in.string(in.text(a)) : in.error("invalid UTF-8");
    case Kind::kDouble: {
      std::string text = format_double(a.as_double());
      if (text.ends_with(".0")) text.resize(text.size() - 2);
      return in.string(text);
    }
    case Kind::kDuration: return in.string(format_duration(a.as_int()));
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kTimestamp:
    case Kind::kPercent:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps:
    case Kind::kTimeOfDay:
    case Kind::kIp:
    case Kind::kCidr:
    case Kind::kType: return in.string(to_text(a, in));
    default: return no_overload(in);
  }
}

Value to_bool(const Value& a, Interner& in) {
  if (a.is(Kind::kBool)) return a;
  if (!a.is(Kind::kString)) return no_overload(in);
  for (const char* word : {"1", "t", "true", "TRUE", "True"}) {
    if (in.text(a) == word) return Value::boolean(true);
  }
  for (const char* word : {"0", "f", "false", "FALSE", "False"}) {
    if (in.text(a) == word) return Value::boolean(false);
  }
  return text_error("a bool", in);
}

Value to_timestamp(const Value& a, Interner& in) {
  if (a.is(Kind::kTimestamp)) return a;
  if (a.is(Kind::kInt)) {
    return a.as_int() < kTimestampSecondsMin || a.as_int() > kTimestampSecondsMax ? in.error("timestamp out of range")
                                                                                  : Value::timestamp(a.as_int(), 0);
  }
  if (!a.is(Kind::kString)) return no_overload(in);
  const auto t = parse_timestamp(in.text(a));
  return t ? *t : text_error("a timestamp in range", in);
}

Value to_duration(const Value& a, Interner& in) {
  if (a.is(Kind::kDuration)) return a;
  if (a.is(Kind::kInt)) {
    std::int64_t ns = 0;
    return __builtin_mul_overflow(a.as_int(), kNsPerSecond, &ns) ? in.error("duration out of range") : Value::duration_ns(ns);
  }
  if (!a.is(Kind::kString)) return no_overload(in);
  const auto ns = parse_duration_ns(in.text(a));
  return ns ? Value::duration_ns(*ns) : text_error("a duration in range", in);
}

Value to_percent(const Value& a, Interner& in) {
  if (a.is(Kind::kPercent)) return a;
  std::optional<std::int64_t> ratio;
  if (a.is(Kind::kString)) {
    ratio = parse_percent_e9(in.text(a));
    if (!ratio) return text_error("a percent", in);
  } else if (a.is(Kind::kDouble)) {
    ratio = multiply_by_double(kPercentOne, a.as_double());
    if (!ratio) return range_error(in);
  } else {
    return no_overload(in);
  }
  return Value::percent_e9(*ratio);
}

const char* type_word(Kind k) {
  switch (k) {
    case Kind::kNull: return "null_type";
    case Kind::kBool: return "bool";
    case Kind::kInt: return "int";
    case Kind::kUint: return "uint";
    case Kind::kDouble: return "double";
    case Kind::kDuration: return "google.protobuf.Duration";  // CEL's names
    case Kind::kTimestamp: return "google.protobuf.Timestamp";
    case Kind::kPercent: return "percent";
    case Kind::kSize: return "size";
    case Kind::kBitrate: return "bitrate";
    case Kind::kPps: return "pps";
    case Kind::kTimeOfDay: return "time_of_day";
    case Kind::kString: return "string";
    case Kind::kBytes: return "bytes";
    case Kind::kIp: return "net.IP";
    case Kind::kCidr: return "net.CIDR";
    case Kind::kRange: return "range";
    case Kind::kList: return "list";
    case Kind::kMap: return "map";
    case Kind::kType: return "type";
    case Kind::kOptional: return "optional_type";
    case Kind::kError: return "error";
  }
  return "error";
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t n = lead < 0x80                   ? 1
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    if (n == 0 || i + n > text.size()) return false;
    for (std::size_t k = 1; k < n; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) return false;
    }
    // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
    const auto second = n > 1 ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F))
      return false;
    i += n;
  }
  return true;
}

Value functions::convert(Fn fn, const Value& a, Interner& in) {
  switch (fn) {
    case Fn::kInt: return to_int(a, in);
    case Fn::kUint: return to_uint(a, in);
    case Fn::kDouble: return to_double(a, in);
    case Fn::kString: return to_string_value(a, in);
    case Fn::kBytes: return a.is(Kind::kBytes) ? a : a.is(Kind::kString) ? in.bytes(in.text(a)) : no_overload(in);
    case Fn::kBool: return to_bool(a, in);
    case Fn::kDuration: return to_duration(a, in);
    case Fn::kTimestamp: return to_timestamp(a, in);
    case Fn::kType: return in.type_name(type_word(a.kind));
    case Fn::kPercent: return to_percent(a, in);
    case Fn::kBitrate:
    case Fn::kPps: {
      const bool bits = fn == Fn::kBitrate;
      if (a.is(bits ? Kind::kBitrate : Kind::kPps)) return a;
      if (a.is(Kind::kInt)) return bits ? Value::bitrate_bps(a.as_int()) : Value::pps(a.as_int());
      if (!a.is(Kind::kString)) return no_overload(in);
      const auto n = bits ? parse_bitrate_bps(in.text(a)) : parse_pps(in.text(a));
      if (!n) return text_error(bits ? "a bitrate" : "a packet rate", in);
      return bits ? Value::bitrate_bps(*n) : Value::pps(*n);
    }
    default: return no_overload(in);
  }
}

}  // namespace flyball::engine
