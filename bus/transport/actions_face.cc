// The assured actions protocol, as docs/reference/wire.md draws it.
#include "bus/transport/actions_face.h"

#include <fmt/format.h>

#include <algorithm>

#include "bus/codec/msgpack_value.h"
#include "bus/codec/suggest.h"
#include "bus/transport/hello.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kActionEntries = 7;
constexpr std::size_t kMaxDeclared = 1'024;             // action types one executor names
constexpr std::uint32_t kDefaultCredit = 64;            // of an executor that names none
constexpr std::int64_t kProbeEveryNs = 500'000'000;     // housekeeping
constexpr std::int64_t kProbeSilentNs = 1'500'000'000;  // unheard for so long with work in hand: is it still there?

}  // namespace

ActionsFace::Executor* ActionsFace::of(std::string_view peer) {
  key_.assign(peer);
  const auto it = by_peer_.find(key_);
  return it == by_peer_.end() ? nullptr : it->second;
}

void ActionsFace::update_counters() {
  c_.counters->outbox = outbox_.size();
  c_.counters->executors = by_peer_.size();
  std::uint64_t assigned = 0;
  for (const auto& [name, e] : executors_) assigned += e.unfinished;
  c_.counters->outbox_assigned = assigned;
}

std::size_t ActionsFace::drain(bool& more) {
  if (!socket_) return 0;
  FramePair frames;
  for (std::size_t i = 0; i < c_.limits->messages_per_poll; ++i) {
    const Incoming in = receive_from_peer(socket_, frames, *c_.counters);
    if (in.state == Incoming::State::kNone) return i;
    if (in.state == Incoming::State::kMalformed) continue;
    handle(in.from, in.body);
    update_counters();
  }
  more = true;
  return c_.limits->messages_per_poll;
}

void ActionsFace::handle(std::string_view peer, std::string_view body) {
  const auto refuse = [&](const Error& e) {
    ++c_.counters->malformed;
    reply(socket_, peer, error_message(e), *c_.counters);
  };
  const auto m = Message::parse(body);
  if (!m) return refuse(m.error());
  if (m->op() == "hello") return hello(peer, *m);
  Executor* e = of(peer);
  if (e == nullptr) {
    if (!face_of_op(m->op(), "actions").empty()) return refuse(unknown_op(m->op(), "actions", {}));
    if (m->op() != "bye" && m->op() != "pong") reply(socket_, peer, bare_message("who"), *c_.counters);
    return;
  }
  e->heard_ns = monotonic_ns();
  if (m->op() == "ping") {
    reply(socket_, peer, bare_message("pong"), *c_.counters);
  } else if (m->op() == "done") {
    done(peer, *m);
  } else if (m->op() == "bye") {
    gone(*e);
  } else if (m->op() != "pong") {
    refuse(unknown_op(m->op(), "actions", {"hello", "done", "ping", "bye"}));
  }
}

void ActionsFace::resolve_types(Executor& e) const {
  e.types.clear();
  e.every_type = false;
  for (const std::string& name : e.declared) {
    if (name == "*") {
      e.every_type = true;
    } else if (const auto type = find_action(*c_.schema, name)) {
      e.types.insert(c_.schema->types[*type].name);
    }
  }
}

void ActionsFace::set_schema() {
  for (auto& [name, e] : executors_) resolve_types(e);
}

void ActionsFace::hello(std::string_view peer, const Message& m) {
  const auto refuse = [&](const Error& e) {
    ++c_.counters->malformed;
    reply(socket_, peer, error_message(e), *c_.counters);
  };
  const auto said = read_hello(m, "executor");
  if (!said) return refuse(said.error());
  if (auto ok = m.only({"executor", "v", "instance", "actions", "credit", "takeover"}); !ok) return refuse(ok.error());
  const auto credit = m.uint("credit");
  if (!credit) return refuse(credit.error());
  auto r = m.at("actions");
  std::uint32_t n = 0;
  if (!r || !r->read_array(n)) return refuse({"`actions`: expected an array of action types", "\"*\" means all"});
  if (n > kMaxDeclared) return refuse({fmt::format("an executor names at most {} action types", kMaxDeclared), "\"*\" means all"});
  std::vector<std::string> declared;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::string_view type;
    if (!r->read_string(type)) return refuse({"`actions`: expected an array of action types", "\"*\" means all"});
    if (type != "*") {
      if (const auto found = find_action(*c_.schema, type); !found) return refuse(found.error());
    }
    declared.emplace_back(type);
  }

  auto it = executors_.find(said->name);
  if (it == executors_.end()) {
    if (executors_.size() >= c_.limits->executors_max) {
      // Those that are gone and hold nothing make room.
      std::erase_if(executors_, [](const auto& x) { return x.second.peer.empty() && x.second.unfinished == 0; });
      if (executors_.size() >= c_.limits->executors_max)
        return refuse({fmt::format("there are {} executors already", executors_.size()), ""});
    }
    it = executors_.emplace(std::string(said->name), Executor{}).first;
    it->second.name = said->name;
  }
  Executor& e = it->second;
  if (!e.peer.empty() && e.peer != peer) {
    if (!claim_name(socket_, e.peer, peer, *said, e.instance, "executor", *c_.counters)) return;
    by_peer_.erase(e.peer);
    e.peer.clear();
  }
  if (Executor* before = of(peer); before != nullptr && before != &e) gone(*before);
  const bool new_connection = e.peer != peer;
  e.peer.assign(peer);
  by_peer_[e.peer] = &e;
  e.instance = said->instance;
  e.declared = std::move(declared);
  resolve_types(e);
  e.credit = static_cast<std::uint32_t>(std::min<std::uint64_t>(credit->value_or(kDefaultCredit), c_.limits->executor_credit_max));
  e.heard_ns = monotonic_ns();
  out_.clear();
  MsgpackWriter w(out_);
  w.map(4);
  w.text_entry("op", "welcome");
  w.uint_entry("v", kProtocolVersion);
  w.text_entry("epoch", *c_.epoch);
  w.uint_entry("credit", e.credit);
  reply(socket_, peer, out_, *c_.counters);
  if (new_connection) take_back(e);
  dispatch_to(e);
}

bool ActionsFace::takes(const Executor& e, std::string_view type) const { return e.every_type || e.types.contains(type); }

bool ActionsFace::can_take(const Executor& e, std::string_view type) const {
  return !e.peer.empty() && e.unfinished < e.credit && takes(e, type);
}

ActionsFace::Executor* ActionsFace::choose(std::string_view type, std::int64_t now, const Executor* except) {
  // Who has least to do; among equals the first by name. A silent one only if there is no other.
  Executor* best = nullptr;
  for (auto& [name, e] : executors_) {
    if (&e == except || !can_take(e, type)) continue;
    if (best == nullptr || std::pair(is_silent(e, now), e.unfinished) < std::pair(is_silent(*best, now), best->unfinished)) best = &e;
  }
  return best;
}

bool ActionsFace::hand_out(const std::string& id, Entry& entry, Executor& e) {
  out_.clear();
  MsgpackWriter w(out_);
  w.map(kActionEntries + (entry.again ? 1 : 0));
  w.raw(entry.entries);
  if (entry.again) w.string("again"), w.boolean(true);
  switch (socket_.send({e.peer, out_})) {
    case Sent::kFull: return false;
    case Sent::kGone: gone(e); return false;
    case Sent::kYes: break;
  }
  if (const auto queue = waiting_.find(entry.type); queue != waiting_.end()) {
    queue->second.erase(entry.serial);
    if (queue->second.empty()) waiting_.erase(queue);
  }
  ++c_.counters->actions_sent;
  if (entry.again) ++c_.counters->actions_redelivered;
  entry.again = true;
  entry.executor = &e;
  ++e.unfinished;
  static_cast<void>(id);
  return true;
}

void ActionsFace::dispatch(const std::string& id, Entry& entry) {
  if (!socket_) return;
  // Each round either hands it out, or loses an executor, or finds none.
  while (Executor* e = choose(entry.type, monotonic_ns(), nullptr)) {
    if (hand_out(id, entry, *e)) return;
    if (!e->peer.empty()) return;  // full: housekeeping tries again
  }
}

void ActionsFace::dispatch_to(Executor& e) {
  while (!e.peer.empty() && e.unfinished < e.credit) {
    // The oldest one waiting of all its types.
    const std::string* id = nullptr;
    std::uint64_t serial = 0;
    for (const auto& [type, queue] : waiting_) {
      if (!takes(e, type) || queue.empty()) continue;
      if (id == nullptr || queue.begin()->first < serial) {
        serial = queue.begin()->first;
        id = &queue.begin()->second;
      }
    }
    if (id == nullptr) return;
    const std::string key = *id;
    if (!hand_out(key, outbox_.at(key), e)) return;
  }
}

void ActionsFace::unassign(const std::string& id, Entry& entry) {
  if (entry.executor == nullptr) return;
  --entry.executor->unfinished;
  entry.executor = nullptr;
  waiting_[entry.type].emplace(entry.serial, id);
}

void ActionsFace::take_back(Executor& e) {
  if (e.unfinished == 0) return;
  for (auto& [id, entry] : outbox_) {
    if (entry.executor == &e) unassign(id, entry);
  }
}

void ActionsFace::gone(Executor& e) {
  if (e.peer.empty()) return;
  by_peer_.erase(e.peer);
  e.peer.clear();
  take_back(e);
}

void ActionsFace::remove(Outbox::iterator it) {
  Entry& entry = it->second;
  if (entry.executor != nullptr) {
    --entry.executor->unfinished;
  } else if (const auto queue = waiting_.find(entry.type); queue != waiting_.end()) {
    queue->second.erase(entry.serial);
    if (queue->second.empty()) waiting_.erase(queue);
  }
  const auto held = held_.find(entry.type);
  if (--held->second <= c_.limits->outbox_actions_max / 2) full_.erase(entry.type);
  if (held->second == 0) held_.erase(held);
  outbox_.erase(it);
}

// The engine must hear it, but not from inside its own call. People hear it once, until the outbox has emptied to a half.
void ActionsFace::overflow(const ActionOutput& a) {
  const std::string& type = c_.schema->types[a.action].name;
  const std::size_t held = held_.at(type);
  ++c_.counters->actions_overflowed;
  AckInput ack;
  ack.id = a.id;
  ack.action = a.action;
  ack.state = ActionState::kFailed;
  ack.error = fmt::format("not handed out: the outbox is full: {} actions of its type wait for executors", held);
  ack.stamp = a.time;
  overflowed_.push_back(std::move(ack));
  if (!full_.insert(type).second) return;
  bool anyone = false;
  for (const auto& [name, e] : executors_) anyone = anyone || (!e.peer.empty() && takes(e, type));
  c_.handler->on_trouble(fmt::format("the outbox of action {} is full: {} wait {}; more of them fail at once", code(type), held,
                                     anyone ? "for their executors" : "and no executor takes them"));
}

void ActionsFace::action(const ActionOutput& a) {
  if (a.shadow || a.state == ActionState::kProposed || a.state == ActionState::kApproved) return;
  const auto former = outbox_.find(a.id);
  Executor* had = nullptr;
  if (former != outbox_.end()) {
    had = former->second.executor;
    remove(former);
  }
  if (a.state == ActionState::kSent) {
    const FactType& type = c_.schema->types[a.action];
    if (std::size_t& held = held_[type.name]; held >= c_.limits->outbox_actions_max) {
      overflow(a);
    } else {
      ++held;
      Entry entry;
      entry.serial = next_serial_++;
      entry.type = type.name;
      entry.try_number = a.try_number;
      MsgpackWriter w(entry.entries);
      w.text_entry("op", "action");
      w.text_entry("id", a.id);
      w.text_entry("action", type.name);
      w.text_entry("rule", a.rule_name);
      w.string("time"), w.timestamp(a.time);
      w.uint_entry("try", a.try_number);
      w.string("data"), pack_fields(w, type.fields, type.declared_fields, a.data, *c_.interner);
      waiting_[entry.type].emplace(entry.serial, a.id);
      const auto it = outbox_.emplace(a.id, std::move(entry)).first;
      dispatch(it->first, it->second);
    }
  } else if (had != nullptr) {
    dispatch_to(*had);
  }
  update_counters();
}

void ActionsFace::withdraw(const std::string& id) {
  const auto it = outbox_.find(id);
  if (it == outbox_.end()) return;
  Executor* const had = it->second.executor;
  remove(it);
  ++c_.counters->actions_withdrawn;
  if (had != nullptr) dispatch_to(*had);
  update_counters();
}

Result<AckInput> ActionsFace::read_done(const Message& m, FactTypeId type) {
  AckInput ack;
  if (auto ok = m.only({"id", "try", "state", "result", "error", "action"}); !ok) return std::unexpected(ok.error());
  const auto state = m.text("state");
  if (!state) return std::unexpected(state.error());
  const std::string_view word = state->value_or("acked");
  if (word != "acked" && word != "failed") return fail(fmt::format("`state`: expected \"acked\" or \"failed\", got {}", code(word)));
  ack.state = word == "acked" ? ActionState::kAcked : ActionState::kFailed;
  const auto error = m.text("error");
  if (!error) return std::unexpected(error.error());
  ack.error = error->value_or("");
  ack.action = type;
  if (auto r = m.at("result"); r && type != kNoId) {
    if (auto ok = c_.decoder->decode_result(*r, type, ack.result); !ok) return std::unexpected(ok.error());
  }
  return ack;
}

void ActionsFace::done(std::string_view peer, const Message& m) {
  const auto id_text = m.required_text("id");
  const auto number = m.uint("try");
  if (!id_text || !number) {
    ++c_.counters->malformed;
    reply(socket_, peer, error_message(id_text ? number.error() : id_text.error()), *c_.counters);
    return;
  }
  const std::string id(*id_text);
  const auto it = outbox_.find(id);
  FactTypeId type = kNoId;
  if (it != outbox_.end()) {
    type = c_.schema->type_id(it->second.type);
  } else if (const auto action = m.text("action"); action && *action) {
    type = find_action(*c_.schema, **action).value_or(kNoId);
  }
  auto ack = read_done(m, type);
  std::string complaint;
  if (!ack) {
    // What it did is unknown, and it will not say it better: for the engine that is a failure.
    complaint = one_line(ack.error());
    ack = AckInput{};
    ack->action = type;
    ack->state = ActionState::kFailed;
    ack->error = "its executor's answer cannot be read: " + complaint;
  }
  ack->id = id;
  ack->stamp = c_.config->wall_clock();
  // A former try that failed after the next was sent says nothing about the next.
  const bool outdated =
      it != outbox_.end() && ack->state == ActionState::kFailed && number->value_or(it->second.try_number) < it->second.try_number;
  if (!outdated) {
    Executor* e = it == outbox_.end() ? of(peer) : it->second.executor;
    // Out of the outbox first: the engine may send the next try from inside the call.
    if (it != outbox_.end()) remove(it);
    ++(ack->state == ActionState::kAcked ? c_.counters->actions_done : c_.counters->actions_failed);
    if (auto ok = c_.handler->on_ack(*ack); !ok) {
      ++c_.counters->acks_refused;
      if (complaint.empty()) complaint = one_line(ok.error());
    }
    if (e != nullptr) dispatch_to(*e);
  }
  out_.clear();
  MsgpackWriter w(out_);
  w.map(2 + (number->has_value() ? 1U : 0U) + (complaint.empty() ? 0U : 1U));
  w.text_entry("op", "ok");
  w.text_entry("id", id);
  if (number->has_value()) w.uint_entry("try", **number);
  if (!complaint.empty()) w.text_entry("error", complaint);
  reply(socket_, peer, out_, *c_.counters);
}

std::size_t ActionsFace::housekeep() {
  std::size_t acks = 0;
  while (!overflowed_.empty()) {
    std::vector<AckInput> round;
    round.swap(overflowed_);
    acks += round.size();
    for (AckInput& ack : round) {
      ack.stamp = c_.config->wall_clock();
      if (!c_.handler->on_ack(ack)) ++c_.counters->acks_refused;
    }
    // A rule that answers each failure with a new action would never end here: the next round is the next poll's.
    break;
  }
  if (!socket_ || outbox_.empty()) return acks;
  const std::int64_t now = monotonic_ns();
  if (now < next_probe_ns_) return acks;
  next_probe_ns_ = now + kProbeEveryNs;
  for (auto& [name, e] : executors_) {
    if (e.peer.empty() || e.unfinished == 0 || now - e.heard_ns < kProbeSilentNs) continue;
    if (socket_.send({e.peer, bare_message("ping")}) == Sent::kGone) gone(e);
  }
  for (auto& [id, entry] : outbox_) {
    if (entry.executor == nullptr || !is_silent(*entry.executor, now)) continue;
    Executor* other = choose(entry.type, now, entry.executor);
    if (other != nullptr && !is_silent(*other, now)) unassign(id, entry);
  }
  for (auto& [name, e] : executors_) {
    if (!is_silent(e, now)) dispatch_to(e);
  }
  // What nobody lively takes may still go to one that is only quiet.
  for (auto& [name, e] : executors_) dispatch_to(e);
  update_counters();
  return acks;
}

void ActionsFace::bye() {
  if (!socket_) return;
  for (auto& [name, e] : executors_) {
    if (!e.peer.empty()) socket_.send({e.peer, bare_message("bye")});
  }
}

std::vector<ExecutorStatus> ActionsFace::status() const {
  std::vector<ExecutorStatus> out;
  const std::int64_t now = monotonic_ns();
  for (const auto& [name, e] : executors_) {
    out.push_back({e.name, {e.types.begin(), e.types.end()}, !e.peer.empty() && !is_silent(e, now), e.unfinished});
    if (e.every_type) out.back().actions.push_back("*");
  }
  return out;
}

}  // namespace flyball::bus
