// What the server's faces share, internal to bus/transport: the pieces of BusServer that each face borrows.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "bus/codec/fact_decoder.h"
#include "bus/codec/msgpack_writer.h"
#include "bus/transport/server.h"
#include "bus/transport/socket.h"

namespace flyball::bus {

inline constexpr std::uint64_t kProtocolVersion = 1;
inline constexpr std::size_t kMaxNameBytes = 256;  // of a source's, an executor's, an instance's name

struct FaceContext {
  const Schema* schema = nullptr;
  Interner* interner = nullptr;
  ServerHandler* handler = nullptr;
  FactDecoder* decoder = nullptr;
  const ServerLimits* limits = nullptr;
  const ServerConfig* config = nullptr;
  ServerCounters* counters = nullptr;
  const std::string* epoch = nullptr;
};

std::int64_t monotonic_ns();

// Sends one message to a ROUTER's peer; false when it is gone or does not read (counted).
bool reply(Socket& socket, std::string_view peer, std::string_view body, ServerCounters& counters);
// The next message of a face whose messages have two parts: who or what it is from, and the body. Counted, bad ones as malformed.
struct Incoming {
  enum class State : std::uint8_t { kNone, kMalformed, kWhole };
  State state = State::kNone;
  std::string_view from, body;  // into the frames
};
using FramePair = std::array<Frame, 2>;
Incoming receive_pair(Socket& socket, FramePair& frames, ServerCounters& counters);
// The same from a ROUTER's peer, which is told when its message has other parts.
Incoming receive_from_peer(Socket& socket, FramePair& frames, ServerCounters& counters);
// {"op":"error","error":…}
std::string error_message(const Error& error);
// {"op":"who"} and its like: an op alone.
std::string bare_message(std::string_view op);
// A name of a peer: not empty, not too long, UTF-8 is known.
Result<void> check_name(std::string_view key, std::string_view name);

}  // namespace flyball::bus
