// Hello: what publishers and executors agree on alike: a name, the version, the instance, and who has the name when a second
// connection claims it. What else a hello says is each face's own. Internal to bus/transport; plain functions.
#pragma once

#include <optional>
#include <string_view>

#include "bus/codec/message.h"
#include "bus/transport/faces.h"

namespace flyball::bus {

struct Hello {
  std::string_view name;
  std::string_view instance;  // empty: it named none
  bool takeover = false;
};

// The shared keys; `role` (`source`, `executor`) is the key that names the peer. Refuses a hello that belongs to another face.
Result<Hello> read_hello(const Message& message, std::string_view role);

// True if `peer` may have the name that `former` (another connection) had: because that one is gone, is an older connection of
// the same instance, or is told to go. Else `peer` is answered `busy`. `who`: "publisher", "executor".
bool claim_name(Socket& socket, std::string_view former, std::string_view peer, const Hello& hello, std::string_view known_instance,
                std::string_view who, ServerCounters& counters);

// What to say of an `op` that this face does not have; names the face that has it.
Error unknown_op(std::string_view op, std::string_view face, const std::vector<std::string>& ops);
// The face that has this op, when it is not `face`; empty: none, or this one, too.
std::string_view face_of_op(std::string_view op, std::string_view face);

}  // namespace flyball::bus
