// Subtracting, and solving the moving average backwards.
#include "connectors/haproxy/meter.h"

#include <algorithm>
#include <cmath>

namespace flyball::connectors::haproxy {
namespace {

using Counter = std::int64_t StatRow::*;
constexpr Counter kCounters[] = {
    &StatRow::sessions_total, &StatRow::requests,        &StatRow::bytes_in,         &StatRow::bytes_out,     &StatRow::responses_1xx,
    &StatRow::responses_2xx,  &StatRow::responses_3xx,   &StatRow::responses_4xx,    &StatRow::responses_5xx, &StatRow::responses_other,
    &StatRow::connect_errors, &StatRow::response_errors, &StatRow::retries,          &StatRow::redispatches,  &StatRow::client_aborts,
    &StatRow::server_aborts,  &StatRow::check_failures,  &StatRow::down_transitions,
};

bool went_back(const StatRow& before, const StatRow& now) {
  return std::any_of(std::begin(kCounters), std::end(kCounters), [&](Counter c) { return now.*c < before.*c; });
}

StatRow difference(const StatRow& before, const StatRow& now) {
  StatRow delta;
  for (const Counter c : kCounters) delta.*c = now.*c - before.*c;
  return delta;
}

double sum_of_average(const StatRow& row) {
  return static_cast<double>(row.response_ms.value_or(0)) * static_cast<double>(std::min(row.requests, kAverageWindow));
}

}  // namespace

std::optional<double> Meter::recent(Track& track, const StatRow& row, Timestamp now) const {
  std::deque<Sample>& history = track.history;
  while (!history.empty() && now - history.front().at > kRecentAgeMax_ns) history.pop_front();
  // The newest sample that lies enough requests back: older ones would blur a change, newer ones are too coarse.
  const auto from =
      std::find_if(history.rbegin(), history.rend(), [&](const Sample& s) { return row.requests - s.requests >= kRecentRequestsMin; });
  std::optional<double> mean;
  if (from != history.rend() && row.response_ms) {
    const double n = static_cast<double>(kAverageWindow);
    const double q = std::pow(1.0 - 1.0 / n, static_cast<double>(row.requests - from->requests));
    mean = std::max(0.0, (sum_of_average(row) - from->sum_ms * q) / (n * (1.0 - q)));
  }
  history.push_back({now, row.requests, sum_of_average(row)});
  if (history.size() > kHistoryMax) history.pop_front();
  return mean;
}

std::vector<Reading> Meter::look(std::vector<StatRow> rows, std::int64_t pid, Timestamp now) {
  const bool first_look = !pid_;
  const bool restarted = pid_ && *pid_ != pid;
  const DurationNs interval_ns = first_look ? 0 : now - last_;
  pid_ = pid;
  last_ = now;

  std::map<std::pair<std::string, std::string>, Track> before = std::move(tracks_);
  tracks_.clear();
  std::vector<Reading> out;
  out.reserve(rows.size());
  for (StatRow& row : rows) {
    const std::pair<std::string, std::string> name{row.backend, row.server};
    Track track;
    StatRow base;  // zeros: what a new process or a new server starts from
    if (const auto known = before.find(name); known != before.end()) {
      if (!restarted && !went_back(known->second.last, row)) {
        base = known->second.last;
        track.history = std::move(known->second.history);
      }
      before.erase(known);
    } else if (first_look) {
      base = row;
    }
    Reading reading;
    reading.delta = difference(base, row);
    reading.interval_ns = interval_ns;
    reading.recent_ms = recent(track, row, now);
    track.last = row;
    tracks_.insert_or_assign(name, std::move(track));
    reading.row = std::move(row);
    out.push_back(std::move(reading));
  }

  vanished_.clear();
  for (const auto& [name, track] : before) vanished_.push_back(name);

  std::map<std::string, std::int64_t> requests;
  for (const Reading& r : out) {
    if (!r.row.server.empty()) requests[r.row.backend] += r.delta.requests;
  }
  for (Reading& r : out) {
    const std::int64_t all = requests[r.row.backend];
    if (!r.row.server.empty() && all > 0) {
      r.share_e9 = static_cast<std::int64_t>(std::llround(1e9 * static_cast<double>(r.delta.requests) / static_cast<double>(all)));
    }
  }
  return out;
}

}  // namespace flyball::connectors::haproxy
