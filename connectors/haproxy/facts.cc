// Field by field, in the order of rules/lb/types.fly.
#include "connectors/haproxy/facts.h"

#include <cmath>
#include <map>
#include <utility>

namespace flyball::connectors::haproxy {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

std::optional<std::string> text_or_none(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }
std::optional<std::string> from_ms(std::optional<std::int64_t> ms) {
  return ms ? std::optional(duration_text(*ms * kNsPerMs)) : std::nullopt;
}
std::optional<std::string> from_ms(std::optional<double> ms) {
  return ms ? std::optional(duration_text(static_cast<std::int64_t>(std::llround(*ms)) * kNsPerMs)) : std::nullopt;
}

std::int64_t bits_per_second(std::int64_t bytes, DurationNs interval_ns) { return per_second(bytes * 8, interval_ns); }

std::int64_t errors_of(const StatRow& row) { return row.responses_5xx + row.connect_errors + row.response_errors; }

WireFact server_fact(std::string_view lb, const Reading& r, const ServerState& state, Timestamp now) {
  const StatRow& row = r.row;
  const StatRow& delta = r.delta;
  WireFact fact{.type = "infra.lb.LbServer", .stamp = now};
  fact.set("lb", lb).set("backend", row.backend).set("server", row.server);
  fact.set_maybe("address", state.address == "-" ? std::nullopt : text_or_none(row.address));
  fact.set("admin", admin_of(state)).set("health", health_of(state)).set("status", row.status);
  fact.set_maybe("check", text_or_none(row.check_status))
      .set_maybe("check_code", row.check_code)
      .set_maybe("check_text", text_or_none(row.check_text));
  fact.set("weight", percent_text(ratio_e9(state.weight, state.configured_weight))).set("weight_units", state.weight);
  fact.set("sessions", row.sessions).set("queue", row.queue).set("session_rate", row.session_rate);
  fact.set("interval", duration_text(r.interval_ns));
  fact.set_maybe("share", r.share_e9 ? std::optional(percent_text(*r.share_e9)) : std::nullopt);
  fact.set("requests", delta.requests).set("responses_2xx", delta.responses_2xx).set("responses_3xx", delta.responses_3xx);
  fact.set("responses_4xx", delta.responses_4xx).set("responses_5xx", delta.responses_5xx);
  fact.set("connect_errors", delta.connect_errors).set("response_errors", delta.response_errors).set("errors", errors_of(delta));
  fact.set("retries", delta.retries).set("redispatches", delta.redispatches);
  fact.set("client_aborts", delta.client_aborts).set("server_aborts", delta.server_aborts).set("check_failures", delta.check_failures);
  fact.set("requests_total", row.requests).set("responses_2xx_total", row.responses_2xx).set("responses_3xx_total", row.responses_3xx);
  fact.set("responses_4xx_total", row.responses_4xx).set("responses_5xx_total", row.responses_5xx);
  fact.set("connect_errors_total", row.connect_errors)
      .set("response_errors_total", row.response_errors)
      .set("errors_total", errors_of(row));
  fact.set("check_failures_total", row.check_failures).set("down_total", row.down_transitions);
  fact.set_maybe("response_time", from_ms(row.response_ms)).set_maybe("total_time", from_ms(row.total_ms));
  fact.set_maybe("response_recent", from_ms(r.recent_ms));
  fact.set("rate_in", bits_per_second(delta.bytes_in, r.interval_ns)).set("rate_out", bits_per_second(delta.bytes_out, r.interval_ns));
  return fact;
}

WireFact backend_fact(std::string_view lb, const Reading& r, Timestamp now) {
  const StatRow& row = r.row;
  const StatRow& delta = r.delta;
  const double seconds = static_cast<double>(r.interval_ns) / static_cast<double>(kNsPerSecond);
  WireFact fact{.type = "infra.lb.LbBackend", .stamp = now};
  fact.set("lb", lb).set("backend", row.backend).set("state", row.status.starts_with("UP") ? "up" : "down");
  fact.set("servers_active", row.active_servers).set("servers_backup", row.backup_servers);
  fact.set("sessions", row.sessions).set("queue", row.queue).set("session_rate", row.session_rate);
  fact.set("interval", duration_text(r.interval_ns));
  fact.set("request_rate", WireValue(seconds > 0 ? static_cast<double>(delta.requests) / seconds : 0.0));
  fact.set("requests", delta.requests).set("responses_2xx", delta.responses_2xx);
  fact.set("responses_4xx", delta.responses_4xx).set("responses_5xx", delta.responses_5xx);
  fact.set("connect_errors", delta.connect_errors).set("response_errors", delta.response_errors);
  fact.set("requests_total", row.requests).set("responses_5xx_total", row.responses_5xx);
  fact.set_maybe("response_time", from_ms(row.response_ms)).set_maybe("response_recent", from_ms(r.recent_ms));
  fact.set("rate_in", bits_per_second(delta.bytes_in, r.interval_ns)).set("rate_out", bits_per_second(delta.bytes_out, r.interval_ns));
  return fact;
}

WireFact process_fact(std::string_view lb, const ProcessInfo& process, Timestamp now) {
  WireFact fact{.type = "infra.lb.LbProcess", .stamp = now};
  fact.set("lb", lb).set("version", process.version).set("pid", process.pid).set("uptime", duration_text(process.uptime_s * kNsPerSecond));
  fact.set("connections", process.connections).set("connection_rate", process.connection_rate);
  fact.set("idle", percent_text(ratio_e9(process.idle_percent, 100)));
  return fact;
}

}  // namespace

std::string_view health_of(const ServerState& state) {
  // A server without a check runs as far as HAProxy knows, which is not to say that it is well.
  if (!state.has_check && state.operation == Operation::kRunning) return "unchecked";
  switch (state.operation) {
    case Operation::kRunning: return "up";
    case Operation::kStarting: return "starting";
    case Operation::kStopping: return "stopping";
    case Operation::kStopped: break;
  }
  return "down";
}

std::string_view admin_of(const ServerState& state) {
  if (state.in_maint()) return "maint";
  return state.in_drain() ? "drain" : "ready";
}

std::vector<WireFact> to_facts(std::string_view lb, const ProcessInfo& process, const std::vector<Reading>& readings,
                               const std::vector<ServerState>& states, Timestamp now) {
  std::map<std::pair<std::string_view, std::string_view>, const ServerState*> by_name;
  for (const ServerState& s : states) by_name[{s.backend, s.server}] = &s;
  std::vector<WireFact> out;
  out.reserve(readings.size() + 1);
  out.push_back(process_fact(lb, process, now));
  for (const Reading& r : readings) {
    if (r.row.server.empty()) {
      out.push_back(backend_fact(lb, r, now));
    } else if (const auto state = by_name.find({r.row.backend, r.row.server}); state != by_name.end()) {
      out.push_back(server_fact(lb, r, *state->second, now));
    }
  }
  return out;
}

WireFact retraction(std::string_view lb, std::string_view backend, std::string_view server, Timestamp now) {
  WireFact fact{.type = server.empty() ? "infra.lb.LbBackend" : "infra.lb.LbServer", .retract = true, .stamp = now};
  fact.set("lb", lb).set("backend", backend);
  if (!server.empty()) fact.set("server", server);
  return fact;
}

}  // namespace flyball::connectors::haproxy
