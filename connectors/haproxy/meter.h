// From counters since HAProxy's start to what happened since the last look. Not the reading (stats.h).
//
// Counters that went backwards (HAProxy restarted, or `clear counters`) started again from zero: what they show now is
// what happened since. The first look at a server that was there before us has no before: its deltas are zero.
//
// Response time: HAProxy only tells a moving average, S/n with S' = S − S/n + t for each request (n = 512, whole
// milliseconds). Between two looks with k requests, S₂ = S₁·q + m·n·(1−q) with q = (1 − 1/n)^k, which gives m, the mean
// of just those k, within about 1/(1−q) ms. Below kRecentRequestsMin requests that is too coarse and there is none.
// Thread safety: none, one thread. Cost: O(servers) per look; memory: kHistoryMax looks per server.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/haproxy/stats.h"
#include "model/time.h"

namespace flyball::connectors::haproxy {

inline constexpr std::int64_t kAverageWindow = 512;     // HAProxy's TIME_STATS_SAMPLES
inline constexpr std::int64_t kRecentRequestsMin = 64;  // error about 8 ms
inline constexpr DurationNs kRecentAgeMax_ns = 10 * kNsPerSecond;
inline constexpr std::size_t kHistoryMax = 64;

// A row beside what changed since the last look.
struct Reading {
  StatRow row;
  StatRow delta;                         // only its counters mean something
  DurationNs interval_ns = 0;            // 0: the first look
  std::optional<double> recent_ms;       // mean response time of the last requests
  std::optional<std::int64_t> share_e9;  // of its backend's requests in the interval; servers only; none without requests
};

class Meter {
 public:
  // `pid` tells one HAProxy from the next; `now` must not go backwards. Forgets the servers that are not in `rows`.
  std::vector<Reading> look(std::vector<StatRow> rows, std::int64_t pid, Timestamp now);

  // Rows of the last look that are not in this one: (backend, server), to be retracted.
  const std::vector<std::pair<std::string, std::string>>& vanished() const { return vanished_; }

 private:
  struct Sample {
    Timestamp at;
    std::int64_t requests = 0;
    double sum_ms = 0;  // HAProxy's S, as far as its rounding lets us know
  };
  struct Track {
    StatRow last;
    std::deque<Sample> history;
  };

  std::optional<double> recent(Track& track, const StatRow& row, Timestamp now) const;

  std::map<std::pair<std::string, std::string>, Track> tracks_;
  std::vector<std::pair<std::string, std::string>> vanished_;
  std::optional<std::int64_t> pid_;
  Timestamp last_;
};

}  // namespace flyball::connectors::haproxy
