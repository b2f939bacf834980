// A connector's ends of the bus: facts out, actions in, and what it says about itself. Between the connectors' plain values
// and the clients of bus/transport; nothing here knows what is watched. Each class: one thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bus/transport/action_executor.h"
#include "bus/transport/fact_publisher.h"
#include "connectors/order.h"
#include "connectors/wire_fact.h"
#include "model/result.h"

namespace flyball::connectors {

// Set by SIGTERM and SIGINT; every loop looks at it at least once a second.
const std::atomic<bool>& stop_requested();
void catch_stop_signals();
// The same from inside: the other thread should end, too.
void request_stop();
// Returns early when a stop is requested.
void sleep_for(DurationNs ns);

Timestamp wall_clock();

// A line on stderr: "haproxy: text". One write, so that lines of two threads do not mix.
void say(std::string_view who, std::string_view text);

struct LinkConfig {
  std::string endpoint;
  std::string who;     // for messages: the connector's name
  std::string kind;    // "haproxy"
  std::string source;  // its identity on the bus
  bool takeover = false;
  bool print = false;  // facts as JSON lines on stdout instead of the bus
};

class FactLink {
 public:
  static Result<std::unique_ptr<FactLink>> open(LinkConfig config);

  // False while earlier facts still wait for the service: a look now would only grow old. (Counters lose nothing: the
  // next look's interval is longer.)
  bool wants_facts() const;
  // One look. Facts of types the service does not know are refused by it: said once per reason.
  void publish(const std::vector<WireFact>& facts);
  // ConnectorState; a change is said on stderr, too.
  void state(bool seeing, const std::string& reason);
  // Sends and listens; waits up to `ns` in all, less when a stop is requested.
  void pump_for(DurationNs ns);
  // Leaves: says that it sees nothing any more.
  void close(const std::string& reason);

 private:
  explicit FactLink(LinkConfig config) : config_(std::move(config)) {}
  void put(const WireFact& fact);
  void note_connection();

  LinkConfig config_;
  std::unique_ptr<bus::FactPublisher> publisher_;  // null when printing
  bus::FactBody body_;
  std::set<std::string> complained_;
  int seeing_ = -1;  // -1: not said yet
  std::string reason_;
  bool was_connected_ = false;
};

struct ActionLinkConfig {
  std::string endpoint;
  std::string who;
  std::string executor;  // its identity on the bus
  std::vector<std::string> actions;
  std::function<bool()> stopping;  // empty: when a stop is requested
};

// Waits, less when it is to end; the service goes on hearing that this executor lives.
using Rest = std::function<void(DurationNs)>;

// Runs until a stop is requested: each action goes to `execute`, one after the other, its outcome back. What takes its time waits with
// `rest`: actions that come meanwhile wait their turn.
Result<void> serve_actions(const ActionLinkConfig& config, const std::function<Outcome(const Order&, const Rest& rest)>& execute);

}  // namespace flyball::connectors
