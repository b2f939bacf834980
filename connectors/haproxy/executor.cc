// One function per action: command, then look.
#include "connectors/haproxy/executor.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace flyball::connectors::haproxy {
namespace {

constexpr DurationNs kNsPerMs = 1'000'000;
constexpr DurationNs kRetryPause_ns = 50 * kNsPerMs;
constexpr int kDeleteTries = 20;  // a connection that was just cut off needs a moment to be gone
constexpr std::int64_t kWeightMax = 256;
constexpr std::int64_t kNsPerCheck_min = 10 * kNsPerMs;

struct HostPort {
  std::string host;  // an IP literal without brackets
  std::string port;
};

// Only IP literals: a name would be registered as a server without an address.
std::optional<HostPort> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  HostPort out{std::string(host), std::string(port)};
  unsigned char bytes[16];
  if (::inet_pton(bracketed ? AF_INET6 : AF_INET, out.host.c_str(), bytes) != 1) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535) return std::nullopt;
  return out;
}

bool same_address(const ServerState& state, const HostPort& wanted) {
  for (const int family : {AF_INET, AF_INET6}) {
    unsigned char a[16]{}, b[16]{};
    if (::inet_pton(family, state.address.c_str(), a) == 1 && ::inet_pton(family, wanted.host.c_str(), b) == 1) {
      return std::equal(std::begin(a), std::end(a), std::begin(b)) && std::to_string(state.port) == wanted.port;
    }
  }
  return false;
}

std::string said(std::string_view answer) { return fmt::format("HAProxy: \"{}\"", answer.substr(0, 300)); }

Outcome failure_of(const Error& error) { return Outcome::failure(error.message); }

}  // namespace

const std::vector<std::string>& executable_actions() {
  static const std::vector<std::string> kActions = {"DrainServer", "ReadyServer", "MaintServer", "SetWeight", "AddServer", "DelServer"};
  return kActions;
}

Outcome HaproxyExecutor::execute(const Order& order) {
  if (done_.contains(order.id)) return Outcome::success();
  const std::string lb = order.text("lb").value_or(lb_);
  if (lb != lb_) return Outcome::failure(fmt::format("this connector is for the load balancer `{}`, not `{}`", lb_, lb));
  Target target{order.text("backend").value_or(""), order.text("server").value_or(""), {}};
  for (const auto& [field, word] : {std::pair("backend", &target.backend), std::pair("server", &target.server)}) {
    if (!is_safe_word(*word))
      return Outcome::failure(fmt::format("`{}` is not a name HAProxy could know: \"{}\"", field, word->substr(0, 64)));
  }
  target.path = target.backend + "/" + target.server;
  const Outcome outcome = dispatch(order, target);
  if (outcome.done && !order.id.empty()) remember(order.id);
  return outcome;
}

Outcome HaproxyExecutor::dispatch(const Order& order, const Target& target) {
  const std::string_view action = order.local_action();
  if (action == "DrainServer") return set_state(target, "drain");
  if (action == "ReadyServer") return set_state(target, "ready");
  if (action == "MaintServer") return set_state(target, "maint");
  if (action == "SetWeight") return set_weight(order, target);
  if (action == "AddServer") return add_server(order, target);
  if (action == "DelServer") return del_server(order, target);
  return Outcome::failure(fmt::format("the haproxy connector knows no action `{}`", order.action));
}

void HaproxyExecutor::remember(const std::string& id) {
  if (!done_.insert(id).second) return;
  done_order_.push_back(id);
  if (done_order_.size() > kRememberedMax) {
    done_.erase(done_order_.front());
    done_order_.pop_front();
  }
}

Result<void> HaproxyExecutor::command(const std::string& line, std::string_view expected) {
  const Result<std::string> answer = socket_.ask(line);
  if (!answer) return std::unexpected(answer.error());
  const std::string_view text = trimmed(*answer);
  if (text.empty() || text == expected) return {};
  return fail(said(text));
}

Result<std::optional<ServerState>> HaproxyExecutor::state_of(const Target& target) {
  const Result<std::string> answer = socket_.ask("show servers state " + target.backend);
  if (!answer) return std::unexpected(answer.error());
  if (!trimmed(*answer).starts_with("1")) return fail(said(trimmed(*answer)));  // "Can't find backend."
  const auto states = parse_servers_state(*answer);
  if (!states) return std::unexpected(states.error());
  for (const ServerState& s : *states) {
    if (s.backend == target.backend && s.server == target.server) return s;
  }
  return std::nullopt;
}

Result<std::int64_t> HaproxyExecutor::sessions_of(const Target& target) {
  const Result<std::string> answer = socket_.ask("show stat");
  if (!answer) return std::unexpected(answer.error());
  const auto rows = parse_stat(*answer);
  if (!rows) return std::unexpected(rows.error());
  for (const StatRow& row : *rows) {
    if (row.backend == target.backend && row.server == target.server) return row.sessions + row.queue;
  }
  return 0;
}

Outcome HaproxyExecutor::set_state(const Target& target, std::string_view state) {
  const auto before = state_of(target);
  if (!before) return failure_of(before.error());
  if (!*before) return Outcome::failure(said("No such server."));
  if (state == "drain" && (*before)->in_maint())
    return Outcome::failure(fmt::format("`{}` is in maintenance, which a drain would end", target.path));
  if (const auto done = command(fmt::format("set server {} state {}", target.path, state)); !done) return failure_of(done.error());
  const auto after = state_of(target);
  if (!after) return failure_of(after.error());
  const bool maint = *after && (*after)->in_maint();
  const bool drain = *after && (*after)->in_drain();
  const bool reached = *after && (state == "maint" ? maint : state == "drain" ? drain : !maint && !drain);
  if (reached) return Outcome::success();
  return Outcome::failure(fmt::format("HAProxy took `set server {} state {}`, but the server is {}", target.path, state,
                                      !*after ? "gone"
                                      : maint ? "in maintenance"
                                      : drain ? "drained"
                                              : "ready"));
}

Outcome HaproxyExecutor::set_weight(const Order& order, const Target& target) {
  const auto ratio = order.percent_e9("weight");
  if (!ratio || *ratio < 0) return Outcome::failure("`weight` is not a percent from 0%");
  const auto before = state_of(target);
  if (!before) return failure_of(before.error());
  if (!*before) return Outcome::failure(said("No such server."));
  const std::int64_t configured = (*before)->configured_weight;
  const double exact = static_cast<double>(*ratio) / 1e9 * static_cast<double>(configured);
  if (exact > static_cast<double>(kWeightMax))
    return Outcome::failure(
        fmt::format("{} of the configured weight {} is more than HAProxy's {}", percent_text(*ratio), configured, kWeightMax));
  // A small share is still a share: 0 would take the server out.
  const std::int64_t units = *ratio == 0 ? 0 : std::max<std::int64_t>(1, static_cast<std::int64_t>(exact + 0.5));
  if (const auto done = command(fmt::format("set server {} weight {}", target.path, units)); !done) return failure_of(done.error());
  const auto after = state_of(target);
  if (!after) return failure_of(after.error());
  if (*after && (*after)->weight == units) return Outcome::success();
  return Outcome::failure(fmt::format("HAProxy took the weight {} of `{}`, but it is {}", units, target.path,
                                      *after ? std::to_string((*after)->weight) : "gone"));
}

Outcome HaproxyExecutor::add_server(const Order& order, const Target& target) {
  const std::string text = order.text("address").value_or("");
  const auto address = parse_address(text);
  if (!address) return Outcome::failure(fmt::format("`address` is not an IP address and a port: \"{}\"", text.substr(0, 64)));
  const std::int64_t weight = order.integer("weight").value_or(100);
  const std::int64_t rise = order.integer("rise").value_or(2);
  const std::int64_t fall = order.integer("fall").value_or(3);
  const std::int64_t maxconn = order.integer("maxconn").value_or(0);
  const DurationNs every_ns = order.duration_ns("check_every").value_or(kNsPerSecond);
  const bool check = order.boolean("check").value_or(true);
  if (weight < 0 || weight > kWeightMax || rise < 1 || fall < 1 || maxconn < 0 || every_ns < kNsPerCheck_min)
    return Outcome::failure("weight, rise, fall, maxconn or check_every is out of range");

  auto before = state_of(target);
  if (!before) return failure_of(before.error());
  if (*before && !same_address(**before, *address)) {
    return Outcome::failure(fmt::format("`{}` exists already, at {}:{}", target.path, (*before)->address, (*before)->port));
  }
  if (!*before) {
    std::string line = fmt::format("add server {} {} weight {}", target.path, text, weight);
    if (check) line += fmt::format(" check inter {}ms rise {} fall {}", every_ns / kNsPerMs, rise, fall);
    if (maxconn > 0) line += fmt::format(" maxconn {}", maxconn);
    if (const auto done = command(line, "New server registered."); !done) return failure_of(done.error());
  }
  if (check) {
    if (const auto done = command("enable health " + target.path); !done) return failure_of(done.error());
  }
  // A server added at run time starts in maintenance.
  return set_state(target, "ready");
}

Outcome HaproxyExecutor::del_server(const Order& order, const Target& target) {
  const auto before = state_of(target);
  if (!before) return failure_of(before.error());
  if (!*before) return Outcome::success();
  if (const Outcome maint = set_state(target, "maint"); !maint.done) return maint;
  const DurationNs grace_ns = std::clamp<DurationNs>(order.duration_ns("grace").value_or(2 * kNsPerSecond), 0, kGraceMax_ns);
  for (DurationNs waited_ns = 0; waited_ns < grace_ns; waited_ns += kRetryPause_ns) {
    const auto sessions = sessions_of(target);
    if (!sessions) return failure_of(sessions.error());
    if (*sessions == 0) break;
    sleep_(kRetryPause_ns);
    // The grace was promised to the sessions: who stops during it cuts nobody off.
    if (stopping_ && stopping_()) {
      return Outcome::failure(
          fmt::format("the connector stops before the grace of `{}` is over: it stays in maintenance, its sessions go on", target.path));
    }
  }
  if (const auto done = command("shutdown sessions server " + target.path); !done) return failure_of(done.error());
  Error last;
  for (int i = 0; i < kDeleteTries; ++i) {
    const auto done = command("del server " + target.path, "Server deleted.");
    if (done) break;
    last = done.error();
    // A connection just cut off needs a moment to be gone; other refusals will not change by asking again.
    if (last.message.find("connections attached") == std::string::npos) break;
    sleep_(kRetryPause_ns);
  }
  const auto after = state_of(target);
  if (!after) return failure_of(after.error());
  if (!*after) return Outcome::success();
  return last.message.empty() ? Outcome::failure(fmt::format("HAProxy took `del server {}`, but the server is still there", target.path))
                              : failure_of(last);
}

}  // namespace flyball::connectors::haproxy
