// Plain facts in.
#include "bus/transport/plain_face.h"

#include <fmt/format.h>

#include "bus/codec/suggest.h"

namespace flyball::bus {

std::size_t PlainFace::drain(bool& more) {
  taken_ = 0;
  FramePair frames;
  for (std::size_t i = 0; i < c_.limits->messages_per_poll; ++i) {
    const Incoming in = receive_pair(socket_, frames, *c_.counters);
    if (in.state == Incoming::State::kNone) return taken_;
    if (in.state == Incoming::State::kMalformed) {
      refuse(in.from, {"a plain message has two parts: topic and body", ""});
      continue;
    }
    handle(in.from, in.body);
    if (taken_ >= c_.limits->facts_per_poll) break;
  }
  more = true;
  return taken_;
}

void PlainFace::refuse(std::string_view topic, const Error& error) {
  ++c_.counters->plain_refused;
  c_.handler->on_trouble(fmt::format("plain {}: {}", code(topic), one_line(error)));
}

void PlainFace::take(MsgpackReader& reader, FactTypeId type, std::string_view topic) {
  ++taken_;
  ++c_.counters->plain_in;
  if (auto ok = c_.decoder->decode_plain(reader, type, c_.config->wall_clock(), fact_); !ok) return refuse(topic, ok.error());
  if (auto ok = c_.handler->on_plain_fact(fact_); !ok) refuse(topic, ok.error());
}

void PlainFace::handle(std::string_view topic, std::string_view body) {
  const auto type = c_.decoder->puttable(topic);
  if (!type) return refuse(topic, type.error());
  MsgpackReader r(body);
  if (r.peek() == PackedKind::kArray) {
    std::uint32_t n = 0;
    if (!r.read_array(n)) return refuse(topic, {r.error(), ""});
    if (n > c_.limits->facts_per_message_max)
      return refuse(topic, {fmt::format("a message has at most {} facts", c_.limits->facts_per_message_max), ""});
    for (std::uint32_t i = 0; i < n && !r.failed(); ++i) take(r, *type, topic);
  } else {
    take(r, *type, topic);
  }
  if (!r.failed() && !r.at_end()) refuse(topic, {"something follows the end of the message", ""});
}

}  // namespace flyball::bus
