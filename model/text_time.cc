// Timestamps as RFC 3339 text; the proleptic Gregorian calendar in integers. See text.h.
#include <array>
#include <cstdio>

#include "model/civil.h"
#include "model/text.h"

namespace flyball {

namespace {

// The decimal number of exactly `n` digits at `at`; -1 if it is not there.
int number_at(std::string_view text, std::size_t at, std::size_t n) {
  if (at + n > text.size()) return -1;
  int v = 0;
  for (std::size_t i = at; i < at + n; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    v = v * 10 + (text[i] - '0');
  }
  return v;
}

bool has(std::string_view text, std::size_t at, char c) { return at < text.size() && text[at] == c; }

}  // namespace

std::optional<Value> parse_timestamp(std::string_view t) {
  const int year = number_at(t, 0, 4), month = number_at(t, 5, 2), day = number_at(t, 8, 2);
  const int hour = number_at(t, 11, 2), minute = number_at(t, 14, 2), second = number_at(t, 17, 2);
  if (year < 0 || !has(t, 4, '-') || !has(t, 7, '-') || !(has(t, 10, 'T') || has(t, 10, 't')) || !has(t, 13, ':') || !has(t, 16, ':')) {
    return std::nullopt;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  std::size_t at = 19;
  std::uint32_t nanos = 0;
  if (has(t, at, '.')) {
    ++at;
    std::size_t digits = 0;
    for (; at < t.size() && t[at] >= '0' && t[at] <= '9'; ++at, ++digits) {
      if (digits >= 9) return std::nullopt;  // finer than a nanosecond
      nanos = nanos * 10 + static_cast<std::uint32_t>(t[at] - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 9; ++digits) nanos *= 10;
  }
  int offset_minutes = 0;
  if (has(t, at, 'Z') || has(t, at, 'z')) {
    ++at;
  } else if (has(t, at, '+') || has(t, at, '-')) {
    const int h = number_at(t, at + 1, 2), m = number_at(t, at + 4, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59 || !has(t, at + 3, ':')) return std::nullopt;
    offset_minutes = (h * 60 + m) * (t[at] == '-' ? -1 : 1);
    at += 6;
  } else {
    return std::nullopt;
  }
  if (at != t.size()) return std::nullopt;
  const std::int64_t seconds = days_from_civil(year, month, day) * 86'400 + std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second -
                               std::int64_t{offset_minutes} * 60;
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) return std::nullopt;
  return Value::timestamp(seconds, nanos);
}

std::string format_timestamp(const Value& timestamp) {
  std::int64_t days = timestamp.bits / 86'400;
  std::int64_t second = timestamp.bits % 86'400;
  if (second < 0) {
    second += 86'400;
    --days;
  }
  const CivilDate date = civil_from_days(days);
  std::array<char, 64> buffer{};
  const int n =
      std::snprintf(buffer.data(), buffer.size(), "%04lld-%02d-%02dT%02d:%02d:%02d", static_cast<long long>(date.year), date.month,
                    date.day, static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
  std::string out(buffer.data(), static_cast<std::size_t>(n));
  if (timestamp.aux != 0) out += format_scaled_decimal(timestamp.aux, 9).substr(1);
  return out + 'Z';
}

}  // namespace flyball
