// Instants and lengths of engine time: int64 nanoseconds, so 1677-09-21 .. 2262-04-11. Stamps outside are refused
// at the border. (A *value* of kind kTimestamp has CEL's wider range; see value.h.)
// Nothing in here, nor anything outside app/ and the bus's transport, reads a clock.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "model/value.h"

namespace flyball {

using DurationNs = std::int64_t;

struct Timestamp {
  std::int64_t ns = 0;  // since the Unix epoch
  friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;
inline constexpr Timestamp kTimestampMin{std::numeric_limits<std::int64_t>::min()};
inline constexpr Timestamp kTimestampMax{std::numeric_limits<std::int64_t>::max()};

// Saturating: a deadline past the end of time is the end of time, which never falls due.
constexpr Timestamp operator+(Timestamp t, DurationNs d) {
  std::int64_t r = 0;
  if (__builtin_add_overflow(t.ns, d, &r)) return d > 0 ? kTimestampMax : kTimestampMin;
  return {r};
}
constexpr Timestamp operator-(Timestamp t, DurationNs d) {
  std::int64_t r = 0;
  if (__builtin_sub_overflow(t.ns, d, &r)) return d > 0 ? kTimestampMin : kTimestampMax;
  return {r};
}
constexpr DurationNs operator-(Timestamp a, Timestamp b) {
  std::int64_t r = 0;
  if (__builtin_sub_overflow(a.ns, b.ns, &r)) {
    return a.ns > b.ns ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
  return r;
}

constexpr Value to_value(Timestamp t) {
  std::int64_t s = t.ns / kNsPerSecond;
  std::int64_t n = t.ns % kNsPerSecond;
  if (n < 0) {
    n += kNsPerSecond;
    --s;
  }
  return Value::timestamp(s, static_cast<std::uint32_t>(n));
}
// nullopt when the value lies outside int64 nanoseconds.
constexpr std::optional<Timestamp> to_engine_time(const Value& v) {
  std::int64_t r = 0;
  if (__builtin_mul_overflow(v.bits, kNsPerSecond, &r) || __builtin_add_overflow(r, static_cast<std::int64_t>(v.aux), &r))
    return std::nullopt;
  return Timestamp{r};
}

}  // namespace flyball
