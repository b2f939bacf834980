// Numbers, units, addresses and times of day: the longest literal wins, and what can only be a slip is said as one.
// Door: scan.h. Order of attempts: hexadecimal, IPv6, IPv4, time of day, duration and quantity, percent, number.
#include <algorithm>
#include <array>
#include <string>

#include "model/suggest.h"
#include "model/text.h"
#include "parser/diagnostics/codes.h"
#include "parser/grammar/scan.h"
#include "parser/grammar/slips.h"

namespace flyball::cst {
namespace {

constexpr std::array<std::string_view, 8> kDurationUnits{"w", "d", "h", "m", "s", "ms", "us", "ns"};
constexpr std::array<std::string_view, 25> kQuantityUnits{"B",    "KiB",  "MiB", "GiB",  "TiB",  "PiB",  "EiB",  "kB",   "KB",
                                                          "MB",   "GB",   "TB",  "PB",   "EB",   "bps",  "kbps", "Kbps", "Mbps",
                                                          "Gbps", "Tbps", "pps", "kpps", "Kpps", "Mpps", "Gpps"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& units, std::string_view u) {
  return std::find(units.begin(), units.end(), u) != units.end();
}

// A rate of bytes is their size in a time: what to write instead of the rest of `10GBps`, `10 GB/s`.
std::string byte_rate(std::string_view size) { return std::string(size) + " / 1s"; }
bool is_size_unit(std::string_view u) { return among(kQuantityUnits, u) && u.ends_with('B'); }

// Past `/s` behind the unit of a rate of bits (`10Gbit/s`), or of a size; `unit_end` if there is none.
const char* rate_end(const char* unit, const char* unit_end, const char* end) {
  const std::string_view u(unit, unit_end);
  if ((rate_meant(u).empty() && !is_size_unit(u)) || unit_end == end || *unit_end != '/') return unit_end;
  const char* stop = word_end(unit_end + 1, end);
  const std::string_view per(unit_end + 1, stop);
  return per == "s" || per == "sec" || per == "second" ? stop : unit_end;
}

struct Scanner {
  const char* p;
  const char* end;
  const Builder& b;

  char at(const char* q) const { return q < end ? *q : '\0'; }
  const char* digits(const char* q) const {
    while (q != end && is_digit(*q)) ++q;
    return q;
  }
  const char* word_run(const char* q) const {
    while (q != end && is_word(*q)) ++q;
    return q;
  }

  // IPv6, if what stands here has `::` or seven colons: nothing else in the language has.
  Literal ipv6() const {
    const char* q = p;
    int colons = 0;
    bool doubled = false;
    const char* last_group = p;
    while (q != end && (is_hex(*q) || *q == ':')) {
      if (*q == ':') {
        ++colons;
        if (at(q + 1) == ':') doubled = true;
        last_group = q + 1;
      }
      ++q;
    }
    if (!doubled && colons < 6) return {p, Kind::kNothing};
    // The last 32 bits may be written as IPv4.
    if (at(q) == '.' && is_digit(at(q + 1)) && digits(last_group) == q) {
      while (q != end && (is_digit(*q) || (*q == '.' && is_digit(at(q + 1))))) ++q;
    } else {
      if (!doubled && colons < 7) return {p, Kind::kNothing};
      // `{fe80::1: 2}`: the last colon belongs to the map.
      if (q - p >= 2 && q[-1] == ':' && q[-2] != ':') --q;
    }
    return address(q);
  }

  // The address p..q, with a prefix length if one touches.
  Literal address(const char* q) const {
    const char* stop = q;
    const bool prefix = at(q) == '/' && is_digit(at(q + 1));
    if (prefix) stop = digits(q + 1);
    const bool clean = !is_word(at(stop)) && !(at(stop) == '.' && is_digit(at(stop + 1)));
    const std::string_view text(p, static_cast<std::size_t>(stop - p));
    if (clean && (prefix ? parse_cidr(text).has_value() : parse_ip(text).has_value())) return {stop, prefix ? Kind::kCidr : Kind::kIp};
    while (stop != end && (is_word(*stop) || *stop == ':' || (*stop == '.' && is_digit(at(stop + 1))))) ++stop;
    if (clean && prefix && parse_ip(std::string_view(p, static_cast<std::size_t>(q - p)))) {
      const bool v4 = std::find(p, q, ':') == q;
      b.fail(codes::kBadAddress, q + 1, stop,
             v4 ? "the prefix of an IPv4 address has 0 to 32 bits" : "the prefix of an IPv6 address has 0 to 128 bits");
    }
    const std::string whole(p, stop);
    b.fail(
        codes::kBadAddress, p, stop, "`" + whole + "` is no address",
        "an IPv4 address is four numbers from 0 to 255, an IPv6 address groups of hexadecimal digits; a prefix length follows after `/`");
  }

  Literal time_of_day(const char* q) const {
    const char* stop = q + 3;
    if (at(stop) == ':' && is_digit(at(stop + 1)) && is_digit(at(stop + 2))) stop += 3;
    const int hour = (p[0] - '0') * 10 + (p[1] - '0');
    const int minute = (q[1] - '0') * 10 + (q[2] - '0');
    const int second = stop - q == 6 ? (q[4] - '0') * 10 + (q[5] - '0') : 0;
    const bool clean = !is_word(at(stop)) && at(stop) != ':';
    if (!clean || hour > 24 || minute > 59 || second > 59 || (hour == 24 && minute + second > 0)) {
      while (stop != end && (is_word(*stop) || (*stop == ':' && is_digit(at(stop + 1))))) ++stop;
      b.fail(codes::kBadTime, p, stop, "`" + std::string(p, stop) + "` is no time of day",
             "times go from 00:00 to 24:00, with seconds 23:59:59");
    }
    return {stop, Kind::kTimeOfDay};
  }

  [[noreturn]] void bad_unit(const char* unit, const char* stop) const {
    if (const char* rate = rate_end(unit, stop, end); rate != stop) {
      SyntaxError e{b.error(codes::kBadUnit, unit, rate, "`" + std::string(unit, rate) + "` is no unit"), b.offset(rate), false};
      e.diagnostic.fix = Fix{e.diagnostic.span, std::string(rate_meant(std::string_view(unit, stop)))};
      throw e;
    }
    const std::string text(unit, stop);
    if (text.ends_with("ps") && is_size_unit(std::string_view(text).substr(0, text.size() - 2))) {
      SyntaxError e{
          b.error(codes::kBadUnit, unit, stop, "`" + text + "` is no unit", "a rate of bytes is a size in a time; `Gbps` are bits"),
          b.offset(stop), false};
      e.diagnostic.fix = Fix{e.diagnostic.span, byte_rate(text.substr(0, text.size() - 2))};
      throw e;
    }
    std::vector<std::string> known;
    for (const auto& u : kDurationUnits) known.emplace_back(u);
    for (const auto& u : kQuantityUnits) known.emplace_back(u);
    std::vector<std::string> near;
    if (const std::string_view meant = unit_meant(text); !meant.empty()) near.emplace_back(meant);
    if (near.empty()) {
      for (const std::string& u : known) {
        if (u.size() == text.size() &&
            std::equal(u.begin(), u.end(), text.begin(), [](char x, char y) { return (x | 0x20) == (y | 0x20); }))
          near.push_back(u);
      }
      // `10Gb`: bits, or bytes.
      if (const std::string_view rate = rate_meant(text); !rate.empty() && !near.empty()) near.emplace_back(rate);
    }
    SyntaxError e{b.error(codes::kBadUnit, unit, stop, "`" + text + "` is no unit"), b.offset(stop), false};
    if (near.size() == 1) {
      e.diagnostic.fix = Fix{{b.file(), b.offset(unit), b.offset(stop)}, near[0]};
    } else if (!near.empty()) {
      e.diagnostic.help = did_you_mean(near);
    } else {
      e.diagnostic.help = "times: w d h m s ms us ns; sizes: B KiB MiB GiB TiB kB MB GB TB; rates: bps kbps Mbps Gbps Tbps, pps kpps Mpps";
    }
    throw e;
  }

  // After the digits of a number: letters that touch it are its unit.
  Literal with_unit(const char* unit) const {
    const char* q = unit;
    while (q != end && (is_lower(*q) || is_upper(*q))) ++q;
    std::string_view first(unit, static_cast<std::size_t>(q - unit));
    if (among(kQuantityUnits, first) && !is_word(at(q))) return {q, Kind::kQuantity};
    // 1h30m: more numbers with units of time touch.
    const char* segment = unit;
    while (among(kDurationUnits, std::string_view(segment, static_cast<std::size_t>(q - segment)))) {
      if (!is_digit(at(q))) {
        if (at(q) == '_') break;
        return {q, Kind::kDuration};
      }
      const char* n = digits(q);
      if (at(n) == '.' && is_digit(at(n + 1))) n = digits(n + 1);
      segment = n;
      q = n;
      while (q != end && (is_lower(*q) || is_upper(*q))) ++q;
      if (q == n) break;
    }
    if (segment == q) segment = unit;
    bad_unit(segment, word_run(q));
  }

  Literal number() const {
    const char* q = digits(p);
    const bool starts_with_point = q == p;
    bool real = false;
    if (at(q) == '.' && is_digit(at(q + 1))) {
      real = true;
      const char* f = digits(q + 1);
      if (at(f) == '.' && is_digit(at(f + 1)) && !starts_with_point) {
        // Two points and more: an address or a slip.
        const char* a = f;
        while (at(a) == '.' && is_digit(at(a + 1))) a = digits(a + 1);
        return address(a);
      }
      q = f;
    }
    if ((at(q) == 'e' || at(q) == 'E') && (is_digit(at(q + 1)) || ((at(q + 1) == '+' || at(q + 1) == '-') && is_digit(at(q + 2))))) {
      real = true;
      q = digits(q + 2);
    }
    if (at(q) == '%') {
      const char after = at(q + 1);
      const bool range = after == '.' && at(q + 2) == '.';
      const bool remainder = is_word(after) || after == '"' || after == '\'' || after == '(' || after == '[' || (after == '.' && !range);
      if (!remainder) return {q + 1, Kind::kPercent};
    }
    if ((at(q) == 'u' || at(q) == 'U') && !real && !is_word(at(q + 1))) return {q + 1, Kind::kUint};
    if (is_word_start(at(q))) {
      if (at(q) == '_') {
        b.fail(codes::kBadNumber, p, word_run(q), "`" + std::string(p, word_run(q)) + "` is no number", "digits are written without `_`");
      }
      return with_unit(q);
    }
    return {q, real ? Kind::kDouble : Kind::kInt};
  }

  Literal hexadecimal() const {
    const char* q = p + 2;
    while (q != end && is_hex(*q)) ++q;
    const bool is_unsigned = q != p + 2 && (at(q) == 'u' || at(q) == 'U');
    if (is_unsigned) ++q;
    if (q == p + 2 || is_word(at(q))) {
      const char* stop = word_run(q);
      b.fail(codes::kBadNumber, p, stop, "`" + std::string(p, stop) + "` is no hexadecimal number");
    }
    return {q, is_unsigned ? Kind::kHexUint : Kind::kHexInt};
  }

  Literal scan() const {
    const char c = *p;
    if (is_digit(c)) {
      if (c == '0' && (at(p + 1) == 'x' || at(p + 1) == 'X')) return hexadecimal();
      const char* q = p;
      while (q != end && is_hex(*q)) ++q;
      if (at(q) == ':') {
        if (const Literal l = ipv6(); l.end != p) return l;
        if (q - p == 2 && is_digit(p[1]) && is_digit(at(q + 1)) && is_digit(at(q + 2)) && !b.number_wins) return time_of_day(q);
      }
      return number();
    }
    if (c == '.') return is_digit(at(p + 1)) ? number() : Literal{p, Kind::kNothing};
    if (c == ':' ? at(p + 1) == ':' : is_hex(c)) return ipv6();
    return {p, Kind::kNothing};
  }
};

}  // namespace

SpacedUnit scan_spaced_unit(const char* end, const Builder& b) {
  const char* last = b.end();
  const auto blanks = [&](const char* q) {
    while (q != last && (*q == ' ' || *q == '\t')) ++q;
    return q;
  };
  const char* unit = blanks(end);
  if (unit == end || unit == last) return {end, {}};
  const auto ends_a_value = [&](const char* q) {
    if (q == last || *q == '\n' || *q == '\r' || *q == '#') return true;
    if (*q == '/' && q + 1 != last && q[1] == '/') return true;  // a comment, as `#`
    return std::string_view("})],|").find(*q) != std::string_view::npos || is_reserved(word_at(q, last));
  };
  if (*unit == '%') return ends_a_value(blanks(unit + 1)) ? SpacedUnit{unit + 1, "%"} : SpacedUnit{end, {}};
  const std::string_view word = word_at(unit, last);
  if (word.empty()) return {end, {}};
  const std::string_view meant = among(kQuantityUnits, word) ? word : unit_meant(word);
  const char* stop = unit + word.size();
  if (const char* rate = rate_end(unit, stop, last); rate != stop)
    return {rate, is_size_unit(word) ? byte_rate(word) : std::string(rate_meant(word))};
  const char* after = blanks(stop);
  // `m:` is the next field or pattern, `min(…)` a call, `B {…}` a fact.
  const bool other =
      after != last && (std::string_view(":(.").find(*after) != std::string_view::npos || (*after == '{' && is_upper(word[0])));
  if (meant.empty() || other) return {end, {}};
  return {stop, std::string(meant)};
}

Literal scan_number_or_address(const char* p, const Builder& b) {
  if (p == b.end()) return {p, Kind::kNothing};
  return Scanner{p, b.end(), b}.scan();
}

}  // namespace flyball::cst
