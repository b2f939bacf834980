// Small messages that every face sends.
#include "bus/transport/faces.h"

#include <fmt/format.h>

#include <chrono>

#include "bus/codec/suggest.h"

namespace flyball::bus {

std::int64_t monotonic_ns() { return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1); }

bool reply(Socket& socket, std::string_view peer, std::string_view body, ServerCounters& counters) {
  if (socket.send({peer, body}) == Sent::kYes) return true;
  ++counters.replies_dropped;
  return false;
}

Incoming receive_pair(Socket& socket, FramePair& frames, ServerCounters& counters) {
  const std::size_t n = socket.receive(frames);
  if (n == 0) return {};
  ++counters.messages_in;
  if (n != frames.size()) {
    ++counters.malformed;
    return {Incoming::State::kMalformed, frames[0].view(), {}};
  }
  counters.bytes_in += frames[1].view().size();
  return {Incoming::State::kWhole, frames[0].view(), frames[1].view()};
}

Incoming receive_from_peer(Socket& socket, FramePair& frames, ServerCounters& counters) {
  const Incoming in = receive_pair(socket, frames, counters);
  if (in.state == Incoming::State::kMalformed)
    reply(socket, in.from, error_message({"a message is one part", "use a DEALER socket"}), counters);
  return in;
}

std::string error_message(const Error& error) {
  std::string out;
  MsgpackWriter w(out);
  w.map(2);
  w.text_entry("op", "error");
  w.text_entry("error", one_line(error));
  return out;
}

std::string bare_message(std::string_view op) {
  std::string out;
  MsgpackWriter w(out);
  w.map(1);
  w.text_entry("op", op);
  return out;
}

Result<void> check_name(std::string_view key, std::string_view name) {
  if (name.empty()) return fail(fmt::format("`{}` is empty", key));
  if (name.size() > kMaxNameBytes) return fail(fmt::format("`{}` is longer than {} bytes", key, kMaxNameBytes));
  return {};
}

}  // namespace flyball::bus
