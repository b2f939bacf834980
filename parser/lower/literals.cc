// Lowering of literals: text → Value, escapes of strings. Door: lower.h.
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "model/text.h"
#include "parser/diagnostics/codes.h"
#include "parser/grammar/scan.h"
#include "parser/lower/lower.h"

namespace flyball::lower {

using cst::is_digit;
using cst::is_hex;
using cst::Kind;
using cst::Node;

namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::optional<std::int64_t> time_of_day_ns(std::string_view t) {
  const auto two = [&](std::size_t i) { return std::int64_t{t[i] - '0'} * 10 + (t[i + 1] - '0'); };
  if (t.size() < 5) return std::nullopt;
  return (two(0) * 3600 + two(3) * 60 + (t.size() >= 8 ? two(6) : 0)) * 1'000'000'000;
}

}  // namespace

// `at` is the offset of the body, so that a bad escape is underlined where it stands.
std::string Lowering::unescape(std::string_view body, std::uint32_t at, bool bytes, bool f_string) {
  std::string out;
  out.reserve(body.size());
  const auto bad = [&](std::size_t from, std::size_t to, std::string message, std::string help) {
    to = std::min(to, body.size());
    report(codes::kBadEscape, {b_.file(), at + static_cast<std::uint32_t>(from), at + static_cast<std::uint32_t>(to)}, std::move(message),
           std::move(help));
  };
  for (std::size_t i = 0; i < body.size();) {
    const char c = body[i];
    if (f_string && (c == '{' || c == '}') && i + 1 < body.size() && body[i + 1] == c) {
      out.push_back(c);
      i += 2;
      continue;
    }
    if (c == '\r' && i + 1 < body.size() && body[i + 1] == '\n') {  // a file with CRLF means the same as one with LF
      ++i;
      continue;
    }
    if (c != '\\') {
      out.push_back(c);
      ++i;
      continue;
    }
    const std::size_t from = i++;
    const char e = i < body.size() ? body[i] : '\0';
    ++i;
    switch (e) {
      case 'a': out.push_back('\a'); continue;
      case 'b': out.push_back('\b'); continue;
      case 'f': out.push_back('\f'); continue;
      case 'n': out.push_back('\n'); continue;
      case 'r': out.push_back('\r'); continue;
      case 't': out.push_back('\t'); continue;
      case 'v': out.push_back('\v'); continue;
      case '\\':
      case '?':
      case '"':
      case '\'':
      case '`': out.push_back(e); continue;
      default: break;
    }
    std::uint32_t code = 0;
    std::size_t digits = 0;
    int base = 16;
    if (e == 'x' || e == 'X') {
      digits = 2;
    } else if ((e == 'u' || e == 'U') && !bytes) {
      digits = e == 'u' ? 4 : 8;
    } else if (e >= '0' && e <= '3') {
      digits = 3;
      base = 8;
      --i;
    } else {
      std::size_t stop = i;
      while (stop < body.size() && (static_cast<unsigned char>(body[stop]) & 0xC0) == 0x80) ++stop;
      bad(from, stop, "`" + std::string(body.substr(from, stop - from)) + "` is no escape",
          "a backslash itself is `\\\\`; in r\"…\" nothing is escaped");
      continue;
    }
    std::size_t read = 0;
    for (; read < digits && i + read < body.size(); ++read) {
      const char d = body[i + read];
      const int v = is_digit(d) ? d - '0' : is_hex(d) ? (d | 0x20) - 'a' + 10 : 99;
      if (v >= base) break;
      code = code * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(v);
    }
    i += read;
    if (read < digits) {
      bad(from, i, "this escape wants " + std::to_string(digits) + (base == 8 ? " octal digits" : " hexadecimal digits"), "");
      continue;
    }
    if (digits >= 4 && (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))) {
      bad(from, i, "`" + std::string(body.substr(from, i - from)) + "` is no Unicode character",
          code > 0x10FFFF ? "" : "write a character beyond U+FFFF with `\\U` and eight digits");
      continue;
    }
    if (bytes) {
      out.push_back(static_cast<char>(code));
    } else {
      append_utf8(out, code);
    }
  }
  return out;
}

// The content of a kString or kBytes leaf: without prefix and quotes, escapes resolved.
std::string Lowering::string_text(const Node& n, bool bytes) {
  const std::string_view all = text(n);
  bool raw = false;
  std::size_t i = 0;
  while (i < all.size() && all[i] != '"' && all[i] != '\'') {
    raw = raw || all[i] == 'r' || all[i] == 'R';
    ++i;
  }
  const std::size_t quotes = all.size() >= i + 6 && all[i + 1] == all[i] && all[i + 2] == all[i] ? 3 : 1;
  const std::size_t begin = i + quotes;
  const std::string_view body = all.substr(begin, all.size() - begin - quotes);
  if (!raw) return unescape(body, n.begin + static_cast<std::uint32_t>(begin), bytes, false);
  std::string out;
  for (std::size_t k = 0; k < body.size(); ++k) {
    if (body[k] != '\r' || k + 1 == body.size() || body[k + 1] != '\n') out.push_back(body[k]);
  }
  return out;
}

ast::Expr Lowering::literal(const Node& n, bool negative) {
  ast::Expr e = make(ast::ExprKind::kLiteral, n);
  std::string_view t = text(n);
  height_ = 1;
  const auto out_of_range = [&](const char* type, std::string help) {
    report(codes::kBadNumber, span(n), "`" + std::string(negative ? "-" : "") + std::string(t) + "` does not fit " + type, std::move(help));
    e.kind = ast::ExprKind::kHole;
    return std::move(e);
  };
  switch (n.kind) {
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kHexInt:
    case Kind::kHexUint: {
      const bool hex = n.kind == Kind::kHexInt || n.kind == Kind::kHexUint;
      const bool is_unsigned = n.kind == Kind::kUint || n.kind == Kind::kHexUint;
      std::string_view digits = t;
      if (hex) digits.remove_prefix(2);
      if (is_unsigned) digits.remove_suffix(1);
      // `[1,000]` would be two numbers.
      if (t.size() == 3 && t[0] == '0' && n.begin > 0 && b_.text()[n.begin - 1] == ',') {
        if (const std::string_view number = b_.grouped_number(b_.begin() + n.begin); !number.empty()) {
          b_.report(b_.grouped_error(number));
          e.kind = ast::ExprKind::kHole;
          return e;
        }
      }
      std::uint64_t v = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), v, hex ? 16 : 10);
      const bool fits = error == std::errc{} && end == digits.data() + digits.size();
      if (is_unsigned) {
        if (!fits) return out_of_range("a uint", "the largest is 18446744073709551615u");
        e.literal = Value::uinteger(v);
        return e;
      }
      constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
      if (!fits || v > kMax + (negative ? 1 : 0)) {
        return out_of_range("an int", "ints go from -9223372036854775808 to 9223372036854775807; with a point it is a double");
      }
      e.literal = Value::integer(negative ? static_cast<std::int64_t>(std::uint64_t{0} - v) : static_cast<std::int64_t>(v));
      return e;
    }
    case Kind::kDouble: {
      const double d = std::strtod(std::string(t).c_str(), nullptr);
      if (!std::isfinite(d)) return out_of_range("a double", "");
      e.literal = Value::real(negative ? -d : d);
      return e;
    }
    case Kind::kPercent: {
      const auto v = parse_percent_e9(t);
      if (!v) return out_of_range("a percent", "");
      e.literal = Value::percent_e9(*v);
      return e;
    }
    case Kind::kDuration: {
      const auto v = parse_duration_ns(t);
      if (!v) return out_of_range("a duration", "durations reach up to 292 years");
      e.literal = Value::duration_ns(*v);
      return e;
    }
    case Kind::kQuantity: {
      if (const auto pps = t.ends_with("pps") ? parse_pps(t) : std::nullopt) {
        e.literal = Value::pps(*pps);
      } else if (const auto rate = t.ends_with("bps") ? parse_bitrate_bps(t) : std::nullopt) {
        e.literal = Value::bitrate_bps(*rate);
      } else if (const auto size = t.ends_with("B") ? parse_size_bytes(t) : std::nullopt) {
        e.literal = Value::size_bytes(*size);
      } else {
        return out_of_range(t.ends_with("pps") ? "a pps" : t.ends_with("bps") ? "a bitrate" : "a size", "");
      }
      return e;
    }
    case Kind::kIp: {
      const auto v = parse_ip(t);
      if (!v) return out_of_range("an ip", "");
      e.literal = in_.ip(*v);
      return e;
    }
    case Kind::kCidr: {
      const auto v = parse_cidr(t);
      if (!v) return out_of_range("a cidr", "");
      e.literal = in_.cidr(*v);
      return e;
    }
    case Kind::kTimeOfDay: {
      const auto v = time_of_day_ns(t);
      if (!v) return out_of_range("a time of day", "");
      e.literal = Value::time_of_day_ns(*v);
      return e;
    }
    case Kind::kString: e.literal = in_.string(string_text(n, false)); return e;
    case Kind::kBytes: e.literal = in_.bytes(string_text(n, true)); return e;
    case Kind::kWord: e.literal = t == "null" ? Value::null() : Value::boolean(t == "true"); return e;
    default: e.kind = ast::ExprKind::kHole; return e;
  }
}

}  // namespace flyball::lower
