// Exact decimal reading and writing, and doubles; see text.h and text_decimal.h.
#include "model/text_decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "model/int128.h"
#include "model/text.h"

namespace flyball {

namespace internal {

namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
std::string_view digits_at(std::string_view text, std::size_t from) {
  std::size_t n = 0;
  while (from + n < text.size() && is_digit(text[from + n])) ++n;
  return text.substr(from, n);
}
}  // namespace

std::optional<DecimalPrefix> read_decimal(std::string_view text, bool exponent) {
  DecimalPrefix out;
  out.digits = digits_at(text, 0);
  std::size_t at = out.digits.size();
  if (at < text.size() && text[at] == '.') {
    out.fraction = digits_at(text, at + 1);
    if (out.fraction.empty()) return std::nullopt;
    at += 1 + out.fraction.size();
  }
  if (out.digits.empty() && out.fraction.empty()) return std::nullopt;
  if (exponent && at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t p = at + 1;
    const bool negative = p < text.size() && text[p] == '-';
    if (p < text.size() && (text[p] == '-' || text[p] == '+')) ++p;
    const std::string_view digits = digits_at(text, p);
    if (!digits.empty()) {
      for (const char c : digits) out.exponent = out.exponent >= kMaxExponent ? kMaxExponent : out.exponent * 10 + (c - '0');
      if (negative) out.exponent = -out.exponent;
      at = p + digits.size();
    }
  }
  out.length = at;
  return out;
}

namespace {

// The decimal's digits as one sequence.
char digit_at(const DecimalPrefix& d, std::size_t i) { return i < d.digits.size() ? d.digits[i] : d.fraction[i - d.digits.size()]; }

constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;

}  // namespace

std::optional<std::uint64_t> scaled(const DecimalPrefix& d, std::uint64_t multiplier) {
  // Nineteen significant digits are kept; what a 63-bit result can show of the others is their first digit's rounding.
  const std::size_t total = d.digits.size() + d.fraction.size();
  std::size_t first = 0;
  while (first < total && digit_at(d, first) == '0') ++first;
  if (first == total) return 0;
  const std::size_t kept = std::min<std::size_t>(total - first, 19);
  std::uint64_t mantissa = 0;
  for (std::size_t i = first; i < first + kept; ++i) mantissa = mantissa * 10 + static_cast<std::uint64_t>(digit_at(d, i) - '0');
  // value = mantissa × 10^power × multiplier
  std::int64_t power = static_cast<std::int64_t>(d.digits.size()) - static_cast<std::int64_t>(first + kept) + d.exponent;
  Uint128 product = static_cast<Uint128>(mantissa) * multiplier;
  for (; power > 0; --power) {
    if (product > kLimit) return std::nullopt;
    product *= 10;
  }
  bool round_up = false;
  for (; power < 0 && product != 0; ++power) {
    round_up = product % 10 >= 5;
    product /= 10;
  }
  // When digits remain to be dropped after the product is used up, only zeros stand before them.
  if (power < 0) round_up = false;
  if (round_up) ++product;
  if (product > kLimit) return std::nullopt;
  return static_cast<std::uint64_t>(product);
}

std::optional<std::int64_t> with_sign(bool negative, std::uint64_t magnitude) {
  if (negative) {
    if (magnitude > kLimit) return std::nullopt;
    return static_cast<std::int64_t>(0 - magnitude);
  }
  if (magnitude >= kLimit) return std::nullopt;
  return static_cast<std::int64_t>(magnitude);
}

}  // namespace internal

std::optional<std::int64_t> parse_scaled_decimal(std::string_view text, int scale_e) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const auto d = internal::read_decimal(text, true);
  if (!d || d->length != text.size()) return std::nullopt;
  const auto total = static_cast<std::int64_t>(d->digits.size() + d->fraction.size());
  // Digits before position `keep` are whole units of 10^-scale_e; the one at it decides the rounding.
  const std::int64_t keep = static_cast<std::int64_t>(d->digits.size()) + d->exponent + scale_e;
  std::uint64_t magnitude = 0;
  bool zero = true;
  for (std::int64_t i = 0; i < keep; ++i) {
    const char c = i < total ? internal::digit_at(*d, static_cast<std::size_t>(i)) : '0';
    if (i >= total && zero) break;  // 0e99
    if (c != '0') zero = false;
    if (__builtin_mul_overflow(magnitude, 10, &magnitude) ||
        __builtin_add_overflow(magnitude, static_cast<std::uint64_t>(c - '0'), &magnitude)) {
      return std::nullopt;
    }
  }
  if (keep >= 0 && keep < total && internal::digit_at(*d, static_cast<std::size_t>(keep)) >= '5') {
    if (__builtin_add_overflow(magnitude, std::uint64_t{1}, &magnitude)) return std::nullopt;
  }
  return internal::with_sign(negative, magnitude);
}

std::string format_scaled_decimal(std::int64_t value, int scale_e) {
  const bool negative = value < 0;
  std::string digits = std::to_string(negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value));
  const auto scale = static_cast<std::size_t>(scale_e);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  std::string fraction = digits.substr(digits.size() - scale);
  digits.resize(digits.size() - scale);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (!fraction.empty()) digits += '.' + fraction;
  return negative ? '-' + digits : digits;
}

std::string format_double(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), d, std::chars_format::scientific).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* from = text.data() + e + 1;
  std::from_chars(*from == '+' ? from + 1 : from, end, exponent);
  // Plain digits where a person would write them, an exponent beyond.
  if (exponent < -5 || exponent > 15) {
    std::string out(text.substr(0, e));
    return out + "e" + std::to_string(exponent);
  }
  std::array<char, 64> fixed{};
  const auto stop = std::to_chars(fixed.data(), fixed.data() + fixed.size(), d, std::chars_format::fixed).ptr;
  std::string out(fixed.data(), static_cast<std::size_t>(stop - fixed.data()));
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

}  // namespace flyball
