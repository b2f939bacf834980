// Loops and signals around the bus clients.
#include "connectors/link.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <thread>

namespace flyball::connectors {
namespace {

constexpr DurationNs kNsPerMs = 1'000'000;
constexpr std::size_t kPendingMax = 2'000;  // facts; beyond it looks are skipped
constexpr std::size_t kComplaintsMax = 32;  // different refusals told; then silence
constexpr int kPumpStep_ms = 100;
constexpr int kFarewell_ms = 500;

std::atomic<bool> stop_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // or a signal handler could not touch it

extern "C" void on_stop_signal(int) { stop_flag = true; }

struct AppendField {
  bus::FactBody& body;
  std::string_view name;
  void operator()(std::monostate) const { body.null(name); }
  void operator()(bool b) const { body.boolean(name, b); }
  void operator()(std::int64_t n) const { body.integer(name, n); }
  void operator()(double d) const { body.real(name, d); }
  void operator()(const std::string& text) const { body.text(name, text); }
};

WireValue received(const bus::FieldsView& fields, const std::string& name) {
  if (fields.is_null(name)) return {};
  if (auto text = fields.text(name); text) return std::move(*text);
  if (const auto b = fields.boolean(name); b) return *b;
  if (const auto n = fields.integer(name); n) return *n;
  if (const auto d = fields.real(name); d) return *d;
  return fields.json(name);
}

// "backend=web server=web1 reason=…": an order for people.
std::string describe(const Order& order) {
  std::string out(order.local_action());
  for (const auto& [name, value] : order.fields) {
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && !text->empty())
      out += fmt::format(" {}={}", name, text->substr(0, 120));
    if (const auto* n = std::get_if<std::int64_t>(&value)) out += fmt::format(" {}={}", name, *n);
    if (const auto* d = std::get_if<double>(&value)) out += fmt::format(" {}={}", name, *d);
  }
  return out;
}

}  // namespace

const std::atomic<bool>& stop_requested() { return stop_flag; }

void catch_stop_signals() {
  struct sigaction action{};
  action.sa_handler = on_stop_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void request_stop() { stop_flag = true; }

void sleep_for(DurationNs ns) {
  while (ns > 0 && !stop_flag) {
    const DurationNs step = std::min<DurationNs>(ns, 100 * kNsPerMs);
    std::this_thread::sleep_for(std::chrono::nanoseconds(step));
    ns -= step;
  }
}

Timestamp wall_clock() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

void say(std::string_view who, std::string_view text) {
  const std::string line = fmt::format("{}: {}\n", who, text);
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

Result<std::unique_ptr<FactLink>> FactLink::open(LinkConfig config) {
  std::unique_ptr<FactLink> link(new FactLink(std::move(config)));
  if (link->config_.print) return link;
  bus::PublisherConfig publisher;
  publisher.endpoint = link->config_.endpoint;
  publisher.source = link->config_.source;
  publisher.takeover = link->config_.takeover;
  auto connected = bus::FactPublisher::connect(std::move(publisher));
  if (!connected) return std::unexpected(connected.error());
  link->publisher_ = std::move(*connected);
  FactLink* self = link.get();
  link->publisher_->on_refused([self](std::uint64_t, const std::string& error) {
    if (self->complained_.size() >= kComplaintsMax || !self->complained_.insert(error).second) return;
    say(self->config_.who, "refused: " + error);
    if (self->complained_.size() == kComplaintsMax) say(self->config_.who, "further kinds of refusals are not told");
  });
  return link;
}

bool FactLink::wants_facts() const { return publisher_ == nullptr || publisher_->pending() < kPendingMax; }

void FactLink::put(const WireFact& fact) {
  if (publisher_ == nullptr) {
    fmt::print("{}\n", to_json_line(fact, config_.source));
    return;
  }
  body_.clear();
  for (const auto& [name, value] : fact.fields) std::visit(AppendField{body_, name}, value);
  const auto done = publisher_->put(fact.type, body_, fact.stamp, fact.retract ? FactOp::kRetract : FactOp::kPut);
  if (!done && complained_.insert(done.error().message).second) say(config_.who, done.error().message);
}

void FactLink::publish(const std::vector<WireFact>& facts) {
  for (const WireFact& fact : facts) put(fact);
  if (publisher_ == nullptr) std::fflush(stdout);
}

void FactLink::state(bool seeing, const std::string& reason) {
  if (seeing_ != (seeing ? 1 : 0) || reason_ != reason) say(config_.who, seeing ? "seeing" : "cannot see: " + reason);
  seeing_ = seeing ? 1 : 0;
  reason_ = reason;
  WireFact fact{.type = "infra.connector.ConnectorState", .stamp = wall_clock()};
  fact.set("connector", config_.who).set("kind", config_.kind).set("seeing", WireValue(seeing)).set("reason", reason);
  publish({fact});
}

void FactLink::note_connection() {
  const bool connected = publisher_->connected();
  if (connected != was_connected_) {
    const std::string& error = publisher_->last_error();
    say(config_.who, connected ? "connected to " + config_.endpoint : "lost " + config_.endpoint + (error.empty() ? "" : ": " + error));
  }
  was_connected_ = connected;
}

void FactLink::pump_for(DurationNs ns) {
  if (publisher_ == nullptr) return sleep_for(ns);
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(ns);
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    publisher_->pump(static_cast<int>(std::clamp<std::int64_t>(left, 0, kPumpStep_ms)));
    note_connection();
  } while (!stop_flag && std::chrono::steady_clock::now() < end);
}

void FactLink::close(const std::string& reason) {
  state(false, reason);
  if (publisher_ != nullptr) publisher_->flush(kFarewell_ms);
}

Result<void> serve_actions(const ActionLinkConfig& config, const std::function<Outcome(const Order&, const Rest&)>& execute) {
  bus::ExecutorConfig executor_config;
  executor_config.endpoint = config.endpoint;
  executor_config.executor = config.executor;
  executor_config.actions = config.actions;
  auto executor = bus::ActionExecutor::connect(std::move(executor_config));
  if (!executor) return std::unexpected(executor.error());
  bus::ActionExecutor& actions = **executor;
  const auto stopping = [&] { return config.stopping ? config.stopping() : stop_flag.load(); };
  // Not carried out while they come in: an order that rests pumps, too. No more wait than the credit allows.
  std::deque<bus::ActionRequest> waiting;
  actions.on_action([&](const bus::ActionRequest& request) { waiting.push_back(request); });
  const Rest rest = [&](DurationNs ns) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(ns);
    do {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      actions.pump(static_cast<int>(std::clamp<std::int64_t>(left, 0, kPumpStep_ms)));
    } while (!stopping() && std::chrono::steady_clock::now() < end);
  };
  const auto carry_out = [&](const bus::ActionRequest& request) {
    Order order{request.id, request.action, {}};
    for (const std::string& name : request.data.names()) order.fields.emplace(name, received(request.data, name));
    const Outcome outcome = execute(order, rest);
    say(config.who,
        fmt::format("{}{}: {}", describe(order), request.again ? " (again)" : "", outcome.done ? "done" : "failed: " + outcome.error));
    if (outcome.done) {
      actions.done(request);
    } else {
      actions.failed(request, outcome.error);
    }
  };
  // Refused by the service (it knows none of these actions, another executor has the name), it tries on: its rules may change.
  std::string said;
  while (!stopping()) {
    actions.pump(waiting.empty() ? kPumpStep_ms : 0);
    if (!waiting.empty()) {
      const bus::ActionRequest request = std::move(waiting.front());
      waiting.pop_front();
      carry_out(request);
    }
    const std::string trouble = actions.connected() ? "" : actions.last_error();
    if (trouble != said && !trouble.empty()) say(config.who, "takes no actions: " + trouble);
    if (trouble != said && trouble.empty() && actions.connected()) say(config.who, "takes actions from " + config.endpoint);
    said = trouble;
  }
  actions.flush(kFarewell_ms);
  return {};
}

}  // namespace flyball::connectors
