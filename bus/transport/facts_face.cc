// The assured facts protocol, as docs/reference/wire.md draws it.
#include "bus/transport/facts_face.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "bus/codec/suggest.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kRefusedPerAck = 256;      // listed in one message; more go into another
constexpr std::size_t kRefusedPending = 16'384;  // of a publisher that does not read its acknowledgements; then it is dropped
constexpr std::uint64_t kSeqMax = std::uint64_t{1} << 62;

Timestamp arrival(const FaceContext& c) { return c.config->wall_clock(); }

}  // namespace

FactsFace::Source* FactsFace::of(std::string_view peer) {
  key_.assign(peer);
  const auto it = by_peer_.find(key_);
  return it == by_peer_.end() ? nullptr : &sources_[it->second];
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
    refuse_message({fmt::format("there is no op {} on the facts face", code(m->op())),
                    did_you_mean(nearest(m->op(), {"hello", "facts", "ping", "bye"}))});
  }
}

void FactsFace::hello(std::string_view peer, const Message& m) {
  const auto refuse_message = [&](const Error& e) {
    ++c_.counters->malformed;
    reply(socket_, peer, error_message(e), *c_.counters);
  };
  if (auto ok = m.only({"source", "v", "instance", "first", "takeover"}); !ok) return refuse_message(ok.error());
  const auto name = m.required_text("source");
  if (!name) return refuse_message(name.error());
  if (auto ok = check_name("source", *name); !ok) return refuse_message(ok.error());
  const auto version = m.uint("v");
  const auto instance = m.text("instance");
  const auto first = m.uint("first");
  const auto takeover = m.boolean("takeover");
  if (!version) return refuse_message(version.error());
  if (!instance) return refuse_message(instance.error());
  if (!first) return refuse_message(first.error());
  if (!takeover) return refuse_message(takeover.error());
  if (version->value_or(kProtocolVersion) != kProtocolVersion) {
    return refuse_message({fmt::format("this service speaks version {} of the protocol", kProtocolVersion), ""});
  }
  if (first->has_value() && (**first == 0 || **first > kSeqMax)) return refuse_message({"`first`: expected a whole number from 1 on", ""});
  if (instance->value_or("").size() > kMaxNameBytes) return refuse_message({"`instance` is too long", ""});

  key_.assign(*name);
  auto known = by_name_.find(key_);
  if (known == by_name_.end()) {
    if (sources_.size() >= c_.limits->sources_max)
      return refuse_message({fmt::format("there are {} sources already", sources_.size()), ""});
    known = by_name_.emplace(key_, sources_.size()).first;
    sources_.emplace_back();
    Source& s = sources_.back();
    s.name = key_;
    // A service without memory of this source (its first hello in this epoch) starts where the publisher does.
    s.seq = first->has_value() ? **first - 1 : 0;
    s.instance = instance->value_or("");
    c_.counters->sources = sources_.size();
  }
  Source& s = sources_[known->second];
  const bool same_instance = !instance->value_or("").empty() && s.instance == **instance;
  if (!s.peer.empty() && s.peer != peer) {
    // Another connection speaks for this source. It loses it when it is gone, when it is an older connection of the same process,
    // or when the newcomer says so; a probe tells whether it is gone.
    const bool gone = socket_.send({s.peer, bare_message("ping")}) == Sent::kGone;
    if (!gone && !same_instance && !takeover->value_or(false)) {
      std::string busy;
      MsgpackWriter w(busy);
      w.map(2);
      w.text_entry("op", "busy");
      w.text_entry("error", fmt::format("another live publisher speaks for {}", code(s.name)));
      reply(socket_, peer, busy, *c_.counters);
      return;
    }
    if (!gone && !same_instance) {
      std::string bye;
      MsgpackWriter w(bye);
      w.map(2);
      w.text_entry("op", "bye");
      w.text_entry("error", fmt::format("another publisher took {} over", code(s.name)));
      reply(socket_, s.peer, bye, *c_.counters);
    }
    forget_peer(s);
  }
  // This connection may have spoken for another source before.
  if (Source* before = of(peer); before != nullptr && before != &s) forget_peer(*before);
  if (same_instance && first->has_value() && **first > s.seq + 1) {
    ++c_.counters->fact_gaps;
    c_.handler->on_gap(s.name, s.seq + 1, **first - 1);
    s.seq = **first - 1;
  }
  const bool resume = same_instance;
  s.instance = instance->value_or("");
  s.peer.assign(peer);
  by_peer_[s.peer] = known->second;
  s.asked_from = 0;
  out_.clear();
  MsgpackWriter w(out_);
  w.map(6);
  w.text_entry("op", "welcome");
  w.uint_entry("v", kProtocolVersion);
  w.text_entry("epoch", *c_.epoch);
  w.uint_entry("seq", s.seq);
  w.string("resume"), w.boolean(resume);
  w.uint_entry("credit", c_.limits->publisher_credit);
  reply(socket_, peer, out_, *c_.counters);
}

bool FactsFace::take(Source& source, std::uint64_t first, MsgpackReader& r) {
  const auto refuse_message = [&](std::string_view text) {
    ++c_.counters->malformed;
    reply(socket_, source.peer, error_message({std::string(text), ""}), *c_.counters);
    return false;
  };
  std::uint32_t n = 0;
  if (!r.read_array(n)) return refuse_message(r.error());
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
  if (source.refused.size() >= kRefusedPending) {
    c_.handler->on_trouble(fmt::format("source {} does not read its acknowledgements: dropped", code(source.name)));
    source.refused.clear();
    forget_peer(source);
  }
  source.refused.push_back({first, through, std::move(error)});
}

void FactsFace::mark_ack(Source& source) {
  if (source.ack_due) return;
  source.ack_due = true;
  acks_due_.push_back(static_cast<std::size_t>(&source - sources_.data()));
}

void FactsFace::forget_peer(Source& source) {
  by_peer_.erase(source.peer);
  source.peer.clear();
}

bool FactsFace::send_ack(Source& source) {
  std::size_t listed = 0;
  do {
    const std::size_t n = std::min(kRefusedPerAck, source.refused.size() - listed);
    const bool last = listed + n == source.refused.size();
    out_.clear();
    MsgpackWriter w(out_);
    w.map(n > 0 ? 4 : 3);
    w.text_entry("op", "ack");
    w.uint_entry("seq", last ? source.seq : source.refused[listed + n - 1].through);
    w.uint_entry("credit", c_.limits->publisher_credit);
    if (n > 0) {
      w.string("refused");
      w.array(n);
      for (std::size_t i = 0; i < n; ++i) {
        const Refusal& r = source.refused[listed + i];
        w.map(r.through > r.first ? 3 : 2);
        w.uint_entry("seq", r.first);
        if (r.through > r.first) w.uint_entry("through", r.through);
        w.text_entry("error", r.error);
      }
    }
    const Sent sent = socket_.send({source.peer, out_});
    if (sent != Sent::kYes) {
      ++c_.counters->replies_dropped;
      source.refused.erase(source.refused.begin(), source.refused.begin() + static_cast<std::ptrdiff_t>(listed));
      if (sent == Sent::kGone) forget_peer(source);
      return sent == Sent::kGone;  // full: once more in the next round
    }
    listed += n;
  } while (listed < source.refused.size());
  source.refused.clear();
  return true;
}

void FactsFace::acknowledge() {
  std::erase_if(acks_due_, [&](std::size_t i) {
    Source& s = sources_[i];
    // A connection that went meanwhile learns it from its next welcome.
    const bool done = s.peer.empty() || send_ack(s);
    if (done) {
      s.ack_due = false;
      s.refused.clear();
    }
    return done;
  });
}

void FactsFace::bye() {
  for (Source& s : sources_) {
    if (!s.peer.empty()) socket_.send({s.peer, bare_message("bye")});
  }
}

std::vector<SourceStatus> FactsFace::status() const {
  std::vector<SourceStatus> out;
  for (const Source& s : sources_) out.push_back({s.name, s.seq, !s.peer.empty()});
  return out;
}

}  // namespace flyball::bus
