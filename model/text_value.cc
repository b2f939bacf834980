// Any Value as source, as text and as JSON; see text.h. Recursion is bounded by Interner::kMaxDepth.
#include <cmath>
#include <cstdio>

#include "model/text.h"

namespace flyball {

namespace {

std::string format_time_of_day(std::int64_t ns) {
  const std::int64_t s = ns / kNsPerSecond;
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%02d:%02d", static_cast<int>(s / 3600 % 100), static_cast<int>(s / 60 % 60));
  std::string out = buffer;
  if (ns % (60 * kNsPerSecond) == 0) return out;
  std::snprintf(buffer, sizeof buffer, ":%02d", static_cast<int>(s % 60));
  out += buffer;
  if (ns % kNsPerSecond != 0) out += format_scaled_decimal(ns % kNsPerSecond, 9).substr(1);
  return out;
}

std::string base64(std::string_view raw) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((raw.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < raw.size(); i += 3) {
    unsigned block = 0;
    for (std::size_t k = 0; k < 3; ++k) block = block << 8 | (i + k < raw.size() ? static_cast<unsigned char>(raw[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= raw.size() ? kAlphabet[block >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

std::string quote_bytes(std::string_view raw) {
  std::string out = "b\"";
  for (const char c : raw) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u >= 0x20 && u < 0x7F) {
      out += c;
    } else {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\x%02x", static_cast<unsigned>(u));
      out += buffer;
    }
  }
  return out + '"';
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          char buffer[8];
          std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
          out += buffer;
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

std::string to_source(const Value& v, const Interner& in) {
  switch (v.kind) {
    case Kind::kNull: return "null";
    case Kind::kBool: return v.as_bool() ? "true" : "false";
    case Kind::kInt: return std::to_string(v.as_int());
    case Kind::kUint: return std::to_string(v.as_uint()) + 'u';
    case Kind::kDouble: return format_double(v.as_double());
    case Kind::kDuration: return format_duration_human(v.as_int());
    case Kind::kTimestamp: return "timestamp(\"" + format_timestamp(v) + "\")";
    case Kind::kPercent: return format_percent(v.as_int());
    case Kind::kSize: return format_size(v.as_int());
    case Kind::kBitrate: return format_bitrate(v.as_int());
    case Kind::kPps: return format_pps(v.as_int());
    case Kind::kTimeOfDay: return format_time_of_day(v.as_int());
    case Kind::kString: return quote(in.text(v));
    case Kind::kBytes: return quote_bytes(in.text(v));
    case Kind::kIp: return format_ip(in.ip_of(v));
    case Kind::kCidr: return format_cidr(in.cidr_of(v));
    case Kind::kRange: {
      const RangeBounds& r = in.range_of(v);
      return to_source(r.lower, in) + (r.half_open ? "..<" : "..") + to_source(r.upper, in);
    }
    case Kind::kList: {
      std::string out = "[";
      for (const Value& item : in.items(v)) {
        if (out.size() > 1) out += ", ";
        out += to_source(item, in);
      }
      return out + ']';
    }
    case Kind::kMap: {
      std::string out = "{";
      for (const MapEntry& e : in.entries(v)) {
        if (out.size() > 1) out += ", ";
        out += to_source(e.key, in) + ": " + to_source(e.value, in);
      }
      return out + '}';
    }
    case Kind::kType: return std::string(in.text(v));
    case Kind::kOptional: return v.aux == kNoHandle ? "optional.none()" : "optional.of(" + to_source(in.optional_value(v), in) + ')';
    case Kind::kError: return "unknown";
  }
  return "unknown";
}

std::string to_text(const Value& v, const Interner& in) {
  switch (v.kind) {
    case Kind::kString: return std::string(in.text(v));
    case Kind::kTimestamp: return format_timestamp(v);
    case Kind::kUint: return std::to_string(v.as_uint());
    default: return to_source(v, in);
  }
}

// A ratio as a reader takes it back: 200 % is 2.0, so that it is not mistaken for 2 %, and what is beyond ten says its unit.
static void append_ratio(std::string& out, std::int64_t ratio_e9) {
  constexpr std::int64_t kOne = 1'000'000'000, kMost = 10 * kOne;
  if (ratio_e9 < -kMost || ratio_e9 > kMost) {
    out += '"' + format_percent(ratio_e9) + '"';
    return;
  }
  out += format_scaled_decimal(ratio_e9, 9);
  if (ratio_e9 % kOne == 0 && (ratio_e9 > kOne || ratio_e9 < -kOne)) out += ".0";
}

void append_json(std::string& out, const Value& v, const Interner& in) {
  switch (v.kind) {
    case Kind::kNull:
    case Kind::kError: out += "null"; break;
    case Kind::kBool: out += v.as_bool() ? "true" : "false"; break;
    case Kind::kInt:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps: out += std::to_string(v.as_int()); break;
    case Kind::kUint: out += std::to_string(v.as_uint()); break;
    case Kind::kDouble:
      if (std::isfinite(v.as_double())) {
        out += format_double(v.as_double());
      } else {
        out += '"' + format_double(v.as_double()) + '"';
      }
      break;
    case Kind::kPercent: append_ratio(out, v.as_int()); break;
    case Kind::kDuration: out += '"' + format_duration(v.as_int()) + '"'; break;
    case Kind::kTimestamp: out += '"' + format_timestamp(v) + '"'; break;
    case Kind::kString: out += quote(in.text(v)); break;
    case Kind::kBytes: out += '"' + base64(in.text(v)) + '"'; break;
    case Kind::kList: {
      out += '[';
      bool first = true;
      for (const Value& item : in.items(v)) {
        if (!first) out += ',';
        first = false;
        append_json(out, item, in);
      }
      out += ']';
      break;
    }
    case Kind::kMap: {
      out += '{';
      bool first = true;
      for (const MapEntry& e : in.entries(v)) {
        if (!first) out += ',';
        first = false;
        out += quote(to_text(e.key, in)) + ':';
        append_json(out, e.value, in);
      }
      out += '}';
      break;
    }
    case Kind::kOptional:
      if (v.aux == kNoHandle) {
        out += "null";
      } else {
        append_json(out, in.optional_value(v), in);
      }
      break;
    case Kind::kTimeOfDay:
    case Kind::kIp:
    case Kind::kCidr:
    case Kind::kRange:
    case Kind::kType: out += quote(to_text(v, in)); break;
  }
}

}  // namespace flyball
