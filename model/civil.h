// The proleptic Gregorian calendar in integers: days since 1970-01-01 to year, month, day and back. Pure.
#pragma once

#include <cstdint>

namespace flyball {

inline constexpr std::int64_t kTimestampSecondsMin = -62'135'596'800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t kTimestampSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z

constexpr bool is_leap_year(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int days_in_month(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

// Days before `month` in a year that is not a leap year.
constexpr int days_before_month(int month) {
  constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  return kBefore[month - 1];
}

// 0..365.
constexpr int day_of_year(std::int64_t year, int month, int day) {
  return days_before_month(month) + (month > 2 && is_leap_year(year) ? 1 : 0) + day - 1;
}

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0); }

// Days before 1 January of `year`, counted from 1 January of year 1.
constexpr std::int64_t days_before_year(std::int64_t year) {
  const std::int64_t y = year - 1;
  return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);
}

constexpr std::int64_t kEpochDays = days_before_year(1970);

constexpr std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  return days_before_year(year) - kEpochDays + day_of_year(year, month, day);
}

struct CivilDate {
  std::int64_t year;
  int month;  // 1..12
  int day;    // 1..31
};

constexpr CivilDate civil_from_days(std::int64_t days) {
  const std::int64_t n = days + kEpochDays;  // since 0001-01-01
  // 146,097 days are 400 years: the estimate is never too large by more than one year, never too small by more than one.
  std::int64_t year = floor_div(n * 400, 146'097) + 1;
  while (days_before_year(year) > n) --year;
  while (days_before_year(year + 1) <= n) ++year;
  int rest = static_cast<int>(n - days_before_year(year));
  int month = 1;
  while (rest >= days_in_month(year, month)) rest -= days_in_month(year, month++);
  return {year, month, rest + 1};
}

// 0 is Sunday.
constexpr int day_of_week(std::int64_t days) { return static_cast<int>(((days + 4) % 7 + 7) % 7); }

}  // namespace flyball
