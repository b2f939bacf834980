// CEL's `"…".format([…])` and strings.quote. The clauses: model/format_text.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "model/format_text.h"
#include "model/text.h"

namespace flyball::engine {

namespace {

// Appends text to one output, or says why it cannot. Recursion is over the nesting of a value, which its construction bounds.
struct Formatter {
  Interner& in;
  std::string out;
  std::string wrong;  // the first thing that does not go

  bool refuse(const char* what, const Value& v) {
    if (wrong.empty()) wrong = fmt::format("{}, not {}", what, in.text(functions::convert(Fn::kType, v, in)));
    return false;
  }

  // NaN and the infinities look the same for every clause that takes numbers.
  bool special(double d) {
    if (std::isfinite(d)) return false;
    out += std::isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
    return true;
  }

  bool text(const Value& v) {
    switch (v.kind) {
      case Kind::kString:
      case Kind::kType: out += in.text(v); return true;
      case Kind::kBytes:
        if (!is_valid_utf8(in.text(v))) return refuse("%s takes bytes that are UTF-8", v);
        out += in.text(v);
        return true;
      case Kind::kDouble:
        if (!special(v.as_double())) out += plain(v.as_double());
        return true;
      case Kind::kDuration: out += format_duration(v.as_int()); return true;  // as string() gives it
      case Kind::kList: {
        out += '[';
        bool first = true;
        for (const Value& item : in.items(v)) {
          if (!std::exchange(first, false)) out += ", ";
          if (!text(item) || out.size() > kMaxTextBytes) return false;
        }
        out += ']';
        return true;
      }
      case Kind::kMap: return map(v);
      case Kind::kOptional:
      case Kind::kError: return refuse("%s takes a text, number, bool, time, address, type, list or map", v);
      default: out += to_text(v, in); return true;
    }
  }

  // In the order of the keys' texts.
  bool map(const Value& v) {
    std::vector<std::pair<std::string, std::string>> entries;
    std::size_t size = 0;
    for (const MapEntry& e : in.entries(v)) {
      Formatter key{in, {}, {}}, value{in, {}, {}};
      if (!key.text(e.key) || !value.text(e.value)) {
        wrong = key.wrong.empty() ? value.wrong : key.wrong;
        return false;
      }
      size += key.out.size() + value.out.size();
      if (size > kMaxTextBytes) {
        wrong = "text too long";
        return false;
      }
      entries.emplace_back(std::move(key.out), std::move(value.out));
    }
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (std::size_t i = 0; i < entries.size(); ++i)
      out += fmt::format("{}{}: {}", i == 0 ? "" : ", ", entries[i].first, entries[i].second);
    out += '}';
    return true;
  }

  // Without an exponent, the shortest digits that read back.
  static std::string plain(double d) {
    const std::string shortest = fmt::format("{}", d);
    if (shortest.find('e') == std::string::npos) return shortest.ends_with(".0") ? shortest.substr(0, shortest.size() - 2) : shortest;
    return std::fabs(d) >= 1 ? fmt::format("{:.0f}", d) : small(shortest);
  }

  // "-1.25e-07" as -0.000000125.
  static std::string small(std::string_view shortest) {
    const std::size_t e = shortest.find('e');
    const int zeros = std::stoi(std::string(shortest.substr(e + 1))) * -1 - 1;
    std::string digits;
    for (const char c : shortest.substr(0, e)) {
      if (c >= '0' && c <= '9') digits += c;
    }
    return (shortest[0] == '-' ? "-0." : "0.") + std::string(static_cast<std::size_t>(zeros), '0') + digits;
  }

  bool decimal(const Value& v) {
    switch (v.kind) {
      case Kind::kInt: out += fmt::format("{}", v.as_int()); return true;
      case Kind::kUint: out += fmt::format("{}", v.as_uint()); return true;
      case Kind::kDouble: return text(v);
      default: return refuse("%d takes a number", v);
    }
  }

  bool floating(const Value& v, char clause, int precision) {
    double d = 0;
    switch (v.kind) {
      case Kind::kInt: d = static_cast<double>(v.as_int()); break;
      case Kind::kUint: d = static_cast<double>(v.as_uint()); break;
      case Kind::kDouble: d = v.as_double(); break;
      default: return refuse(clause == 'f' ? "%f takes a number" : "%e takes a number", v);
    }
    if (!special(d)) out += clause == 'f' ? fmt::format("{:.{}f}", d, precision) : fmt::format("{:.{}e}", d, precision);
    return true;
  }

  bool digits(const Value& v, char clause) {
    if (clause == 'b' && v.is(Kind::kBool)) {
      out += v.as_bool() ? '1' : '0';
      return true;
    }
    if ((clause == 'x' || clause == 'X') && (v.is(Kind::kString) || v.is(Kind::kBytes))) {
      for (const char c : in.text(v)) out += clause == 'x' ? fmt::format("{:02x}", c & 0xFF) : fmt::format("{:02X}", c & 0xFF);
      return true;
    }
    if (!v.is(Kind::kInt) && !v.is(Kind::kUint))
      return refuse(clause == 'b'   ? "%b takes an int, a uint or a bool"
                    : clause == 'o' ? "%o takes an int or a uint"
                                    : "%x takes an int, a uint, a text or bytes",
                    v);
    const bool negative = v.is(Kind::kInt) && v.as_int() < 0;
    const std::uint64_t n = negative ? 0 - v.as_uint() : v.as_uint();
    if (negative) out += '-';
    out += clause == 'b'   ? fmt::format("{:b}", n)
           : clause == 'o' ? fmt::format("{:o}", n)
           : clause == 'x' ? fmt::format("{:x}", n)
                           : fmt::format("{:X}", n);
    return true;
  }

  bool clause(const FormatPiece& piece, const Value& v) {
    switch (piece.clause) {
      case 's': return text(v);
      case 'd': return decimal(v);
      case 'f':
      case 'e': return floating(v, piece.clause, piece.precision);
      default: return digits(v, piece.clause);
    }
  }
};

}  // namespace

Value functions::format(const Value& form, const Value& arguments, Interner& in) {
  if (!form.is(Kind::kString) || !arguments.is(Kind::kList)) return no_overload(in);
  const Result<std::vector<FormatPiece>> pieces = parse_format(in.text(form));
  if (!pieces) return in.error("format: " + pieces.error().message);
  Formatter formatter{in, {}, {}};
  std::size_t next = 0;
  for (const FormatPiece& piece : *pieces) {
    if (piece.clause == '\0') {
      formatter.out += piece.text;
    } else if (next >= in.items(arguments).size()) {
      return in.error(fmt::format("format: there are {} arguments, and more clauses", in.items(arguments).size()));
    } else if (!formatter.clause(piece, Value(in.items(arguments)[next++])) && !formatter.wrong.empty()) {
      return in.error("format: " + formatter.wrong);
    }
    if (formatter.out.size() > kMaxTextBytes) return in.error("text too long");
  }
  return in.string(formatter.out);
}

// As a literal of CEL: its named escapes only; every other character stands for itself.
Value functions::quoted(std::string_view text, Interner& in) {
  static constexpr std::string_view kPlain = "\"\\\a\b\f\n\r\t\v";
  static constexpr std::string_view kNamed = "\"\\abfnrtv";
  std::string out = "\"";
  for (const char c : text) {
    const std::size_t at = kPlain.find(c);
    if (at != std::string_view::npos) out += '\\';
    out += at == std::string_view::npos ? c : kNamed[at];
  }
  return in.string(out + '"');
}

}  // namespace flyball::engine
