// Endpoints: where a socket binds or connects, checked before the messaging library sees them.
// What is allowed: tcp:// on loopback (127.0.0.0/8, [::1], localhost; port 0 or * picks one), ipc://PATH, inproc://NAME.
// Anything else would be open to whoever reaches it, and needs CURVE, which is not in this version.
#pragma once

#include <string>
#include <string_view>

#include "model/result.h"

namespace flyball::bus {

inline constexpr std::string_view kDefaultFactsEndpoint = "tcp://127.0.0.1:7701";    // assured publishers
inline constexpr std::string_view kDefaultPlainEndpoint = "tcp://127.0.0.1:7702";    // plain publishers
inline constexpr std::string_view kDefaultOutEndpoint = "tcp://127.0.0.1:7703";      // subscribers
inline constexpr std::string_view kDefaultActionsEndpoint = "tcp://127.0.0.1:7704";  // executors
inline constexpr std::string_view kDefaultQueriesEndpoint = "tcp://127.0.0.1:7705";  // questions

// Scheme, host and port are well-formed and on this machine only.
Result<void> check_endpoint(std::string_view endpoint);
// check_endpoint, and nobody listens on an ipc:// path yet: the messaging library would silently take it over.
Result<void> check_bind(std::string_view endpoint);
// Takes a socket's file away; a file of another kind is left alone.
void remove_socket_file(const std::string& path);

}  // namespace flyball::bus
