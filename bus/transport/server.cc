// BusServer: opening the faces and taking turns. Questions and acknowledgements go first, so that a flood of facts
// delays neither; facts are taken in bounded rounds.
#include "bus/transport/server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <random>

#include "bus/transport/actions_face.h"
#include "bus/transport/faces.h"
#include "bus/transport/facts_face.h"
#include "bus/transport/out_face.h"
#include "bus/transport/plain_face.h"
#include "bus/transport/queries_face.h"
#include "model/check.h"

namespace flyball::bus {
namespace {

constexpr int kHousekeepingMs = 500;
constexpr int kRetryMs = 20;  // of acknowledgements that a full queue refused

Timestamp system_clock_now() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

std::string random_epoch() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

}  // namespace

Result<std::string> ServerHandler::on_verdict(std::string_view, bool, std::string_view) { return fail("nothing waits for approval here"); }
Result<std::string> ServerHandler::on_insight(std::string_view, bool) { return fail("nothing is counted here"); }
Result<std::string> ServerHandler::on_rules(bool) { return fail("there are no rules here"); }
Result<std::string> ServerHandler::on_apply(std::string_view) { return fail("no rules can be loaded here"); }
Result<std::string> ServerHandler::on_snapshot(std::string_view, std::uint64_t) { return fail("nothing can be copied here"); }
Result<std::string> ServerHandler::on_other(std::string_view op, std::string_view) { return fail(fmt::format("there is no op `{}`", op)); }

struct BusServer::Impl {
  ServerConfig config;
  Interner& interner;
  ServerHandler& handler;
  ServerCounters counters;
  Endpoints endpoints;
  std::string epoch;
  std::optional<FactDecoder> decoder;
  FaceContext context;
  std::optional<FactsFace> facts;
  std::optional<PlainFace> plain;
  std::optional<OutFace> out;
  std::optional<ActionsFace> actions;
  std::optional<QueriesFace> queries;
  bool polling = false;
  bool settled = false;  // the last turn left no message waiting

  Impl(ServerConfig c, const Schema& schema, Interner& in, ServerHandler& h) : config(std::move(c)), interner(in), handler(h) {
    if (!config.wall_clock) config.wall_clock = system_clock_now;
    epoch = config.epoch.empty() ? random_epoch() : config.epoch;
    decoder.emplace(schema, interner);
    context = {&schema, &interner, &handler, &*decoder, &config.limits, &config, &counters, &epoch};
  }

  Result<Socket> bound(SocketKind kind, const std::vector<std::string>& where, std::vector<std::string>& actual) {
    Context& ctx = config.context != nullptr ? *config.context : Context::process();
    auto s = Socket::make(ctx, kind, {config.limits.receive_queue, config.limits.send_queue, config.limits.message_bytes_max, false});
    if (!s) return s;
    for (const std::string& endpoint : where) {
      auto at = s->bind(endpoint);
      if (!at) return std::unexpected(at.error());
      actual.push_back(*at);
    }
    return s;
  }

  // The messaging library closes its sockets some time later, or never when the process ends: the files are taken away here.
  void remove_socket_files() {
    for (auto* all : {&endpoints.facts, &endpoints.plain, &endpoints.out, &endpoints.actions, &endpoints.queries}) {
      for (const std::string& endpoint : *all) {
        if (endpoint.starts_with("ipc://") && endpoint[6] != '@') remove_socket_file(endpoint.substr(6));
      }
    }
  }

  Result<void> open() {
    if (!config.facts_bind.empty()) {
      auto s = bound(SocketKind::kRouter, config.facts_bind, endpoints.facts);
      if (!s) return std::unexpected(s.error());
      facts.emplace(context, std::move(*s));
    }
    if (!config.plain_bind.empty() || !config.plain_connect.empty()) {
      auto s = bound(SocketKind::kSub, config.plain_bind, endpoints.plain);
      if (!s) return std::unexpected(s.error());
      for (const std::string& endpoint : config.plain_connect) {
        if (auto ok = s->connect(endpoint); !ok) return ok;
      }
      for (const std::string& topic : config.plain_topics) s->subscribe(topic);
      plain.emplace(context, std::move(*s));
    }
    if (!config.out_bind.empty()) {
      auto s = bound(SocketKind::kXpub, config.out_bind, endpoints.out);
      if (!s) return std::unexpected(s.error());
      out.emplace(context, std::move(*s));
    }
    Socket executors;
    if (!config.actions_bind.empty()) {
      auto s = bound(SocketKind::kRouter, config.actions_bind, endpoints.actions);
      if (!s) return std::unexpected(s.error());
      executors = std::move(*s);
    }
    actions.emplace(context, std::move(executors));
    if (!config.queries_bind.empty()) {
      auto s = bound(SocketKind::kRouter, config.queries_bind, endpoints.queries);
      if (!s) return std::unexpected(s.error());
      queries.emplace(context, std::move(*s));
    }
    return {};
  }

  // Faces as a set.
  enum : unsigned { kFacts = 1, kPlain = 2, kOut = 4, kActions = 8, kQueries = 16, kAll = 31 };

  // One turn for each of these faces; what is due anyway is done for all.
  Result<void> turn(PollOutcome& o, unsigned faces) {
    if (out && (faces & kOut) != 0) out->drain();
    if (queries && (faces & kQueries) != 0) o.queries += queries->drain(o.more);
    if ((faces & kActions) != 0) o.acks += actions->drain(o.more);
    std::size_t taken = 0;
    if (facts && (faces & kFacts) != 0) taken += facts->drain(o.more);
    if (plain && (faces & kPlain) != 0) taken += plain->drain(o.more);
    o.facts += taken;
    o.acks += actions->housekeep();
    if (taken > 0) {
      if (auto ok = handler.on_commit(); !ok) return ok;
    }
    if (facts) facts->acknowledge();
    return {};
  }

  Result<PollOutcome> poll(int timeout_ms, int wake_fd) {
    FB_CHECK(!polling);
    polling = true;
    PollOutcome o;
    // What the last turn left behind makes no descriptor readable.
    Result<void> done;
    if (!settled) done = turn(o, kAll);
    if (done && o.facts == 0 && o.acks == 0 && o.queries == 0 && !o.more) {
      std::array<PollItem, 6> items;
      std::array<unsigned, 6> face{};
      std::size_t n = 0;
      const auto add = [&](Socket& socket, unsigned which) {
        if (!socket) return;
        face[n] = which;
        items[n++].socket = &socket;
      };
      if (facts) add(facts->socket(), kFacts);
      if (plain) add(plain->socket(), kPlain);
      if (out) add(out->socket(), kOut);
      add(actions->socket(), kActions);
      if (queries) add(queries->socket(), kQueries);
      const std::size_t wake = n;
      if (wake_fd >= 0) items[n++].fd = wake_fd;
      if (actions->busy() && (timeout_ms < 0 || timeout_ms > kHousekeepingMs)) timeout_ms = kHousekeepingMs;
      if (facts && facts->has_unsent() && (timeout_ms < 0 || timeout_ms > kRetryMs)) timeout_ms = kRetryMs;
      const bool calm = poll_sockets(std::span(items.data(), n), timeout_ms);
      o.woken = !calm || (wake_fd >= 0 && items[wake].readable);
      unsigned ready = 0;
      for (std::size_t i = 0; i < wake; ++i) ready |= items[i].readable ? face[i] : 0;
      done = turn(o, ready);
    }
    settled = done && !o.more;
    polling = false;
    if (!done) return std::unexpected(done.error());
    return o;
  }
};

BusServer::BusServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BusServer::~BusServer() = default;

Result<std::unique_ptr<BusServer>> BusServer::open(ServerConfig config, const Schema& schema, Interner& interner, ServerHandler& handler) {
  auto impl = std::make_unique<Impl>(std::move(config), schema, interner, handler);
  if (auto ok = impl->open(); !ok) return std::unexpected(ok.error());
  return std::unique_ptr<BusServer>(new BusServer(std::move(impl)));
}

Result<PollOutcome> BusServer::poll(int timeout_ms, int wake_fd) { return impl_->poll(timeout_ms, wake_fd); }

void BusServer::publish_action(const ActionOutput& action) {
  if (impl_->out) impl_->out->action(action);
  impl_->actions->action(action);
}
void BusServer::withdraw_action(const std::string& id) { impl_->actions->withdraw(id); }
void BusServer::publish_derived(const DerivedOutput& derived) {
  if (impl_->out) impl_->out->derived(derived);
}
void BusServer::publish_log(const LogOutput& log, std::string_view rule_name) {
  if (impl_->out) impl_->out->log(log, rule_name);
}
void BusServer::publish_decision(const AnswerView& answer, const std::vector<Value>& input, Timestamp time) {
  if (impl_->out) impl_->out->decision(answer, input, time);
}
void BusServer::publish_fact(const FactInput& fact) {
  if (impl_->out) impl_->out->fact(fact);
}
void BusServer::publish_ack(const AckInput& ack) {
  if (impl_->out) impl_->out->ack(ack);
}
void BusServer::publish_tick(Timestamp time) {
  if (impl_->out) impl_->out->tick(time);
}
bool BusServer::wanted(std::string_view topic) const { return impl_->out && impl_->out->wanted(topic); }

void BusServer::set_schema(const Schema& schema) {
  impl_->decoder.emplace(schema, impl_->interner);
  impl_->context.schema = &schema;
  impl_->context.decoder = &*impl_->decoder;
  impl_->actions->set_schema();
  if (impl_->queries) impl_->queries->set_schema();
}

void BusServer::close(int linger_ms) {
  if (impl_->facts) impl_->facts->bye();
  impl_->actions->bye();
  for (Socket* s : {impl_->facts ? &impl_->facts->socket() : nullptr, impl_->out ? &impl_->out->socket() : nullptr,
                    &impl_->actions->socket(), impl_->queries ? &impl_->queries->socket() : nullptr}) {
    if (s != nullptr && *s) s->set_linger(linger_ms);
  }
  impl_->facts.reset();
  impl_->plain.reset();
  impl_->out.reset();
  impl_->queries.reset();
  impl_->actions.emplace(impl_->context, Socket());
  impl_->remove_socket_files();
}

const BusServer::Endpoints& BusServer::endpoints() const { return impl_->endpoints; }
const std::string& BusServer::epoch() const { return impl_->epoch; }
const ServerCounters& BusServer::counters() const { return impl_->counters; }
std::vector<SourceStatus> BusServer::sources() const { return impl_->facts ? impl_->facts->status() : std::vector<SourceStatus>{}; }
std::vector<ExecutorStatus> BusServer::executors() const { return impl_->actions->status(); }

}  // namespace flyball::bus
