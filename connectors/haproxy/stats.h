// What HAProxy's runtime socket says, read into plain rows: `show stat` (CSV), `show servers state`, `show info`.
// Not the socket (runtime.h), not what became of the counters since the last look (meter.h). Pure functions; every
// column is found by its name, so that another version's extra columns do no harm.
//
// An answer is taken as a whole or not at all: a missing column, a short line or a word where a number belongs is an
// Error that quotes it. Empty numeric cells (HAProxy leaves out what does not apply) are nullopt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace flyball::connectors::haproxy {

// One line of `show stat`: a server, or a backend in total (server is empty).
struct StatRow {
  std::string backend;
  std::string server;
  std::string status;        // HAProxy's own words: "UP", "UP 2/3", "DOWN", "MAINT", "DRAIN", "NOLB", "no check"
  std::string address;       // host:port; servers only
  std::string check_status;  // "L7OK", "L4CON" …; empty without a check
  std::string check_text;    // "Layer7 check passed"
  std::optional<std::int64_t> check_code;
  std::int64_t weight = 0;                              // effective: 0 for a backend without usable servers
  std::int64_t active_servers = 0, backup_servers = 0;  // backends only

  std::int64_t queue = 0, sessions = 0, session_rate = 0;                   // gauges
  std::optional<std::int64_t> queue_ms, connect_ms, response_ms, total_ms;  // averages over the last 1024 requests

  // Counters since HAProxy's start, or since `clear counters`.
  std::int64_t sessions_total = 0, requests = 0, bytes_in = 0, bytes_out = 0;
  std::int64_t responses_1xx = 0, responses_2xx = 0, responses_3xx = 0, responses_4xx = 0, responses_5xx = 0, responses_other = 0;
  std::int64_t connect_errors = 0, response_errors = 0, retries = 0, redispatches = 0;
  std::int64_t client_aborts = 0, server_aborts = 0, check_failures = 0, down_transitions = 0;
};

// srv_admin_state of `show servers state`, bit by bit.
enum AdminFlag : std::uint32_t {
  kForcedMaint = 0x01,      // by the runtime API
  kInheritedMaint = 0x02,   // from a tracked server
  kConfiguredMaint = 0x04,  // `disabled` in the configuration (informational, goes with the first)
  kForcedDrain = 0x08,
  kInheritedDrain = 0x10,
  kResolverMaint = 0x20,  // its name does not resolve
  kHostnameMaint = 0x40,
};
inline constexpr std::uint32_t kAnyMaint = kForcedMaint | kInheritedMaint | kResolverMaint | kHostnameMaint;
inline constexpr std::uint32_t kAnyDrain = kForcedDrain | kInheritedDrain;

// srv_op_state: what the checks found, whatever the administrator wants.
enum class Operation : std::uint8_t { kStopped = 0, kStarting = 1, kRunning = 2, kStopping = 3 };

// One line of `show servers state`.
struct ServerState {
  std::string backend;
  std::string server;
  std::string address;  // "-" if it has none (yet)
  std::int64_t port = 0;
  Operation operation = Operation::kStopped;
  std::uint32_t admin = 0;             // AdminFlags
  std::int64_t weight = 0;             // as set now
  std::int64_t configured_weight = 0;  // as in the configuration
  bool has_check = false;

  bool in_maint() const { return (admin & kAnyMaint) != 0; }
  bool in_drain() const { return !in_maint() && (admin & kAnyDrain) != 0; }
};

struct ProcessInfo {
  std::string version;
  std::int64_t pid = 0, uptime_s = 0, connections = 0, connection_rate = 0, idle_percent = 0;
};

// Frontends and listeners are left out.
Result<std::vector<StatRow>> parse_stat(std::string_view text);
Result<std::vector<ServerState>> parse_servers_state(std::string_view text);
Result<ProcessInfo> parse_info(std::string_view text);

}  // namespace flyball::connectors::haproxy
