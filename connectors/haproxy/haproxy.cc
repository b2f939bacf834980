// Options, the watching loop and the acting thread.
#include "connectors/haproxy/haproxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "bus/transport/endpoint.h"
#include "connectors/haproxy/executor.h"
#include "connectors/haproxy/facts.h"
#include "connectors/haproxy/meter.h"
#include "connectors/haproxy/runtime.h"
#include "connectors/haproxy/stats.h"
#include "connectors/link.h"
#include "connectors/options.h"

namespace flyball::connectors::haproxy {

const std::string_view kHelp = R"(flyball connect haproxy - facts from and actions on one HAProxy

usage: flyball connect haproxy --socket PATH [options]

  --socket PATH      HAProxy's runtime socket (`stats socket PATH mode 600 level admin`)
  --name NAME        the load balancer's name in facts and actions (default haproxy)
  --backend NAME     only this backend; may be given several times (default: all)
  --every D          time from look to look, 50ms to 60s (default 500ms)
  --timeout D        for one answer of HAProxy, 10ms to 60s (default 2s)
  --no-actions       only watch
  --facts ENDPOINT   where the service takes facts (default tcp://127.0.0.1:7701)
  --actions ENDPOINT where the service gives out actions (default tcp://127.0.0.1:7704)
  --takeover         take the name over from a connector that still seems to live
  --print            facts as JSON lines on stdout instead of the bus; implies --no-actions
  --count N          stop after N looks
  --help             this page

Facts (rules/lb/types.fly): infra.lb.LbServer, LbBackend, LbProcess at every look, and infra.connector.ConnectorState.
Servers and backends that are gone from HAProxy are retracted. While HAProxy does not answer, nothing is published
but ConnectorState with seeing = false and the reason; what was published before goes stale by its ttl.
Actions: DrainServer, ReadyServer, MaintServer, SetWeight, AddServer, DelServer. Each is checked afterwards; a failure
carries HAProxy's own words. What is already so is success.

Messages go to stderr. Exit status: 0 stopped by SIGTERM or SIGINT, or after --count looks; 1 it cannot take actions, or
saw nothing at any of --count looks; 64 wrong arguments.

example: flyball connect haproxy --socket /run/haproxy/admin.sock --print --count 2
)";

namespace {

constexpr DurationNs kNsPerMs = 1'000'000;
constexpr DurationNs kBackoffMax_ns = kNsPerSecond;  // ConnectorState and a new HAProxy should not wait longer

constexpr OptionSpec kOptions[] = {{"--socket"},       {"--name"},       {"--backend", true, true}, {"--every"},           {"--timeout"},
                                   {"--facts"},        {"--actions"},    {"--no-actions", false},   {"--takeover", false}, {"--count"},
                                   {"--print", false}, {"--help", false}};

struct Settings {
  std::string socket, name, facts, actions;
  std::vector<std::string> backends;
  DurationNs every_ns = 0;
  int timeout_ms = 0;
  std::int64_t count = 0;  // 0: no end
  bool act = true, print = false, takeover = false;
};

Result<Settings> settings_of(const Options& o) {
  Settings s;
  s.socket = o.text("--socket", "");
  if (s.socket.empty()) return fail("`--socket PATH` is missing", "HAProxy's `stats socket PATH mode 600 level admin`");
  s.name = o.text("--name", "haproxy");
  if (!is_safe_word(s.name)) return fail(fmt::format("`--name` may hold letters, digits and _ . : -, not \"{}\"", s.name));
  s.backends = o.all("--backend");
  s.facts = o.text("--facts", bus::kDefaultFactsEndpoint);
  s.actions = o.text("--actions", bus::kDefaultActionsEndpoint);
  const auto every = o.duration("--every", 500 * kNsPerMs, 50 * kNsPerMs, 60 * kNsPerSecond);
  if (!every) return std::unexpected(every.error());
  s.every_ns = *every;
  const auto timeout = o.duration("--timeout", 2 * kNsPerSecond, 10 * kNsPerMs, 60 * kNsPerSecond);
  if (!timeout) return std::unexpected(timeout.error());
  s.timeout_ms = static_cast<int>(*timeout / kNsPerMs);
  const auto count = o.number("--count", 0, 1, 1'000'000'000);
  if (!count) return std::unexpected(count.error());
  s.count = *count;
  s.print = o.has("--print");
  s.act = !s.print && !o.has("--no-actions");
  s.takeover = o.has("--takeover");
  return s;
}

// One look at everything. The counters are taken only if all three answers were good, so that a failure loses none.
class Watcher {
 public:
  Watcher(RuntimeSocket socket, std::string lb, std::vector<std::string> backends)
      : socket_(std::move(socket)), lb_(std::move(lb)), backends_(std::move(backends)) {}

  Result<std::vector<WireFact>> look() {
    const auto info = ask("show info", parse_info);
    if (!info) return std::unexpected(info.error());
    auto rows = ask("show stat", parse_stat);
    if (!rows) return std::unexpected(rows.error());
    const auto states = ask("show servers state", parse_servers_state);
    if (!states) return std::unexpected(states.error());
    if (!backends_.empty()) {
      std::erase_if(*rows, [&](const StatRow& r) { return std::find(backends_.begin(), backends_.end(), r.backend) == backends_.end(); });
    }
    // The clock of the host may be set back; stamps of one source may not go back with it.
    last_ = std::max(last_ + 1, wall_clock());
    const std::vector<Reading> readings = meter_.look(std::move(*rows), info->pid, last_);
    std::vector<WireFact> facts = to_facts(lb_, *info, readings, *states, last_);
    for (const auto& [backend, server] : meter_.vanished()) facts.push_back(retraction(lb_, backend, server, last_));
    return facts;
  }

 private:
  template <typename Parse>
  auto ask(const char* command, Parse parse) -> decltype(parse(std::string_view())) {
    const auto answer = socket_.ask(command);
    if (!answer) return std::unexpected(answer.error());
    return parse(std::string_view(*answer));
  }

  RuntimeSocket socket_;
  std::string lb_;
  std::vector<std::string> backends_;
  Meter meter_;
  Timestamp last_;
};

// True if it saw anything, or was to look until it is stopped.
bool watch(const Settings& s, FactLink& link, Watcher& watcher) {
  DurationNs wait_ns = s.every_ns;
  bool seen = false;
  for (std::int64_t n = 0; !stop_requested() && (s.count == 0 || n < s.count); ++n) {
    if (n > 0) link.pump_for(wait_ns);
    if (stop_requested() || !link.wants_facts()) continue;
    const auto facts = watcher.look();
    if (facts) {
      wait_ns = s.every_ns;
      link.publish(*facts);
      link.state(true, "");
      seen = true;
    } else {
      // Twice as long after each failure, within limits: a HAProxy that struggles is not asked harder.
      wait_ns = std::max(s.every_ns, std::min(wait_ns * 2, kBackoffMax_ns));
      link.state(false, facts.error().message);
    }
  }
  return seen || s.count == 0 || stop_requested();
}

int refuse(const Error& error) {
  say("flyball connect haproxy", error.message + (error.help.empty() ? "" : " (" + error.help + ")"));
  return 64;
}

}  // namespace

int run(std::vector<std::string> args) {
  const auto options = Options::parse(kOptions, args);
  if (!options) return refuse(options.error());
  if (options->has("--help")) {
    fmt::print("{}", kHelp);
    return 0;
  }
  const auto settings = settings_of(*options);
  if (!settings) return refuse(settings.error());
  catch_stop_signals();

  const Settings& s = *settings;
  if (s.act) {
    if (const auto fine = bus::check_endpoint(s.actions); !fine) return refuse(fine.error());
  }
  auto link = FactLink::open({s.facts, s.name, "haproxy", "haproxy/" + s.name, s.takeover, s.print});
  if (!link) return refuse(link.error());
  const RuntimeSocket socket(s.socket, s.timeout_ms);
  std::atomic<bool> acts{true};
  std::thread acting;
  if (s.act) {
    acting = std::thread([&] {
      Rest rest = [](DurationNs ns) { sleep_for(ns); };
      HaproxyExecutor executor(socket, s.name, [&](DurationNs ns) { rest(ns); }, [] { return stop_requested().load(); });
      std::vector<std::string> types;
      for (const std::string& action : executable_actions()) types.push_back("infra.lb." + action);
      const auto served = serve_actions({s.actions, s.name, "haproxy/" + s.name, types, {}}, [&](const Order& order, const Rest& pumping) {
        rest = pumping;
        return executor.execute(order);
      });
      if (served) return;
      // Half a connector would look like a whole one.
      say(s.name, "cannot take actions: " + served.error().message);
      acts = false;
      request_stop();
    });
  }
  Watcher watcher(socket, s.name, s.backends);
  const bool saw = watch(s, **link, watcher);
  if (!s.print) (*link)->close("stopped");
  request_stop();
  if (acting.joinable()) acting.join();
  return acts && saw ? 0 : 1;
}

}  // namespace flyball::connectors::haproxy
