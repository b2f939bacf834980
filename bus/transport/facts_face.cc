// The assured facts protocol, as docs/reference/wire.md draws it.
#include "bus/transport/facts_face.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "bus/codec/suggest.h"
#include "bus/transport/hello.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kRefusedPerAck = 256;  // listed in one message; more go into another
constexpr std::size_t kRefusedKept = 1'024;  // of one source, until it must have read them; then the oldest are only counted
constexpr std::int64_t kProbeSilentNs = 3'000'000'000;
constexpr std::int64_t kProbeEveryNs = 1'000'000'000;  // of publishers, and only while somebody asks for their status
constexpr std::uint64_t kSeqMax = std::uint64_t{1} << 62;

Timestamp arrival(const FaceContext& c) { return c.config->wall_clock(); }

}  // namespace

FactsFace::Source* FactsFace::of(std::string_view peer) {
  key_.assign(peer);
  const auto it = by_peer_.find(key_);
  if (it == by_peer_.end()) return nullptr;
  sources_[it->second].heard_ns = monotonic_ns();
  return &sources_[it->second];
}

std::size_t FactsFace::drain(bool& more) {
  taken_ = 0;
  std::array<Frame, 2> frames;
  for (std::size_t i = 0; i < c_.limits->messages_per_poll; ++i) {
    const std::size_t n = socket_.receive(frames);
    if (n == 0) return taken_;
    ++c_.counters->messages_in;
    if (n != 2) {
      ++c_.counters->malformed;
      if (n >= 1) reply(socket_, frames[0].view(), error_message({"a message is one part", "use a DEALER socket"}), *c_.counters);
      continue;
    }
    c_.counters->bytes_in += frames[1].view().size();
    handle(frames[0].view(), frames[1].view());
    if (taken_ >= c_.limits->facts_per_poll) break;
  }
  more = true;
  return taken_;
}

void FactsFace::handle(std::string_view peer, std::string_view body) {
  // The stream: {"op":"facts","seq":n,"facts":[…]} in this order is decoded in place, without a look ahead.
  MsgpackReader r(body);
  std::uint32_t n = 0;
  std::string_view text;
  WireScalar seq;
  if (r.read_map(n) && n == 3 && r.read_key(text) && text == "op" && r.read_key(text) && text == "facts" && r.read_key(text) &&
      text == "seq" && r.read_scalar(seq) && seq.form == WireScalar::Form::kInt && seq.integer > 0 && r.read_key(text) && text == "facts") {
    Source* source = of(peer);
    if (source == nullptr) {
      reply(socket_, peer, bare_message("who"), *c_.counters);
      return;
    }
    if (take(*source, static_cast<std::uint64_t>(seq.integer), r) && !r.failed() && !r.at_end()) {
      ++c_.counters->malformed;
      reply(socket_, peer, error_message({"something follows the end of the message", ""}), *c_.counters);
    }
    return;
  }
  handle_control(peer, body);
}

void FactsFace::handle_control(std::string_view peer, std::string_view body) {
  const auto refuse_message = [&](const Error& e) {
    ++c_.counters->malformed;
    reply(socket_, peer, error_message(e), *c_.counters);
  };
  const auto m = Message::parse(body);
  if (!m) return refuse_message(m.error());
  if (m->op() == "hello") return hello(peer, *m);
  Source* source = of(peer);
  if (m->op() == "ping") {
    reply(socket_, peer, bare_message(source == nullptr ? "who" : "pong"), *c_.counters);
  } else if (m->op() == "pong") {
    // An answer to a probe; that it could be sent was the answer.
  } else if (m->op() == "bye") {
    if (source != nullptr) forget_peer(*source);
  } else if (m->op() == "facts") {
    if (source == nullptr) {
      reply(socket_, peer, bare_message("who"), *c_.counters);
      return;
    }
    if (auto ok = m->only({"seq", "facts"}); !ok) return refuse_message(ok.error());
    const auto seq = m->required_uint("seq");
    if (!seq) return refuse_message(seq.error());
    auto r = m->at("facts");
    if (!r) return refuse_message({"`facts` is missing", ""});
    if (*seq == 0) return refuse_message({"`seq`: expected a whole number from 1 on", ""});
    take(*source, *seq, *r);
  } else {
    refuse_message(unknown_op(m->op(), "facts", {"hello", "facts", "ping", "bye"}));
  }
}

void FactsFace::hello(std::string_view peer, const Message& m) {
  const auto refuse_message = [&](const Error& e) {
    ++c_.counters->malformed;
    reply(socket_, peer, error_message(e), *c_.counters);
  };
  const auto said = read_hello(m, "source");
  if (!said) return refuse_message(said.error());
  if (auto ok = m.only({"source", "v", "instance", "first", "takeover"}); !ok) return refuse_message(ok.error());
  const auto first = m.uint("first");
  if (!first) return refuse_message(first.error());
  if (first->has_value() && (**first == 0 || **first > kSeqMax)) return refuse_message({"`first`: expected a whole number from 1 on", ""});

  key_.assign(said->name);
  auto known = by_name_.find(key_);
  if (known == by_name_.end()) {
    const std::size_t place = sources_.size() < c_.limits->sources_max ? sources_.size() : evict();
    if (place == c_.limits->sources_max)
      return refuse_message({fmt::format("there are {} sources already, all connected", sources_.size()), ""});
    known = by_name_.emplace(key_, place).first;
    if (place == sources_.size()) sources_.emplace_back();
    Source& s = sources_[place];
    s.name = key_;
    // A service without memory of this source (its first hello in this epoch) starts where the publisher does.
    s.seq = first->has_value() ? **first - 1 : 0;
    s.instance = said->instance;
    c_.counters->sources = sources_.size();
  }
  Source& s = sources_[known->second];
  const bool same_instance = !said->instance.empty() && s.instance == said->instance;
  if (!s.peer.empty() && s.peer != peer) {
    if (!claim_name(socket_, s.peer, peer, *said, s.instance, "publisher", *c_.counters)) return;
    forget_peer(s);
  }
  // This connection may have spoken for another source before.
  if (Source* before = of(peer); before != nullptr && before != &s) forget_peer(*before);
  if (same_instance && first->has_value() && **first > s.seq + 1) {
    ++c_.counters->fact_gaps;
    c_.handler->on_gap(s.name, s.seq + 1, **first - 1);
    s.seq = **first - 1;
  }
  // Another process does not know what these numbers were.
  if (!same_instance && s.peer != peer) s.refused.clear(), s.listed = 0;
  // What it still holds it has not been told about; the rest it must have read.
  if (first->has_value()) forget_refused(s, **first);
  s.instance = said->instance;
  s.peer.assign(peer);
  s.heard_ns = monotonic_ns();
  by_peer_[s.peer] = known->second;
  s.asked_from = 0;
  s.resume = same_instance;
  if (taken_ == 0) {
    send_welcome(s);
  } else if (!s.welcome_due) {
    s.welcome_due = true;
    welcomes_due_.push_back(known->second);
  }
}

std::size_t FactsFace::evict() {
  std::size_t longest = sources_.size();
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].peer.empty() && (longest == sources_.size() || sources_[i].left < sources_[longest].left)) longest = i;
  }
  if (longest == sources_.size()) return longest;
  by_name_.erase(sources_[longest].name);
  std::erase(acks_due_, longest);
  std::erase(welcomes_due_, longest);
  sources_[longest] = Source{};
  return longest;
}

bool FactsFace::send_welcome(Source& s) {
  s.welcome_due = false;
  out_.clear();
  MsgpackWriter w(out_);
  w.map(s.refused.empty() ? 6 : 7);
  w.text_entry("op", "welcome");
  w.uint_entry("v", kProtocolVersion);
  w.text_entry("epoch", *c_.epoch);
  w.uint_entry("seq", s.seq);
  w.string("resume"), w.boolean(s.resume);
  w.uint_entry("credit", c_.limits->publisher_credit);
  if (!s.refused.empty()) write_refused(w, s, 0, s.refused.size());
  const bool sent = reply(socket_, s.peer, out_, *c_.counters);
  if (sent) s.listed = s.refused.size();
  return sent;
}

// Numbers before `first` are behind the publisher: it knows what became of them.
void FactsFace::forget_refused(Source& source, std::uint64_t first) {
  while (!source.refused.empty() && source.refused.front().through < first) {
    source.refused.pop_front();
    if (source.listed > 0) --source.listed;
  }
}

void FactsFace::write_refused(MsgpackWriter& w, const Source& source, std::size_t from, std::size_t n) const {
  w.string("refused");
  w.array(n);
  for (std::size_t i = from; i < from + n; ++i) {
    const Refusal& r = source.refused[i];
    w.map(r.through > r.first ? 3 : 2);
    w.uint_entry("seq", r.first);
    if (r.through > r.first) w.uint_entry("through", r.through);
    w.text_entry("error", r.error);
  }
}

bool FactsFace::take(Source& source, std::uint64_t first, MsgpackReader& r) {
  const auto refuse_message = [&](std::string_view text) {
    ++c_.counters->malformed;
    reply(socket_, source.peer, error_message({std::string(text), ""}), *c_.counters);
    return false;
  };
  std::uint32_t n = 0;
  if (!r.read_array(n)) return refuse_message("`facts`: " + r.error());
  if (first > kSeqMax) return refuse_message("`seq` is too large");
  if (n > c_.limits->facts_per_message_max)
    return refuse_message(fmt::format("a message has at most {} facts", c_.limits->facts_per_message_max));
  if (first > source.seq + 1) {
    // Once per gap: what is still on its way comes out of order, too.
    if (source.asked_from != source.seq + 1) {
      source.asked_from = source.seq + 1;
      ++c_.counters->resends_asked;
      out_.clear();
      MsgpackWriter w(out_);
      w.map(2);
      w.text_entry("op", "resend");
      w.uint_entry("seq", source.seq + 1);
      reply(socket_, source.peer, out_, *c_.counters);
    }
    return false;
  }
  mark_ack(source);
  // It may hold no more than its credit unacknowledged: what lies before that it has been told.
  if (first > c_.limits->publisher_credit) forget_refused(source, first - c_.limits->publisher_credit);
  fact_.source = c_.interner->string(source.name);
  const Timestamp now = arrival(c_);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint64_t seq = first + i;
    if (seq <= source.seq) {
      ++c_.counters->facts_duplicate;
      if (!r.skip(kMaxNesting - 2)) return false;
      continue;
    }
    source.asked_from = 0;
    source.seq = seq;
    ++taken_;
    ++c_.counters->facts_in;
    const auto item = c_.decoder->decode(r, now, fact_, ack_);
    if (!item) {
      // Unreadable bytes hide where the next fact begins: all that the message announced is refused.
      const std::uint64_t through = r.failed() ? first + n - 1 : seq;
      refuse(source, seq, through, one_line(item.error()));
      if (!r.failed()) continue;
      source.seq = through;
      ++c_.counters->malformed;
      return false;
    }
    if (*item == FactDecoder::Item::kFact) {
      fact_.seq = seq;
      if (auto ok = c_.handler->on_fact(fact_); !ok) refuse(source, seq, seq, one_line(ok.error()));
    } else if (auto ok = c_.handler->on_ack(ack_); !ok) {
      refuse(source, seq, seq, one_line(ok.error()));
    }
  }
  return true;
}

void FactsFace::refuse(Source& source, std::uint64_t first, std::uint64_t through, std::string error) {
  c_.counters->facts_refused += through - first + 1;
  source.refused.push_back({first, through, std::move(error)});
  if (source.refused.size() <= kRefusedKept) return;
  if (source.listed == 0) {
    c_.handler->on_trouble(
        fmt::format("source {} does not hear why its facts are refused: more than {} wait to be told", code(source.name), kRefusedKept));
  } else {
    --source.listed;
  }
  source.refused.pop_front();
}

void FactsFace::mark_ack(Source& source) {
  if (source.ack_due) return;
  source.ack_due = true;
  acks_due_.push_back(static_cast<std::size_t>(&source - sources_.data()));
}

void FactsFace::forget_peer(Source& source) {
  by_peer_.erase(source.peer);
  source.peer.clear();
  source.left = ++leavings_;
}

// False: the publisher is full; once more in the next round. What was refused stays known until the publisher must have read it: an
// acknowledgement that left may still get lost with its connection.
bool FactsFace::send_ack(Source& source) {
  do {
    const std::size_t n = std::min(kRefusedPerAck, source.refused.size() - source.listed);
    const bool last = source.listed + n == source.refused.size();
    out_.clear();
    MsgpackWriter w(out_);
    w.map(n > 0 ? 4 : 3);
    w.text_entry("op", "ack");
    w.uint_entry("seq", last ? source.seq : source.refused[source.listed + n - 1].through);
    w.uint_entry("credit", c_.limits->publisher_credit);
    if (n > 0) write_refused(w, source, source.listed, n);
    const Sent sent = socket_.send({source.peer, out_});
    if (sent != Sent::kYes) {
      ++c_.counters->replies_dropped;
      if (sent == Sent::kGone) forget_peer(source);
      return sent == Sent::kGone;
    }
    source.listed += n;
  } while (source.listed < source.refused.size());
  return true;
}

void FactsFace::acknowledge() {
  for (const std::size_t i : welcomes_due_) {
    if (sources_[i].welcome_due && !sources_[i].peer.empty()) send_welcome(sources_[i]);
  }
  welcomes_due_.clear();
  std::erase_if(acks_due_, [&](std::size_t i) {
    Source& s = sources_[i];
    // A connection that went meanwhile learns it from its next welcome.
    const bool done = s.peer.empty() || send_ack(s);
    if (done) s.ack_due = false;
    return done;
  });
}

void FactsFace::bye() {
  for (Source& s : sources_) {
    if (!s.peer.empty()) socket_.send({s.peer, bare_message("bye")});
  }
}

std::vector<SourceStatus> FactsFace::status() {
  if (const std::int64_t now = monotonic_ns(); now >= next_probe_ns_) {
    next_probe_ns_ = now + kProbeEveryNs;
    const std::string ping = bare_message("ping");
    for (Source& s : sources_) {
      if (!s.peer.empty() && now - s.heard_ns >= kProbeSilentNs && socket_.send({s.peer, ping}) == Sent::kGone) forget_peer(s);
    }
  }
  std::vector<SourceStatus> out;
  out.reserve(sources_.size());
  for (const Source& s : sources_) out.push_back({s.name, s.seq, !s.peer.empty()});
  return out;
}

}  // namespace flyball::bus
