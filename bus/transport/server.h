// BusServer: every socket of the service, driven by one thread that calls poll().
//
//   facts    ROUTER  assured publishers: welcome, sequence, acknowledgement, resume, credit
//   plain    SUB     plain publishers: topic = fact type; lossy
//   out      XPUB    actions, derived facts, decisions, log lines, for whoever subscribes; lossy, losses counted
//   actions  ROUTER  executors: actions delivered, redelivered, acknowledged
//   queries  ROUTER  decisions and explanations, for REQ and DEALER
//
// What goes over the wire is docs/reference/wire.md's, byte by byte. The engine is not known here: ServerHandler is the door.
// Use: open(), then in a loop poll(); whatever the handler's calls make the engine emit is handed to publish_*() at once.
// Limits: ServerLimits; each refusal is told to the peer where there is one, counted, and reported by on_trouble.
// Thread safety: none; one thread owns it. publish_*() may be called from inside the handler's calls; poll() may not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/codec/json_lines.h"
#include "bus/transport/context.h"
#include "bus/transport/endpoint.h"
#include "model/fact.h"
#include "model/interner.h"
#include "model/result.h"
#include "model/schema.h"

namespace flyball::bus {

struct ServerLimits {
  std::size_t message_bytes_max = std::size_t{1} << 20;  // of one frame; larger ones end the connection
  std::size_t facts_per_message_max = 65'536;
  std::size_t batch_questions_max = 4'096;  // of one query message
  std::size_t sources_max = 65'536;         // remembered assured publishers
  std::size_t executors_max = 4'096;
  std::size_t outbox_actions_max = 100'000;   // of one type, not yet done; one more is reported failed at once
  std::uint32_t publisher_credit = 16'384;    // facts a publisher may have unacknowledged
  std::uint32_t executor_credit_max = 1'024;  // actions an executor may have unfinished
  std::size_t messages_per_poll = 256;        // per socket; then the others get their turn
  std::size_t facts_per_poll = 16'384;
  int receive_queue = 256;  // messages per peer and socket inside the messaging library
  int send_queue = 4'096;
  std::int64_t executor_silent_ns = 5'000'000'000;  // unheard for so long: its actions may go to another
};

struct ServerConfig {
  // Each may be bound to several endpoints; none: the face is off.
  std::vector<std::string> facts_bind{std::string(kDefaultFactsEndpoint)};
  std::vector<std::string> plain_bind{std::string(kDefaultPlainEndpoint)};
  std::vector<std::string> plain_connect;     // publishers that bind
  std::vector<std::string> plain_topics{""};  // prefixes subscribed to; "" is everything
  std::vector<std::string> out_bind{std::string(kDefaultOutEndpoint)};
  std::vector<std::string> actions_bind{std::string(kDefaultActionsEndpoint)};
  std::vector<std::string> queries_bind{std::string(kDefaultQueriesEndpoint)};
  ServerLimits limits;
  Context* context = nullptr;             // null: Context::process()
  std::function<Timestamp()> wall_clock;  // stamps facts that come without time; empty: the system's
  std::string epoch;                      // empty: a random one. With a journal: the journal's
};

// What the bus asks of its owner. Errors are told to the peer as `message; help`.
class ServerHandler {
 public:
  virtual ~ServerHandler() = default;

  // One fact, complete and checked, in its source's order. The reference is reused: copy what must stay.
  virtual Result<void> on_fact(FactInput& fact) = 0;
  // One that came over the plain face: its source, if it names one, is not assured.
  virtual Result<void> on_plain_fact(FactInput& fact) { return on_fact(fact); }
  // An executor is done with an action, or gave it up (state failed). By id; `action` is set when known.
  // Also called with state failed for actions that the bus could not take (outbox full).
  virtual Result<void> on_ack(AckInput& ack) = 0;
  // Facts from..through of an assured source can no longer come: it lost them.
  virtual void on_gap(std::string_view /*source*/, std::uint64_t /*from*/, std::uint64_t /*through*/) {}
  // All facts of this poll have been handed over; what on_commit makes durable is acknowledged. An error: nothing is
  // acknowledged, the publishers keep it, and poll() returns the error.
  virtual Result<void> on_commit() { return {}; }
  // Something a person should see: a plain fact refused, a peer that cannot be answered. Not rate-limited here.
  virtual void on_trouble(const std::string& /*message*/) {}

  // A question; the answer's views must stay valid until the next call.
  virtual Result<AnswerView> on_ask(DecisionId decision, const std::vector<Value>& input) = 0;
  // The answer just given, for people: `ask` with `explain`.
  virtual std::string on_explain(const AnswerView& /*answer*/) { return {}; }
  // The others answer with the text of a JSON object; clients get it as MessagePack.
  virtual Result<std::string> on_why(std::string_view action_id) = 0;  // "last" or empty: the newest
  // `with`: field names and values as an operator types them (`e1`, `80%`).
  virtual Result<std::string> on_why_not(std::string_view rule, const std::vector<std::pair<std::string, std::string>>& with) = 0;
  virtual Result<std::string> on_facts(std::string_view type) = 0;  // empty: of all types
  virtual Result<std::string> on_status() = 0;
  // What the rules did, hold and cost, the most first by `by` (empty: time); `nodes`: each node of the network, too.
  virtual Result<std::string> on_insight(std::string_view by, bool nodes);
  // A person's word on an action that waits for approval.
  virtual Result<std::string> on_verdict(std::string_view action_id, bool approved, std::string_view reason);
  // The rules that run; `texts`: what they are made of, too.
  virtual Result<std::string> on_rules(bool texts);
  // Other rules are to run from now on; `request_json` is the whole request: `params files tables expect digest`.
  virtual Result<std::string> on_apply(std::string_view request_json);
  // A copy of all that the session is in the middle of, in parts: an empty `id` makes one, `offset` says which part of it.
  virtual Result<std::string> on_snapshot(std::string_view id, std::uint64_t offset);
  // Any other `op`, with the whole request as JSON.
  virtual Result<std::string> on_other(std::string_view op, std::string_view request_json);
};

struct ServerCounters {
  std::uint64_t messages_in = 0, bytes_in = 0, facts_in = 0, facts_refused = 0, facts_duplicate = 0, fact_gaps = 0, resends_asked = 0;
  std::uint64_t plain_in = 0, plain_refused = 0;
  std::uint64_t malformed = 0;  // messages that are no messages
  std::uint64_t actions_sent = 0, actions_redelivered = 0, actions_done = 0, actions_failed = 0, actions_overflowed = 0, acks_refused = 0,
                actions_withdrawn = 0;
  std::uint64_t published = 0;
  std::uint64_t published_dropped = 0;  // how often a subscriber fell behind: it loses messages until it has caught up
  std::uint64_t questions = 0, questions_refused = 0;
  std::uint64_t replies_dropped = 0;  // the peer was gone or did not read
  std::uint64_t sources = 0, executors = 0, outbox = 0, outbox_assigned = 0;
};

struct SourceStatus {
  std::string source;
  std::uint64_t seq = 0;   // last one taken
  bool connected = false;  // as far as is known
};

struct ExecutorStatus {
  std::string executor;
  std::vector<std::string> actions;
  bool live = false;
  std::uint32_t unfinished = 0;
};

struct PollOutcome {
  std::size_t facts = 0;  // taken or refused
  std::size_t acks = 0;
  std::size_t queries = 0;
  bool more = false;   // stopped at a limit: something is still waiting; call again at once
  bool woken = false;  // the extra descriptor is readable, or a signal came
};

class BusServer {
 public:
  // The references must outlive the server. Errors: an endpoint that is not allowed or in use.
  static Result<std::unique_ptr<BusServer>> open(ServerConfig config, const Schema& schema, Interner& interner, ServerHandler& handler);
  ~BusServer();
  BusServer(const BusServer&) = delete;
  BusServer& operator=(const BusServer&) = delete;

  // Handles what has come; when nothing has, waits up to timeout_ms (-1: until something comes) or until `wake_fd` is
  // readable (-1: none; it is not read here). Returns early for its own housekeeping. Fails only if on_commit does.
  Result<PollOutcome> poll(int timeout_ms, int wake_fd = -1);

  // To subscribers; and to an executor when it was sent and is not of a rule in shadow. An action that ended
  // (failed, expired, refused, acked) leaves the outbox. The same id with a higher try replaces the former.
  void publish_action(const ActionOutput& action);
  // Nothing waits for this action any more: it leaves the outbox, and nobody gets it again.
  void withdraw_action(const std::string& id);
  void publish_derived(const DerivedOutput& derived);
  void publish_log(const LogOutput& log, std::string_view rule_name);
  // A decision that was answered, with its question.
  void publish_decision(const AnswerView& answer, const std::vector<Value>& input, Timestamp time);
  // A fact that was taken, for `record`: topic fact.TYPE. Costs nothing while nobody subscribes.
  void publish_fact(const FactInput& fact);
  // The other inputs a recording needs: an acknowledgement that was taken (topic ack.TYPE), a tick (topic tick.engine).
  void publish_ack(const AckInput& ack);
  void publish_tick(Timestamp time);
  // True if somebody subscribes to something that begins so, or to its beginning: "fact.", "decision.".
  bool wanted(std::string_view topic) const;

  // After a reload: from now on bytes are read and written by `schema`, which must outlive the server. The outbox stays.
  void set_schema(const Schema& schema);

  // Tells publishers and executors `bye`, and lets what was sent leave for up to `linger_ms`. Nothing works afterwards.
  void close(int linger_ms = 200);

  // Where it listens, wildcards resolved; in the order of the configuration.
  struct Endpoints {
    std::vector<std::string> facts, plain, out, actions, queries;
  };
  const Endpoints& endpoints() const;
  const std::string& epoch() const;
  const ServerCounters& counters() const;
  std::vector<SourceStatus> sources() const;
  std::vector<ExecutorStatus> executors() const;

 private:
  struct Impl;
  explicit BusServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flyball::bus
